#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C, and SIGKILL of zcbench itself, in the middle of a run: nothing measured is lost, nothing
is left behind, and --resume goes on after the last finished cell."""
import os
import signal

import zcb

PLAN = {
  'params': {'pages': 32, 'rounds': 12, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': pattern}}
            for pattern in ('stride', 'single', 'frame')],
}
CELLS = 9


def start(bench, folder, plan):
  """Returns when two cells are in the journal."""
  process = bench.start('run', '--plan', plan, '--accel', 'tcg', '--no-report', '-o', folder)
  zcb.wait_for(lambda: len(zcb.journal(folder)) >= 2 or process.poll() is not None)
  return process


def check_middle(folder, problems):
  lines = zcb.journal(folder)
  problems.expect(2 <= len(lines) < CELLS, f'it was ended at {len(lines)} of {CELLS} cells, which is no middle')
  for line in lines:
    problems.equal(f'status of {line["cell"]}', line['status'], 'pass')


def resume(bench, folder, problems):
  """It goes on: the lines that were there stay, octet for octet, and the others follow."""
  before = zcb.octets(folder, 'cells.jsonl')
  before = before[:before.rfind(b'\n') + 1]
  code, _, err = bench.run('run', '--resume', '--no-report', '-o', folder)
  after = zcb.octets(folder, 'cells.jsonl')
  lines = zcb.journal(folder)
  problems.equal(f'exit code of --resume ({zcb.last_line(err)})', code, 0)
  problems.expect(after.startswith(before), '--resume changed lines of the journal')
  problems.equal('cells after --resume', sorted(line['index'] for line in lines), list(range(CELLS)))
  problems.equal('statuses after --resume', {line['status'] for line in lines}, {'pass'})
  metadata = zcb.read_json(folder, 'metadata.json')
  problems.equal('state after --resume', metadata['state'], 'complete')
  bench.expect_nothing_left(problems)


def check_ctrl_c(bench, problems):
  folder = os.path.join(bench.scratch, 'ctrl-c')
  process = start(bench, folder, bench.plan(**PLAN))
  problems.equal('QEMUs under way', len(bench.hut_qemus()), 1)
  problems.equal('staging folders under way', len(bench.staged()), 1)
  process.send_signal(signal.SIGINT)
  code, _, err = bench.finish(process, 60)
  bench.expect_nothing_left(problems)
  problems.equal(f'exit code after SIGINT ({zcb.last_line(err)})', code, 12)
  said = [line for line in err.split('\n') if 'interrupted' in line]
  problems.equal('sentences about the interruption', len(said), 1)
  problems.expect(said and f'--resume -o {folder}' in said[0], f'no word of how to go on: {err}')
  metadata = zcb.read_json(folder, 'metadata.json')
  problems.equal('state after SIGINT', (metadata['state'], metadata['exit_code']), ('interrupted', 12))
  problems.equal('outcome of the boot', zcb.read_json(folder, 'boots/1/boot.json')['outcome'], 'interrupted')
  check_middle(folder, problems)
  resume(bench, folder, problems)


def check_kill(bench, problems):
  """Nothing can be said or swept up by a process that is killed; its QEMU must die all the same."""
  folder = os.path.join(bench.scratch, 'killed')
  process = start(bench, folder, bench.plan(**PLAN))
  problems.equal('QEMUs under way', len(bench.hut_qemus()), 1)
  process.kill()
  process.wait()
  problems.equal('processes left some seconds after SIGKILL', bench.left(5), [])
  check_middle(folder, problems)
  # What the disk may have at such an end: half a line.
  with open(os.path.join(folder, 'cells.jsonl'), 'ab') as f:
    f.write(b'{"schema":1,"index":')
  stale = bench.staged()
  problems.equal('staging folders that the killed one left', len(stale), 1)
  for name in stale:  # the next run sweeps those that are a minute old
    os.utime(os.path.join(bench.temporary, name), (1, 1))
  resume(bench, folder, problems)


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  check_ctrl_c(bench, problems)
  check_kill(bench, problems)


if __name__ == '__main__':
  zcb.main(test)
