#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Twenty instructions more in the fault path of shmem, counted and compared: worse, by twenty, of two boots an arm.

And the same kernel against itself, in other boots, is no different.
"""
import copy
import json
import os

import zcb

MORE = 20
NEAR = 2
# Those of one process alone, which repeat to the instruction. Of what takes several, two boots may be too few.
METRICS = 'punch,fault.guest,fault.vmm,frame.read'
CELL = {'workload': 'punch', 'consumers': ['mmap'], 'params': {'refill': 'vmm'}}
# Twice in each boot: what repeats exactly is told of three plays or more.
PLAN = {
  'kernels': ['delays'], 'guests': ['micro'], 'boots': 2, 'cells': [CELL, CELL],
  'params': {'pages': 64, 'rounds': 6, 'frames': 2, 'ram_mib': 128, 'pattern': 'stride', 'stride': 4},
}


def played(bench, problems, name, *more):
  folder = os.path.join(bench.scratch, name)
  code, _, err = bench.run('run', '--plan', bench.plan(**PLAN), '--accel', 'icount', '--no-report', '-o', folder, *more)
  problems.equal(f'{name}: exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  return folder


def compared(bench, a, b):
  code, out, err = bench.run('compare', a, b, '--metrics', METRICS, '--json')
  try:
    return code, json.loads(out)
  except ValueError:
    return code, {'rows': [], 'error': err}


def medians(said):
  return {row['metric']: row for row in said['rows'] if row['statistic'] == 'p50'}


def check(verdicts, problems):
  """verdicts: of A with slowed B, of that with A, of A with other boots of its own."""
  for (code, said), (wanted_code, verdict, more) in zip(verdicts, ((10, 'worse', MORE), (0, 'better', -MORE), (0, 'equivalent', 0))):
    rows = medians(said)
    problems.equal(f'{verdict}: exit code', code, wanted_code)
    row = rows.get('fault.vmm', {})
    problems.equal(f'{verdict}: fault.vmm', row.get('verdict'), verdict)
    problems.expect(row.get('exact') and abs(row['b'] - row['a'] - more) <= NEAR,
                    f'{verdict}: fault.vmm of {row.get("a")} and {row.get("b")} instructions, exact: {row.get("exact")}')
    others = {name: r['verdict'] for name, r in rows.items() if name != 'fault.vmm' and r['verdict'] in ('worse', 'better')}
    problems.equal(f'{verdict}: other metrics that differ', others, {})


def doctored(verdicts):
  def changed(which, **members):
    copies = copy.deepcopy(verdicts)
    medians(copies[which][1])['fault.vmm'].update(members)
    return copies

  a = medians(verdicts[0][1])['fault.vmm']['a']
  yield 'three instructions too many', changed(0, b=a + MORE + NEAR + 1)
  yield 'no verdict', changed(0, verdict='equivalent')
  yield 'a kernel that differs from itself', changed(2, verdict='worse')


def test(bench, problems):
  bench.need_images('rootfs', 'delays')
  a, again = (played(bench, problems, name) for name in ('a', 'again'))
  slowed = played(bench, problems, 'slowed', '--cmdline', f'zcb_delay.fault_instructions={MORE}')
  verdicts = [compared(bench, *pair) for pair in ((a, slowed), (slowed, a), (a, again))]
  check(verdicts, problems)
  for _, said in verdicts:
    for name, row in medians(said).items():
      print(f'{name}: {row["a"]:.0f} and {row["b"]:.0f} instructions: {row["verdict"]}')
  if not problems.found:
    zcb.must_find(([what, planted] for what, planted in doctored(verdicts)), check, problems)


if __name__ == '__main__':
  zcb.main(test)
