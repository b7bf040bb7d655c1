#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""GStreamer in a real VM: what its pipelines see of each event, in each format, and of a byte that was spoiled."""
import copy
import json
import os
import struct
import zlib

import zcb

UNTIL = 'stale-until-refill'
VARIANTS = ('stock', 'update-ptl', 'invalidate')
# (stock, update-ptl, invalidate)
TABLE = {'none': ('fresh',) * 3, 'fault': ('stale', UNTIL, 'lookup'), 'migrate': ('refused', 'refused', 'lookup')}
HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
PADDED = {'pages': 64, 'width': 90, 'height': 127, 'row_stride': 2048, 'offset': 128}
EACH = {'import': 'each'}
PLANTED = 23


def row(workload='idle', memory=('shmem',), consumers=('gst',), **params):
  return {'workload': workload, 'consumers': list(consumers), 'memory': list(memory), 'params': params}


ROWS = [
  row(memory=('shmem', 'hugetlb')),
  row(format='argb8888', **EACH),
  row(format='rgb565'),
  row(format='nv12'),
  row(**PADDED),
  row('punch', pattern='stride', format='argb8888', consumers=('gst', 'gst-gl')),
  row(memory=('shmem', 'hugetlb'), consumers=('gst-gl',)),
  row(consumers=('gst-gl',), **PADDED, **EACH),
  row('punch', pattern='stride', consumers=('gst-gl',), **EACH),
  row('punch', memory=('hugetlb',), consumers=('gst-gl',), **HUGE),
  row('migrate-move-pages', pattern='stride', consumers=('gst-gl',)),
  row('punch', pattern='stride', **EACH),
  row('punch', memory=('hugetlb',), **HUGE),
  row('migrate-move-pages', pattern='stride'),
]
PLAN = {
  'kernels': ['variants'], 'variants': list(VARIANTS), 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4}, 'cells': ROWS,
}
PLANTS = {
  'kernels': ['variants'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 1, 'frames': 1, 'ram_mib': 192, 'plant': PLANTED},
  'cells': [row(memory=('shmem', 'hugetlb'), consumers=('gst', 'gst-gl')), row(format='argb8888', **EACH)],
}


SHOWN = {'kernels': ['variants'], 'guests': ['micro'], 'cells': [row('punch', pattern='stride')],
         'params': {'pages': 64, 'rounds': 1, 'frames': 3, 'ram_mib': 192, 'stride': 4, 'count': 12}}


def count_cells(rows):
  return sum(len(r['consumers']) * len(r['memory']) for r in rows)


def check(lines, problems):
  problems.equal('cells', len(lines), count_cells(ROWS) * len(VARIANTS))
  for line in lines:
    name = f'{line["cell"]} {line["event"]} {line["params"]["format"]} {line["params"]["import"]}'
    wanted = TABLE[line['event']][VARIANTS.index(line['cell'].split('/')[0])]
    problems.equal(f'{name}: observed', line['observed'], wanted)
    problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
    problems.expect(line['pages'].get('checked', 0) >= 2 * line['params']['pages'], f'{name}: hardly a page was looked at')


def doctored(lines):
  """Lines that the test must not take for good."""
  def changed(event, **members):
    copies = copy.deepcopy(lines)
    next(l for l in copies if l['event'] == event).update(**members)
    return copies

  yield 'a stale page that is said to be fresh', changed('fault', observed='fresh')
  yield 'a cell that was skipped', changed('none', status='skip')
  yield 'a cell less', lines[1:]


def unfilter(kind, row, above):
  """One row of a PNG of three bytes a pixel, by the PNG specification's filters."""
  for i, value in enumerate(row):
    left, up, corner = (row[i - 3] if i > 2 else 0), above[i], (above[i - 3] if i > 2 else 0)
    paeth = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[2]
    row[i] = (value + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
  return row


def clip_frames(octets):
  """The pictures of an animated PNG, each a list of rows; every check sum is looked at."""
  at, data, frames, said = 8, [], [], 0
  while at < len(octets):
    n, kind = struct.unpack('>I4s', octets[at:at + 8])
    body, at = octets[at + 8:at + 8 + n], at + 12 + n
    assert zlib.crc32(kind + body) == struct.unpack('>I', octets[at - 4:at])[0], kind
    if kind == b'IHDR':
      width, height = struct.unpack('>II', body[:8])
    said = struct.unpack('>I', body[:4])[0] if kind == b'acTL' else said
    if kind == b'fcTL':
      data.append(b'')
    elif kind in (b'IDAT', b'fdAT'):
      data[-1] += body[4 * (kind == b'fdAT'):]
  for packed in data:
    raw, rows, above = zlib.decompress(packed), [], bytearray(3 * width)
    for y in range(height):
      line = raw[y * (3 * width + 1):(y + 1) * (3 * width + 1)]
      above = unfilter(line[0], bytearray(line[1:]), above)
      rows.append(bytes(above))
    frames.append(rows)
  assert said == len(frames)
  return frames


def page_of(frame, page):
  """The four rows of a page, without the margin that says what it is."""
  return [row[:3 * 256] for row in frame[14 + 4 * page:18 + 4 * page]]


def check_clip(frames, line, punched, problems):
  """Looks: before the strike, after it, and three after the refill. What was punched stands still from the first."""
  problems.equal('pictures of the clip', len(frames), line['frames']['checked'])
  problems.expect(punched, 'no page was punched')
  for page in range(64):
    seen = [page_of(frame, page) for frame in frames]
    moves = [seen[i] != seen[i - 1] for i in range(1, len(seen))]
    problems.equal(f'clip: where page {page} changes', moves, [False] + [page not in punched] * 3)
  numbers = [frame[:14] for frame in frames]
  problems.equal('clip: numbers that differ', len(set(map(tuple, numbers))), 4)


def check_shown(bench, problems):
  folder = os.path.join(bench.scratch, 'shown')
  code, _, err = bench.run('run', '--plan', bench.plan(**SHOWN), '--accel', 'tcg', '--show', '-o', folder)
  problems.equal(f'--show: exit code ({zcb.last_line(err)})', code, 0)
  line = zcb.journal(folder)[0]
  frames = clip_frames(zcb.octets(folder, 'frames/0-clip.png'))
  punched = json.loads(zcb.octets(folder, 'frames/0-0.json'))['punched']
  check_clip(frames, line, punched, problems)
  found = zcb.Problems()
  check_clip([*frames[:4], frames[3]], line, punched, found)
  problems.expect(found.found, 'a clip that stands still was not found')


def test(bench, problems):
  _, lines = zcb.played(bench, problems, PLAN)
  check(lines, problems)
  zcb.must_find(doctored(lines), check, problems)
  folder, lines = zcb.played(bench, problems, PLANTS, code=11, name='planted')
  zcb.check_planted_page(folder, lines, PLANTED, count_cells(PLANTS['cells']), problems)
  check_shown(bench, problems)


if __name__ == '__main__':
  zcb.main(test)
