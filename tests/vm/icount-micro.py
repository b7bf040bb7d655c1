#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan with the micro guest twice under --accel icount: counts, and what a fault costs, to the instruction.

The guest has no kernel and no interrupts, so that its touches are the host kernel's fault path alone. What passes
through the host's scheduler, or through the state of its allocators, is near and not the same; and so is a fault of
2 MiB, which takes half as long as the time between two ticks of the host.
"""
import copy
import os

import zcb

PLAN = {
  'guests': ['micro'], 'memory': ['shmem', 'hugetlb'],
  'params': {'pages': 64, 'rounds': 32, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap'], 'memory': ['shmem'], 'params': {'pattern': 'stride'}},
            {'workload': 'punch', 'consumers': ['mmap'], 'memory': ['hugetlb'],
             'params': {'pattern': 'single', 'unit': 'huge', 'blocks': 4}}],
}
COUNTS = ('cell', 'params', 'seed', 'status', 'observed', 'pages', 'frames', 'events')
METRICS = ('punch', 'fault.guest', 'frame.copy', 'refill', 'export.create')
# How far the medians may be apart, and which are exact on this memory.
TOLERANCE = 0.02
SAME = {'shmem': ('punch', 'fault.guest', 'frame.copy'), 'hugetlb': ('punch', 'frame.copy')}


def measure(bench, name, plan, problems):
  folder = os.path.join(bench.scratch, name)
  code, _, err = bench.run('run', '--plan', plan, '--accel', 'icount', '--seed', '7', '--no-report', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  return zcb.journal(folder)


def apart(x, y):
  return abs(x['p50'] - y['p50']) / max(x['p50'], y['p50'])


def show(first, second):
  for a, b in zip(first, second):
    for metric in METRICS:
      x, y = a['metrics'][metric], b['metrics'][metric]
      print(f'{a["cell"]}: {metric}: {x["p50"]} and {y["p50"]} ns, {apart(x, y):.4%} apart ({x["n"]} samples)')


def compare_medians(a, b, problems):
  memory = a['cell'].split('/')[1]
  for metric in METRICS:
    x, y = a['metrics'][metric], b['metrics'][metric]
    problems.equal(f'{a["cell"]}: samples of {metric}', x['n'], y['n'])
    problems.expect(apart(x, y) <= (0 if metric in SAME[memory] else TOLERANCE),
                    f'{a["cell"]}: medians of {metric} are {x["p50"]} and {y["p50"]} ns')


def compare(first, second, problems):
  problems.equal('cells', [len(first), len(second)], [2, 2])
  for a, b in zip(first, second):
    problems.equal('clocks', (a['clock'], b['clock']), ('icount', 'icount'))
    for key in COUNTS:
      problems.equal(f'{a["cell"]}: {key}', a[key], b[key])
    compare_medians(a, b, problems)


def plants(lines):
  def doctored(change):
    copies = copy.deepcopy(lines)
    change(copies[0])
    return copies

  def raised(metric, factor):
    return doctored(lambda l: l['metrics'][metric].update(p50=l['metrics'][metric]['p50'] * factor + 1))

  yield 'a stale page more', doctored(lambda l: l['pages'].update(stale=l['pages']['stale'] + 1))
  yield 'an instruction more in a fault', raised('fault.guest', 1)
  yield 'an instruction more in a punch', raised('punch', 1)
  yield 'a refill 3 % off', raised('refill', 1.03)
  yield 'a missing cell', lines[:1]


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  plan = bench.plan(**PLAN)
  first, second = (measure(bench, name, plan, problems) for name in ('first', 'second'))
  show(first, second)
  compare(first, second, problems)
  for what, doctored in plants(first):
    found = zcb.Problems()
    compare(first, doctored, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


if __name__ == '__main__':
  zcb.main(test)
