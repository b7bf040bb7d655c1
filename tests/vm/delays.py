#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A millisecond in each stage in turn, put there by the kernel `delays`, and looked for under icount.

It must be in the stage's own metric to within 2 %, in those that by definition hold that stage, and in no other. And
20 instructions more in a fault are 20 ns more, since that clock counts instructions.
"""
import copy
import os

import zcb

DELAY = 1_000_000
NEAR = 0.02 * DELAY

# The knob: the cell that goes through the stage (variant and refill), the stage's own metric, what holds that stage
# once, and what holds it once for each page that is touched, so that nothing is said of how much.
STAGES = {
  'punch': (('update-ptl', 'none'), 'punch', (), ()),
  'dispatch_invalidate': (('update-ptl', 'none'), 'notifier.dispatch.own', ('notifier.dispatch', 'punch'), ()),
  'invalidate': (('invalidate', 'none'), 'notifier.invalidate', ('notifier.dispatch', 'punch'), ()),
  'dispatch_update': (('update-ptl', 'none'), 'notifier.came.own', ('notifier.came', 'fault.kvm', 'fault.guest'), ()),
  'update': (('update-ptl', 'none'), 'notifier.update', ('notifier.came', 'fault.kvm', 'fault.guest'), ()),
  'fault_guest': (('update-ptl', 'none'), 'fault.kvm', ('fault.guest',), ()),
  'fault_vmm': (('update-ptl', 'vmm'), 'fault.vmm.kernel', ('fault.vmm', 'refill'), ()),
  'fault_consumer': (('update-ptl', 'none'), 'fault.consumer', (), ('frame.read', 'coherence.fresh')),
  'create': (('update-ptl', 'none'), 'export.create', (), ()),
  'close': (('update-ptl', 'none'), 'export.close', (), ()),
  'refill': (('update-ptl', 'fallocate'), 'refill', (), ()),
}
# Knobs that are no time: what they are set to, and by how much the two faults grow, from and to. Of the variant stock:
# the others search the frame's slots in the fault, which takes longer for one page than for another.
FAULTS = (('fault_instructions', 20, 20, 20), ('fault_loops', 1000, 3000, 3020))
FAULT_CELL = ('stock', 'none')
FAULT_METRICS = ('fault.kvm', 'fault.guest')


def cell(refill, **params):
  return {'workload': 'punch', 'consumers': ['mmap'], 'params': {'refill': refill, **params}}


def plan(variant):
  """A cell without a delay for each refill, and one for each stage."""
  stages = {knob: row for knob, row in STAGES.items() if row[0][0] == variant}
  cells = [cell(refill) for refill in sorted({row[0][1] for row in stages.values()} or {'none'})]
  cells += [cell(row[0][1], delay=knob, delay_by=DELAY) for knob, row in stages.items()]
  if variant == FAULT_CELL[0]:
    cells += [cell('none', delay=knob, delay_by=by) for knob, by, _, _ in FAULTS]
  return {'variants': [variant], 'guests': ['micro'], 'cells': cells,
          'params': {'pages': 16, 'rounds': 4, 'frames': 2, 'ram_mib': 128, 'pattern': 'stride', 'stride': 4,
                     'probes': 'on'}}


def find(lines, variant, refill, knob):
  return next((l for l in lines if l['cell'].startswith(variant + '/') and l['params']['refill'] == refill and
               l['params']['delay'] == knob), None)


def growth(before, after, problems, name):
  """By metric, how much its median grew."""
  problems.equal(f'{name}: metrics', sorted(after['metrics']), sorted(before['metrics']))
  return {metric: after['metrics'][metric]['p50'] - now['p50'] for metric, now in before['metrics'].items()
          if 'p50' in now and now['unit'] == 'ns' and 'p50' in after['metrics'].get(metric, {})}


def check_stage(lines, knob, problems):
  (variant, refill), own, sums, many = STAGES[knob]
  before, after = find(lines, variant, refill, ''), find(lines, variant, refill, knob)
  if not before or not after:
    problems.expect(False, f'{knob}: its cells are not there')
    return
  grew = growth(before, after, problems, knob)
  for metric in (own, *sums):
    problems.expect(abs(grew.get(metric, 0) - DELAY) <= NEAR,
                    f'{knob}: {metric} grew by {grew.get(metric)} ns instead of {DELAY}')
  for metric, ns in grew.items():
    if metric not in (own, *sums, *many):
      problems.expect(abs(ns) <= NEAR, f'{knob}: {metric} grew by {ns} ns, and does not hold that stage')


def check_fault(lines, knob, at_least, at_most, problems):
  before, after = (find(lines, *FAULT_CELL, k) for k in ('', knob))
  if not before or not after:
    problems.expect(False, f'{knob}: its cells are not there')
    return
  grew = growth(before, after, problems, knob)
  for metric in FAULT_METRICS:
    problems.expect(at_least <= grew.get(metric, 0) <= at_most,
                    f'{knob}: {metric} grew by {grew.get(metric)} ns instead of {at_least} to {at_most}')


def check(lines, problems):
  for line in lines:
    problems.equal(f'{line["cell"]} {line["params"]["delay"]}: status ({line.get("reason")})', line['status'], 'pass')
    for metric, seen in line['probes'].items():
      problems.expect(seen['state'] == 'measured' and seen['lost'] == 0, f'{line["cell"]}: {metric} is {seen}')
  for knob in STAGES:
    check_stage(lines, knob, problems)
  for knob, _, at_least, at_most in FAULTS:
    check_fault(lines, knob, at_least, at_most, problems)


def joined(folder, lines, problems):
  """One id leads from the punch by way of the kernel to the guest's fault."""
  line = find(lines, 'update-ptl', 'none', '')
  names = ('punch', 'notifier.dispatch', 'notifier.update', 'fault.kvm', 'fault.guest', 'fault.consumer')
  ids = [{operation for operation, _, _ in zcb.samples(folder, 'samples', f'{line["index"]}.{name}.zcs')}
         for name in names]
  for name, seen in zip(names, ids):
    problems.equal(f'operations of {name}', seen, ids[0])
  problems.equal('operations', len(ids[0]), line['metrics']['punch']['n'])
  fresh = {operation for operation, _, _ in zcb.samples(folder, 'samples', f'{line["index"]}.coherence.fresh.zcs')}
  problems.expect(fresh and fresh <= ids[0], f'operations of coherence.fresh: {fresh}, of punch: {ids[0]}')


