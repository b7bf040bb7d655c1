#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is seen of the kernel, on Debian's and on ours: which metrics there are, that each struck page is in each of them under
one id, and that stages are not longer than what they are in. Where events are lost no figure is left."""
import copy

import zcb

UNAVAILABLE = {'notifier.invalidate', 'notifier.update', 'notifier.came', 'notifier.came.own', 'udmabuf.zap', 'udmabuf.lookup'}
ALWAYS = {'notifier.dispatch', 'notifier.dispatch.own', 'fault.kvm'}
# What has a sample for each punched page, by kernel and variant; `vmm`: where the VMM touches them first.
SEEN = {
  ('stock', 'stock'): ALWAYS,
  ('variants', 'update-ptl'): ALWAYS | {'notifier.update', 'notifier.came', 'notifier.came.own', 'fault.consumer'},
  ('variants', 'invalidate'): ALWAYS | {'notifier.invalidate', 'udmabuf.lookup', 'fault.consumer'},
}
# (inside, around): sample by sample, of the same operation; they are of one clock. And by who faults first on the hole.
INSIDE = (('notifier.invalidate', 'notifier.dispatch'), ('notifier.dispatch', 'punch'), ('notifier.update', 'notifier.came'))
FAULTED_BY = {'none': (('notifier.came', 'fault.kvm'),),
              'vmm': (('notifier.came', 'fault.vmm.kernel'), ('fault.vmm.kernel', 'fault.vmm'), ('fault.vmm', 'refill'))}


def cell(**params):
  return {'workload': 'punch', 'consumers': ['mmap'], 'params': {'pattern': 'stride', **params}}


PLAN = {
  'guests': ['micro'], 'params': {'pages': 32, 'rounds': 4, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'probes': 'on'},
  'cells': [cell(), cell(refill='vmm'), cell(probes='off'), cell(probes_kib=4, pages=256)],
}


def row(line):
  return line['kernel'], line['cell'].split('/')[0]


def name_of(line):
  return f'{line["kernel"]} {line["cell"]} {line["index"]}'


def check_seen(line, problems):
  name, punched = name_of(line), line['events']['punched']
  seen = SEEN[row(line)] | ({'fault.vmm.kernel'} if line['params']['refill'] == 'vmm' else set())
  for metric in sorted(seen):
    problems.equal(f'{name}: samples of {metric}', line['metrics'].get(metric, {}).get('n'), punched)
  gone = {metric for metric, one in line['probes'].items() if one['state'] == 'unavailable'}
  problems.equal(f'{name}: unavailable', gone, UNAVAILABLE if line['kernel'] == 'stock' else set())
  for metric, one in line['probes'].items():
    problems.expect(one['state'] != 'invalid', f'{name}: {metric} is {one}')
    problems.expect(one['state'] == 'measured' or len(one['reason']) > 20, f'{name}: {metric} does not say why')


def check_off(line, problems):
  problems.expect('probes' not in line, f'{name_of(line)}: it has probes')
  problems.expect('notifier.dispatch' not in line['metrics'], f'{name_of(line)}: it has times of the kernel')


def check_lost(line, problems):
  name = name_of(line)
  for metric, one in line['probes'].items():
    problems.expect(one['state'] in ('invalid', 'unavailable'), f'{name}: {metric} is {one}')
    problems.expect(metric not in line['metrics'], f'{name}: {metric} has figures, and events are lost')
  problems.expect(line['probes']['notifier.dispatch'].get('lost', 0) > 0, f'{name}: nothing is lost')


def check_clock(line, problems):
  clock = line.get('guest_clock')
  if not clock:
    problems.expect(False, f'{name_of(line)}: no clock of the guest')
    return
  problems.expect(clock['khz_low'] < clock['khz_high'] and clock['apart_low_ns'] < clock['apart_high_ns'],
                  f'{name_of(line)}: {clock}')


def by_operation(folder, line, metric):
  try:
    return {operation: value for operation, _, value in
            zcb.samples(folder, 'samples', f'{line["index"]}.{metric}.zcs')}
  except FileNotFoundError:
    return {}


def check_joined(line, times, problems):
  """The same ids everywhere, and nothing longer than what it is in."""
  for metric, values in times.items():
    if values and metric != 'coherence.fresh':
      problems.equal(f'{name_of(line)}: operations of {metric}', set(values), set(times['punch']))
  for inside, around in INSIDE + FAULTED_BY[line['params']['refill']]:
    for operation, value in times.get(inside, {}).items():
      outer = times.get(around, {}).get(operation)
      problems.expect(outer is None or value <= outer,
                      f'{name_of(line)}: operation {operation}: {inside} took {value} ns, and {around} {outer}')


def check(lines, times, problems):
  problems.equal('cells', len(lines), 4 * len(SEEN))
  for line in lines:
    problems.equal(f'{name_of(line)}: status ({line.get("reason")})', line['status'], 'pass')
    check_clock(line, problems)
    if line['params']['probes'] == 'off':
      check_off(line, problems)
    elif line['params']['probes_kib']:
      check_lost(line, problems)
    else:
      check_seen(line, problems)
      check_joined(line, times[line['kernel'], line['index']], problems)


def read_times(folder, lines):
  names = {m for pair in sum(FAULTED_BY.values(), INSIDE) for m in pair} | {m for seen in SEEN.values() for m in seen} | {'coherence.fresh'}
  return {(line['kernel'], line['index']): {metric: by_operation(folder, line, metric) for metric in names}
          for line in lines}


def plants(lines, times):
  def doctored(kernel, variant, change, place=0):
    copies, more = copy.deepcopy(lines), copy.deepcopy(times)
    line = [l for l in copies if row(l) == (kernel, variant)][place]
    change(line, more.get((line['kernel'], line['index'])))
    return copies, more

  yield ('a sample less', *doctored('variants', 'update-ptl', lambda l, t: l['metrics']['notifier.update'].update(n=1)))
  yield ('a metric that Debian cannot have', *doctored(
    'stock', 'stock', lambda l, t: l['probes']['notifier.update'].update(state='measured')))
  yield ('figures of lost events', *doctored(
    'stock', 'stock', lambda l, t: l['metrics'].update({'notifier.dispatch': {'n': 1}}), 3))
  yield ('another id', *doctored('variants', 'invalidate', lambda l, t: t['fault.kvm'].update({99999: 1})))
  yield ('a callback longer than its walk', *doctored(
    'variants', 'invalidate', lambda l, t: t['notifier.invalidate'].update({min(t['punch']): 10**12})))
  yield ('probes where they are off', *doctored('stock', 'stock', lambda l, t: l.update(probes={}), 2))


def test(bench, problems):
  lines, times = [], {}
  for kernel, variants in (('stock', ['stock']), ('variants', ['update-ptl', 'invalidate'])):
    folder, more = zcb.played(bench, problems, {**PLAN, 'kernels': [kernel], 'variants': variants}, name=kernel)
    lines += more
    times.update(read_times(folder, more))
    boot = zcb.read_json(folder, 'boots/1/boot.json')
    clock = boot['hut']['monotonic']
    problems.expect(clock['readings'] > 1000 and clock['backwards'] == 0 and clock['resolution_ns'] > 0, f'the clock: {clock}')
    problems.expect('a reading takes' in zcb.octets(folder, 'report.html').decode(), 'the report says nothing of the clock')
  check(lines, times, problems)
  zcb.must_find(plants(lines, times), check, problems)


if __name__ == '__main__':
  zcb.main(test)
