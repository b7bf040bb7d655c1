#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the report of a run as large as the default plan's to its size and its time.

usage: check-size.py REPORT-PROGRAM FOLDER
"""
import os
import resource
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import generate  # noqa: E402

MAX_BYTES = 2 << 20
# Of processors: what else the machine does is not the report's. Sanitizers make it ten times as slow.
MAX_SECONDS = 5 * int(os.environ.get('ZCB_TEST_SLOWER', 1))


def cpu_seconds():
  usage = resource.getrusage(resource.RUSAGE_CHILDREN)
  return usage.ru_utime + usage.ru_stime


def main():
  program, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
  generate.default_sized(folder)
  run = os.path.join(folder, 'default')
  cpu, wall = cpu_seconds(), time.monotonic()
  subprocess.run([program, run], check=True, stdout=subprocess.DEVNULL)
  cpu, wall = cpu_seconds() - cpu, time.monotonic() - wall
  size = os.path.getsize(os.path.join(run, 'report.html'))
  print(f'{size} bytes in {wall:.2f} s, {cpu:.2f} s of processors')
  failed = []
  if size > MAX_BYTES:
    failed.append(f'the report has {size} bytes, more than {MAX_BYTES}')
  if size < MAX_BYTES / 8:
    failed.append(f'the report has {size} bytes only: the run is no measure any more')
  if cpu > MAX_SECONDS:
    failed.append(f'it took {cpu:.1f} s of processors, more than {MAX_SECONDS}')
  with open(os.path.join(run, 'report.html'), encoding='utf-8') as page:
    if 'class="plot"' in page.read():
      failed.append('a plot stands in the page as gnuplot drew it: reports/plots/svg-flat.c does not know something')
  for metric in ('punch', 'export.create'):
    if not [f for f in os.listdir(os.path.join(run, 'plots')) if f.startswith('density-') and f.endswith(f'-{metric}.svg')]:
      failed.append(f'{metric} has no picture of its density')
  for plot in [f for f in os.listdir(os.path.join(run, 'plots')) if f.endswith('.svg')]:
    for kind in ('gp', 'dat'):
      if not os.path.exists(os.path.join(run, 'plots', f'{plot[:-3]}{kind}')):
        failed.append(f'plots/{plot} has no .{kind} beside it')
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
