#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What takes pages away or is asked to, in real VMs of both kernels: each workload's verdict and its proof.

What each variant makes of it is held against a table of this test's own. The rate of a schedule is read out of
the raw samples.
"""
import copy
import os

import zcb

UNTIL = 'stale-until-refill'
# (stock, update-ptl, invalidate)
TABLE = {
  'fault': ('stale', UNTIL, 'lookup'),
  'zeroed': ('zero-in-place',) * 3,
  'collapse': ('refused',) * 3,
  'split': ('refused',) * 3,
  'thp-punch': ('zero-in-place',) * 3,
  'thp-punch-all': ('zero-in-place', 'zero-in-place', 'lookup'),
  'swap': ('refused', 'refused', 'lookup'),
  'none': ('fresh',) * 3,
}
VARIANTS = ('stock', 'update-ptl', 'invalidate')


def row(workload, memory, consumers=('mmap',), **params):
  return {'workload': workload, 'consumers': list(consumers), 'memory': [memory], 'params': params}


HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
RATE, BURST, PAGES, ROUNDS = 400, 4, 32, 2
ROWS = [
  # (event, row)
  ('fault', row('punch-madvise', 'shmem', ('mmap', 'oracle'), pattern='runs', run=3)),
  ('fault', row('punch-madvise', 'hugetlb', **HUGE)),
  ('zeroed', row('punch-madvise', 'hugetlb', pattern='runs', run=3)),
  ('fault', row('punch', 'shmem', pattern='frame', rate=RATE, burst=BURST)),
  ('fault', row('punch-madvise', 'shmem', pattern='frame', rate=RATE, burst=BURST)),
  ('collapse', row('thp-collapse', 'shmem', ('mmap', 'oracle'), **HUGE)),
  ('split', row('thp-split', 'shmem', ('mmap', 'oracle'), **HUGE)),
  ('thp-punch', row('punch', 'shmem', ('mmap', 'oracle'), pattern='stride', blocks=2, backing='thp')),
  ('thp-punch-all', row('punch-madvise', 'shmem', pattern='frame', blocks=2, backing='thp')),
  ('fault', row('punch', 'shmem', **HUGE, backing='thp')),
  ('swap', row('swap', 'shmem', ('mmap', 'oracle'), pattern='stride')),
  ('none', row('ksm', 'shmem')),
  ('none', row('ksm', 'hugetlb')),
]
# Hugetlb has nothing of this, and says so.
SKIPPED = [row('thp-collapse', 'hugetlb', **HUGE), row('thp-split', 'hugetlb', **HUGE),
           row('punch', 'hugetlb', blocks=2, backing='thp'), row('swap', 'hugetlb')]
PLAN = {
  'kernels': ['stock', 'variants'], 'variants': list(VARIANTS), 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': PAGES, 'rounds': ROUNDS, 'frames': 2, 'ram_mib': 192, 'stride': 8},
  'cells': [r for _, r in ROWS] + SKIPPED,
}


def wanted(line):
  variant, _, _, _, consumer = line['cell'].split('/')
  return 'fresh' if consumer == 'oracle' else TABLE[line['event']][VARIANTS.index(variant)]


def check_skip(name, line, problems):
  problems.equal(f'{name}: status', line['status'], 'skip')
  problems.expect((line['reason'] or '').startswith('kernel: hugetlb memory'), f'{name}: reason {line["reason"]}')


def check_events(name, line, problems):
  """What was done is counted, and by the right name."""
  events, moved = line['events'], line['observed'] == 'lookup' or 'oracle' in name and 'invalidate' in name
  problems.expect(events['operations'] > 0, f'{name}: nothing was done')
  if line['event'] == 'swap':
    key = 'migrate_ok' if moved else 'migrate_failed'
    problems.equal(f'{name}: {key}', events[key], ROUNDS * PAGES // 8)
  if line['event'] in ('collapse', 'split'):
    problems.equal(f'{name}: migrate_ok', events['migrate_ok'], 0)
    problems.expect(events['migrate_failed'] > 0, f'{name}: no page was refused')
  if line['event'] in ('fault', 'zeroed', 'thp-punch', 'thp-punch-all'):
    problems.equal(f'{name}: refilled', events['refilled'], events['punched'])


def check_line(line, problems):
  name = f'{line["kernel"]} {line["cell"]} {line["event"]} {line["params"]["pattern"]}'
  if line['cell'].split('/')[1] == 'hugetlb' and any(
      r['workload'] == line['cell'].split('/')[3] and all(line['params'][k] == v for k, v in r['params'].items())
      for r in SKIPPED):
    return check_skip(name, line, problems)
  problems.equal(f'{name}: observed', line['observed'], wanted(line))
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  return check_events(name, line, problems)


def check(lines, problems):
  # The stock kernel runs the variant stock alone.
  cells = sum(len(r['consumers']) for r in PLAN['cells']) * (1 + len(VARIANTS))
  problems.equal('cells', len(lines), cells)
  for line in lines:
    check_line(line, problems)
  problems.equal('events', {line['event'] for line in lines if line['status'] == 'pass'}, set(TABLE))


def check_rate(name, punches, late, problems):
  """punches, late: the records of both metrics. Each round's schedule starts by itself."""
  problems.equal(f'{name}: samples', (len(punches), len(late)), (ROUNDS * PAGES, ROUNDS * PAGES))
  for i, (punch, lateness) in enumerate(zip(punches, late)):
    first, nth = punches[i - i % PAGES], i % PAGES
    at = nth // BURST * BURST * 1000000000 // RATE
    problems.equal(f'{name}: operation {i} was meant to start', punch[1] - first[1], at)
    problems.equal(f'{name}: operation {i} is', punch[:2], lateness[:2])
    problems.expect(punch[2] > lateness[2], f'{name}: operation {i} took {punch[2]} ns, late by {lateness[2]}')


