#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The workloads that have the kernel move pages, in real VMs: what each variant makes of them, and that one whose work
is prevented says so. Prevented for real: by hosts with one node, with a node that is full, without an area of CMA, and
with no block of memory that can be taken offline.
"""
import os

import zcb

HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
PAGES = {'pattern': 'stride'}
FRAME = {'pattern': 'frame'}
NO_AREA = 'kernel: it has no area of CMA: boot it with cma=64M'
NO_CMA = 'kernel: it has no /sys/kernel/debug/cma: it needs CONFIG_DMA_CMA'
ONE_NODE = 'kernel: it has one NUMA node: boot it with numa=fake=2'
FULL = 'kernel: a page that nobody holds was not moved: is the other node full?'
NO_PAGE = 'kernel: node 1 has no page to move one to: it is full'
NO_BLOCK = 'blocks of memory none can be taken offline and come back as ZONE_MOVABLE'
NO_ROOM = 'which is too few to move the others into: give the host more with --ram'
NO_OFFLINE = 'kernel: /proc/sys/vm/enable_soft_offline is 0'


def row(workload, memory, params, **more):
  return {'workload': workload, 'consumers': ['mmap'], 'memory': [memory], 'params': {**params, **more}}


# (row, event): the event decides what each variant shows.
ROWS = [
  (row('migrate-mbind', 'shmem', PAGES), 'migrate'),
  (row('migrate-mbind', 'hugetlb', HUGE), 'migrate'),
  (row('migrate-cpuset', 'shmem', PAGES), 'migrate'),
  (row('migrate-cpuset', 'hugetlb', HUGE), 'migrate'),
  (row('soft-offline', 'shmem', PAGES), 'migrate'),
  (row('soft-offline', 'hugetlb', HUGE), 'migrate'),
  (row('compact', 'shmem', FRAME), 'migrate'),
  (row('memory-offline', 'shmem', PAGES), 'movable'),
  (row('memory-offline', 'hugetlb', HUGE), 'movable'),
  (row('cma-alloc', 'shmem', PAGES), 'movable'),
]
PINNED = {'migrate': 'refused', 'movable': 'fresh'}
# Boots on which work is prevented: what is added to the command line, and (row, status, sentence).
PREVENTED = [
  ('numa=fake=1 cma=0', [
    (row('migrate-mbind', 'shmem', PAGES), 'skip', ONE_NODE),
    (row('migrate-cpuset', 'shmem', PAGES), 'skip', ONE_NODE),
    (row('compact', 'shmem', FRAME), 'skip', ONE_NODE),
    (row('memory-offline', 'shmem', PAGES), 'skip', ONE_NODE),
    (row('cma-alloc', 'shmem', PAGES), 'skip', ONE_NODE),
    (row('soft-offline', 'shmem', PAGES), 'pass', ''),
  ]),
  # Huge pages take the nodes' memory, and the rest is below the watermarks.
  ('cma=0 hugepages=0:320,1:500 sysctl.vm.min_free_kbytes=131072 sysctl.vm.enable_soft_offline=0', [
    (row('migrate-move-pages', 'shmem', PAGES), 'error', NO_PAGE),
    (row('migrate-mbind', 'shmem', PAGES), 'error', FULL),
    (row('migrate-cpuset', 'shmem', PAGES), 'error', FULL),
    (row('compact', 'shmem', FRAME), 'skip', NO_ROOM),
    (row('cma-alloc', 'shmem', PAGES), 'skip', NO_AREA),
    (row('soft-offline', 'shmem', PAGES), 'skip', NO_OFFLINE),
  ]),
  # With so many nodes each block of 128 MiB is of two of them.
  ('numa=fake=16 cma=0', [
    (row('memory-offline', 'shmem', PAGES), 'skip', NO_BLOCK),
    (row('migrate-mbind', 'shmem', PAGES), 'pass', ''),
  ]),
]
PLAN = {
  'kernels': ['stock', 'variants'], 'variants': ['stock', 'update-ptl', 'invalidate'], 'memory': ['shmem', 'hugetlb'],
  'guests': ['micro'], 'params': {'pages': 32, 'rounds': 2, 'frames': 2, 'ram_mib': 128, 'stride': 4, 'count': 8},
  'cells': [r for r, _ in ROWS],
}


def parts(line):
  variant, memory, _, workload, _ = line['cell'].split('/')
  return variant, memory, workload


def check_line(line, problems):
  variant, _, workload = parts(line)
  name = f'{line["kernel"]} {line["cell"]}'
  if line['kernel'] == 'stock' and workload == 'cma-alloc':
    problems.equal(f'{name}: status', line['status'], 'skip')
    problems.expect(NO_CMA in line['reason'], f'{name}: {line["reason"]}')
    return
  moves = variant == 'invalidate'
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  problems.equal(f'{name}: observed', line.get('observed'), 'lookup' if moves else PINNED[line['event']])
  events = line['events']
  problems.expect(events['operations'] > 0, f'{name}: nothing was done')
  problems.equal(f'{name}: moved', events['migrate_ok'] > 0, moves)
  problems.equal(f'{name}: refused', events['migrate_failed'] > 0, not moves and line['event'] == 'migrate')
  metric = {'compact': 'compact', 'memory-offline': 'clear', 'cma-alloc': 'clear'}.get(workload, 'migrate')
  problems.expect(metric in line['metrics'], f'{name}: no sample of {metric}')


def check(lines, problems):
  problems.equal('cells', len(lines), len(ROWS) * 4)
  for line in lines:
    check_line(line, problems)


def plants(lines):
  def doctored(cell, **change):
    return zcb.doctored(lines, lambda l: l['cell'] == cell and l['kernel'] == 'variants', lambda l: l.update(change))

  cell = 'stock/shmem/micro/migrate-mbind/mmap'
  yield 'a pinned page that moved', doctored(cell, observed='lookup')
  yield 'work that was not done', doctored(cell, events={'operations': 0, 'migrate_ok': 0, 'migrate_failed': 4})
  yield 'nothing that moves', doctored('invalidate/shmem/micro/compact/mmap', events={
    'operations': 4, 'migrate_ok': 0, 'migrate_failed': 0})
  yield 'an error', doctored('invalidate/shmem/micro/cma-alloc/mmap', status='error')


def run(bench, name, plan, *more):
  folder = os.path.join(bench.scratch, name)
  code, _, err = bench.run('run', '--plan', bench.plan(**plan), '--accel', 'tcg', '--no-report', '--seed', '3',
                           *more, '-o', folder)
  return code, err, zcb.journal(folder)


def check_prevented(bench, problems):
  for number, (words, rows) in enumerate(PREVENTED):
    plan = {**PLAN, 'kernels': ['variants'], 'variants': ['stock'], 'cells': [r for r, _, _ in rows]}
    _, err, lines = run(bench, f'prevented{number}', plan, '--cmdline', words)
    problems.equal(f'{words}: cells ({zcb.last_line(err)})', len(lines), len(rows))
    for line in lines:
      _, status, sentence = next(r for r in rows if r[0]['workload'] == parts(line)[2])
      problems.equal(f'{words}: {line["cell"]} ({line.get("reason")})', line['status'], status)
      problems.expect(sentence in (line.get('reason') or ''), f'{words}: {line["cell"]}: {line.get("reason")}')


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'variants')
  code, err, lines = run(bench, 'run', PLAN)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  check(lines, problems)
  for what, doctored in plants(lines):
    found = zcb.Problems()
    check(doctored, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')
  check_prevented(bench, problems)
  bench.expect_nothing_left(problems)


if __name__ == '__main__':
  zcb.main(test)
