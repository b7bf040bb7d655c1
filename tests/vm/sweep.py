#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Company: other udmabufs and subscribers in the VMM's mm are really there while a cell measures, for the kernel works
more with them, to the instruction; and the report shows how much more.
"""
import copy
import os

import zcb

COUNTS = (0, 16, 128)
SUBSCRIBERS = (1, 8, 32)


def cell(**params):
  return {'workload': 'punch', 'consumers': ['mmap'], 'params': {'pattern': 'stride', **params}}


PLAN = {
  'kernels': ['variants'], 'variants': ['stock', 'update-nolock'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 6, 'frames': 1, 'ram_mib': 192, 'stride': 4, 'evidence': 'undeclared'},
  'cells': [*(cell(udmabufs=n, udmabuf_pages=16) for n in COUNTS), *(cell(subscribers=n) for n in SUBSCRIBERS)],
}


def medians(lines, variant, metric, param, **others):
  """By the count that param is."""
  found = zcb.find(lines, f'{variant}/shmem/micro/punch/mmap', **others)
  return {line['params'][param]: line['metrics'][metric]['p50'] for line in found}


def check(lines, problems):
  problems.equal('statuses', {line['status'] for line in lines}, {'pass'})
  for line in lines:
    created = line['metrics'].get('company.create', {'n': 0})['n']
    problems.equal(f'{line["cell"]}: other udmabufs', created, line['params']['udmabufs'])
  none, some, many = (medians(lines, 'update-nolock', 'fault.guest', 'udmabufs', subscribers=0)[n] for n in COUNTS)
  problems.expect(none * 1.02 < some and some * 1.2 < many,
                  f'update-nolock: a fault costs {none}, {some} and {many} instructions with {COUNTS} other udmabufs')
  none, _, many = (medians(lines, 'stock', 'fault.guest', 'udmabufs', subscribers=0)[n] for n in COUNTS)
  problems.expect(many < none * 1.05, f'stock: a fault costs {none} and {many} instructions: it asks nobody')
  for variant in PLAN['variants']:
    few, some, many = (medians(lines, variant, 'punch', 'subscribers', udmabufs=0)[n] for n in SUBSCRIBERS)
    problems.expect(few * 1.02 < some and some * 1.1 < many,
                    f'{variant}: a punch costs {few}, {some} and {many} instructions with {SUBSCRIBERS} more subscribers')


def check_report(bench, folder, problems):
  code, _, err = bench.run('report', folder, patience=120)
  problems.equal(f'exit code of the report ({err.strip()})', code, 0)
  page = zcb.octets(folder, 'report.html')
  for words in (b'id="growth"', b'Other live udmabufs', b'More subscribers', b'each further udmabuf'):
    problems.expect(words in page, f'the report has no {words.decode()}')
  data = zcb.octets(folder, 'plots/sweep-1.dat').decode()
  problems.equal('points of the first plot', sum(line[:1].isdigit() for line in data.split('\n')),
                 len(COUNTS) * len(PLAN['variants']))


def plants(lines):
  def doctored(change):
    new = copy.deepcopy(lines)
    change(new)
    return new

  def flatten(new, variant, metric, param):
    found = [line for line in new if line['cell'].startswith(variant + '/')]
    least = min((line for line in found), key=lambda line: line['params'][param])['metrics'][metric]['p50']
    for line in found:
      line['metrics'][metric]['p50'] = least

  yield 'udmabufs that cost nothing', doctored(lambda new: flatten(new, 'update-nolock', 'fault.guest', 'udmabufs'))
  yield 'subscribers that cost nothing', doctored(lambda new: flatten(new, 'stock', 'punch', 'subscribers'))
  yield 'one udmabuf too few', doctored(lambda new: new[1]['metrics']['company.create'].update(n=COUNTS[1] - 1))
  yield 'a cell that failed', doctored(lambda new: new[0].update(status='fail'))


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'variants')
  folder = os.path.join(bench.scratch, 'run')
  code, _, err = bench.run('run', '--plan', bench.plan(**PLAN), '--accel', 'icount', '--no-report', '-o', folder)
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  lines = zcb.journal(folder)
  if len(lines) != 12:
    problems.equal('cells', len(lines), 12)
    return
  for variant in PLAN['variants']:
    print(variant, 'fault.guest', medians(lines, variant, 'fault.guest', 'udmabufs', subscribers=0),
          'punch', medians(lines, variant, 'punch', 'subscribers', udmabufs=0))
  check(lines, problems)
  check_report(bench, folder, problems)
  zcb.must_find(plants(lines), check, problems)


if __name__ == '__main__':
  zcb.main(test)
