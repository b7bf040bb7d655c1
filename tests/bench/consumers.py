#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs each consumer to look at a frame of 1920 by 1080, beside a plain copy of it: consumers.py ZCBENCH

By software emulation, so that it runs anywhere: of the figures the ratios tell something, and those against each other
more than those against a copy, which a processor does in other proportions.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm'))
import zcb  # noqa: E402


def show(line):
  read, copy = (line['metrics'].get(metric) for metric in ('frame.read', 'frame.copy'))
  consumer = line['cell'].split('/')[-1]
  own = 100 * (line['harness']['cell'] + line['harness']['runner']) / line['seconds']
  if read and copy:
    print(f'{consumer:15} {read["p50"] / 1e6:10.1f} {copy["p50"] / 1e6:10.1f} {read["p50"] / copy["p50"]:12.1f} {own:10.1f}')
  else:
    print(f'{consumer:15} {"-":>10} {"-":>10} {"-":>12} {own:10.1f}  {line["reason"]}')


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'variants')
  folder = os.path.join(bench.scratch, 'run')
  code, _, err = bench.run('run', '--plan', 'frames-1080p', '--accel', 'tcg', '--no-report', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  print(f'{"consumer":15} {"read, ms":>10} {"copy, ms":>10} {"read / copy":>12} {"zcbench, %":>10}')
  for line in zcb.journal(folder):
    show(line)
  bench.expect_nothing_left(problems)


if __name__ == '__main__':
  zcb.main(test)