def show(lines):
  for knob, ((variant, refill), own, _, _) in STAGES.items():
    before, after = find(lines, variant, refill, ''), find(lines, variant, refill, knob)
    if before and after:
      a, b = before['metrics'][own]['p50'], after['metrics'][own]['p50']
      print(f'{knob}: {own}: {a} and {b} ns, {b - a} more')
  for knob, by, _, _ in FAULTS:
    before, after = (find(lines, *FAULT_CELL, k) for k in ('', knob))
    for metric in FAULT_METRICS:
      if before and after:
        print(f'{knob} {by}: {metric}: {after["metrics"][metric]["p50"] - before["metrics"][metric]["p50"]} ns more')


def plants(lines):
  def doctored(knob, metric, by):
    copies = copy.deepcopy(lines)
    variant, refill = STAGES[knob][0] if knob in STAGES else FAULT_CELL
    find(copies, variant, refill, knob)['metrics'][metric]['p50'] += by
    return copies

  for knob, (_, own, sums, _) in STAGES.items():
    yield f'{knob} in its stage, by 3 % too little', doctored(knob, own, -0.03 * DELAY)
    yield f'{knob} in a stage that has none of it', doctored(knob, 'frame.copy', DELAY)
    for metric in sums:
      yield f'{knob} not in {metric}, which holds it', doctored(knob, metric, -DELAY)
  yield 'an instruction more', doctored('fault_instructions', 'fault.guest', 1)
  yield 'a stage less', [l for l in lines if l['params']['delay'] != 'close']


def test(bench, problems):
  lines = []
  bench.need_images('rootfs', 'delays')
  for variant in ('update-ptl', 'invalidate', 'stock'):
    folder = os.path.join(bench.scratch, variant)
    code, _, err = bench.run('run', '--plan', bench.plan(**plan(variant)), '--kernel', 'delays', '--accel', 'icount',
                             '--seed', '7', '--no-report', '-o', folder)
    problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
    bench.expect_nothing_left(problems)
    lines += zcb.journal(folder)
    if variant == 'update-ptl':
      joined(folder, lines, problems)
  show(lines)
  check(lines, problems)
  zcb.must_find(([what, planted] for what, planted in plants(lines)), check, problems)


if __name__ == '__main__':
  zcb.main(test)
