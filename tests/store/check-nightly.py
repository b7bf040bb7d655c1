#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/nightly, with a program whose runs are golden run directories: check-nightly.py NIGHTLY TRENDS-PROGRAM FOLDER"""
import fcntl
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'golden'))
import generate  # noqa: E402

# What it runs is told by the folder's file `next`: a golden run directory, or nothing, and an exit code.
PROGRAM = '''#!/bin/bash
case $1 in
list) echo plans; cat {folder}/plans 2>/dev/null ;;
run)
	echo "$*" >>{folder}/said
	out=${{!#}}
	read -r golden code seconds <{folder}/next
	sleep "${{seconds:-0}}"
	if [[ $golden != - ]]; then
		cp -r "{folder}/$golden" "$out"
		sed -i "s/2026-01-31T12:00:00Z/$(date -u -d "2026-02-01 + $(wc -l <{folder}/said) days" +%FT%TZ)/" "$out/metadata.json"
	fi
	exit "$code" ;;
trends) shift; exec {trends} "$@" ;;
esac
'''
failed = []


class Nights:
  def __init__(self, nightly, trends, folder):
    self.nightly, self.folder, self.store = nightly, folder, os.path.join(folder, 'store')
    shutil.rmtree(self.store, ignore_errors=True)
    for name in ('said', 'plans', 'heard'):
      self.write(name, '')
    self.program = os.path.join(folder, 'program')
    self.write('program', PROGRAM.format(folder=folder, trends=trends))
    os.chmod(self.program, 0o755)

  def write(self, name, text):
    with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as f:
      f.write(text)

  def read(self, name):
    with open(os.path.join(self.folder, name), encoding='utf-8') as f:
      return f.read()

  def start(self, golden, code, *args, seconds=0):
    self.write('next', f'{golden} {code} {seconds}\n')
    env = {k: v for k, v in os.environ.items() if k != 'NOTIFY_SOCKET'}
    return subprocess.Popen([self.nightly, '--store', self.store, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env={**env, 'ZCB_PROGRAM': self.program})

  def night(self, golden, code, *args, seconds=0):
    # Names of nights are seconds.
    time.sleep(1.01)
    process = self.start(golden, code, *args, seconds=seconds)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err

  def raw(self):
    return sorted(os.listdir(os.path.join(self.store, 'raw')))

  def summaries(self):
    return sorted(os.listdir(os.path.join(self.store, 'nights')))


def expect(what, got, wanted):
  if got != wanted:
    failed.append(f'{what}: {got!r}, not {wanted!r}')


def check_nights(n):
  code, out, _ = n.night('healthy', 0)
  expect('a clean night', (code, len(n.raw()), len(n.summaries())), (0, 1, 1))
  for words in ('zcbench default: exit code 0', '1 nights, ', 'index.html', 'report.html'):
    expect(f'the verdict says {words}', words in out, True)
  expect('the page', os.path.exists(os.path.join(n.store, 'index.html')), True)
  n.write('plans', '  nightly   all\n')
  expect('a kernel fault', n.night('failures', 14)[0], 14)
  expect('the nightly plan', '--plan nightly' in n.read('said').split('\n')[1], True)
  expect('options of run', (n.night('healthy', 12, '--plan', 'smoke', '--', '--seed', '7')[0],
                            '--plan smoke --seed 7 -o' in n.read('said')), (12, True))
  pinned = os.path.join(n.store, 'pinned')
  expect('pinned', [sorted(f[:2] for f in os.listdir(os.path.join(pinned, run))) for run in os.listdir(pinned)],
         [['2-', '2-', '2-', '2-']])


def check_no_night(n):
  before = n.raw(), n.summaries()
  expect('nothing ran', n.night('-', 77)[0], 77)
  expect('it broke', n.night('-', 13)[0], 13)
  expect('it lied', n.night('-', 0)[0], 13)
  expect('they are no nights', (n.raw(), n.summaries()), before)


def check_command(n):
  heard = os.path.join(n.folder, 'heard')
  n.night('healthy', 0, '--on-regression', f'cat >{heard}')
  expect('a clean night is not told', n.read('heard'), '')
  code, out, _ = n.night('healthy', 11, '--on-regression', f'echo $ZCB_EXIT_CODE >{heard}; cat >>{heard}; exit 3')
  expect('a bad one is', (code, n.read('heard')), (11, '11\n' + out))


def check_retention(n):
  before = n.summaries()
  n.night('healthy', 0, '--keep', '2')
  expect('raw nights', len(n.raw()), 2)
  expect('summaries', n.summaries()[:-1], before)
  expect('pinned frames stay', len(os.listdir(os.path.join(n.store, 'pinned'))), 1)


def check_lock(n):
  first = n.start('healthy', 0, seconds=3)
  time.sleep(1.5)
  code, _, err = n.night('healthy', 0, seconds=3)
  expect('a second night at once', (code, 'another night runs' in err), (13, True))
  expect('the first goes on', (first.wait(timeout=60), first.stdout.close(), first.stderr.close())[0], 0)
  with open(os.path.join(n.store, '.lock'), 'w', encoding='utf-8') as f:
    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it any more


def check_usage(n):
  for args in (['--odd'], ['--store'], ['--keep', 'many'], ['--keep', '0']):
    done = subprocess.run([n.nightly, *args], capture_output=True, check=False)
    expect(f'{args}', done.returncode, 2)
  expect('help', subprocess.run([n.nightly, '--help'], capture_output=True, check=False).returncode, 0)


def check_units(n):
  units = os.path.join(n.folder, 'units')
  shutil.rmtree(units, ignore_errors=True)
  subprocess.run([n.nightly, '--units', units], check=True, capture_output=True)
  paths = sorted(os.path.join(units, f) for f in os.listdir(units))
  expect('units', [os.path.basename(p) for p in paths], ['zcbench-nightly.service', 'zcbench-nightly.timer'])
  if not shutil.which('systemd-analyze'):
    print('there is no systemd-analyze: the units were not verified')
    return
  for planted in (False, True):
    if planted:
      with open(paths[0], 'a', encoding='utf-8') as f:
        f.write('WatchdogSec=soon\n')
    done = subprocess.run(['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', *paths],
                          capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.split('\n') if 'zcbench' in line]
    if bool(said) != planted:
      failed.append(f'systemd-analyze{" of a planted fault" if planted else ""}: {done.stderr}')


def main():
  nightly, trends, folder = map(os.path.abspath, sys.argv[1:])
  os.makedirs(folder, exist_ok=True)
  generate.healthy(folder)
  generate.failures(folder)
  nights = Nights(nightly, trends, folder)
  for check in (check_nights, check_no_night, check_command, check_retention, check_lock, check_usage, check_units):
    check(nights)
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
