#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How `zcbench report` ends, and what it says: check-command.py REPORT-PROGRAM FOLDER"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
failed = []


def run(program, *args, **env):
  return subprocess.run([program, *args], capture_output=True, text=True, env={**os.environ, **env})


def expect(what, done, code, out='', err=''):
  if done.returncode != code or out not in done.stdout or err not in done.stderr:
    failed.append(f'{what}: exit code {done.returncode}, {done.stdout!r}, {done.stderr!r}')


def read(path):
  with open(path, encoding='utf-8') as f:
    return f.read()


def check_usage(program, folder, healthy):
  expect('help', run(program, '--help'), 0, 'usage: zcbench report DIR')
  expect('no DIR', run(program), 2, err='name one run directory')
  expect('two DIRs', run(program, healthy, healthy), 2, err='name one run directory')
  expect('odd format', run(program, '--format', 'pdf', healthy), 2, err='the formats are html and mail, not pdf')
  expect('mail', run(program, '--format', 'mail', healthy), 0, 'Run again with:')
  expect('mail of nothing', run(program, '--format', 'mail', folder), 2, err='not a run directory')
  expect('mail to nowhere', run(program, '--format', 'mail', '-o', '/nowhere/x', healthy), 13, err='/nowhere/x')
  expect('odd option', run(program, '--odd', healthy), 2)
  expect('no such folder', run(program, os.path.join(folder, 'nowhere')), 2, err='not a run directory')
  expect('another folder', run(program, folder), 2, err='not a run directory')


def check_damage(program, folder, healthy):
  newer = os.path.join(folder, 'newer')
  shutil.copytree(healthy, newer, dirs_exist_ok=True)
  with open(os.path.join(newer, 'metadata.json'), 'w', encoding='utf-8') as f:
    f.write('{"schema": 2}')
  expect('a newer schema', run(program, newer), 13, err='it has schema 2 and this zcbench reads schema 1')


def check_output(program, folder, healthy):
  there = os.path.join(folder, 'elsewhere.html')
  expect('-o', run(program, '--format=html', '-o', there, healthy), 0, there + '\n')
  expect('a slash at the end', run(program, healthy + '/'), 0, healthy + '/report.html\n')
  if read(there) != read(os.path.join(healthy, 'report.html')):
    failed.append('two reports of one run differ')
  expect('a folder that is not there', run(program, '-o', '/nowhere/x.html', healthy), 13, err='/nowhere/x.html')


def check_gnuplot(program, folder, healthy):
  """Without gnuplot, and with one that fails, the page is still made, and says so."""
  tools = os.path.join(folder, 'tools')
  shutil.rmtree(tools, ignore_errors=True)
  os.makedirs(tools)
  page = os.path.join(healthy, 'report.html')
  for what, words in (('missing', 'gnuplot is not installed'), ('failing', 'gnuplot failed on plots/')):
    if what == 'failing':
      with open(os.path.join(tools, 'gnuplot'), 'w', encoding='utf-8') as f:
        f.write('#!/bin/sh\necho planted >&2\nexit 1\n')
      os.chmod(os.path.join(tools, 'gnuplot'), 0o755)
    expect(what, run(program, healthy, PATH=tools), 0, page, 'warning: host set-up: ' + words)
    if 'No plot here' not in read(page):
      failed.append(f'gnuplot {what}: the page does not say so')
  expect('gnuplot is back', run(program, healthy), 0)
  if 'No plot here' in read(page):
    failed.append('gnuplot is back: the page has no plots')


def main():
  program, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
  subprocess.run([sys.executable, os.path.join(HERE, 'generate.py'), folder], check=True)
  healthy = os.path.join(folder, 'healthy')
  for check in (check_usage, check_damage, check_output, check_gnuplot):
    check(program, folder, healthy)
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
