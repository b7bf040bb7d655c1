#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs beside a workload (guest-storm, churn), and the stress mode that mixes all: in a real VM.

A mix must be as its seed says, round by round, whatever the variant, and each round as its own declaration has it.
"""
import copy
import json

import zcb

HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
LOADS = [
  # (workload, memory, what strikes meanwhile, parameters)
  ('guest-storm', 'shmem', 'idle', {}),
  ('guest-storm', 'shmem', 'punch', {'pattern': 'stride', 'refill': 'other', 'touch': 'read'}),
  ('guest-storm', 'hugetlb', 'punch', HUGE),
  ('churn', 'shmem', 'migrate-move-pages', {'pattern': 'stride'}),
  ('churn', 'hugetlb', 'punch', HUGE),
]
VARIANTS = ('stock', 'update-ptl', 'invalidate')
MIX_SECONDS = 8
PLAN = {
  'kernels': ['variants'], 'variants': list(VARIANTS), 'memory': ['shmem', 'hugetlb'], 'guests': ['micro', 'linux'],
  'params': {'pages': 32, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': w, 'consumers': ['mmap'], 'memory': [m], 'params': dict(p, under=u)}
            for w, m, u, p in LOADS] +
           [{'workload': 'mix', 'consumers': ['mmap'], 'memory': ['shmem', 'hugetlb'],
             'params': {'blocks': 4, 'seconds': MIX_SECONDS}}],
}


def schedule(folder, line):
  """What was chosen, round by round: without what was seen."""
  text = zcb.octets(folder, f'samples/{line["index"]}.schedule.jsonl').decode()
  return [{k: r[k] for k in ('round', 'workload', 'params')} for r in map(json.loads, text.splitlines())]


def check_load(line, problems):
  name = f'{line["cell"]} under {line["params"]["under"]}'
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  metric = 'storm.frame' if '/guest-storm/' in line['cell'] else 'churn'
  problems.expect(line['metrics'].get(metric, {}).get('n', 0) > 0, f'{name}: no samples of {metric}')
  own = 2 * line['params']['rounds']
  problems.expect(line['events']['operations'] >= own, f'{name}: {line["events"]["operations"]} operations')


def check_mix(line, problems):
  name, events = line['cell'], line['events']
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  problems.equal(f'{name}: observed', line['observed'], 'declared')
  # A round of swap takes seconds where an emulated host has all memory of a Linux guest to go through.
  problems.expect(events['rounds'] > 3, f'{name}: {events["rounds"]} rounds')
  problems.equal(f'{name}: wrong rounds', events['rounds_wrong'], 0)
  problems.expect(events['rss_kib_end'] < events['rss_kib_settled'] * 1.1 + 1024,
                  f'{name}: its memory went from {events["rss_kib_settled"]} to {events["rss_kib_end"]} KiB')


def check(lines, schedules, problems):
  problems.equal('cells', len(lines), (len(LOADS) + 2) * len(VARIANTS) * 2)
  mixes = [line for line in lines if '/mix/' in line['cell']]
  for line in lines:
    (check_mix if line in mixes else check_load)(line, problems)
  for line in mixes:
    first = next(l for l in mixes if l['cell'].split('/')[1:3] == line['cell'].split('/')[1:3])
    a, b = schedules[first['index']], schedules[line['index']]
    n = min(len(a), len(b))
    problems.equal(f'{line["cell"]}: the schedule of {first["cell"]}', b[:n], a[:n])
  workloads = {r['workload'] for s in schedules.values() for r in s}
  problems.expect(len(workloads) > 3, f'a mix of {sorted(workloads)} alone')


def plants(lines, schedules):
  def doctored(change):
    copies = copy.deepcopy(lines), copy.deepcopy(schedules)
    change(*copies)
    return copies

  mix = next(i for i, line in enumerate(lines) if '/mix/' in line['cell'])
  yield 'a wrong round', doctored(lambda l, s: l[mix]['events'].update(rounds_wrong=1))
  yield 'memory that grows', doctored(lambda l, s: l[mix]['events'].update(rss_kib_end=10 ** 6))
  yield 'another schedule', doctored(lambda l, s: s[lines[mix]['index']][1].update(workload='none'))
  yield 'a storm of nothing', doctored(lambda l, s: l[0]['events'].update(operations=0))


def test(bench, problems):
  folder, lines = zcb.played(bench, problems, PLAN, '--no-report', seed=11)
  schedules = {line['index']: schedule(folder, line) for line in lines if '/mix/' in line['cell']}
  check(lines, schedules, problems)
  zcb.must_find(((what, *copies) for what, copies in plants(lines, schedules)), check, problems)


if __name__ == '__main__':
  zcb.main(test)