def check_rates(folder, lines, problems):
  paced = [line for line in lines if line['params']['rate']]
  problems.equal('cells with a rate', len(paced), 2 * (1 + len(VARIANTS)))
  for line in paced:
    files = [os.path.join(folder, 'samples', f'{line["index"]}.{metric}.zcs') for metric in ('punch', 'workload.late')]
    check_rate(line['cell'], *[zcb.samples(f) for f in files], problems)


def plants(lines):
  def doctored(event, consumer='mmap', **members):
    copies = copy.deepcopy(lines)
    line = next(l for l in copies if l['event'] == event and l['status'] == 'pass' and l['cell'].endswith(consumer))
    for key, value in members.items():
      line[key] = {**line[key], **value} if isinstance(value, dict) else value
    return copies

  yield 'a collapse that succeeded', doctored('collapse', observed='lookup')
  yield 'a collapse of nothing', doctored('collapse', events={'migrate_failed': 0})
  yield 'a hole in a huge page', doctored('thp-punch', observed='stale')
  yield 'a page that was not swapped', doctored('swap', events={'migrate_failed': 1})
  yield 'a merged page', doctored('none', observed='stale')
  yield 'a workload that did nothing', doctored('none', events={'operations': 0})
  yield 'a kernel less', [l for l in lines if l['kernel'] != 'stock']
  yield 'a rate that drifts', None


def test(bench, problems):
  folder, lines = zcb.played(bench, problems, PLAN, seed=4)
  check(lines, problems)
  check_rates(folder, lines, problems)
  for what, doctored in plants(lines):
    found = zcb.Problems()
    if doctored is None:
      drifting = [(i, i * 2500001, 5) for i in range(ROUNDS * PAGES)]
      check_rate('plant', drifting, [(i, at, 1) for i, at, _ in drifting], found)
    else:
      check(doctored, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


if __name__ == '__main__':
  zcb.main(test)
