#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""zcbench compare, from the outside, over run directories whose truth is known.

  check-compare.py ZCBENCH CALIBRATE FOLDER
  check-compare.py --self-test ZCBENCH CALIBRATE FOLDER   a zcbench that lies must be found
"""
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys

T_5 = 2.570581836  # Student's t: 97.5 % with 5 degrees of freedom
METRICS = {'punch': 7000, 'fault.vmm': 16000, 'export.create': 100000}


class Run:
  def __init__(self, folder, name, **changes):
    self.path, self.lines = os.path.join(folder, name), []
    self.random = random.Random(name)
    shutil.rmtree(self.path, ignore_errors=True)
    os.makedirs(self.path + '/samples')
    self.metadata = {'schema': 1, 'plan': 'drawn', 'seed': 1, 'clock': 'wall', 'accel': 'tcg',
                     'kernels': [{'name': 'variants', 'config_sha256': 'ab' * 32}],
                     'host': {'cpu': 'Synthetic CPU'}, **changes}

  def cell(self, boot, variant, arm, memory, factors, shift, **changes):
    index, metrics = len(self.lines), {}
    for metric, middle in METRICS.items():
      values = [int(middle * factors.get(metric, 1) * math.exp(shift + self.random.gauss(0, .1)))
                for _ in range(150)]
      with open(f'{self.path}/samples/{index}.{metric}.zcs', 'wb') as f:
        f.write(b'zcbsampl' + struct.pack('<II', 1, 24))
        for i, value in enumerate(values):
          f.write(struct.pack('<QQQ', i, i * 10000, value))
      metrics[metric] = {'unit': 'ns', 'n': len(values), 'censored': 0, 'values': values}
    self.lines.append({'schema': 1, 'index': index, 'boot': boot, 'kernel': 'variants', 'arm': arm,
                       'cell': f'{variant}/{memory}/micro/punch/mmap', 'params': {'pattern': 'stride', 'pages': 64},
                       'status': 'pass', 'expected': 'fresh', 'observed': 'fresh', 'clock': self.metadata['clock'],
                       'accel': 'tcg', 'seed': 1, 'seconds': 1.0, 'metrics': metrics, 'pages': {}, 'frames': {},
                       'events': {}, 'block': index, **changes})

  def boots(self, n, arms, factors=None, noise=.05, **changes):
    """Each boot has its own pace; its cells come in turns, forth and back."""
    for boot in range(1, n + 1):
      pace = self.random.gauss(0, noise)
      for memory in ('shmem', 'hugetlb'):
        for arm in arms + arms[::-1]:
          self.cell(boot, 'update' if arm == 'B' else 'stock', arm, memory, (factors or {}) if arm == 'B' else {},
                    pace + self.random.gauss(0, .002), **changes)
    return self

  def text(self, name, content):
    os.makedirs(os.path.dirname(f'{self.path}/{name}'), exist_ok=True)
    with open(f'{self.path}/{name}', 'w', encoding='utf-8') as f:
      f.write(content)

  def json(self, name, value):
    os.makedirs(os.path.dirname(f'{self.path}/{name}'), exist_ok=True)
    with open(f'{self.path}/{name}', 'w', encoding='utf-8') as f:
      json.dump(value, f)

  def finish(self):
    self.json('metadata.json', self.metadata)
    self.json('plan.json', {'schema': 1, 'cells': []})
    with open(self.path + '/cells.jsonl', 'w', encoding='utf-8') as f:
      for line in self.lines:
        metrics = {m: {k: v for k, v in of.items() if k != 'values'} for m, of in line['metrics'].items()}
        f.write(json.dumps({**line, 'metrics': metrics}) + '\n')
    return self.path


class Test:
  def __init__(self, zcbench, calibrate, folder):
    self.zcbench, self.calibrate, self.folder, self.problems = zcbench, calibrate, folder, []

  def run(self, *args):
    done = subprocess.run([self.zcbench, 'compare', *args], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr

  def expect(self, right, what):
    if not right:
      self.problems.append(what)

  def compare(self, what, code, *args):
    got, out, err = self.run(*args, '--json')
    self.expect(got == code, f'{what}: exit code {got}, not {code}: {err}')
    return json.loads(out) if out else {'rows': [], 'cell_rows': [], 'verdict': None, 'wrong': []}

  def refused(self, what, says, *args):
    code, out, err = self.run(*args)
    self.expect(code == 2 and not out, f'{what}: exit code {code}, {out[:80]!r}')
    self.expect(says in err and err.count('\n') == 1 and 'usage: ' in err, f'{what}: it says {err!r}')


def row(comparison, metric, statistic='p50'):
  return next((r for r in comparison['rows'] if (r['metric'], r['statistic']) == (metric, statistic)), {})


def median(values):
  return sorted(values)[(len(values) + 1) // 2 - 1]


def by_hand(run, metric):
  """Mean and interval of the boots' differences, cells and turns weighing alike; without a twin."""
  differences = []
  for boot in sorted({line['boot'] for line in run.lines}):
    def mean(arm, boot=boot):
      logs = [math.log(median(line['metrics'][metric]['values'])) for line in run.lines
              if (line['boot'], line['arm']) == (boot, arm)]
      return sum(logs) / len(logs)
    differences.append(mean('B') - mean('A'))
  n = len(differences)
  middle = sum(differences) / n
  deviation = math.sqrt(sum((d - middle) ** 2 for d in differences) / (n - 1))
  half = T_5 * deviation / math.sqrt(n)
  return [math.exp(x) for x in (middle, middle - half, middle + half)]


