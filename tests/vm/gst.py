#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""GStreamer in a real VM: what its pipelines see of each event, in each format, and of a byte that was spoiled."""
import copy
import json
import os

import zcb

UNTIL = 'stale-until-refill'
VARIANTS = ('stock', 'update-ptl', 'invalidate')
# (stock, update-ptl, invalidate)
TABLE = {'none': ('fresh',) * 3, 'fault': ('stale', UNTIL, 'lookup'), 'migrate': ('refused', 'refused', 'lookup')}
HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
PADDED = {'pages': 64, 'width': 90, 'height': 127, 'row_stride': 2048, 'offset': 128}
EACH = {'import': 'each'}
PLANTED = 23


def row(workload='idle', memory=('shmem',), **params):
  return {'workload': workload, 'consumers': ['gst'], 'memory': list(memory), 'params': params}


ROWS = [
  row(memory=('shmem', 'hugetlb')),
  row(format='argb8888', **EACH),
  row(format='rgb565'),
  row(format='nv12'),
  row(**PADDED),
  row('punch', pattern='stride', format='argb8888'),
  row('punch', pattern='stride', **EACH),
  row('punch', memory=('hugetlb',), **HUGE),
  row('migrate-move-pages', pattern='stride'),
]
PLAN = {
  'kernels': ['variants'], 'variants': list(VARIANTS), 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4}, 'cells': ROWS,
}
PLANTS = {
  'kernels': ['variants'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 1, 'frames': 1, 'ram_mib': 192, 'plant': PLANTED},
  'cells': [row(memory=('shmem', 'hugetlb')), row(format='argb8888', **EACH)],
}


def count_cells(rows):
  return sum(len(r['consumers']) * len(r['memory']) for r in rows)


def check(lines, problems):
  problems.equal('cells', len(lines), count_cells(ROWS) * len(VARIANTS))
  for line in lines:
    name = f'{line["cell"]} {line["event"]} {line["params"]["format"]} {line["params"]["import"]}'
    wanted = TABLE[line['event']][VARIANTS.index(line['cell'].split('/')[0])]
    problems.equal(f'{name}: observed', line['observed'], wanted)
    problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
    problems.expect(line['pages']['checked'] >= 2 * line['params']['pages'], f'{name}: hardly a page was looked at')


def check_plants(folder, lines, problems):
  problems.equal('planted cells', len(lines), count_cells(PLANTS['cells']))
  for line in lines:
    name = f'planted, {line["cell"]} {line["params"]["format"]}'
    problems.equal(f'{name}: status', line['status'], 'fail')
    problems.equal(f'{name}: observed', line['observed'], 'wrong')
    problems.equal(f'{name}: corrupt pages', line['pages']['corrupt'], line['frames']['checked'])
    picture = json.loads(zcb.octets(folder, f'frames/{line["index"]}-0.json'))
    problems.equal(f'{name}: the pages', picture['map'], 'F' * (PLANTED - 1) + 'C' + 'F' * (64 - PLANTED))


def doctored(lines):
  """Lines that the test must not take for good."""
  def changed(event, **members):
    copies = copy.deepcopy(lines)
    next(l for l in copies if l['event'] == event).update(**members)
    return copies

  yield 'a stale page that is said to be fresh', changed('fault', observed='fresh')
  yield 'a cell that was skipped', changed('none', status='skip')
  yield 'a cell less', lines[1:]


def test(bench, problems):
  bench.need_images('rootfs', 'variants')
  folder = os.path.join(bench.scratch, 'run')
  code, _, err = bench.run('run', '--plan', bench.plan(**PLAN), '--accel', 'tcg', '--seed', '3', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  lines = zcb.journal(folder)
  check(lines, problems)
  for what, copies in doctored(lines):
    found = zcb.Problems()
    check(copies, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')
  folder = os.path.join(bench.scratch, 'planted')
  code, _, err = bench.run('run', '--plan', bench.plan(**PLANTS), '--accel', 'tcg', '--seed', '3', '-o', folder)
  problems.equal(f'planted: exit code ({zcb.last_line(err)})', code, 11)
  check_plants(folder, zcb.journal(folder), problems)


if __name__ == '__main__':
  zcb.main(test)
