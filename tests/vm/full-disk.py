#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that is full in the middle of a run: the run ends with one clear sentence, what was
measured is kept, and with more space it goes on."""
import os
import subprocess

import zcb

PLAN = {
  'params': {'pages': 64, 'rounds': 4, 'frames': 4, 'ram_mib': 192, 'stride': 4},
  'cells': [{'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': 'stride'}},
            {'workload': 'punch', 'consumers': ['mmap', 'oracle'], 'params': {'pattern': 'frame'}}],
}
CELLS = 5


def mount_tmpfs(folder):
  os.mkdir(folder)
  done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'zcbench-test', folder],
                        capture_output=True, text=True)
  if done.returncode:
    raise zcb.Skip(f'a tmpfs cannot be mounted ({done.stderr.strip()}): run the test as root')


def resize(folder, octets):
  subprocess.run(['mount', '-o', f'remount,size={octets}', folder], check=True)


def fill(folder):
  """To the last octet, whatever the file system rounds to."""
  with open(os.path.join(folder, 'ballast'), 'wb', buffering=0) as f:
    chunk = 1 << 20
    while chunk:
      try:
        f.write(bytes(chunk))
      except OSError:
        chunk >>= 1


def check_said(folder, code, err, problems):
  problems.equal('exit code on a full disk', code, 13)
  said = [line for line in err.split('\n') if 'host set-up: no space left' in line]
  problems.equal(f'sentences about the full disk ({err})', len(said), 1)
  problems.expect(said and folder in said[0] and f'--resume -o {folder}' in said[0],
                  f'where the disk is full and how to go on is not said: {said}')


def run_into_it(bench, folder, disk, problems):
  """The disk gets full after the first cell."""
  process = bench.start('run', '--plan', bench.plan(**PLAN), '--accel', 'tcg', '-o', folder)
  zcb.wait_for(lambda: zcb.journal(folder) or process.poll() is not None)
  before = zcb.octets(folder, 'cells.jsonl')
  fill(disk)
  code, _, err = bench.finish(process)
  print(err)
  bench.expect_nothing_left(problems)
  check_said(folder, code, err, problems)
  return before


def check_kept(folder, before, problems):
  problems.expect(zcb.octets(folder, 'cells.jsonl').startswith(before), 'lines of before were changed')
  lines = zcb.journal(folder)
  problems.expect(1 <= len(lines) < CELLS, f'{len(lines)} of {CELLS} cells are there, which is no middle')
  problems.equal('statuses', {line['status'] for line in lines}, {'pass'})
  problems.equal('metadata: state', zcb.read_json(folder, 'metadata.json')['state'] in ('running', 'failed'), True)


def go_on(bench, folder, disk, problems):
  before = zcb.octets(folder, 'cells.jsonl')
  resize(disk, '128m')
  code, _, err = bench.run('run', '--resume', '-o', folder)
  problems.equal(f'exit code of --resume ({zcb.last_line(err)})', code, 0)
  problems.expect(zcb.octets(folder, 'cells.jsonl').startswith(before), '--resume changed lines of the journal')
  lines = zcb.journal(folder)
  problems.equal('cells after --resume', sorted(line['index'] for line in lines), list(range(CELLS)))
  problems.equal('statuses after --resume', {line['status'] for line in lines}, {'pass'})
  problems.equal('state after --resume', zcb.read_json(folder, 'metadata.json')['state'], 'complete')
  bench.expect_nothing_left(problems)


def check_plants(problems):
  said = 'zcbench: host set-up: no space left for /run/x: free some and go on with --resume -o /run\n'
  for what, code, err in (('another exit code', 0, said), ('silence', 13, ''), ('no mend', 13, said[:60] + '\n')):
    found = zcb.Problems()
    check_said('/run', code, err, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


def test(bench, problems):
  check_plants(problems)
  bench.need_images('rootfs', 'stock')
  disk = os.path.join(bench.scratch, 'disk')
  mount_tmpfs(disk)
  try:
    folder = os.path.join(disk, 'run')
    before = run_into_it(bench, folder, disk, problems)
    check_kept(folder, before, problems)
    go_on(bench, folder, disk, problems)
  finally:
    bench.kill_all()
    subprocess.run(['umount', '--lazy', disk], check=False)


if __name__ == '__main__':
  zcb.main(test)