def verdicts(t):
  run = Run(t.folder, 'slower').boots(6, 'AB', {'fault.vmm': 1.1})
  path = run.finish()
  c = t.compare('slower', 10, path)
  t.expect(row(c, 'fault.vmm').get('verdict') == 'worse', f'slower: {row(c, "fault.vmm")}')
  t.expect(row(c, 'punch').get('verdict') == 'equivalent', f'slower, punch: {row(c, "punch")}')
  for metric in METRICS:
    mine = by_hand(run, metric)
    its = [row(c, metric).get(k, 0) for k in ('ratio', 'low', 'high')]
    t.expect(all(abs(a - b) < 1e-6 for a, b in zip(mine, its)), f'slower, {metric}: by hand {mine}, it says {its}')
  t.expect(t.compare('margin', 0, path, '--margin', '50')['verdict'] == 'equivalent', 'a margin of 50 %')
  t.expect([r['metric'] for r in t.compare('metrics', 0, path, '--metrics', 'punch')['rows']] == ['punch'] * 2,
           'one metric: others are there')
  c = t.compare('variants of one run', 10, path, path, '--variant-a', 'stock', '--variant-b', 'variants:update')
  t.expect(c['paired'], 'variants of one run are not paired')
  c = t.compare('faster', 0, Run(t.folder, 'faster').boots(6, 'ABZ', {'punch': .8}).finish())
  t.expect(row(c, 'punch').get('verdict') == 'better' and c['twin'] == {'ran': True, 'compared': 18,
                                                                        'false_alarms': 0}, f'faster: {c["twin"]}')
  c = t.compare('too few', 12, Run(t.folder, 'few').boots(1, 'AB').finish())
  t.expect('two are the least' in row(c, 'punch').get('reason', ''), 'too few: no word of it')


