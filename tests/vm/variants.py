#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All variants in a real VM: what each makes of each event, held against a table of this test's own.

The row `refill-read` separates the variants whose hook is where a fault finds a page from those that are told where
it enters the page table; without fault-around the difference is gone.
"""

import zcb

UNTIL = 'stale-until-refill'
EVENTS = ('fault', 'refill-write', 'refill-read', 'refill-read-fault', 'refill-only', 'refill-uffd', 'migrate')
TABLE = {
  'stock': ('stale',) * 6 + ('refused',),
  'update-nolock': (UNTIL, UNTIL, 'stale', UNTIL, 'stale', 'stale', 'refused'),
  'update-ptl': (UNTIL, UNTIL, UNTIL, UNTIL, 'stale', 'stale', 'refused'),
  'change-pte': (UNTIL, UNTIL, UNTIL, UNTIL, 'stale', 'stale', 'refused'),
  'update-lookup': (UNTIL, UNTIL, 'stale', UNTIL, 'stale', 'stale', 'refused'),
  'update-seq': (UNTIL, UNTIL, UNTIL, UNTIL, 'stale', 'stale', 'refused'),
  'invalidate': ('lookup',) * 7,
}


def row(memory, consumers=('mmap',), workload='punch', **params):
  return {'workload': workload, 'consumers': list(consumers), 'memory': [memory], 'params': params}


HUGE = {'pattern': 'single', 'unit': 'huge', 'blocks': 4}
ROWS = [
  # (event, row)
  ('fault', row('shmem', ('mmap', 'mmap-many', 'mmap-parts', 'send', 'oracle'), pattern='stride')),
  ('fault', row('shmem', pattern='stride', refill='vmm', touch='none')),
  ('fault', row('shmem', pattern='random', touch='read')),
  ('refill-write', row('shmem', pattern='stride', refill='write')),
  ('refill-write', row('shmem', pattern='stride', refill='fallocate')),
  ('refill-read', row('shmem', ('mmap', 'oracle'), pattern='stride', refill='write', touch='read')),
  ('refill-read', row('shmem', pattern='stride', refill='other', touch='read')),
  ('refill-read-fault', row('shmem', pattern='stride', refill='other', touch='read', fault_around=4096)),
  ('refill-read-fault', row('shmem', pattern='stride', refill='fallocate', touch='read')),
  ('refill-only', row('shmem', pattern='stride', refill='other', touch='none')),
  ('refill-uffd', row('shmem', pattern='stride', refill='uffd-copy')),
  ('refill-uffd', row('shmem', pattern='stride', refill='uffd-continue', touch='read')),
  ('migrate', row('shmem', ('mmap', 'mmap-many', 'mmap-parts', 'send', 'oracle'), workload='migrate-move-pages', pattern='stride')),
  ('fault', row('hugetlb', ('mmap', 'mmap-parts', 'send', 'oracle'), **HUGE)),
  ('refill-write', row('hugetlb', refill='other', **HUGE)),
  ('refill-read-fault', row('hugetlb', refill='fallocate', touch='read', **HUGE)),
  ('refill-only', row('hugetlb', refill='fallocate', touch='none', **HUGE)),
  ('refill-uffd', row('hugetlb', refill='uffd-copy', touch='read', **HUGE)),
  ('refill-uffd', row('hugetlb', refill='uffd-continue', **HUGE)),
  ('migrate', row('hugetlb', workload='migrate-move-pages', **HUGE)),
  ('zeroed', row('hugetlb', pattern='stride')),
]
PLAN = {
  'kernels': ['variants'], 'variants': ['all'], 'memory': ['shmem', 'hugetlb'],
  'params': {'pages': 32, 'rounds': 2, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'count': 8},
  'cells': [r for _, r in ROWS],
}


def wanted(variant, event, consumer):
  if consumer == 'oracle':
    return 'fresh'
  return 'zero-in-place' if event == 'zeroed' else TABLE[variant][EVENTS.index(event)]


def check_line(line, problems):
  variant, _, _, _, consumer = line['cell'].split('/')
  name = f'{line["cell"]} {line["event"]} {line["params"]["refill"]}'
  problems.equal(f'{name}: observed', line['observed'], wanted(variant, line['event'], consumer))
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  counters = line.get('udmabuf', {})
  if variant != 'stock' and line['event'] in ('fault', 'refill-write'):
    problems.expect(counters.get('updates', 0) >= line['events']['punched'],
                    f'{name}: {counters.get("updates")} updates for {line["events"]["punched"]} punched pages')
  # The oracle reads the memfd: nobody looks at the dma-buf.
  if line['event'] == 'migrate':
    key = 'migrate_ok' if variant == 'invalidate' else 'migrate_failed'
    problems.expect(line['events'][key] > 0, f'{name}: {key} is {line["events"][key]}')
  if variant == 'invalidate' and line['event'] != 'zeroed' and consumer != 'oracle':
    problems.expect(counters.get('lookups', 0) > 0, f'{name}: no look-ups')


def check(lines, problems):
  cells = sum(len(r['consumers']) for _, r in ROWS) * len(TABLE)
  problems.equal('cells', len(lines), cells)
  for line in lines:
    check_line(line, problems)
  for variant in TABLE:
    events = {line['event'] for line in lines if line['cell'].startswith(variant + '/')}
    problems.equal(f'{variant}: events', events, set(EVENTS) | {'zeroed'})


def check_page(folder, problems):
  """Every row of the table is in the report, declared beside observed, and no box is empty."""
  page = zcb.octets(folder, 'report.html').decode()
  table = page[page.index('id="events"'):page.index('id="verdicts"')]
  for event in EVENTS:
    problems.expect(f'>{event}, shmem' in table, f'the report has no row for {event} on shmem')
  problems.expect('not planned' not in table.split('hugetlb')[0], 'a box of the report is empty')
  problems.expect('class="fail"' not in table, 'the report shows a failure')


def plants(lines):
  def doctored(variant, event, change):
    return zcb.doctored(lines, lambda l: l['cell'].startswith(variant + '/') and l['event'] == event and
                        l['cell'].endswith('mmap'), change)

  yield 'a stale page where update-ptl is told', doctored(
    'update-ptl', 'refill-read', lambda l: l.update(observed='stale'))
  yield 'a fresh one where update-nolock is not', doctored(
    'update-nolock', 'refill-read', lambda l: l.update(observed=UNTIL))
  yield 'no updates', doctored('update-seq', 'fault', lambda l: l['udmabuf'].update(updates=0))
  yield 'a variant less', [l for l in lines if not l['cell'].startswith('change-pte/')]


def test(bench, problems):
  folder, lines = zcb.played(bench, problems, PLAN)
  check(lines, problems)
  check_page(folder, problems)
  zcb.must_find(plants(lines), check, problems)


if __name__ == '__main__':
  zcb.main(test)
