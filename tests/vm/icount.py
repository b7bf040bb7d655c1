#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan twice under --accel icount: identical counts, and medians that repeat.

How far apart two medians may be: what only one process does on one processor is the same to a few instructions. What
making and closing a buffer costs hangs on the state of the allocators, which about one boot in six has otherwise:
docs/methodology.md.
"""
import twice
import zcb

TOLERANCE = {'punch': 0.001, 'frame.read': 0.001, 'frame.copy': 0.001, 'export.create': 0.01, 'export.close': 0.2}


def test(bench, problems):
  twice.test(bench, 'linux', lambda line: TOLERANCE, problems)


if __name__ == '__main__':
  zcb.main(test)
