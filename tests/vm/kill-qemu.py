#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 of the QEMU that runs the host under test, under a cell: that costs the cell alone."""
import os
import signal

import zcb

PLAN = {
  'params': {'pages': 32, 'rounds': 12, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': 'stride'}},
            {'workload': 'punch', 'consumers': ['mmap', 'oracle'], 'params': {'pattern': 'single'}}],
}
CELLS = 5


def kill_qemu(bench, folder, process, problems):
  zcb.wait_for(lambda: len(zcb.journal(folder)) >= 2 or process.poll() is not None)
  before = zcb.octets(folder, 'cells.jsonl')
  qemus = bench.hut_qemus()
  problems.equal('QEMUs under way', len(qemus), 1)
  for pid in qemus:
    os.kill(pid, signal.SIGKILL)
  return before


def check_lines(lines, problems):
  """One cell is lost, with the reason; those before and after it count."""
  problems.equal('cells', sorted(line['index'] for line in lines), list(range(CELLS)))
  lost = [line for line in lines if line['status'] != 'pass']
  problems.equal('cells that did not pass', [line['status'] for line in lost], ['error'])
  for line in lost:
    problems.expect('signal 9' in line['reason'], f'the reason does not name the signal: {line["reason"]}')
    rest = [other for other in lines if other['index'] > line['index']]
    problems.expect(rest, 'the QEMU was killed under the last cell: nothing was left for a second boot')
    problems.equal('boots of the cells after it', {other['boot'] for other in rest}, {2})
  for line in lines:
    if line['status'] == 'pass' and line['metrics'] == {}:
      problems.expect(False, f'{line["cell"]} passed and measured nothing')


def check_boots(folder, problems):
  first, second = (zcb.read_json(folder, f'boots/{n}/boot.json') for n in (1, 2))
  problems.equal('outcomes', (first['outcome'], second['outcome']), ('qemu-died', 'clean'))
  problems.expect('signal 9' in first['reason'], f'boots/1 does not name the signal: {first["reason"]}')


def check_plants(lines, problems):
  for what, status, reason in (('a loss that passed', 'pass', ''), ('a loss without a reason', 'error', 'who knows')):
    doctored = [{**line, 'status': status, 'reason': reason} if line['status'] == 'error' else line for line in lines]
    found = zcb.Problems()
    check_lines(doctored, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  folder = os.path.join(bench.scratch, 'run')
  process = bench.start('run', '--plan', bench.plan(**PLAN), '--accel', 'tcg', '-o', folder)
  before = kill_qemu(bench, folder, process, problems)
  code, _, err = bench.finish(process)
  print(err)
  problems.equal('exit code', code, 13)
  bench.expect_nothing_left(problems)
  problems.expect(zcb.octets(folder, 'cells.jsonl').startswith(before), 'lines of before the kill were changed')
  lines = zcb.journal(folder)
  check_lines(lines, problems)
  check_boots(folder, problems)
  problems.expect(os.path.exists(os.path.join(folder, 'report.html')), 'there is no report')
  check_plants(lines, problems)


if __name__ == '__main__':
  zcb.main(test)
