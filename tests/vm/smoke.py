#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The smoke plan in real VMs, stock kernel and variants: what it finds, and all that it leaves."""
import copy
import os
import re
import sys

import zcb

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'web'))
import validate  # noqa: E402

HUGE_PAGE_PUNCHES = {'pattern': 'single', 'unit': 'huge'}
METRICS_OF_PUNCH = {'punch', 'export.create', 'export.close', 'frame.read', 'frame.copy',
                    'coherence.fresh', 'frame.stale'}


def check_stale(line, problems):
  """Stale are just the pages that were punched: at the look after the strike and at each after the refill."""
  name, pages, events = f'{line["kernel"]}: {line["cell"]}', line['pages'], line['events']
  looks = 1 + line['params']['frames']
  problems.equal(f'{name}: observed', line['observed'], 'stale')
  problems.equal(f'{name}: stale pages', pages['stale'], events['punched'] * looks)
  problems.expect(events['punched'] > 0, f'{name}: nothing was punched')
  problems.equal(f'{name}: refilled', events['refilled'], events['punched'])
  problems.equal(f'{name}: stale and not punched', events['stale_not_punched'], 0)
  problems.equal(f'{name}: bad frames', line['frames']['bad'], line['params']['rounds'] * looks)
  problems.equal(f'{name}: pages that are neither', pages['checked'] - pages['fresh'] - pages['stale'], 0)


def check_right(line, observed, problems):
  name = f'{line["kernel"]}: {line["cell"]} {line["params"]["pattern"]}'
  problems.equal(f'{name}: observed', line['observed'], observed)
  problems.equal(f'{name}: fresh pages', line['pages']['fresh'], line['pages']['checked'])
  problems.equal(f'{name}: bad frames', line['frames']['bad'], 0)
  problems.expect(line['frames']['checked'] > 0, f'{name}: nothing was looked at')


def check_held(line, problems):
  """Each whole huge page that was punched is kept from its pool by the udmabuf."""
  problems.equal(f'{line["kernel"]}: huge pages held', line['events']['pages_held'], line['params']['rounds'])


def check_journal(lines, problems, kernels=('stock', 'variants')):
  for line in lines:
    problems.equal(f'{line["kernel"]}: {line["cell"]}: status', line['status'], 'pass')
    problems.equal(f'{line["kernel"]}: {line["cell"]}: kernel faults', line['kernel_faults'], [])
  rows = (
    ('shmem/linux/punch/mmap', {'pattern': 'stride'}, check_stale),
    ('hugetlb/linux/punch/mmap', HUGE_PAGE_PUNCHES, check_stale),
    ('hugetlb/linux/punch/mmap', HUGE_PAGE_PUNCHES, check_held),
    ('hugetlb/linux/punch/mmap', {'unit': 'page'}, lambda l, p: check_right(l, 'zero-in-place', p)),
    ('shmem/linux/punch/oracle', {}, lambda l, p: check_right(l, 'fresh', p)),
    ('hugetlb/linux/punch/oracle', {}, lambda l, p: check_right(l, 'fresh', p)),
    ('shmem/linux/idle/mmap', {}, lambda l, p: check_right(l, 'fresh', p)),
    ('hugetlb/linux/idle/mmap', {}, lambda l, p: check_right(l, 'fresh', p)),
    ('shmem/linux/idle/oracle', {}, lambda l, p: check_right(l, 'fresh', p)),
    ('hugetlb/linux/idle/oracle', {}, lambda l, p: check_right(l, 'fresh', p)),
  )
  for cell, params, check in rows:
    found = zcb.find(lines, 'stock/' + cell, **params)
    problems.equal(f'{cell} {params}: kernels', sorted({line['kernel'] for line in found}), sorted(kernels))
    for line in found:
      check(line, problems)


def check_samples(folder, line, problems):
  """Each metric of a line has its file, and the file as many samples as the line says."""
  for metric, figures in line['metrics'].items():
    name = f'samples/{line["index"]}.{metric}.zcs'
    records = zcb.samples(folder, name)
    problems.equal(f'{name}: records', len(records), figures['n'] + figures['censored'])
    censored = sum(value == 2 ** 64 - 1 for _, _, value in records)
    problems.equal(f'{name}: censored', censored, figures['censored'])
  if '/punch/mmap' in line['cell']:
    problems.equal(f'metrics of {line["cell"]}', METRICS_OF_PUNCH - set(line['metrics']), set())


def check_frames(folder, lines, problems):
  """Where frames were bad there are pictures, whose map has as many stale pages as were punched in a round."""
  for line in lines:
    name = f'frames/{line["index"]}-0.json'
    there = os.path.exists(os.path.join(folder, name))
    problems.equal(f'{name} is there', there, line['frames']['bad'] > 0)
    if not there:
      continue
    frame = zcb.read_json(folder, name)
    problems.equal(f'{name}: stale pages', [i for i, c in enumerate(frame['map']) if c == 'S'], frame['punched'])
    problems.equal(f'{name}: pages', len(frame['map']), line['params']['pages'])
    for part in ('expected', 'seen', 'difference'):
      picture = zcb.octets(folder, frame['png'][part])
      problems.expect(picture.startswith(b'\x89PNG') and picture.endswith(b'IEND\xaeB`\x82'),
                      f'{frame["png"][part]} is no picture')


