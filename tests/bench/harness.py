#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What zcbench itself takes of a run, in CPU time: harness.py ZCBENCH

The default plan's cells of one variant, with either kind of guest, by software emulation; and short cells in
instructions, which come out the same however busy the machine is. Nothing is judged.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm'))
import zcb  # noqa: E402

STOCK = ('--kernel', 'variants', '--variants', 'stock')
SHORT = {'schema': 1, 'name': 'short', 'kernels': ['variants'], 'variants': ['stock', 'update-ptl'], 'memory': ['shmem'],
         'guests': ['micro'], 'boots': 1,
         'params': {'pages': 64, 'rounds': 4, 'frames': 4, 'ram_mib': 192, 'stride': 4, 'count': 12, 'evidence': 'undeclared'},
         'cells': [{'workload': 'idle', 'consumers': ['mmap', 'null']},
                   {'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': 'stride'}},
                   {'workload': 'punch', 'consumers': ['mmap'], 'params': {'pattern': 'frame'}},
                   {'workload': 'migrate-move-pages', 'consumers': ['mmap'], 'params': {'pattern': 'stride'}}]}


def show(name, folder, out):
  lines = [line for line in zcb.journal(folder) if 'cell' in line.get('harness', {})]
  cell, runner = (1e3 * sum(line['harness'][part] for line in lines) / max(len(lines), 1) for part in ('cell', 'runner'))
  print(f'{name:24} {len(lines):4} cells, each {cell:7.2f} ms in its process, {runner:7.2f} ms in the runner')
  print('  ' + next((line for line in out.splitlines() if line.startswith('zcbench itself')), 'it took nothing that counts'))


def test(bench, problems):
  bench.need_images('rootfs', 'variants')
  plan = os.path.join(bench.scratch, 'short.json')
  with open(plan, 'w', encoding='utf-8') as f:
    json.dump(SHORT, f)
  runs = (('default, guest micro', ('--plan', 'default', *STOCK, '--guests', 'micro', '--accel', 'tcg')),
          ('default, guest linux', ('--plan', 'default', *STOCK, '--guests', 'linux', '--accel', 'tcg')),
          ('short cells, icount', ('--plan', plan, '--accel', 'icount')))
  for number, (name, options) in enumerate(runs):
    folder = os.path.join(bench.scratch, f'run{number}')
    code, out, err = bench.run('run', *options, '--no-report', '-o', folder)
    problems.equal(f'{name}: exit code ({zcb.last_line(err)})', code, 0)
    show(name, folder, out)
  bench.expect_nothing_left(problems)


if __name__ == '__main__':
  zcb.main(test)
