#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's own way in a real VM: its virtio-gpu's dma-bufs over D-Bus, what a viewer sees there of each event and of a
byte that was spoiled, and who is told why there is no such display.

It is held against the same table as a mapping of a udmabuf that we make: who makes it changes nothing.
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
PLANTED = 23
SHIFTED = {'pages': 64, 'width': 90, 'height': 127, 'row_stride': 2048, 'offset': 128}
SCREEN = {'pages': 2025, 'width': 1920, 'height': 1080, 'rounds': 1, 'frames': 1}


def row(workload='idle', memory=('shmem',), consumers=('virtio-gpu',), **params):
  return {'workload': workload, 'consumers': list(consumers), 'memory': list(memory), 'params': params}


ROWS = [
  row(memory=('shmem', 'hugetlb')),
  row('punch', memory=('shmem', 'hugetlb'), pattern='stride'),
  row('punch', pattern='stride', **{'import': 'each'}),
  row('punch', pattern='stride', fence='sync-file'),
  row('migrate-move-pages', pattern='stride'),
  row(**SHIFTED),
  # A whole screen, in pages that are nobody's neighbours: a udmabuf of 2025 entries.
  row('punch', pattern='stride', **SCREEN),
]
PLAN = {
  'kernels': ['variants'], 'variants': list(VARIANTS), 'memory': ['shmem', 'hugetlb'], 'guests': ['linux'],
  'params': {'pages': 64, 'rounds': 3, 'frames': 2, 'ram_mib': 256, 'stride': 4}, 'cells': ROWS,
}
PLANTS = {
  'kernels': ['variants'], 'memory': ['shmem', 'hugetlb'], 'guests': ['linux'],
  'params': {'pages': 64, 'rounds': 1, 'frames': 2, 'ram_mib': 192, 'plant': PLANTED},
  'cells': [row(memory=('shmem', 'hugetlb'))],
}
# Who cannot have it, and a word of the reason: by kernel, guest, and the row's number.
SKIPPED = [row(), row(format='argb8888'), row(blocks=4), row('balloon')]
REASONS = {('micro', n): '--guests linux' for n in range(4)}
REASONS.update({('linux', 1): 'xrgb8888', ('linux', 2): 'where its driver', ('linux', 3): 'give away'})


def check(lines, problems):
  cells = sum(len(r['memory']) for r in ROWS) * len(VARIANTS)
  problems.equal('cells', len(lines), cells)
  for line in lines:
    name = f'{line["cell"]} {line["event"]} {line["params"]["import"]} {line["params"]["pages"]}'
    wanted = TABLE[line['event']][VARIANTS.index(line['cell'].split('/')[0])]
    problems.equal(f'{name}: observed', line['observed'], wanted)
    problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
    looks = line['params']['rounds'] * (1 + line['params']['frames'])
    problems.expect(line['frames']['checked'] >= looks, f'{name}: hardly a frame was looked at')


def check_boot(folder, problems):
  """What the kernel under test complained of, in its own words."""
  faults = zcb.read_json(folder, 'boots', '1', 'boot.json')['kernel_faults']
  problems.equal(f'{os.path.basename(folder)}: kernel faults', faults, [])


def doctored(lines):
  """Lines that the test must not take for good."""
  def changed(event, **members):
    copies = copy.deepcopy(lines)
    next(l for l in copies if l['event'] == event).update(**members)
    return copies

  yield 'a stale page that is said to be fresh', changed('fault', observed='fresh')
  yield 'a cell that was skipped', changed('none', status='skip')
  yield 'a cell that looked at nothing', changed('none', frames={'checked': 0})
  yield 'a cell less', lines[1:]


def row_number(line):
  params = line['params']
  return 3 if '/balloon/' in line['cell'] else 2 if params['blocks'] else 1 if params['format'] == 'argb8888' else 0


def check_reason(line, wanted, problems):
  name = f'skips, {line["cell"]}, row {row_number(line)}'
  problems.equal(f'{name}: status ({line["reason"]})', line['status'], 'skip' if wanted else 'pass')
  problems.expect(not wanted or wanted in (line['reason'] or ''), f'{name}: it says: {line["reason"]}')


def check_skips(bench, problems):
  """On Debian's own kernel as on ours; and where no driver gives QEMU a render node."""
  plan = {'kernels': ['stock', 'variants'], 'guests': ['linux', 'micro'], 'cells': SKIPPED,
          'params': {'pages': 64, 'rounds': 1, 'frames': 1, 'ram_mib': 192}}
  _, lines = zcb.played(bench, problems, plan, name='skips')
  problems.equal('skips: cells', len(lines), 16)
  for line in lines:
    check_reason(line, REASONS.get((line['cell'].split('/')[2], row_number(line))), problems)
  plan.update(kernels=['stock'], guests=['linux'], cells=[row(), row(consumers=('mmap',))])
  _, lines = zcb.played(bench, problems, plan, '--cmdline', 'module_blacklist=vgem', name='no render node')
  problems.equal('no render node: cells', len(lines), 2)
  for line in lines:
    check_reason(line, 'render node' if line['cell'].endswith('virtio-gpu') else None, problems)


def test(bench, problems):
  folder, lines = zcb.played(bench, problems, PLAN)
  check_boot(folder, problems)
  check(lines, problems)
  zcb.must_find(doctored(lines), check, problems)
  folder, lines = zcb.played(bench, problems, PLANTS, code=11, name='planted')
  check_boot(folder, problems)
  zcb.check_planted_page(folder, lines, PLANTED, 2, problems)
  check_skips(bench, problems)


if __name__ == '__main__':
  zcb.main(test)
