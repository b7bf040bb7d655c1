#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `zcbench trends` finds in stores of synthetic nights, of which it is known what changed.

usage: check-trends.py TRENDS-PROGRAM FOLDER
       check-trends.py --bench TRENDS-PROGRAM FOLDER    a year of nights as large as the default plan's
"""
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'golden'), os.path.join(HERE, '..', 'web')]
import browser  # noqa: E402
import generate  # noqa: E402
import nights  # noqa: E402

MAX_BYTES = 2 << 20
MAX_SECONDS = 10  # of processors
failed = []


def run(program, *args):
  done = subprocess.run([program, *args], capture_output=True, text=True, check=False)
  return done.returncode, done.stdout, done.stderr


def expect(what, got, wanted):
  if got != wanted:
    failed.append(f'{what}: {got!r}, not {wanted!r}')


def close(got, wanted):
  """Whether the alerts are those, with their onset told to three nights; and how many there are beside them."""
  rest, missing = list(got), 0
  for direction, metric, night in wanted:
    found = [a for a in rest if a[1:3] == (direction, metric) and any(a[3] == day(n) for n in range(night - 3, night + 4))]
    missing += not found
    rest = [a for a in rest if a not in found[:1]]
  return not missing, len(rest)


def alerts(text):
  """(new or open, direction, metric, onset) of each line but the first."""
  found = []
  for line in text.splitlines()[1:]:
    state, direction, name = line.split()[:3]
    metric, when = name.split('@')
    found.append((state, direction, metric, when))
  return found


def day(night):
  return nights.stamp(night).replace('-', '').replace(':', '')


def fresh(folder, name):
  store = os.path.join(folder, name)
  shutil.rmtree(store, ignore_errors=True)
  return store


def step_at(at, factor, metric='punch', back=999):
  return lambda row, m, n: factor if m == metric and at <= n < back else 1.0


def check_changes(program, folder):
  """One alert a change, found within 3 nights; none for a spike, and of noise what is to be expected."""
  noise = 0
  for name, change, wanted in (
      ('noise', lambda row, m, n: 1.0, []),
      ('spike', step_at(20, 1.6, back=21), []),
      ('worse', step_at(20, 1.05), [('worse', 'punch', 20)]),
      ('less', step_at(25, 1 / 1.2, 'frame.read'), [('less', 'frame.read', 25)]),
      ('two', lambda row, m, n: (1.1 if n >= 15 else 1.0) * (0.8 if n >= 30 and m == 'punch' else 1.0),
       [('less', 'punch', 30), ('worse', 'frame.read', 15), ('worse', 'punch', 15)])):
    store = fresh(folder, name)
    nights.series(store, nights.small(), 40, change, seed=len(name))
    code, out, err = run(program, store)
    expect(f'{name}: exit code', code, 0)
    there, others = close(alerts(out), wanted)
    if not there:
      failed.append(f'{name}: alerts are {alerts(out)}, and {wanted} are not all among them')
    noise += others
    expect(f'{name}: words', err, '')
  print(f'{noise} alerts of noise in 5 stores of 40 nights')
  if noise > 4:
    failed.append(f'{noise} alerts of noise in 5 stores of 40 nights')


def check_in_time(program, folder):
  """Night by night: a regression is told once, on one of its first 4 nights, with exit code 10."""
  told = []
  for last in range(18, 30):
    store = fresh(folder, 'growing')
    nights.series(store, nights.small(), last + 1, step_at(20, 1.05))
    code, out, _ = run(program, store)
    new = [a for a in alerts(out) if a[0] == 'new']
    expect(f'night {last}: exit code', code, 10 if new else 0)
    told += [(last, *a[1:]) for a in new]
  ours = [t for t in told if t[1:3] == ('worse', 'punch')]
  if len(ours) != 1 or not 20 <= ours[0][0] <= 23 or not close(ours, [('worse', 'punch', 20)])[0]:
    failed.append(f'a regression in night 20 was told as {told}')


def check_suspects(program, folder):
  """A spike in the last night is suspected and no alert; a night later nothing is said of it. A level that lasts is an alert."""
  for name, last, back, suspected, alert in (('spike tonight', 20, 21, True, False), ('spike last night', 21, 21, False, False),
                                             ('two nights', 21, 22, False, True)):
    store = fresh(folder, 'suspects')
    nights.series(store, nights.small(), last + 1, step_at(20, 1.5, back=back))
    code, out, _ = run(program, store, '-o', store)
    expect(f'{name}: alerts', (code, bool(alerts(out))), (10 if alert else 0, alert))
    page = open(os.path.join(store, 'index.html'), encoding='utf-8').read()
    expect(f'{name}: suspected', '<strong>Suspected</strong>' in page and 'punch of stock:stock' in page.partition('<strong>Suspected')[2].partition('</p>')[0],
           suspected)


def check_acknowledge(program, folder):
  """An acknowledged level is the base line: silence, until it changes again."""
  store = fresh(folder, 'acknowledged')
  nights.series(store, nights.small(), 30, step_at(20, 1.1), noise=.001)
  name = 'punch@' + day(20)
  expect('before', [a[2:] for a in alerts(run(program, store)[1])], [('punch', day(20))])
  expect('no such alert', run(program, store, '--acknowledge', 'punch@never', '--because', 'x')[0], 2)
  expect('no reason', run(program, store, '--acknowledge', name)[0], 2)
  code, out, _ = run(program, store, '--acknowledge', name, '--because', 'a lock more: <b>kept</b>', '-o', store)
  expect('acknowledged', (code, alerts(out)), (0, []))
  page = open(os.path.join(store, 'index.html'), encoding='utf-8').read()
  if 'a lock more: &lt;b&gt;kept' not in page or 'acknowledged' not in page:
    failed.append('the page does not say why an alert was acknowledged')
  nights.series(store, nights.small(), 45, lambda r, m, n: (1.1 if n >= 20 else 1) * (1.1 if n >= 36 else 1) if m == 'punch' else 1, noise=.001)
  expect('again', [a[2:] for a in alerts(run(program, store)[1])], [('punch', day(36))])


def check_gaps(program, folder):
  """Nights that are missing, or have no such metric, are gaps in the lines; they alarm nobody."""
  store = fresh(folder, 'no-metric')
  nights.series(store, nights.small(), 30, lambda row, m, n: 0 if m == 'punch' and 10 <= n < 14 else 1, noise=.001)
  run(program, store, '-o', store)
  blocks = open(os.path.join(store, 'plots', 'trend-1.dat'), encoding='utf-8').read().split('\n\n\n')
  expect('blocks', [(b.split('\n')[0], sum('\t' in x for x in b.split('\n')), b.count('\n\n')) for b in blocks],
         [('"stock:stock"', 26, 1), ('"variants:update-ptl"', 26, 1)])
  store = fresh(folder, 'gaps')
  nights.series(store, nights.small(), 30, gaps=(5, 6, 7, 15), noise=.001)
  expect('gaps', alerts(run(program, store, '-o', store)[1]), [])
  blocks = open(os.path.join(store, 'plots', 'trend-1.dat'), encoding='utf-8').read().split('\n\n\n')
  lines = blocks[0].split('\n')
  expect('nights that are drawn', sum('\t' in line for line in lines), 26)
  expect('gaps that are drawn', sum(line == '' for line in lines), 2)


def check_store(program, folder):
  """A run is added once, nothing that is there changes, and what is no run is refused."""
  store = fresh(folder, 'added')
  generate.healthy(folder)
  healthy = os.path.join(folder, 'healthy')
  expect('no store', run(program, store)[0], 2)
  expect('another folder', run(program, folder)[0], 2)
  code, out, _ = run(program, store, '--add', healthy, '-o', os.path.join(folder, 'page'))
  expect('added', (code, out.startswith('1 nights, ')), (0, True))
  files = glob.glob(os.path.join(store, 'nights', '*'))
  before = [(open(f, 'rb').read(), os.stat(f).st_ino) for f in files]
  code, out, err = run(program, store, '--add', healthy)
  expect('twice', (code, out.startswith('1 nights, '), 'in the store already' in err), (0, True, True))
  expect('unchanged', [(open(f, 'rb').read(), os.stat(f).st_ino) for f in files], before)
  expect('names', [os.path.basename(f)[:17] for f in files], ['20260131T120000Z-'])
  night = json.load(open(files[0], encoding='utf-8'))
  expect('schema', (night['schema'], night['cells']['pass'], len(night['rows'])), (1, 32, 32))
  with open(os.path.join(healthy, 'summary.json'), 'w', encoding='utf-8') as f:
    f.write('a leftover')
  expect('no run', run(program, store, '--add', folder)[0], 2)
  generate.damaged(folder)
  expect('no time', run(program, store, '--add', os.path.join(folder, 'damaged'))[0], 2)


def check_hostile(program, folder):
  """Nights full of attacks and rubbish neither break the page nor run."""
  store, h = fresh(folder, 'hostile'), generate.HOSTILE
  night = nights.small(8)
  for i, row in enumerate(night['rows']):
    row.update(kernel=h[i], cell='/'.join(t.replace('/', '|') for t in h[i:i + 5]), clock=h[i + 1], accel=h[i + 2])
  night.update(cpu=h[0], plan=h[1], git=h[7], kernels=[{'name': t, 'release': t} for t in h], metrics=[h[0] + ' ns', h[7] + ' ' + h[3]],
               params=[h[0]])
  nights.series(store, night, 20, lambda row, m, n: 1.5 if n >= 14 else 1)
  with open(os.path.join(store, 'acknowledged.jsonl'), 'w', encoding='utf-8') as f:
    f.write('\n'.join(json.dumps({'alert': t, 'reason': t}) for t in h) + '\n[]\n{\n')
  for number, text in enumerate(('{', '[]', 'null', '{"schema":2}', '{"schema":1}', '{"schema":1,"started":"yesterday"}',
                                 '{"schema":1,"started":"2026-01-25T00:00:00Z","rows":[1,{"metrics":[[9e9],[-1,0,0,5],{}],"params":-1}],"metrics":7}')):
    with open(os.path.join(store, 'nights', f'2026012{number}-x.json'), 'w', encoding='utf-8') as f:
      f.write(text)
  os.symlink('/etc/passwd', os.path.join(store, 'nights', '20260130-x.json'))
  code, _, err = run(program, store, '-o', store)
  if code not in (0, 10) or 'warning' in err:
    failed.append(f'hostile: exit code {code}, {err[:300]}')
  for place in (store, os.path.join(store, 'plots'), os.getcwd()):
    if os.path.exists(os.path.join(place, 'owned')):
      failed.append('hostile: something was run')
  if b'root:x:0' in open(os.path.join(store, 'index.html'), 'rb').read():
    failed.append('hostile: a file outside of the store was read')


def check_pages(program, folder):
  """The pages hold what the report's pages hold, in a browser."""
  sizes = fresh(folder, 'month')
  nights.series(sizes, wide_night(), 30, step_at(20, 1.05))
  run(program, sizes, '-o', sizes)
  size = os.path.getsize(os.path.join(sizes, 'index.html'))
  print(f'30 nights: {size} bytes')
  if not MAX_BYTES / 8 < size <= MAX_BYTES:
    failed.append(f'30 nights: the page has {size} bytes')
  if not browser.find():
    print('there is no Chromium: the pages were not opened (Debian: apt install chromium)')
    return
  import importlib  # after the look for a browser: it is not needed without one
  report = importlib.import_module('check-report')
  with browser.Browser() as chromium:
    for name in ('month', 'gaps', 'hostile', 'acknowledged'):
      path = os.path.join(folder, name, 'index.html')
      for mode, width, dark in report.MODES:
        failed.extend(f'{name}, {mode}: {p}' for p in report.problems_of(chromium, path, width, dark))


