#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""EGL and scanout in a real VM: what they see of each event, in each format, and of a byte that was spoiled.

Where a consumer keeps something of the buffer beside its page tables, the table of this test differs from that of a
mapping: the import of scanout holds pages that would be moved.
"""
import copy
import os

import zcb

UNTIL = 'stale-until-refill'
VARIANTS = ('stock', 'update-ptl', 'invalidate')
# (stock, update-ptl, invalidate)
TABLE = {
  'none': ('fresh',) * 3,
  'fault': ('stale', UNTIL, 'lookup'),
  'zeroed': ('zero-in-place',) * 3,
  'migrate': ('refused', 'refused', 'lookup'),
}
HELD = {**TABLE, 'migrate': ('refused',) * 3}
BOTH = ('egl', 'scanout')
HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
PADDED = {'pages': 64, 'width': 90, 'height': 128, 'row_stride': 2048}
SHIFTED = {**PADDED, 'height': 127, 'offset': 128}
SCREEN = {'pages': 2025, 'width': 1920, 'height': 1080, 'ram_mib': 256, 'rounds': 1, 'frames': 1}
# As large as a cirrus-vga shows without loss.
LARGE = {'pages': 960, 'width': 960, 'height': 1024, 'rounds': 1, 'frames': 2}
# The same in two huge pages, whose first pages are the frame's, too.
FULL = {**LARGE, 'blocks': 2}
PLANTED = 23


def row(workload='idle', consumers=BOTH, memory=('shmem',), **params):
  return {'workload': workload, 'consumers': list(consumers), 'memory': list(memory), 'params': params}


ROWS = [
  row(memory=('shmem', 'hugetlb')),
  row(format='argb8888'),
  row(format='rgb565', **{'import': 'each'}),
  row(consumers=('egl',), format='nv12'),
  row(**PADDED),
  row(consumers=('egl',), **SHIFTED),
  row(**SCREEN),
  row('punch', pattern='stride', memory=('shmem', 'hugetlb'), format='argb8888'),
  row('punch', pattern='stride', **{'import': 'each'}),
  row('punch', pattern='stride', **PADDED),
  row('punch', memory=('hugetlb',), **HUGE),
  row('migrate-move-pages', pattern='stride'),
  row('migrate-move-pages', pattern='stride', **{'import': 'each'}),
]
PLAN = {
  'kernels': ['variants'], 'variants': list(VARIANTS), 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4}, 'cells': ROWS,
}
# A spoiled byte, seen by whoever carries it: with all bytes, with some of each pixel, and over kept imports and new ones.
PLANTS = {
  'kernels': ['variants'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 1, 'frames': 1, 'ram_mib': 192, 'plant': PLANTED},
  'cells': [row(consumers=('mmap', 'mmap-many', 'mmap-parts', 'send', *BOTH), memory=('shmem', 'hugetlb')), row(format='argb8888', **{'import': 'each'})],
}


def wanted(line):
  variant, _, _, _, consumer = line['cell'].split('/')
  held = consumer == 'scanout' and line['params']['import'] == 'once'
  return (HELD if held else TABLE)[line['event']][VARIANTS.index(variant)]


def check(lines, problems):
  cells = sum(len(r['consumers']) * len(r['memory']) for r in ROWS) * len(VARIANTS)
  problems.equal('cells', len(lines), cells)
  for line in lines:
    name = f'{line["cell"]} {line["event"]} {line["params"]["format"]} {line["params"]["import"]}'
    problems.equal(f'{name}: observed', line['observed'], wanted(line))
    problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
    problems.expect(line['pages']['checked'] >= 2 * line['params']['pages'], f'{name}: hardly a page was looked at')


def doctored(lines):
  """Lines that the test must not take for good."""
  def changed(consumer, event, **members):
    copies = copy.deepcopy(lines)
    next(l for l in copies if l['cell'].endswith(consumer) and l['event'] == event).update(**members)
    return copies

  yield 'a stale page that is said to be fresh', changed('egl', 'fault', observed='fresh')
  yield 'a cell that was skipped', changed('scanout', 'none', status='skip')
  yield 'a consumer less', [l for l in lines if not l['cell'].endswith('scanout')]


# What each kernel's display makes of it: Debian's shows what is copied to a cirrus-vga, ours has vkms. The kernel mapping
# of a udmabuf is wrong on Debian's: each small page of a huge one is shown as its first.
DISPLAYS = [
  # (kernel, memory, parameters, status, a word of the reason)
  ('stock', 'shmem', {}, 'pass', ''),
  ('stock', 'hugetlb', FULL, 'known', 'udmabuf: fix vmap missed offset page'),
  ('stock', 'shmem', LARGE, 'pass', ''),
  ('stock', 'shmem', {'format': 'rgb565'}, 'pass', ''),
  ('stock', 'shmem', SHIFTED, 'pass', ''),
  ('stock', 'shmem', {'format': 'argb8888'}, 'skip', 'format'),
  ('stock', 'shmem', SCREEN, 'skip', 'rows of at most'),
  ('variants', 'shmem', {}, 'pass', ''),
  ('variants', 'hugetlb', FULL, 'pass', ''),
  ('variants', 'shmem', SHIFTED, 'skip', 'twice'),
]


def displays_plan(kernel):
  return {'kernels': [kernel], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
          'params': {'pages': 64, 'rounds': 1, 'frames': 2, 'ram_mib': 192},
          'cells': [row(consumers=('scanout',), memory=(memory,), **params) for k, memory, params, _, _ in DISPLAYS if k == kernel]}


def check_display(line, found, status, word, problems):
  name = f'{line["kernel"]} {line["cell"]} {found}'
  known = status == 'known'
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass' if known else status)
  problems.equal(f'{name}: whether it is a known bug', 'known_bug' in line, known)
  problems.expect(word in (line.get('reason') or ''), f'{name}: the reason has no "{word}": {line.get("reason")}')
  if known:
    pages = line['pages']
    problems.equal(f'{name}: observed', line['observed'], 'wrong')
    problems.expect(pages['foreign'] > 0.9 * pages['checked'] and pages['fresh'] < pages['checked'] // 100, f'{name}: pages are {pages}')
    problems.equal(f'{name}: stale pages', pages['stale'], 0)


def check_displays(bench, problems):
  for kernel in ('stock', 'variants'):
    rows = [r for r in DISPLAYS if r[0] == kernel]
    _, lines = zcb.played(bench, problems, displays_plan(kernel), seed=1, name=f'displays of {kernel}')
    problems.equal(f'{kernel}: cells', len(lines), len(rows))
    for line in lines:
      # The journal's order is the plan's, which is by memory.
      rest = [r for r in rows if r[1] in line['cell'].split('/') and all(line['params'][k] == v for k, v in r[2].items())]
      best = max(rest, key=lambda r: len(r[2]))
      check_display(line, best[2], best[3], best[4], problems)


# A display without a writeback connector is known by the check sum of its screen: of the same events, and of xrgb8888 alone.
SUMMED = [
  # (cell, observed by each variant, status)
  (row(consumers=('scanout',), memory=('shmem',)), TABLE['none'], 'pass'),
  (row(consumers=('scanout',), memory=('hugetlb',)), TABLE['none'], 'pass'),
  (row('punch', consumers=('scanout',), pattern='stride'), TABLE['fault'], 'pass'),
  (row(consumers=('scanout',), plant=PLANTED), ('wrong',) * 3, 'fail'),
  (row(consumers=('scanout',), format='rgb565'), (None,) * 3, 'skip'),
]


def check_summed(bench, problems):
  plan = {**PLAN, 'cells': [r for r, _, _ in SUMMED]}
  _, lines = zcb.played(bench, problems, plan, '--cmdline', 'vkms.enable_writeback=0', code=11, name='check sums')
  problems.equal('check sums: cells', len(lines), len(SUMMED) * len(VARIANTS))
  for line in lines:
    variant, memory, _, workload, _ = line['cell'].split('/')
    wanted = next((observed, status) for r, observed, status in SUMMED if memory in r['memory'] and r['workload'] == workload and
                  line['params']['plant'] == r['params'].get('plant', 0) and
                  (line['params']['format'] == 'rgb565') == ('format' in r['params']))
    name = f'check sums, {line["cell"]} {line["params"]["format"]} {line["params"]["plant"]}'
    problems.equal(f'{name}: observed', line.get('observed'), wanted[0][VARIANTS.index(variant)])
    problems.equal(f'{name}: status ({line.get("reason")})', line['status'], wanted[1])
    if line['status'] == 'fail':
      problems.equal(f'{name}: corrupt pages', line['pages']['corrupt'], line['frames']['checked'])


def test(bench, problems):
  _, lines = zcb.played(bench, problems, PLAN)
  check(lines, problems)
  zcb.must_find(doctored(lines), check, problems)
  folder, lines = zcb.played(bench, problems, PLANTS, code=11, name='planted')
  zcb.check_planted_page(folder, lines, PLANTED, sum(len(r['consumers']) * len(r['memory']) for r in PLANTS['cells']), problems)
  check_displays(bench, problems)
  check_summed(bench, problems)


if __name__ == '__main__':
  zcb.main(test)
