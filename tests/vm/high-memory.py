#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest whose RAM is split around the PCI hole: pages above it lie elsewhere in the memfd than in
guest memory, and must be found there."""
import os

import zcb

PLAN = {
  'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 3200, 'stride': 4},
  'cells': [{'workload': 'idle', 'consumers': ['mmap', 'oracle']},
            {'workload': 'punch', 'consumers': ['mmap', 'oracle'], 'params': {'pattern': 'stride'}}],
}


def check(lines, problems):
  problems.equal('cells', len(lines), 4)
  for line in lines:
    problems.equal(f'status of {line["cell"]} ({line["reason"]})', line['status'], 'pass')
    high = line['events']['pages_above_4g']
    problems.expect(high > 0, f'{line["cell"]}: no page of the frame lies above the PCI hole')
    problems.expect(line['pages']['checked'] > 0, f'{line["cell"]}: nothing was looked at')


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  folder = os.path.join(bench.scratch, 'run')
  plan = bench.plan(**PLAN)
  code, _, err = bench.run('run', '--plan', plan, '--accel', 'tcg', '--no-report', '-o', folder)
  print(err)
  problems.equal('exit code', code, 0)
  bench.expect_nothing_left(problems)
  lines = zcb.journal(folder)
  for line in lines:
    print(f'{line["cell"]}: {line["events"]["pages_above_4g"]} of {line["params"]["pages"]} pages above the hole')
  check(lines, problems)
  found = zcb.Problems()
  check([{**line, 'events': {**line['events'], 'pages_above_4g': 0}} for line in lines], found)
  problems.expect(found.found, 'a planted fault was not found: no page above the hole')


if __name__ == '__main__':
  zcb.main(test)