def two_runs(t):
  a = Run(t.folder, 'run-a').boots(6, 'A', noise=.01).finish()
  b = Run(t.folder, 'run-b').boots(6, 'A', noise=.01)
  same = t.compare('the same twice', 0, a, b.finish())
  t.expect(same['verdict'] == 'equivalent' and not same['paired'], f'the same twice: {same["verdict"]}')
  slow = Run(t.folder, 'run-slow').boots(6, 'B', {m: 1.2 for m in METRICS}, noise=.01).finish()
  t.expect(t.compare('slower run', 10, a, slow)['rows'][0]['verdict'] == 'worse', 'a slower run')
  t.expect(t.compare('faster run', 0, slow, a)['rows'][0]['verdict'] == 'better', 'a faster run')
  for key, says, change in (('clock', 'the clock of', {'clock': 'icount'}), ('accel', 'the accelerator of', {'accel': 'kvm'}),
                            ('CPU', "machine's CPU of", {'host': {'cpu': 'Another CPU'}}),
                            ('config', 'the kernel configuration of',
                             {'kernels': [{'name': 'other', 'config_sha256': 'cd' * 32}]})):
    other = Run(t.folder, 'run-' + key, **change).boots(2, 'A').finish()
    t.refused(f'another {key}', says, a, other)
  configs = {'a': 'CONFIG_HZ=250\n# CONFIG_KASAN is not set\nCONFIG_SAME=y\n',
             'b': 'CONFIG_SAME=y\nCONFIG_HZ=1000\nCONFIG_KASAN=y\n# CONFIG_OFF is not set\n',
             'c': '# of another release\nCONFIG_SAME=y\nCONFIG_HZ=250\n# CONFIG_OFF is not set\n'}
  runs = {}
  for key, text in configs.items():
    kernel = {'name': 'variants', 'config_sha256': (key + key) * 32, 'config': f'kernels/{key}.config'}
    run = Run(t.folder, 'config-' + key, kernels=[kernel]).boots(6, 'A', noise=.01)
    run.text(f'kernels/{key}.config', text)
    runs[key] = run.finish()
  t.refused('other options', 'CONFIG_HZ (250, 1000), CONFIG_KASAN (not set, y)', runs['a'], runs['b'])
  t.compare('another hash of the same options', 0, runs['a'], runs['c'])
  other = Run(t.folder, 'run-kernel', kernels=[{'name': 'other', 'release': '6.13', 'config_sha256': 'ab' * 32}])
  t.compare('another kernel', 0, a, other.boots(6, 'A', noise=.01).finish())
  several = []
  for name, factor in (('kernels-a', 1), ('kernels-b', 1.3)):
    run = Run(t.folder, name, kernels=[{'name': 'one'}, {'name': 'two'}])
    for boot in range(1, 11):
      kernel = 'one' if boot <= 5 else 'two'
      run.cell(boot, 'stock', 'A', 'shmem', {'punch': factor}, run.random.gauss(0, .01), kernel=kernel)
    several.append(run.finish())
  c = t.compare('two kernels of each run', 10, *several)
  t.expect(row(c, 'punch').get('verdict') == 'worse' and row(c, 'punch').get('boots') == 5 and
           row(c, 'punch').get('cells') == 2, f'two kernels of each run: {row(c, "punch")}')
  t.refused('nothing in common', 'no cell in common', a, b.path, '--metrics', 'migrate')
  t.refused('two variants and one', '--variant-b', a, os.path.join(t.folder, 'slower'))
  t.refused('no arms', 'has no arms', a)
  t.refused('no run', 'not a run directory', a, t.folder)
  t.refused('a margin', '--margin', a, b.path, '--margin', 'x')


def correctness(t):
  """Frames that are wrong are worse than anything that is slow."""
  run = Run(t.folder, 'wrong').boots(6, 'AB', {'punch': .5})
  next(line for line in run.lines if line['arm'] == 'B').update(status='fail', observed='stale')
  c = t.compare('wrong frames', 11, run.finish())
  t.expect(c['verdict'] == 'worse' and c['wrong'][0]['observed'] == 'stale', f'wrong frames: {c["wrong"]}')
  t.expect('Not as B declares' in t.run(run.path)[1], 'wrong frames: the text does not say so')
  run = Run(t.folder, 'wrong-a').boots(6, 'AB')
  next(line for line in run.lines if line['arm'] == 'A').update(status='fail', observed='stale')
  t.compare('wrong frames of A', 0, run.finish())
  run = Run(t.folder, 'tainted').boots(6, 'AB', {'punch': 2})
  for boot in range(1, 6):
    run.json(f'boots/{boot}/boot.json', {'schema': 1, 'boot': boot, 'tainted': True})
  c = t.compare('tainted boots', 12, run.finish())
  t.expect(row(c, 'punch').get('verdict') == 'invalid', f'tainted boots: {row(c, "punch")}')