def check_boots(folder, problems, kernels=('stock', 'variants')):
  for number, kernel in enumerate(kernels, 1):
    boot = zcb.read_json(folder, f'boots/{number}/boot.json')
    seen = {key: boot[key] for key in ('kernel', 'outcome', 'tainted', 'kernel_faults')}
    problems.equal(f'boot {number}', seen,
                   {'kernel': kernel, 'outcome': 'clean', 'tainted': False, 'kernel_faults': []})
    problems.expect(boot['hut']['release'] and boot['cmdline'] and boot['qemu'], f'boot {number} lacks its host')
    problems.expect(zcb.octets(folder, f'boots/{number}/console.log'), f'boot {number} has an empty console.log')
    guests = zcb.octets(folder, f'boots/{number}/guest.log')
    for memory in (b'shmem', b'hugetlb'):
      problems.equal(f'boot {number}: guests on {memory} in guest.log',
                     guests.count(b'[zcbench: a guest on ' + memory + b' starts]'), 1)


def check_metadata(folder, problems, kernels=('stock', 'variants')):
  metadata = zcb.read_json(folder, 'metadata.json')
  problems.equal('metadata: state', metadata['state'], 'complete')
  problems.equal('metadata: exit code', metadata['exit_code'], 0)
  problems.equal('metadata: kernels', [k['name'] for k in metadata['kernels']], list(kernels))
  for kernel in metadata['kernels']:
    problems.expect(kernel.get('release') and kernel.get('config_sha256'), f'metadata: {kernel} is incomplete')
  for key in ('zcbench', 'command', 'plan', 'seed', 'target', 'accel', 'accel_reason', 'clock', 'started', 'ended'):
    problems.expect(metadata.get(key), f'metadata: no {key}')
  for key in ('cpu', 'cpus', 'memory_bytes', 'topology', 'clocksource', 'release'):
    problems.expect(metadata['host'].get(key), f'metadata: host has no {key}')
  for key in ('first_boot', 'first_frame', 'past_first_boot', 'total'):
    problems.expect(metadata['seconds'].get(key, 0) > 0, f'metadata: seconds has no {key}')


def check_report(folder, problems):
  page = zcb.octets(folder, 'report.html').decode()
  problems.expect(page.lstrip().lower().startswith('<!doctype html') and '</html>' in page, 'report.html is no page')
  problems.expect('stock/shmem/linux/punch/mmap' in page, 'report.html does not name the stale cell')
  if not validate.missing():
    problems.equal('report.html against the standard', validate.problems_of(os.path.join(folder, 'report.html')), [])
  problems.expect(zcb.read_json(folder, 'summary.json'), 'summary.json is empty')


def check_words(out, problems):
  said = re.search(r'first boot ([\d.]+) s; first verified guest frame ([\d.]+) s .*?([\d.]+) s past the first boot',
                   out)
  problems.expect(said, f'no seconds of first boot and first frame are printed: {out!r}')
  if said:
    print('first boot {} s, first frame {} s, past the first boot {} s'.format(*said.groups()))
  problems.expect('report: ' in out, 'the path of the report is not printed')


def check_resume(bench, folder, problems):
  """There is nothing left to do: a second or two, and not an octet more."""
  before = zcb.octets(folder, 'cells.jsonl')
  code, _, err = bench.run('run', '--resume', '-o', folder)
  problems.equal(f'exit code of --resume of a whole run ({zcb.last_line(err)})', code, 0)
  problems.expect(zcb.octets(folder, 'cells.jsonl') == before, '--resume changed the journal of a whole run')
  problems.equal('boots after --resume', sorted(os.listdir(os.path.join(folder, 'boots'))), ['1', '2'])


def plants(lines):
  """Doctored journals, each with one fault."""
  def doctored(change):
    copies = copy.deepcopy(lines)
    change(zcb.find(copies, 'stock/shmem/linux/punch/mmap', pattern='stride')[0],
           zcb.find(copies, 'stock/hugetlb/linux/punch/mmap', **HUGE_PAGE_PUNCHES)[0], copies)
    return copies

  yield 'a stale page too many', doctored(lambda s, h, a: s['pages'].update(stale=s['pages']['stale'] + 1))
  yield 'a stale page that was not punched', doctored(lambda s, h, a: s['events'].update(stale_not_punched=1))
  yield 'a cell that failed', doctored(lambda s, h, a: s.update(status='fail'))
  yield 'a fresh udmabuf', doctored(lambda s, h, a: s.update(observed='fresh'))
  yield 'a huge page that went home', doctored(lambda s, h, a: h['events'].update(pages_held=0))
  yield 'a kernel fault', doctored(lambda s, h, a: h['kernel_faults'].append('BUG: planted'))
  yield 'a cell that is not there', doctored(lambda s, h, a: a.remove(s))


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'variants')
  folder = os.path.join(bench.scratch, 'run')
  code, out, err = bench.run('run', '--plan', 'smoke', '--kernel', 'stock,variants', '--accel', 'tcg', '-o', folder)
  print(err)
  problems.equal('exit code', code, 0)
  bench.expect_nothing_left(problems)
  check_words(out, problems)
  lines = zcb.journal(folder)
  check_journal(lines, problems)
  for line in lines:
    check_samples(folder, line, problems)
  check_frames(folder, lines, problems)
  check_boots(folder, problems)
  check_metadata(folder, problems)
  check_report(folder, problems)
  check_resume(bench, folder, problems)
  bench.expect_nothing_left(problems)
  zcb.must_find(plants(lines), check_journal, problems)


if __name__ == '__main__':
  zcb.main(test)
