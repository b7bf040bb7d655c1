#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C in the middle of a run, the end of the job that goes on with it, then SIGKILL of the zcbench that goes on with that:
nothing measured is lost, nothing is left behind, and --resume goes on after the last finished cell."""
import os
import signal
import time

import zcb

PLAN = {
  'params': {'pages': 32, 'rounds': 24, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': pattern}}
            for pattern in ('stride', 'single', 'frame')],
}
CELLS = 9


def go_until(bench, folder, cells, *args):
  """Starts zcbench; returns when that many cells are in the journal, and one QEMU works on the next."""
  process = bench.start('run', '--no-report', '-o', folder, *args)
  zcb.wait_for(lambda: len(zcb.journal(folder)) >= cells or process.poll() is not None)
  return process


def check_under_way(bench, problems):
  """What is to be gone later is there now: else its absence would prove nothing."""
  problems.equal('QEMUs under way', len(bench.hut_qemus()), 1)
  problems.expect(bench.staged(), 'there is no staging folder under way')


def check_kept(folder, before, problems):
  """What was in the journal before is still there, octet for octet, and there is more to do."""
  now = zcb.octets(folder, 'cells.jsonl')
  lines = zcb.journal(folder)
  problems.expect(now.startswith(before), 'lines of the journal were changed')
  problems.expect(len(lines) < CELLS, f'it was ended at {len(lines)} of {CELLS} cells, which is no middle')
  problems.equal('statuses', {line['status'] for line in lines}, {'pass'})
  return now[:now.rfind(b'\n') + 1]


def check_said(folder, said, problems):
  code, _, err = said
  problems.equal(f'exit code after SIGINT ({zcb.last_line(err)})', code, 12)
  words = [line for line in err.split('\n') if 'interrupted' in line]
  problems.equal('sentences about the interruption', len(words), 1)
  problems.expect(words and f'--resume -o {folder}' in words[0], f'no word of how to go on: {err}')


def check_ctrl_c(bench, folder, problems):
  process = go_until(bench, folder, 2, '--plan', bench.plan(**PLAN), '--accel', 'tcg')
  check_under_way(bench, problems)
  process.send_signal(signal.SIGINT)
  said = bench.finish(process, 60)
  bench.expect_nothing_left(problems)
  check_said(folder, said, problems)
  metadata = zcb.read_json(folder, 'metadata.json')
  problems.equal('state after SIGINT', (metadata['state'], metadata['exit_code']), ('interrupted', 12))
  problems.equal('outcome of the boot', zcb.read_json(folder, 'boots/1/boot.json')['outcome'], 'interrupted')
  return check_kept(folder, b'', problems)


def check_job_end(bench, folder, before, problems):
  """Slurm, systemd or a shutdown tells each process of a job to end, QEMU a moment before zcbench: the cell under way is not to
  be counted."""
  process = go_until(bench, folder, before.count(b'\n') + 1, '--resume')
  check_under_way(bench, problems)
  for pid in bench.hut_qemus():
    os.kill(pid, signal.SIGTERM)
  # On a busy machine that takes QEMU longer than the moment.
  zcb.wait_for(lambda: not bench.hut_qemus(), 60)
  time.sleep(0.1)
  process.send_signal(signal.SIGTERM)
  said = bench.finish(process, 60)
  bench.expect_nothing_left(problems)
  check_said(folder, said, problems)
  check_boot_that_ended_with_its_job(zcb.read_json(folder, 'boots/2/boot.json'), problems)
  return check_kept(folder, before, problems)


def check_boot_that_ended_with_its_job(boot, problems):
  problems.equal('outcome of the boot whose QEMU was ended first', boot['outcome'], 'interrupted')
  problems.expect('terminating on signal 15 from pid' in boot['reason'], f'who ended QEMU is not said: {boot["reason"]}')


def check_kill(bench, folder, before, problems):
  """Nothing can be said or swept up by a process that is killed; its QEMU must die all the same."""
  process = go_until(bench, folder, before.count(b'\n') + 1, '--resume')
  check_under_way(bench, problems)
  process.kill()
  process.wait()
  problems.equal('processes left some seconds after SIGKILL', bench.left(5), [])
  # What a disk may have at such an end: half a line.
  with open(os.path.join(folder, 'cells.jsonl'), 'ab') as f:
    f.write(b'{"schema":1,"index":')
  for name in bench.staged():  # the next run sweeps those that are a minute old
    os.utime(os.path.join(bench.temporary, name), (1, 1))
  return check_kept(folder, before, problems)


def check_end(bench, folder, before, problems):
  code, _, err = bench.run('run', '--resume', '--no-report', '-o', folder)
  lines = zcb.journal(folder)
  problems.equal(f'exit code of --resume ({zcb.last_line(err)})', code, 0)
  problems.expect(zcb.octets(folder, 'cells.jsonl').startswith(before), '--resume changed lines of the journal')
  problems.equal('cells at the end', sorted(line['index'] for line in lines), list(range(CELLS)))
  problems.equal('statuses at the end', {line['status'] for line in lines}, {'pass'})
  problems.equal('state at the end', zcb.read_json(folder, 'metadata.json')['state'], 'complete')
  problems.equal('boots', sorted({line['boot'] for line in lines}), [1, 2, 3, 4])
  bench.expect_nothing_left(problems)


def check_plants(folder, problems):
  said = f'zcbench: interrupted; go on with: zcbench run --resume -o {folder}\n'
  for what, code, err in (('another exit code', 13, said), ('silence', 12, ''), ('no mend', 12, 'interrupted\n'),
                          ('a hang', None, said)):
    found = zcb.Problems()
    check_said(folder, (code, '', err), found)
    problems.expect(found.found, f'a planted fault was not found: {what}')
  zcb.must_find([('a boot that died', {'outcome': 'qemu-died', 'reason': 'terminating on signal 15 from pid 1'}),
                 ('no word of the signal', {'outcome': 'interrupted', 'reason': 'the HUT went off'})],
                check_boot_that_ended_with_its_job, problems)


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  folder = os.path.join(bench.scratch, 'run')
  check_plants(folder, problems)
  before = check_ctrl_c(bench, folder, problems)
  before = check_job_end(bench, folder, before, problems)
  before = check_kill(bench, folder, before, problems)
  check_end(bench, folder, before, problems)


if __name__ == '__main__':
  zcb.main(test)
