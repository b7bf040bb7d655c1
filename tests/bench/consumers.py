#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What each consumer takes for a frame of 1920x1080, checked to the last byte, beside a plain copy in the same process.

The machine under test may be emulated: then the ratio is what counts, and not even that says what a GPU would take.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm'))
import zcb  # noqa: E402  pylint: disable=wrong-import-position


def median_ms(line, metric):
  return line['metrics'][metric]['p50'] / 1e6 if metric in line['metrics'] else None


def test(bench, problems):
  bench.need_images('rootfs', 'variants')
  folder = os.path.join(bench.scratch, 'run')
  code, _, err = bench.run('run', '--plan', 'frames-1080p', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  lines = zcb.journal(folder)
  print(f'by {lines[0]["accel"]}, clock {lines[0]["clock"]}, medians')
  print(f'{"consumer":15}{"read and checked, ms":>21}{"copied, ms":>12}{"ratio":>8}')
  for line in lines:
    name = line['cell'].split('/')[-1]
    read, copied = median_ms(line, 'frame.read'), median_ms(line, 'frame.copy')
    problems.equal(f'{name}: {line.get("reason")}', line['status'], 'pass')
    if read and copied:
      print(f'{name:15}{read:21.2f}{copied:12.2f}{read / copied:8.1f}')
    else:
      print(f'{name:15}{"reads nothing":>21}')


if __name__ == '__main__':
  zcb.main(test)
