#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan with the micro guest twice under --accel icount: identical counts, and medians that repeat.

The guest has no kernel and no interrupts, so that its touches are the host kernel's fault path alone.
"""
import twice
import zcb

METRICS = ('punch', 'fault.guest', 'refill', 'frame.copy', 'frame.read', 'export.create', 'export.close')


def test(bench, problems):
  twice.test(bench, 'micro', METRICS, problems)


if __name__ == '__main__':
  zcb.main(test)
