#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots of which some plays have the fault path of shmem really slowed down, for calibrate (see README.md).

  slowed.py plan LOOPS NS > plan.json         what to run on the kernel `delays`: LOOPS turns of a loop more in
                                              a fault of shmem, NS nanoseconds in one of hugetlb
  slowed.py arms < summaries > summaries      slowed plays become arm B, the others by turns A and its twin
"""
import json
import re
import sys

BOOTS = 48
PLAIN, SLOWED = 0, 1
# The cells of the default plan's comparison of variants.
CELLS = (
  ('shmem', {'pattern': 'stride'}),
  ('shmem', {'pattern': 'stride', 'refill': 'vmm'}),
  ('hugetlb', {'pattern': 'single', 'unit': 'huge', 'blocks': 4, 'refill': 'vmm'}),
)
# Each cell in another order and then backwards: none of the three arms is always first. The twin is as plain as A.
ORDERS = ((PLAIN, PLAIN, SLOWED), (SLOWED, PLAIN, PLAIN), (PLAIN, SLOWED, PLAIN))
SLOWED_PARAMS = re.compile(r'delay fault_[a-z]+, delay_by [0-9]+')


def cell(memory, params):
  return {'workload': 'punch', 'consumers': ['mmap'], 'memory': [memory], 'params': params}


def plays(delays):
  yield cell('shmem', {'pattern': 'frame'})  # the first of a boot is like no other: not compared
  for (memory, params), order in zip(CELLS, ORDERS):
    for slowed in 2 * (order + order[::-1]):
      yield cell(memory, {**params, **delays[memory]} if slowed else params)


def plan(loops, ns):
  delays = {'shmem': {'delay': 'fault_loops', 'delay_by': loops}, 'hugetlb': {'delay': 'fault_vmm', 'delay_by': ns}}
  return {
    'schema': 1, 'name': 'slowed', 'summary': 'plays with a longer fault path, and without, by turns',
    'kernels': ['delays'], 'variants': ['stock'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'], 'boots': BOOTS,
    'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'evidence': 'undeclared'},
    'cells': list(plays(delays)),
  }


def arms(lines):
  """The plain plays of a cell are A, Z, Z, A, and once more: in every other boot Z, A, A, Z."""
  seen = {}
  for line in map(json.loads, lines):
    if 'cell' in line:
      if line['params'].startswith('frame,'):
        continue
      line['params'], slowed = SLOWED_PARAMS.subn('delay "", delay_by 0', line['params'])
      key = (line['boot'], line['cell'], line['params'], line['metric'], slowed)
      nth = seen[key] = seen.get(key, -1) + 1
      plain = 'AZZA' if line['boot'] % 2 else 'ZAAZ'
      line['arm'] = 'B' if slowed else plain[nth % len(plain)]
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