def wide_night():
  """A night of as many rows and metrics as the default plan has."""
  night = nights.small(8, [f'metric-{i}' for i in range(7)])
  rows = night['rows']
  night['rows'] = []
  for i in range(92):
    for row in rows:
      variant, memory, guest, _, consumer = row['cell'].split('/')
      cell = f'{variant}{i // 46}/{["shmem", "hugetlb"][i % 2]}/{guest}/workload-{i % 23}/{consumer}{i // 23}'
      night['rows'].append({**row, 'cell': cell})
  return night


def bench(program, folder):
  store = fresh(folder, 'year')
  nights.series(store, wide_night(), 365, step_at(200, 1.05))
  before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
  run(program, store, '-o', store)
  after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - wall
  cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
  print(f'365 nights of {len(wide_night()["rows"])} rows: {wall:.1f} s, {cpu:.1f} s of processors, '
        f'{os.path.getsize(os.path.join(store, "index.html"))} bytes')
  if cpu > MAX_SECONDS:
    failed.append(f'365 nights took {cpu:.1f} s of processors')


def main():
  program, folder = os.path.abspath(sys.argv[-2]), os.path.abspath(sys.argv[-1])
  os.makedirs(folder, exist_ok=True)
  checks = (bench,) if sys.argv[1] == '--bench' else (
      check_changes, check_in_time, check_suspects, check_acknowledge, check_gaps, check_store, check_hostile, check_pages)
  for check in checks:
    check(program, folder)
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