def text(t):
  run = Run(t.folder, 'hostile').boots(6, 'ABZ', {'fault.vmm': 1.1},
                                       cell='\x1b[31mred\n/\x07/<b>/' + 'x' * 300 + '/\u202e')
  code, out, err = t.run(run.finish(), '--cells')
  t.expect(code in (0, 10, 12), f'hostile: exit code {code}, {err}')
  t.expect(all(' ' <= letter <= '~' or letter == '\n' for letter in out), 'hostile: letters that a terminal obeys')
  for name in ('slower', 'faster', 'hostile', 'wrong'):
    for line in t.run(os.path.join(t.folder, name), '--cells')[1].splitlines():
      t.expect(len(line) <= 80, f'{name}: {len(line)} columns: {line}')
  code, out, _ = t.run(os.path.join(t.folder, 'slower'))
  t.expect('B is WORSE than A' in '\n'.join(out.splitlines()[:6]), 'the verdict is not among the first lines')


def report(t):
  """A run that was played by turns has a part of its own in the page; others have none."""
  def page(name):
    path = os.path.join(t.folder, name)
    done = subprocess.run([t.zcbench, 'report', path], capture_output=True, text=True, timeout=120, check=False)
    t.expect(done.returncode == 0, f'report of {name}: {done.stderr}')
    with open(path + '/report.html', encoding='utf-8') as f:
      return f.read()
  for name, says in (('faster', 'B is better than A.'), ('slower', 'B is worse than A.'),
                     ('wrong', 'its cells saw other bytes than it declares')):
    text_of = page(name)
    places = [text_of.find(f'id="{part}"') for part in ('found', 'comparison', 'run')]
    t.expect(says in text_of and -1 < places[0] < places[1] < places[2],
             f'report of {name}: {says!r} is not said after what was found, and before all else')
  t.expect('<b>/' not in page('hostile'), 'report of hostile: markup got through')
  t.expect('id="comparison"' not in page('run-a'), 'a run without arms has a comparison')
  t.expect('of A ran in a boot with a kernel fault' in page('tainted'), 'report of tainted: no word of it')


def looks(t):
  """A run that was looked at while it grew is as sure as its looks let it be."""
  run = Run(t.folder, 'looks', command=['zcbench', 'ab', 'A', 'B', '--metrics', 'punch', '--margin', '7'])
  run.boots(4, 'ABZ')
  path = run.finish()
  run.json('plan.json', {'schema': 1, 'cells': [], 'boots': 4, 'boots_planned': 8})
  c = t.compare('looks', 0, path)
  t.expect(abs(c['confidence'] - (1 - .05 * (4 ** 3 - 3 ** 3) / 8 ** 3)) < 1e-9, f'looks: {c["confidence"]}')
  t.expect(abs(c['margin'] - 1.07) < 1e-9 and {r['metric'] for r in c['rows']} == {'punch'}, 'options of the run')
  kernels = [{'name': 'variants', 'config_sha256': 'ab' * 32}, {'name': 'other', 'config_sha256': 'cd' * 32}]
  run = Run(t.folder, 'kernels', kernels=kernels).boots(2, 'A').boots(2, 'B', kernel='other')
  for line in run.lines:
    line['boot'] += 2 * (line['arm'] == 'B')
  c = t.compare('two kernels', 12, run.finish())
  t.expect(not c['paired'] and any('configured differently' in note for note in c['notes']), f'two kernels: {c["notes"]}')


