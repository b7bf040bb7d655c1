#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same plan with the micro guest twice under --accel icount: counts, and what a fault costs, to the instruction.

The guest has no kernel and no interrupts, so that its touches are the host kernel's fault path alone. What passes
through the host's scheduler, or through the state of its allocators, is near and not the same. On hugetlb nothing is
the same in every boot: a fault of 2 MiB takes half as long as the time between two ticks of the host, and a punch
gives a huge page back, whose median has been 1.5 % apart.
"""
import twice
import zcb

EXACT = {'shmem': ('punch', 'fault.guest', 'frame.copy'), 'hugetlb': ()}
NEAR = 0.02
METRICS = ('punch', 'fault.guest', 'frame.copy', 'export.create')


def tolerances(line):
  memory = line['cell'].split('/')[1]
  return {metric: 0 if metric in EXACT[memory] else NEAR for metric in METRICS}


def test(bench, problems):
  twice.test(bench, 'micro', tolerances, problems)


if __name__ == '__main__':
  zcb.main(test)
