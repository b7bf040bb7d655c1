# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan in two boots under --accel icount, and how far apart they are. What may be how far, a test says."""
import copy
import os

import zcb

PLAN = {
  'memory': ['shmem', 'hugetlb'],
  'params': {'pages': 64, 'rounds': 32, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap'], 'memory': ['shmem'], 'params': {'pattern': 'stride'}},
            {'workload': 'punch', 'consumers': ['mmap'], 'memory': ['hugetlb'],
             'params': {'pattern': 'single', 'unit': 'huge', 'blocks': 4}}],
}
COUNTS = ('cell', 'params', 'seed', 'status', 'observed', 'pages', 'frames', 'events')


def measure(bench, name, plan, problems):
  folder = os.path.join(bench.scratch, name)
  code, _, err = bench.run('run', '--plan', plan, '--accel', 'icount', '--seed', '7', '--no-report', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  problems.equal('CPUs of the host', zcb.read_json(folder, 'boots/1/boot.json')['hut']['cpus'], 1)
  return zcb.journal(folder)


def apart(x, y):
  return abs(x['p50'] - y['p50']) / max(x['p50'], y['p50'])


def compare_medians(a, b, tolerances, problems):
  for metric, tolerance in tolerances(a).items():
    x, y = a['metrics'][metric], b['metrics'][metric]
    problems.equal(f'{a["cell"]}: samples of {metric}', x['n'], y['n'])
    problems.expect(apart(x, y) <= tolerance,
                    f'{a["cell"]}: medians of {metric} are {x["p50"]} and {y["p50"]} ns, {apart(x, y):.3%} apart')


def compare(first, second, tolerances, problems):
  problems.equal('cells', [len(first), len(second)], [2, 2])
  for a, b in zip(first, second):
    problems.equal('clocks', (a['clock'], b['clock']), ('icount', 'icount'))
    for key in COUNTS:
      problems.equal(f'{a["cell"]}: {key}', a[key], b[key])
    compare_medians(a, b, tolerances, problems)


def show(first, second, tolerances):
  for a, b in zip(first, second):
    for metric in tolerances(a):
      x, y = a['metrics'][metric], b['metrics'][metric]
      print(f'{a["cell"]}: {metric}: {x["p50"]} and {y["p50"]} ns, {apart(x, y):.4%} apart ({x["n"]} samples)')


def plants(lines, tolerances):
  def doctored(change):
    copies = copy.deepcopy(lines)
    change(copies[0])
    return copies

  def slower(metric, tolerance):
    return doctored(lambda l: l['metrics'][metric].update(p50=l['metrics'][metric]['p50'] * (1 + 2 * tolerance) + 1))

  yield 'a stale page more', doctored(lambda l: l['pages'].update(stale=l['pages']['stale'] + 1))
  for metric, tolerance in tolerances(lines[0]).items():
    yield f'a median of {metric} that is off', slower(metric, tolerance)
  yield 'a missing cell', lines[:1]


def test(bench, guest, tolerances, problems):
  bench.need_images('rootfs', 'stock')
  plan = bench.plan(**PLAN, guests=[guest])
  first, second = (measure(bench, name, plan, problems) for name in ('first', 'second'))
  show(first, second, tolerances)
  compare(first, second, tolerances, problems)
  for what, doctored in plants(first, tolerances):
    found = zcb.Problems()
    compare(first, doctored, tolerances, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')
