#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan twice under --accel icount: identical counts, and medians that repeat."""
import twice
import zcb

METRICS = ('punch', 'refill', 'frame.copy', 'frame.read', 'export.create', 'export.close')


def test(bench, problems):
  twice.test(bench, 'linux', METRICS, problems)


if __name__ == '__main__':
  zcb.main(test)
