#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots of which some plays have the fault path really slowed down, for calibrate (see README.md).

  slowed.py plan LOOPS NS > plan.json         what to run on the kernel `delays`: LOOPS turns of a loop more in
                                              a fault of shmem, NS nanoseconds in one of hugetlb
  slowed.py arms < summaries > summaries      slowed plays become arm B, the others A and its twin
"""
import json
import random
import re
import sys

BOOTS = 48
# The cells of the default plan's comparison of variants, each as often, and as many plays between two of an arm.
CELLS = 2 * (
  ('shmem', {'pattern': 'stride'}),
  ('shmem', {'pattern': 'stride', 'refill': 'vmm'}),
  ('hugetlb', {'pattern': 'single', 'unit': 'huge', 'blocks': 4, 'refill': 'vmm'}),
)
VARIANTS = 7
# `count` means nothing to punching: it says which arm a play is.
ARMS = {'A': 101, 'Z': 102, 'B': 103, '': 104}
SLOWED = re.compile(r'delay fault_[a-z]+, delay_by [0-9]+')
COUNT = re.compile(r'count (10[1-4])\b')


def play(memory, params, arm, delay):
  more = {'count': ARMS[arm], **(delay if arm == 'B' else {})}
  return {'workload': 'punch', 'consumers': ['mmap'], 'memory': [memory], 'params': {**params, **more}}


def plays(delays, random_of):
  for memory, params in CELLS:
    order = list('AZB') + [''] * (VARIANTS + 1 - 3)
    random_of.shuffle(order)
    for arm in order + order[::-1]:
      yield play(memory, params, arm, delays[memory])


def plan(loops, ns):
  delays = {'shmem': {'delay': 'fault_loops', 'delay_by': loops}, 'hugetlb': {'delay': 'fault_vmm', 'delay_by': ns}}
  return {
    'schema': 1, 'name': 'slowed', 'summary': 'plays with a longer fault path, and without, by turns',
    'kernels': ['delays'], 'variants': ['stock'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'], 'boots': BOOTS,
    'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'evidence': 'undeclared'},
    'cells': list(plays(delays, random.Random(1))),
  }


def arms(lines):
  names = {str(count): arm for arm, count in ARMS.items()}
  for line in map(json.loads, lines):
    if 'cell' in line:
      found = COUNT.search(line['params'])
      line['params'] = COUNT.sub('count 12', SLOWED.sub('delay "", delay_by 0', line['params']))
      line['arm'] = names[found[1]]
      if not line['arm']:
        continue
      # Odd boots one way, even ones the other: where in the order A and its twin stand adds nothing to either.
      if line['boot'] % 2:
        line['arm'] = {'A': 'Z', 'Z': 'A', 'B': 'B'}[line['arm']]
    yield line


def main():
  if sys.argv[1:2] == ['plan'] and len(sys.argv) == 4:
    json.dump(plan(*map(int, sys.argv[2:])), sys.stdout, indent=2)
  elif sys.argv[1:] == ['arms']:
    for line in arms(sys.stdin):
      print(json.dumps(line))
  else:
    sys.exit(__doc__)


if __name__ == '__main__':
  main()
