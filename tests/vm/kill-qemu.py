#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 of the QEMU that runs the host under test, under a cell, and kill of the next one: that costs these cells alone."""
import os
import signal
import time

import zcb

PLAN = {
  'params': {'pages': 32, 'rounds': 12, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': 'stride'}},
            {'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': 'single'}},
            {'workload': 'punch', 'consumers': ['mmap', 'oracle'], 'params': {'pattern': 'frame'}}],
}
CELLS = 8
# How each QEMU is killed, and what is to be said of it; the third boot plays the rest.
KILLS = ((signal.SIGKILL, 'signal 9'), (signal.SIGTERM, 'terminating on signal 15'))
# A kill may be the first of a job's; whether the next comes is waited for some seconds, and a busy machine takes its own.
SOON_S = 60


def kill_qemu(bench, folder, process, cells, number, problems):
  zcb.wait_for(lambda: len(zcb.journal(folder)) >= cells or process.poll() is not None)
  before = zcb.octets(folder, 'cells.jsonl')
  qemus = bench.hut_qemus()
  problems.equal('QEMUs under way', len(qemus), 1)
  for pid in qemus:
    os.kill(pid, number)
  begun = time.monotonic()
  zcb.wait_for(lambda: zcb.octets(folder, 'cells.jsonl') != before, SOON_S)
  problems.expect(zcb.octets(folder, 'cells.jsonl').startswith(before), 'lines of before the kill were changed')
  print(f'{number.name}: the cell was given up after {time.monotonic() - begun:.1f} s')
  return len(zcb.journal(folder))


def check_lines(lines, problems):
  """A cell is lost at each kill, with the reason; those before and after it count."""
  problems.equal('cells', sorted(line['index'] for line in lines), list(range(CELLS)))
  lost = [line for line in lines if line['status'] != 'pass']
  problems.equal('cells that did not pass', [line['status'] for line in lost], ['error'] * len(KILLS))
  for boot, (line, (_, words)) in enumerate(zip(lost, KILLS), 1):
    problems.expect(words in line['reason'], f'the reason does not name the signal: {line["reason"]}')
    problems.equal(f'boot of the lost cell {line["index"]}', line['boot'], boot)
    rest = [other for other in lines if other['index'] > line['index']]
    problems.expect(rest, 'the QEMU was killed under the last cell: nothing was left for a further boot')
    problems.expect(all(other['boot'] > boot for other in rest), f'a cell after {line["index"]} was played in its boot')
  for line in lines:
    if line['status'] == 'pass' and line['metrics'] == {}:
      problems.expect(False, f'{line["cell"]} passed and measured nothing')


def check_boots(folder, problems):
  boots = [zcb.read_json(folder, f'boots/{n + 1}/boot.json') for n in range(len(KILLS) + 1)]
  problems.equal('outcomes', [boot['outcome'] for boot in boots], ['qemu-died'] * len(KILLS) + ['clean'])
  for boot, (_, words) in zip(boots, KILLS):
    problems.expect(words in boot['reason'], f'boots/{boot["boot"]} does not name the signal: {boot["reason"]}')


def check_plants(lines, problems):
  def lost(**members):
    return zcb.doctored(lines, lambda line: line['status'] == 'error', lambda line: line.update(members))

  zcb.must_find([('a loss that passed', lost(status='pass', reason='')), ('a loss without a reason', lost(reason='who knows')),
                 ('a loss in another boot', lost(boot=3))], check_lines, problems)


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  folder = os.path.join(bench.scratch, 'run')
  process = bench.start('run', '--plan', bench.plan(**PLAN), '--accel', 'tcg', '-o', folder)
  cells = 2
  for number, _ in KILLS:
    cells = kill_qemu(bench, folder, process, cells, number, problems) + 1
  code, _, err = bench.finish(process)
  print(err)
  problems.equal('exit code', code, 13)
  bench.expect_nothing_left(problems)
  lines = zcb.journal(folder)
  check_lines(lines, problems)
  check_boots(folder, problems)
  problems.expect(os.path.exists(os.path.join(folder, 'report.html')), 'there is no report')
  check_plants(lines, problems)


if __name__ == '__main__':
  zcb.main(test)
