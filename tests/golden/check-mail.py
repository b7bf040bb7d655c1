#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds `zcbench report --format mail` against texts that someone has read, and hostile runs to the rules of a mail.

usage: check-mail.py REPORT-PROGRAM FOLDER
       check-mail.py --update REPORT-PROGRAM FOLDER    writes those texts anew: read them before they are kept
"""
import difflib
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import generate  # noqa: E402

WIDTH = 72
READ = ('healthy', 'failures')


def mail_of(program, run):
  return subprocess.run([program, '--format', 'mail', run], check=True, capture_output=True).stdout


def problems_of(text, words):
  """What a mailing list, git am or a shell would stumble over."""
  found = []
  for number, line in enumerate(text.split(b'\n'), 1):
    if len(line) > WIDTH and max(map(len, line.split(b' '))) < WIDTH - 6:
      found.append(f'line {number} has {len(line)} letters')
    if re.search(rb'[^ -~]', line):
      found.append(f'line {number} has a letter that is no printable ASCII')
    if re.match(rb'(From |diff |---|-- |Index: |[A-Z][a-z-]+-by:|>)', line):
      found.append(f'line {number} means something to a mailbox or to git: {line[:30]}')
    if line.endswith(b' ') or line.endswith(b'\t'):
      found.append(f'line {number} ends in a space')
  command = re.search(rb'Run again with:\n((?:.*\\\n)*.*\n)', text)
  pasted = shlex.split(command[1].decode().replace('\\\n', ' ')) if command else []
  if pasted != words:
    found.append(f'the command is {pasted}, not {words}')
  return found


def clean(text):
  """What a mail makes of a string; long ones are cut there."""
  return re.sub('[^ -~]', '?', text) if len(text) < 2000 else text[:1998] + '~'


def words_of(name):
  command = ['zcbench', *generate.HOSTILE[1:]] if name == 'hostile' else ['zcbench', 'run', '--plan', 'smoke', '--seed', '1']
  return [clean(w) for w in command] + (['--seed', '1'] if name == 'hostile' else []) + ['-o', 'DIR']


def check_rules(text):
  """Planted: each kind of fault is found."""
  words, missed = words_of('healthy'), []
  for plant in (b'a  b' * 40, b'\x1b[31m', b'\xc3\xa9', b'---', b'From x', b'diff --git a', b'x '):
    if not problems_of(text + b'\n' + plant + b'\n', words):
      missed.append(f'the planted line {plant!r} was not found')
  if not problems_of(text.replace(b'--seed', b'--sead'), words):
    missed.append('another command was not found')
  return missed


def main():
  update = sys.argv[1] == '--update'
  program, folder = os.path.abspath(sys.argv[-2]), os.path.abspath(sys.argv[-1])
  subprocess.run([sys.executable, os.path.join(HERE, 'generate.py'), folder], check=True)
  failed = []
  for name in ('healthy', 'failures', 'hostile', 'damaged'):
    run = os.path.join(folder, name)
    before = sorted(os.listdir(run))
    text = mail_of(program, run)
    if sorted(os.listdir(run)) != before:
      failed.append(f'{name}: the run directory was written to')
    path = os.path.join(HERE, f'mail-{name}.txt')
    if name in READ and update:
      with open(path, 'wb') as f:
        f.write(text)
    if name in READ:
      with open(path, 'rb') as f:
        expected = f.read()
      failed += [f'{name}: {line}' for line in difflib.unified_diff(
          expected.decode().split('\n'), text.decode('utf-8', 'replace').split('\n'), 'expected', 'made', lineterm='')]
    # Without metadata.json there is no command.
    failed += [f'{name}: {p}' for p in problems_of(text, [] if name == 'damaged' else words_of(name))]
    if name == 'healthy':
      failed += check_rules(text)
  there = os.path.join(folder, 'mail.txt')
  subprocess.run([program, '--format=mail', '-o', there, os.path.join(folder, 'healthy')], check=True)
  with open(there, 'rb') as f:
    if f.read() != mail_of(program, os.path.join(folder, 'healthy')):
      failed.append('-o writes something else than standard output gets')
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
