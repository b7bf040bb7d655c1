#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""zcbench ab: arms have their turns as the plan says, a kernel is not better or worse than itself, two variants that
work differently are told apart, a comparison that is interrupted goes on, and one that was dealt out is joined."""
import copy
import json
import os
import signal

import zcb

PLAN = {
  'kernels': ['variants'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 6, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'evidence': 'undeclared'},
  'cells': [{'workload': 'punch', 'consumers': ['mmap'], 'params': {'pattern': 'stride'}}],
}
PLAYS = 6
DIFFERENT = {'better', 'worse'}


def compare(bench, problems, name, a, b, *more):
  folder = os.path.join(bench.scratch, name)
  code, out, err = bench.run('ab', a, b, '--plan', bench.plan(**PLAN), '--accel', 'icount', '--no-report', '--json',
                             '-o', folder, *more)
  bench.expect_nothing_left(problems)
  try:
    return folder, code, json.loads(out), err
  except ValueError:
    problems.expect(False, f'{name}: no comparison, exit code {code}: {zcb.last_line(err)}')
    return folder, code, None, err


def rows(comparison):
  return comparison['rows'] + comparison['cell_rows']


# -- turns

def check_turns(plan, lines, problems):
  """Six plays of each cell in a boot: each arm twice, the second three as the first three backwards."""
  for at in range(0, len(plan['cells']), PLAYS):
    plays = plan['cells'][at:at + PLAYS]
    arms = ''.join(play['arm'] for play in plays)
    problems.equal(f'cell {at}: arms', sorted(arms[:3]), ['A', 'B', 'Z'])
    problems.equal(f'cell {at}: the second half', arms[3:], arms[2::-1])
    problems.equal(f'cell {at}: turns', [play['block'] for play in plays], list(range(PLAYS)))
    problems.equal(f'cell {at}: seeds and boots', len({(play['seed'], play['boot']) for play in plays}), 1)
    for play in plays:
      side = plan['arms'][play['arm']]
      problems.equal(f'cell {play["index"]}: what it plays', (play['kernel'], play['variant']), (side['kernel'], side['variant']))
  problems.equal('arms of the twin', plan['arms']['Z'], plan['arms']['A'])
  for line in lines:
    play = plan['cells'][line['index']]
    for key in ('arm', 'block', 'cell', 'seed', 'kernel'):
      problems.equal(f'cell {line["index"]} of the journal: {key}', line[key], play[key])
  problems.equal('cells of the journal', sorted(line['index'] for line in lines), list(range(len(plan['cells']))))


def plant_turns(plan, lines):
  def doctored(change):
    new_plan, new_lines = copy.deepcopy(plan), copy.deepcopy(lines)
    change(new_plan['cells'], new_lines)
    return new_plan, new_lines

  def swap(cells, _):
    cells[0]['arm'], cells[1]['arm'] = cells[1]['arm'], cells[0]['arm']

  yield 'turns that are not mirrored', *doctored(swap)
  yield 'a cell that was not played', *doctored(lambda _, ls: ls.pop())
  yield 'another arm in the journal', *doctored(lambda _, ls: ls[0].update(arm='B' if ls[0]['arm'] != 'B' else 'A'))
  yield 'another variant', *doctored(lambda cells, _: cells[2].update(variant='change-pte'))
  yield 'another seed', *doctored(lambda cells, _: cells[4].update(seed=1))


# -- verdicts

def check_same(comparison, code, problems):
  """Nothing is better or worse than itself."""
  problems.expect(code in (0, 12), f'A with A: exit code {code}')
  problems.expect(rows(comparison), 'A with A: nothing was compared')
  for row in rows(comparison):
    problems.expect(row['verdict'] not in DIFFERENT,
                    f'A with A: {row["metric"]} {row["statistic"]} is {row["verdict"]}: {row["a"]} and {row["b"]}')
  problems.equal('A with A: false alarms of the twin', comparison['twin']['false_alarms'], 0)
  problems.expect(comparison['twin']['ran'], 'A with A: there was no twin')


def check_different(comparison, code, problems):
  """What works differently is found to; the twin still is as A is."""
  found = {row['metric']: row['verdict'] for row in comparison['rows'] if row['verdict'] in DIFFERENT}
  problems.expect(found, 'two variants: no metric is better or worse')
  problems.equal('two variants: false alarms of the twin', comparison['twin']['false_alarms'], 0)
  problems.equal('two variants: exit code', code, 10 if 'worse' in found.values() else code)
  problems.equal('two variants: frames that were not as declared', comparison['wrong'], [])


def plant_verdicts(comparison):
  def doctored(change):
    new = copy.deepcopy(comparison)
    change(new)
    return new

  yield 'a worse row', doctored(lambda c: c['rows'][0].update(verdict='worse')), 0
  yield 'a better cell', doctored(lambda c: c['cell_rows'].append({**c['rows'][0], 'verdict': 'better'})), 0
  yield 'a false alarm', doctored(lambda c: c['twin'].update(false_alarms=1)), 0
  yield 'an exit code', comparison, 10
  yield 'nothing', doctored(lambda c: c.update(rows=[], cell_rows=[])), 0


def check_end(folder, boots, err, problems):
  """It ends early when it is settled, and says so; plan.json then ends there, too."""
  plan = zcb.read_json(folder, 'plan.json')
  settled = 'settled after' in err
  problems.equal('boots planned', plan.get('boots_planned', plan['boots']), boots)
  problems.equal('ends early', plan['boots'] < boots, settled)
  problems.equal('state', zcb.read_json(folder, 'metadata.json')['state'], 'complete')
  check_turns(plan, zcb.journal(folder), problems)


def check_early(bench, problems):
  """With so wide a margin the same kernel is settled to be as it is before the last boot."""
  words = ('--margin', '60', '--metrics', 'punch,fault.guest')
  folder, code, comparison, err = compare(bench, problems, 'early', 'variants', 'variants', '--boots', '6', *words)
  if not comparison:
    return
  problems.equal('a settled comparison: exit code', code, 0)
  problems.equal('a settled comparison: metrics', {row['metric'] for row in comparison['rows']}, {'punch', 'fault.guest'})
  problems.expect('settled after' in err, f'it was not settled early: {zcb.last_line(err)}')
  check_end(folder, 6, err, problems)
  before = zcb.octets(folder, 'cells.jsonl')
  again = bench.run('ab', '--resume', '--no-report', '--json', '-o', folder)
  problems.equal('going on with a settled comparison: exit code', again[0], 0)
  problems.equal('going on with a settled comparison: its journal', zcb.octets(folder, 'cells.jsonl'), before)


# -- going on

def check_interrupted(bench, problems):
  folder = os.path.join(bench.scratch, 'interrupted')
  process = bench.start('ab', 'variants', 'variants:update-ptl', '--plan', bench.plan(**PLAN), '--accel', 'tcg',
                        '--boots', '2', '--no-report', '-o', folder)
  zcb.wait_for(lambda: len(zcb.journal(folder)) >= PLAYS + 2 or process.poll() is not None)
  process.send_signal(signal.SIGINT)
  code, out, err = bench.finish(process, 60)
  bench.expect_nothing_left(problems)
  before = zcb.octets(folder, 'cells.jsonl')
  problems.equal(f'exit code after SIGINT ({zcb.last_line(err)})', code, 12)
  problems.expect(f'zcbench ab --resume -o {folder}' in err, f'no word of how to go on: {err}')
  problems.expect('update-ptl' in out, f'no verdict on what was measured: {out}')
  problems.expect(zcb.read_json(folder, 'metadata.json')['state'] == 'interrupted', 'the state is not interrupted')

  said = bench.run('ab', 'variants', 'variants:invalidate', '--resume', '-o', folder)
  problems.equal('going on with another B: exit code', said[0], 2)
  problems.expect('update-ptl' in said[2], f'going on with another B: it does not name its own: {said[2]}')

  code, out, err = bench.run('ab', '--resume', '--no-report', '-o', folder)
  bench.expect_nothing_left(problems)
  problems.expect(code in (0, 10, 12), f'exit code of --resume: {code} ({zcb.last_line(err)})')
  problems.expect(zcb.octets(folder, 'cells.jsonl').startswith(before[:before.rfind(b'\n') + 1]),
                  '--resume changed lines of the journal')
  check_end(folder, 2, err, problems)


# -- shards

def check_joined(plan, lines, comparison, problems):
  """Two rounds of two kernels, one of each shard: each arm has its boot in each, and both count."""
  problems.equal('joined: boots', [cell['boot'] for cell in plan['cells']], list(range(1, 7)))
  arms = ''.join(cell['arm'] for cell in plan['cells'])
  problems.equal('joined: arms of each round', [sorted(arms[:3]), sorted(arms[3:])], [['A', 'B', 'Z']] * 2)
  problems.equal('joined: cells of the journal', sorted(line['index'] for line in lines), list(range(6)))
  for line in lines:
    cell, arm = plan['cells'][line['index']], plan['arms'][line['arm']]
    problems.equal(f'joined: cell {line["index"]}', (line['arm'], line['kernel'], line['cell'].split('/')[0]),
                   (cell['arm'], arm['kernel'], arm['variant']))
    problems.equal(f'joined: status of cell {line["index"]} ({line.get("reason")})', line['status'], 'pass')
  problems.equal('joined: A and B', (comparison['a'], comparison['b']), ('stock:stock', 'variants:update-ptl'))
  problems.expect(comparison['twin']['ran'], 'joined: there was no twin')
  for row in rows(comparison):
    problems.equal(f'joined: boots of {row["metric"]}', row['boots'], 2)
    problems.expect(row['a'] and row['b'], f'joined: {row["metric"]} has no figures: {row}')
  problems.expect({'punch', 'fault.guest'} <= {row['metric'] for row in rows(comparison)}, 'joined: metrics are missing')


def plant_joined(plan, lines, comparison):
  yield 'a cell less', plan, lines[1:], comparison
  swapped = copy.deepcopy(plan)
  swapped['cells'][0]['arm'] = swapped['cells'][1]['arm']
  yield 'an arm twice in a round', swapped, lines, comparison
  fewer = copy.deepcopy(comparison)
  fewer['rows'][0]['boots'] = 1
  yield 'one boot of two', plan, lines, fewer


def check_shards(bench, problems):
  shards = [os.path.join(bench.scratch, f'shard-{i}') for i in (1, 2)]
  for i, folder in enumerate(shards, 1):
    code, out, err = bench.run('ab', 'stock', 'variants:update-ptl', '--plan', bench.plan(**PLAN), '--accel', 'tcg',
                               '--boots', '2', '--shard', f'{i}/2', '--no-report', '-o', folder)
    problems.equal(f'shard {i}: exit code ({zcb.last_line(err)})', code, 0)
    problems.expect('zcbench merge' in out and 'one shard is no comparison' in err, f'shard {i}: no word of the others')
  bench.expect_nothing_left(problems)
  whole, twice = (os.path.join(bench.scratch, name) for name in ('joined', 'twice'))
  code, _, err = bench.run('merge', '-o', twice, shards[0], shards[0])
  problems.equal('a shard twice: exit code', (code, os.path.exists(twice)), (2, False))
  code, _, err = bench.run('merge', '-o', whole, *shards)
  problems.equal(f'merge: exit code ({zcb.last_line(err)})', code, 0)
  code, out, err = bench.run('compare', '--json', whole)
  problems.expect(code in (0, 10, 12) and out, f'compare: exit code {code}: {zcb.last_line(err)}')
  if out:
    seen = zcb.read_json(whole, 'plan.json'), zcb.journal(whole), json.loads(out)
    check_joined(*seen, problems)
    zcb.must_find(plant_joined(*seen), check_joined, problems)
  code, _, err = bench.run('report', whole)
  problems.equal(f'report: exit code ({zcb.last_line(err)})', code, 0)
  problems.expect('id="comparison"' in zcb.octets(whole, 'report.html').decode(), 'the joined report compares nothing')


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'variants')
  folder, code, same, err = compare(bench, problems, 'same', 'variants:stock', 'variants:stock', '--boots', '3')
  if same:
    check_same(same, code, problems)
    check_end(folder, 3, err, problems)
    zcb.must_find(plant_verdicts(same), check_same, problems)
    zcb.must_find(plant_turns(zcb.read_json(folder, 'plan.json'), zcb.journal(folder)), check_turns, problems)
  folder, code, different, err = compare(bench, problems, 'different', 'variants:update-nolock', 'variants:invalidate',
                                         '--boots', '6')
  if different:
    check_different(different, code, problems)
    print('two variants:', ', '.join(f'{row["metric"]} {row["verdict"]}' for row in different['rows']))
    check_end(folder, 6, err, problems)
  if same:
    found = zcb.Problems()
    check_different(same, 0, found)
    problems.expect(found.found, 'a planted fault was not found: A with A taken for two variants')
  check_early(bench, problems)
  check_interrupted(bench, problems)
  check_shards(bench, problems)


if __name__ == '__main__':
  zcb.main(test)
