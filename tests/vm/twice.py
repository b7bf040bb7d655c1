# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan in two boots under --accel icount, and how far apart they are. What must be there, a test says."""
import copy
import filecmp
import os

import zcb

PLAN = {
  'memory': ['shmem', 'hugetlb'],
  'params': {'pages': 64, 'rounds': 32, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap'], 'memory': ['shmem'], 'params': {'pattern': 'stride'}},
            {'workload': 'punch', 'consumers': ['mmap'], 'memory': ['shmem'],
             'params': {'pattern': 'stride', 'refill': 'fallocate', 'rounds': 8}},
            {'workload': 'punch', 'consumers': ['mmap'], 'memory': ['hugetlb'],
             'params': {'pattern': 'single', 'unit': 'huge', 'blocks': 4}}],
}
COUNTS = ('cell', 'params', 'seed', 'status', 'observed', 'pages', 'frames', 'events')
# Boots that were not the same to the instruction are not what these tests are for; but neither is a hair's breadth.
TOLERANCE = 0.001


def measure(bench, name, plan, problems):
  folder = os.path.join(bench.scratch, name)
  code, _, err = bench.run('run', '--plan', plan, '--accel', 'icount', '--seed', '7', '--no-report', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  problems.equal('CPUs of the host', zcb.read_json(folder, 'boots/1/boot.json')['hut']['cpus'], 1)
  return folder, zcb.journal(folder)


def apart(x, y):
  return abs(x['p50'] - y['p50']) / max(x['p50'], y['p50'], 1)


def medians(line):
  return {metric for metric, figures in line['metrics'].items() if figures.get('p50') is not None}


def compare_medians(a, b, problems):
  problems.equal(f'{a["cell"]}: metrics', medians(a), medians(b))
  for metric in sorted(medians(a) & medians(b)):
    x, y = a['metrics'][metric], b['metrics'][metric]
    problems.equal(f'{a["cell"]}: samples of {metric}', x['n'], y['n'])
    problems.expect(apart(x, y) <= TOLERANCE,
                    f'{a["cell"]}: medians of {metric} are {x["p50"]} and {y["p50"]} ns, {apart(x, y):.3%} apart')


def compare(first, second, metrics, problems):
  problems.equal('cells', [len(first), len(second)], [len(PLAN['cells'])] * 2)
  for a, b in zip(first, second):
    problems.equal('clocks', (a['clock'], b['clock']), ('icount', 'icount'))
    for key in COUNTS:
      problems.equal(f'{a["cell"]}: {key}', a[key], b[key])
    compare_medians(a, b, problems)
  there = set().union(*(medians(line) for line in first))
  problems.equal('metrics without a median', set(metrics) - there, set())


def show(first, second):
  for a, b in zip(first, second):
    for metric in sorted(medians(a) & medians(b)):
      x, y = a['metrics'][metric], b['metrics'][metric]
      print(f'{a["cell"]}: {metric}: {x["p50"]} and {y["p50"]} ns, {apart(x, y):.4%} apart ({x["n"]} samples)')


def show_samples(first, second):
  """Of each sample, and not of the medians alone: it is told, and not demanded."""
  names = sorted(os.listdir(os.path.join(first, 'samples')))
  others = [name for name in names if not filecmp.cmp(os.path.join(first, 'samples', name),
                                                      os.path.join(second, 'samples', name), shallow=False)]
  print(f'{len(names)} files of samples, {len(others)} of them not the same: {" ".join(others)}')


def plants(lines):
  def doctored(change):
    copies = copy.deepcopy(lines)
    change(copies[0])
    return copies

  def slower(metric):
    return doctored(lambda l: l['metrics'][metric].update(p50=l['metrics'][metric]['p50'] * (1 + 2 * TOLERANCE) + 1))

  yield 'a stale page more', doctored(lambda l: l['pages'].update(stale=l['pages']['stale'] + 1))
  for metric in sorted(medians(lines[0])):
    yield f'a median of {metric} that is off', slower(metric)
  yield 'a metric less', doctored(lambda l: l['metrics'].pop('punch'))
  yield 'a missing cell', lines[:1]


def test(bench, guest, metrics, problems):
  """Metrics are those that must have a median in some cell."""
  bench.need_images('rootfs', 'stock')
  plan = bench.plan(**PLAN, guests=[guest])
  (folder, first), (other, second) = (measure(bench, name, plan, problems) for name in ('first', 'second'))
  show(first, second)
  show_samples(folder, other)
  compare(first, second, metrics, problems)
  for what, doctored in plants(first):
    found = zcb.Problems()
    compare(first, doctored, metrics, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')
