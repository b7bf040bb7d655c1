#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How guest and reader take turns: without a fence frames are torn, with one they never are.

The fence `none` is the planted fault of the other two: the same guest, frames and checker, and nobody waits.
"""

import zcb

FENCES = ('handshake', 'sync-file', 'none')
CONSUMERS = ('mmap', 'oracle')
FRAMES, ROUNDS = 100, 2
PLAN = {
  'kernels': ['variants'], 'variants': ['stock', 'invalidate'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro', 'linux'],
  'params': {'pages': 32, 'rounds': ROUNDS, 'frames': FRAMES, 'ram_mib': 192},
  'cells': [{'workload': 'guest-storm', 'consumers': list(CONSUMERS), 'params': {'fence': fence}} for fence in FENCES],
}
CELLS = 2 * 2 * 2 * len(CONSUMERS) * len(FENCES)


def check_line(line, problems):
  fence = line['params']['fence']
  name = f'{line["cell"]} with {fence}'
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  problems.expect(line['frames']['checked'] >= ROUNDS * FRAMES, f'{name}: {line["frames"]["checked"]} frames')
  if fence == 'none':
    problems.equal(f'{name}: observed', line['observed'], 'torn')
    problems.expect(line['pages']['torn'] > 0, f'{name}: no torn page')
    problems.equal(f'{name}: pages of nobody', line['pages']['foreign'], 0)
    return
  problems.equal(f'{name}: observed', line['observed'], 'fresh')
  problems.equal(f'{name}: bad frames', line['frames']['bad'], 0)
  if fence == 'sync-file':
    waits = line['metrics'].get('fence.wait', {}).get('n', 0)
    problems.expect(waits >= ROUNDS * FRAMES, f'{name}: {waits} samples of fence.wait')


def check(lines, problems):
  problems.equal('cells', len(lines), CELLS)
  for line in lines:
    check_line(line, problems)


def plants(lines):
  def doctored(fence, change):
    return zcb.doctored(lines, lambda l: l['params']['fence'] == fence, change)

  yield 'a torn frame with a fence', doctored('sync-file', lambda l: l['frames'].update(bad=1))
  yield 'none torn without', doctored('none', lambda l: l.update(observed='fresh'))
  yield 'a foreign page', doctored('none', lambda l: l['pages'].update(foreign=1))
  yield 'nobody waited', doctored('sync-file', lambda l: l['metrics'].pop('fence.wait'))


def test(bench, problems):
  _, lines = zcb.played(bench, problems, PLAN, '--no-report', seed=5)
  check(lines, problems)
  zcb.must_find(plants(lines), check, problems)


if __name__ == '__main__':
  zcb.main(test)
