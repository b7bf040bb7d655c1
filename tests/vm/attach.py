#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All variants as devices see them, held against a table of this test's own: what is kept holds the pages that it was made
of, whatever the variant, and keeps them from being moved; who is told maps again, if there is somebody who tells.
"""

import zcb

KEPT = {'fault': 'stale', 'refill-write': 'stale', 'refill-read': 'stale', 'refill-read-fault': 'stale',
        'refill-only': 'stale', 'refill-uffd': 'stale', 'migrate': 'refused', 'zeroed': 'zero-in-place', 'none': 'fresh'}
FOLLOWED = {event: 'lookup' for event in KEPT} | {'zeroed': 'zero-in-place', 'none': 'fresh'}
VARIANTS = ('stock', 'update-nolock', 'update-ptl', 'change-pte', 'update-lookup', 'update-seq', 'invalidate')
READINGS = {'attach': 'table', 'attach-dynamic': 'dynamic', 'attach-vmap': 'kept-vmap'}
SAYS = {'table': 'by a device that keeps its sg_table', 'kept-vmap': 'by a kernel mapping that is kept',
        'dynamic': 'by a device that maps its sg_table again when it is told'}


def row(memory, workload='punch', **params):
  return {'workload': workload, 'consumers': list(READINGS), 'memory': [memory], 'params': params}


HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
MIGRATE = 'migrate-move-pages'
ROWS = [
  row('shmem', 'idle'),
  row('shmem', pattern='stride'),
  row('shmem', pattern='stride', refill='write'),
  row('shmem', pattern='stride', refill='write', touch='read'),
  row('shmem', pattern='stride', refill='fallocate', touch='read'),
  row('shmem', pattern='stride', refill='other', touch='none'),
  row('shmem', pattern='stride', refill='uffd-copy'),
  row('shmem', MIGRATE, pattern='stride'),
  row('hugetlb', **HUGE),
  row('hugetlb', refill='fallocate', touch='read', **HUGE),
  row('hugetlb', refill='fallocate', touch='none', **HUGE),
  row('hugetlb', refill='uffd-continue', **HUGE),
  row('hugetlb', MIGRATE, **HUGE),
  row('hugetlb', pattern='stride'),
]
PLAN = {
  'kernels': ['stock', 'variants'], 'variants': ['all'], 'memory': ['shmem', 'hugetlb'], 'guests': ['micro'],
  'params': {'pages': 64, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'count': 8},
  'cells': ROWS,
}


def follows(variant, consumer):
  return variant == 'invalidate' and consumer == 'attach-dynamic'


def check_migration(name, variant, consumer, line, problems):
  moved, refused = line['events']['migrate_ok'], line['events']['migrate_failed']
  if follows(variant, consumer):
    problems.expect(moved > 0 and not refused, f'{name}: {moved} moved, {refused} refused')
  else:
    problems.expect(refused > 0 and not moved, f'{name}: {moved} moved under a device, {refused} refused')


def check_line(line, problems):
  variant, _, _, _, consumer = line['cell'].split('/')
  name = f'{line["cell"]} {line["event"]} {line["params"]["refill"]} on {line["kernel"]}'
  problems.equal(f'{name}: reading', line.get('reading'), READINGS[consumer])
  if line['kernel'] == 'stock':
    problems.equal(f'{name}: status', line['status'], 'skip')
    problems.expect('/dev/dmabuf-importer' in line['reason'] and './scripts/setup kernel' in line['reason'],
                    f'{name}: the skip does not say what is missing: {line["reason"]}')
    return
  wanted = (FOLLOWED if follows(variant, consumer) else KEPT)[line['event']]
  problems.equal(f'{name}: observed', line.get('observed'), wanted)
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  if line['event'] == 'migrate':
    check_migration(name, variant, consumer, line, problems)


def check(lines, problems):
  problems.equal('cells', len(lines), len(ROWS) * len(READINGS) * (1 + len(VARIANTS)))
  for line in lines:
    check_line(line, problems)
  for variant in VARIANTS:
    events = {line['event'] for line in lines if line['cell'].startswith(variant + '/')}
    problems.equal(f'{variant}: events', events, set(KEPT))


def check_page(folder, problems):
  """Each way of reading has lines of its own, so that what is declared apart is not put into one box."""
  page = zcb.octets(folder, 'report.html').decode()
  table = page[page.index('id="events"'):page.index('id="verdicts"')]
  for says in SAYS.values():
    problems.expect(f'<small>{says}</small>' in table, f'the report has no line of what is read {says}')
  problems.expect('class="fail"' not in table, 'the report shows a failure')
  for box in table.split('<td class="v">')[1:]:
    problems.expect(box.split('</td>')[0].count('<div') == 1, f'a box has several verdicts: {box[:200]}')


def plants(lines):
  def doctored(variant, consumer, event, change):
    return zcb.doctored(lines, lambda l: l['kernel'] != 'stock' and l['cell'].startswith(variant + '/') and
                        l['cell'].endswith('/' + consumer) and l['event'] == event, change)

  yield 'a kept table that follows', doctored('invalidate', 'attach', 'fault', lambda l: l.update(observed='lookup'))
  yield 'one that is told, and does not', doctored(
    'invalidate', 'attach-dynamic', 'refill-only', lambda l: l.update(observed='stale'))
  yield 'a variant that tells nobody, followed', doctored(
    'update-ptl', 'attach-dynamic', 'fault', lambda l: l.update(observed='stale-until-refill'))
  yield 'a page moved under a device', doctored(
    'invalidate', 'attach', 'migrate', lambda l: l['events'].update(migrate_ok=1))
  yield 'a consumer less', [l for l in lines if not l['cell'].endswith('/attach-vmap')]


def test(bench, problems):
  folder, lines = zcb.played(bench, problems, PLAN)
  check(lines, problems)
  check_page(folder, problems)
  zcb.must_find(plants(lines), check, problems)


if __name__ == '__main__':
  zcb.main(test)