def turns(t):
  """Of a plan with boots by turns, the boots without turns are of arm A, too, and are not compared."""
  def drawn(name, others, **changes):
    run = Run(t.folder, name, **changes).boots(6, 'ABZ', {'punch': 1.3})
    of_turns = list(run.lines)
    for variant in others:
      for memory in ('shmem', 'hugetlb'):
        run.cell(7, variant, 'A', memory, {metric: 3 for metric in METRICS}, 0)
    return run, of_turns

  def check(name, run, of_turns, *args):
    path = run.finish()
    c = t.compare(name, 10, path, *args)
    t.expect(c.get('a') == 'variants:stock' and c.get('b') == 'variants:update',
             f'{name}: it is of {c.get("a")} and {c.get("b")}')
    run.lines = of_turns
    for metric in METRICS:
      its, mine = row(c, metric), by_hand(run, metric)
      t.expect(its.get('boots') == 6 and its.get('cells') == 2, f'{name}, {metric}: of other cells: {its}')
      t.expect(abs(its.get('ratio', 0) - mine[0]) < 1e-6, f'{name}, {metric}: by hand {mine[0]}, it says {its}')

  check('one variant beside the first', *drawn('turns-one', ('stock', 'update')))
  check('one of two variants beside the first', *drawn('turns-two', ('stock', 'update', 'other')))
  check('one variant, chosen', *drawn('turns-chosen', ('stock', 'update')), '--variant-b', 'update')


def summaries(t):
  path = Run(t.folder, 'recorded').boots(14, 'ABZ', {'punch': 1.3}).finish()
  code, out, err = t.run(path, '--summaries')
  lines = [json.loads(line) for line in out.splitlines()]
  t.expect(code == 0 and len(lines) == 1 + 14 * 2 * 6 * len(METRICS), f'summaries: {code}, {len(lines)} lines, {err}')
  t.expect({line['arm'] for line in lines[1:]} == set('ABZ'), 'summaries: arms')
  kept = path + '.jsonl'
  with open(kept, 'w', encoding='utf-8') as f:
    f.write(out)
  done = subprocess.run([t.calibrate, kept, '--boots', '6', '--comparisons', '300', '--effect', '20'],
                        capture_output=True, text=True, timeout=300, check=False)
  print(done.stdout)
  t.expect(done.returncode == 0, f'calibrate: {done.returncode}, {done.stdout} {done.stderr}')
  with open(kept, 'a', encoding='utf-8') as f:
    f.write('no line\n')
  done = subprocess.run([t.calibrate, kept], capture_output=True, text=True, timeout=60, check=False)
  t.expect(done.returncode == 2 and f'line {len(lines) + 1} ' in done.stderr, f'calibrate: {done.stderr}')


LIES = {
  'a verdict': 'sed s/worse/equivalent/',
  'an interval': 'sed "s/\\"low\\": 1/\\"low\\": 2/"',
  'columns': 'sed "s/$/                                                                                 ./"',
  'no exit code': 'cat; exit 0',
  'a letter that a terminal obeys': "sed 's/punch/\\a/'",
}


def self_test(zcbench, calibrate, folder):
  os.makedirs(folder, exist_ok=True)
  missed = []
  for name, lie in LIES.items():
    liar = os.path.join(folder, 'liar')
    with open(liar, 'w', encoding='utf-8') as f:
      f.write(f'#!/bin/bash\nset -o pipefail\n{zcbench} "$@" | {{ {lie}; }}\n' +
              ('exit 0\n' if 'exit' in lie else ''))
    os.chmod(liar, 0o755)
    t = Test(liar, calibrate, folder)
    for part in (verdicts, text):
      try:
        part(t)
      except (ValueError, KeyError, IndexError) as error:
        t.problems.append(repr(error))
    if not t.problems:
      missed.append(name)
  print(f'not found: {missed}' if missed else f'each of {len(LIES)} lies was found')
  return 1 if missed else 0


def main():
  if sys.argv[1] == '--self-test':
    return self_test(*sys.argv[2:])
  t = Test(*sys.argv[1:])
  for part in (verdicts, two_runs, correctness, text, report, looks, turns, summaries):
    part(t)
  print('\n'.join(t.problems) or 'comparisons are as they should be')
  return 1 if t.problems else 0


if __name__ == '__main__':
  sys.exit(main())
