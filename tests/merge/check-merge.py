#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`zcbench merge`, on a made-up run that is divided as `zcbench run --shard` divides one: check-merge.py ZCBENCH FOLDER

What is joined must be what was divided, octet for octet where nothing had to be renumbered. Then every reason to refuse is
planted in a shard: it must be named, nothing be made, and no shard be touched.
"""
import copy
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'golden'))
import generate  # noqa: E402

BOOTS, SHARDS = 7, 3
# Boot 2 died once, boot 5 twice: their lives in the run that one machine made, and in the shard that plays 2 and 5.
LIVES = {1: [1], 2: [2, 3], 3: [4], 4: [5], 5: [6, 7, 8], 6: [9], 7: [10]}
IN_SHARDS = {1: [1], 2: [2, 3], 3: [3], 4: [4], 5: [5, 6, 7], 6: [6], 7: [7]}
failed = []


def expect(what, seen, wanted):
  if seen != wanted:
    failed.append(f'{what}: {seen!r}, not {wanted!r}')


def load(*path):
  with open(os.path.join(*path), encoding='utf-8') as f:
    return json.load(f)


def dump(value, *path):
  with open(os.path.join(*path), 'w', encoding='utf-8') as f:
    json.dump(value, f)


def lines_of(folder):
  with open(os.path.join(folder, 'cells.jsonl'), encoding='utf-8') as f:
    return [json.loads(line) for line in f]


def put_lines(folder, lines):
  with open(os.path.join(folder, 'cells.jsonl'), 'w', encoding='utf-8') as f:
    f.write(''.join(json.dumps(line) + '\n' for line in lines))


def tree(folder):
  """{name: its content's hash} of all files below a folder."""
  found = {}
  for top, _, files in os.walk(folder):
    for name in files:
      path = os.path.join(top, name)
      if os.path.islink(path) or not os.path.isfile(path):
        found[os.path.relpath(path, folder)] = 'special'
        continue
      with open(path, 'rb') as f:
        found[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
  return found


# -- a run, and its shards

def make_run(folder, name, lives, boots, extra):
  """A run of these boots of the plan, whose lives have these numbers. All figures follow from cell and boot alone."""
  run = generate.RunDir(folder, name, 'A run of several boots, to be divided.')
  os.remove(os.path.join(run.path, 'README.md'))
  lines = []
  for boot in range(1, BOOTS + 1):
    for i, (workload, consumer) in enumerate((('idle', 'mmap'), ('punch', 'mmap'), ('punch', 'oracle'))):
      kernel = 'stock' if boot % 2 else 'variants'
      expected = 'stale' if (workload, consumer) == ('punch', 'mmap') else 'fresh'
      cell = run.plan_cell('shmem', workload, consumer, generate.params('stride'), expected, boot=boot, kernel=kernel)
      if boot not in boots:
        continue
      run.random.seed(cell['index'])
      life = lives[boot][min(i, len(lives[boot]) - 1)]
      metrics = {metric: run.times(cell['index'], metric, 5000) for metric in ('punch', 'frame.read')}
      lines.append(run.line(cell, boot=life, metrics=metrics))
      if expected == 'stale':
        run.frame(cell['index'], 0, 'FFSSFFFF' * 8, [2, 3])
  for boot in boots:
    for n, life in enumerate(lives[boot]):
      last = n == len(lives[boot]) - 1
      run.boot(life, planned=boot, kernel='stock' if boot % 2 else 'variants', outcome='clean' if last else 'panic')
      run.write(f'boots/{life}/console.log', f'boot {boot}, life {n}\n')
      if boot == 5 and n == 1:  # one that was killed wrote nothing but its console
        os.remove(os.path.join(run.path, f'boots/{life}/boot.json'))
  run.write('kernels/abab.config', 'CONFIG_UDMABUF=y\n')
  kernel = {'name': 'variants', 'release': '6.12.94-zcbench', 'package': 'linux-source-6.12', 'config_sha256': 'cd' * 32, 'hash': '12'}
  stock = {'name': 'stock', 'release': '6.12.94+deb13-amd64', 'package': 'linux-image', 'config_sha256': 'ab' * 32, 'hash': '34'}
  kernels = [k for odd, k in ((1, stock), (0, kernel)) if any(boot % 2 == odd for boot in boots)]
  run.metadata(**{'kernels': kernels, 'hut': {'cpus': 2, 'memory_bytes': 2 << 30, 'cmdline': ''},
                  'images': {'rootfs': 'r00t', 'guest': '34'}, **extra})
  shard = extra.get('shard')
  dump({'schema': 1, 'name': 'smoke', 'seed': 1, 'boots': BOOTS, **({'shard': {**shard, 'boots': boots}} if shard else {}),
        'cells': run.cells}, run.path, 'plan.json')
  put_lines(run.path, lines)
  return run.path


def make_shards(folder, of=SHARDS):
  shards = []
  for number in range(1, of + 1):
    extra = {'shard': {'number': number, 'of': of},
             'command': ['zcbench', 'run', '--plan', 'smoke', '--shard', f'{number}/{of}', '--seed', '1', '-o', 'run'],
             'started': f'2026-01-31T12:0{number}:00Z', 'ended': f'2026-01-31T12:1{number}:00Z',
             'seconds': {'first_boot': 5.0 + number, 'first_frame': 9.0, 'past_first_boot': 50.0, 'total': 60.0}}
    boots = [boot for boot in range(1, BOOTS + 1) if boot % of == number % of]
    shards.append(make_run(folder, f'shard-{number}', IN_SHARDS, boots, extra))
  return shards


class Bench:
  def __init__(self, program, folder):
    self.program, self.folder = program, folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    self.whole = make_run(folder, 'whole', LIVES, list(range(1, BOOTS + 1)), {})
    self.shards = make_shards(folder)
    self.output = os.path.join(folder, 'joined')

  def zcbench(self, *args):
    done = subprocess.run([self.program, *args], capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout, done.stderr

  def merge(self, *dirs, output=None):
    return self.zcbench('merge', '-o', output or self.output, *(dirs or self.shards))

  def left_beside(self):
    return [name for name in os.listdir(self.folder) if '.merging-' in name]

  def fresh_shards(self):
    shutil.rmtree(self.output, ignore_errors=True)
    for shard in self.shards:
      shutil.rmtree(shard)
    make_shards(self.folder)


# -- what must come out

def check_same(bench):
  """The joined run is the undivided one."""
  before = {shard: tree(shard) for shard in bench.shards}
  code, out, err = bench.merge(*reversed(bench.shards))
  expect('exit code', (code, err), (0, ''))
  expect('what it says', [word in out for word in ('shards: 3 of 3', 'cells: 21 as declared, 0 not', bench.output)], [True] * 3)
  expect('shards untouched', {shard: tree(shard) for shard in bench.shards}, before)
  whole, joined = tree(bench.whole), tree(bench.output)
  expect('files', sorted(joined), sorted(whole))
  for name in sorted(set(whole) & set(joined)):
    if name in ('plan.json', 'cells.jsonl') or name.endswith('boot.json'):
      continue  # as JSON, below
    if name != 'metadata.json':
      expect(name, joined[name], whole[name])
  expect('plan.json', load(bench.output, 'plan.json'), load(bench.whole, 'plan.json'))
  expect('cells.jsonl', lines_of(bench.output), lines_of(bench.whole))
  for name in whole:
    if name.endswith('boot.json'):
      expect(name, load(bench.output, name), load(bench.whole, name))
  check_metadata(bench)


def check_metadata(bench):
  joined, whole = load(bench.output, 'metadata.json'), load(bench.whole, 'metadata.json')
  shards = joined.pop('shards')
  expect('shards', [(s['number'], s['of'], s['started'], s['host']['cpu']) for s in shards],
         [(n, 3, f'2026-01-31T12:0{n}:00Z', 'Synthetic CPU @ 2.00GHz') for n in (1, 2, 3)])
  expect('times', (joined['started'], joined['ended'], joined['state']), ('2026-01-31T12:01:00Z', '2026-01-31T12:13:00Z', 'complete'))
  expect('seconds', joined['seconds'], {'first_boot': 6.0, 'first_frame': 9.0, 'past_first_boot': 170.0, 'total': 180.0})
  for key in ('started', 'ended', 'seconds'):
    del joined[key], whole[key]
  expect('metadata.json', joined, whole)


def check_taken(bench):
  """report, compare, export and trends take it, and say of it what they say of the undivided run."""
  for form in ('csv', 'ktap'):
    of_joined, of_whole = (bench.zcbench('export', '--format', form, folder) for folder in (bench.output, bench.whole))
    expect(f'export {form}: exit code', of_joined[0], 0)
    if form == 'csv':
      expect('export csv', of_joined[1], of_whole[1])
  expect('report', bench.zcbench('report', bench.output)[0], 0)
  with open(os.path.join(bench.output, 'report.html'), encoding='utf-8') as f:
    page = f.read()
  expect('the report tells of shards', [words in page for words in ('Joined of shards', '3 of 3: 2026-01-31T12:03:00Z')], [True] * 2)
  expect('compare', bench.zcbench('compare', bench.output, bench.whole)[0] in (0, 12), True)
  store = os.path.join(bench.folder, 'store')
  expect('trends', bench.zcbench('trends', store, '--add', bench.output)[0], 0)
  code, _, err = bench.zcbench('trends', store, '--add', bench.shards[0])
  expect('a shard is no night', (code, 'zcbench merge' in err), (2, True))


def check_shard_page(bench):
  """A shard's own report says what it is, and does not take the others' cells for not run."""
  shard = os.path.join(bench.folder, 'page')
  shutil.copytree(bench.shards[1], shard)
  expect('report of a shard', bench.zcbench('report', shard)[0], 0)
  with open(os.path.join(shard, 'report.html'), encoding='utf-8') as f:
    page = f.read()
  expect('it says so', ['(shard 2 of 3)' in page, 'boots 2, 5 of the plan’s 7' in page, 'not complete' in page], [True, True, False])
  expect('so does the mail', '(shard 2 of 3)' in bench.zcbench('report', '--format', 'mail', shard)[1], True)
  expect('cells of a shard', bench.zcbench('export', '--format', 'csv', shard)[1].count('not run'), 0)


def check_one(bench):
  """A whole run is the only shard of one."""
  shutil.rmtree(bench.output)
  os.mkdir(bench.output)  # an empty folder may be there
  expect('one', bench.merge(bench.whole)[0], 0)
  expect('its files', sorted(tree(bench.output)), sorted(tree(bench.whole)))
  expect('its metadata', load(bench.output, 'metadata.json'), load(bench.whole, 'metadata.json'))


def check_exit_codes(bench):
  """The worst of the shards; that nothing ran in one is nothing, unless nothing ran in any."""
  for codes, wanted in (((0, 12, 0), 12), ((13, 12, 11), 11), ((0, 14, 11), 14), ((77, 0, 77), 0), ((77, 77, 77), 77), ((10, 0, 12), 10)):
    bench.fresh_shards()
    for shard, code in zip(bench.shards, codes):
      dump({**load(shard, 'metadata.json'), 'exit_code': code}, shard, 'metadata.json')
    expect(f'exit codes {codes}', (bench.merge()[0], load(bench.output, 'metadata.json')['exit_code']), (wanted, wanted))


def check_instructions(bench):
  """Instructions are the same on another CPU."""
  bench.fresh_shards()
  for n, shard in enumerate(bench.shards):
    metadata = load(shard, 'metadata.json')
    dump({**metadata, 'clock': 'icount', 'host': {**metadata['host'], 'cpu': f'CPU {n}'}}, shard, 'metadata.json')
  expect('another CPU, and icount', bench.merge()[0], 0)


def check_partial(bench):
  bench.fresh_shards()
  lines = lines_of(bench.shards[0])
  put_lines(bench.shards[0], lines[:-2])
  with open(os.path.join(bench.shards[0], 'cells.jsonl'), 'a', encoding='utf-8') as f:
    f.write('{"schema":1,"index"')  # a torn write
  code, _, err = bench.merge('--partial', bench.shards[0], bench.shards[2])
  expect('--partial', code, 12)
  expect('it says what is missing', [words in err for words in ('shard 2 of 3', '2 of 9 cells of ' + bench.shards[0])], [True] * 2)
  metadata = load(bench.output, 'metadata.json')
  expect('state', (metadata['state'], metadata['exit_code'], 'shard 2 of 3' in metadata['reason']), ('interrupted', 12, True))
  expect('cells', len(lines_of(bench.output)), 21 - 6 - 2)
  expect('its plan is whole', len(load(bench.output, 'plan.json')['cells']), 21)
  expect('report', bench.zcbench('report', bench.output)[0], 0)


# -- what must be refused

def changed(name, *path, value):
  """Plants another value in a JSON file."""
  def plant(shard):
    document = load(shard, name)
    at = document
    for key in path[:-1]:
      at = at[key]
    at[path[-1]] = value
    dump(document, shard, name)
  return plant


def journal(change):
  def plant(shard):
    lines = lines_of(shard)
    change(lines)
    put_lines(shard, lines)
  return plant


def text(name, content):
  def plant(shard):
    with open(os.path.join(shard, name), 'w', encoding='utf-8') as f:
      f.write(content)
  return plant


def link(name, target):
  def plant(shard):
    os.symlink(target, os.path.join(shard, name))
  return plant


def foreign_cell(lines):
  lines.append({**copy.deepcopy(lines[0]), 'index': 0, 'cell': 'stock/shmem/linux/idle/mmap', 'seed': 1000, 'kernel': 'stock'})


REFUSED = (
  ('another plan', changed('plan.json', 'name', value='soup'), 2, 'the plan is smoke in the first, and soup'),
  ('another seed', changed('plan.json', 'seed', value=2), 2, 'the seed is 1 in the first, and 2'),
  ('another number of boots', changed('plan.json', 'boots', value=8), 2, 'the number of boots is 7'),
  ('another comparison', changed('plan.json', 'arms', value={'A': {}}), 2, 'what is compared is not known'),
  ('another parameter', changed('plan.json', 'cells', 4, 'params', 'pages', value=65), 2, "params of the plan's cell 4"),
  ('another seed of a cell', changed('plan.json', 'cells', 0, 'seed', value=5), 2, "seed of the plan's cell 0"),
  ('a cell less', lambda shard: dump({**load(shard, 'plan.json'), 'cells': load(shard, 'plan.json')['cells'][:-1]}, shard, 'plan.json'),
   2, "the plan's number of cells is 21 in the first, and 20"),
  ('another version', changed('metadata.json', 'zcbench', 'version', value='9.9'), 2, "zcbench's version is 0.1.0 in the first, and 9.9"),
  ('another build', changed('metadata.json', 'zcbench', 'git', value='f00'), 2, "zcbench's git id"),
  ('another target', changed('metadata.json', 'target', value='native'), 2, 'the target is vm in the first, and native'),
  ('another accelerator', changed('metadata.json', 'accel', value='kvm'), 2, 'the accelerator is tcg in the first, and kvm'),
  ('another clock', changed('metadata.json', 'clock', value='icount'), 2, 'the clock is wall in the first, and icount'),
  ('more CPUs', changed('metadata.json', 'hut', 'cpus', value=4), 2, 'number of CPUs is 2 in the first, and 4'),
  ('more memory', changed('metadata.json', 'hut', 'memory_bytes', value=1), 2, "host under test's memory"),
  ('another command line', changed('metadata.json', 'hut', 'cmdline', value='quiet'), 2, 'and quiet'),
  ('another QEMU', changed('metadata.json', 'qemu', 'version', value='7'), 2, "QEMU's version"),
  ('another root file system', changed('metadata.json', 'images', 'rootfs', value='x'), 2, "root file system's hash is r00t"),
  ("another guests' kernel", changed('metadata.json', 'images', 'guest', value='x'), 2, "guests' kernel's hash"),
  ('another CPU', changed('metadata.json', 'host', 'cpu', value='Z80'), 2, "the machine's CPU is Synthetic CPU @ 2.00GHz in the first, and Z80"),
  ('another kernel release', changed('metadata.json', 'kernels', 0, 'release', value='2.6'), 2, 'release of the kernel'),
  ('another kernel package', changed('metadata.json', 'kernels', 0, 'package', value='p'), 2, 'package of the kernel'),
  ('another kernel configuration', changed('metadata.json', 'kernels', 0, 'config_sha256', value='c'), 2, 'config_sha256 of the kernel'),
  ('another kernel image', changed('metadata.json', 'kernels', 0, 'hash', value='h'), 2, 'hash of the kernel'),
  ('one of more shards', changed('plan.json', 'shard', 'of', value=4), 2, 'one of 4'),
  ('the same shard again', changed('plan.json', 'shard', value={'number': 1, 'of': 3, 'boots': [2, 5]}), 2, 'both shard 1 of 3'),
  ('the same boot again', changed('plan.json', 'shard', 'boots', value=[1, 2, 5]), 2, 'both play boot 1'),
  ('a boot that is none', changed('plan.json', 'shard', 'boots', value=[8]), 13, 'the shard in plan.json'),
  ('a cell twice', journal(lambda lines: lines.append(lines[0])), 2, 'cell 3 is twice'),
  ("another shard's cell", journal(foreign_cell), 2, "cell 0, which is of boot 1 and so another shard's"),
  ('a cell that is none', journal(lambda lines: lines[0].update(index=21)), 13, 'line 1 of cells.jsonl'),
  ('a line of another cell', journal(lambda lines: lines[0].update(cell='x')), 13, 'another cell than cell 3'),
  ('a line of another seed', journal(lambda lines: lines[1].update(seed=7)), 13, 'another seed than cell 4'),
  ('a line that is none', text('cells.jsonl', 'so to speak\n'), 13, 'line 1 of cells.jsonl'),
  ('a plan that is none', text('plan.json', '{"schema":1,'), 13, 'plan.json'),
  ('a plan of another schema', changed('plan.json', 'schema', value=2), 13, 'plan.json'),
  ('metadata that is none', text('metadata.json', '[]'), 13, 'metadata.json'),
  ('no metadata', lambda shard: os.remove(os.path.join(shard, 'metadata.json')), 2, 'not a run directory'),
  ('no plan', lambda shard: os.remove(os.path.join(shard, 'plan.json')), 13, 'plan.json'),
  ('a missing cell', journal(lambda lines: lines.pop()), 2, '1 of 6 cells of '),
  ('a torn last line', lambda shard: os.truncate(os.path.join(shard, 'cells.jsonl'),
                                                 os.path.getsize(os.path.join(shard, 'cells.jsonl')) - 3), 2, '1 of 6 cells of '),
  ('no journal', lambda shard: os.remove(os.path.join(shard, 'cells.jsonl')), 2, '6 of 6 cells of '),
  ('a file of another shard', text('samples/0.punch.zcs', 'others'), 2, 'samples/0.punch.zcs, and not the same'),
  ('another configuration of that name', text('kernels/abab.config', 'CONFIG_UDMABUF=n\n'), 2, 'kernels/abab.config, and not the same'),
  ('a link for a file', link('samples/99.punch.zcs', '/etc/hostname'), 13, 'samples/99.punch.zcs'),
)


def refuse(bench, what, dirs, wanted_code, culprit, output=None):
  before = {shard: tree(shard) for shard in bench.shards}
  code, out, err = bench.merge(*dirs, output=output)
  expect(f'{what}: exit code ({err.strip()})', code, wanted_code)
  expect(f'{what}: lines said', (out, err.count('\n')), ('', 1))
  if culprit not in err:
    failed.append(f'{what}: {err.strip()!r} does not say {culprit!r}')
  expect(f'{what}: nothing is made', (os.path.exists(bench.output), bench.left_beside()), (False, []))
  expect(f'{what}: no shard is touched', {shard: tree(shard) for shard in bench.shards}, before)


def check_refusals(bench):
  for what, plant, code, culprit in REFUSED:
    bench.fresh_shards()
    plant(bench.shards[1])
    refuse(bench, what, bench.shards, code, culprit)
  bench.fresh_shards()
  one, two, three = bench.shards
  refuse(bench, 'a missing shard', (one, three), 2, 'missing: shard 2 of 3')
  refuse(bench, 'two missing shards', (two,), 2, 'missing: shards 1, 3 of 3')
  refuse(bench, 'one named twice', (one, two, three, one), 2, 'both shard 1 of 3')
  refuse(bench, 'two whole runs', (bench.whole, bench.whole), 2, 'both whole runs')
  refuse(bench, 'a shard and a whole run', (one, bench.whole), 2, 'one of 1')
  refuse(bench, 'a folder that is not there', (one, '/no/such/run'), 2, '/no/such/run')
  refuse(bench, 'no shards', ('--partial',), 2, 'name the shards')
  refuse(bench, 'an output within a shard', bench.shards, 2, 'would lie in the shard', output=os.path.join(one, 'joined'))
  refuse(bench, 'an output that is a shard', bench.shards, 2, 'is there and not empty', output=one)
  refuse(bench, 'an output nowhere', bench.shards, 13, '/no/such/folder', output='/no/such/folder/joined')
  refuse(bench, 'a file for an output', bench.shards, 2, 'not empty', output=os.path.join(one, 'plan.json'))
  code, _, err = bench.zcbench('merge', one)
  expect('no output', (code, '-o' in err), (2, True))
  folder = os.open(two, os.O_RDONLY)
  fcntl.flock(folder, fcntl.LOCK_EX)
  refuse(bench, 'a shard that is still written', bench.shards, 2, 'another zcbench is writing ' + two)
  os.close(folder)


SMALL_DISK = 'mount -t tmpfs -o size={size}k disk "$1" && shift && "$@"; code=$?; ls -A "$0"; exit $code'


def check_full_disk(bench):
  """On disks of all sizes, from none to enough: all or nothing."""
  disk = os.path.join(bench.folder, 'disk')
  os.makedirs(disk, exist_ok=True)
  tried = subprocess.run(['unshare', '-m', 'mount', '-t', 'tmpfs', 'disk', disk], capture_output=True, check=False)
  if os.geteuid() or tried.returncode:
    print('not tried: a full disk, which takes root and mount namespaces: run the tests as root')
    return
  ends = set()
  for size in (8, 40, 100, 200, 300, 100000):
    done = subprocess.run(['unshare', '-m', 'sh', '-c', SMALL_DISK.format(size=size), disk, disk, bench.program, 'merge', '-o',
                           os.path.join(disk, 'joined'), *bench.shards], capture_output=True, text=True, check=False)
    left = done.stdout.split('\n')[-2:]
    ends.add(done.returncode)
    if done.returncode:
      expect(f'a disk of {size} KiB', (done.returncode, 'no space left' in done.stderr, done.stdout), (13, True, ''))
    else:
      expect(f'a disk of {size} KiB', left, ['joined', ''])
  expect('small disks and large ones', ends, {0, 13})


def end_half_way(bench, number):
  """Signals a merge that has begun to write. Returns its exit code and what it said."""
  process = subprocess.Popen([bench.program, 'merge', '-o', bench.output, *bench.shards], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
  while process.poll() is None and not bench.left_beside():
    time.sleep(0.001)
  process.send_signal(number)
  out, err = process.communicate(timeout=300)
  return process.returncode, out, err


def check_interrupted(bench):
  """Half of a merge is none, and is said to be none; of one that could say nothing, nothing has the output's name."""
  bench.fresh_shards()
  for i in range(2000):  # many files: it is to be met in the middle
    text(f'samples/{i}.many.zcs', str(i))(bench.shards[1])
  before = {shard: tree(shard) for shard in bench.shards}
  for number, ends, sentence in ((signal.SIGINT, 12, 'zcbench: interrupted: nothing was made\n'),
                                 (signal.SIGTERM, 12, 'zcbench: interrupted: nothing was made\n'), (signal.SIGKILL, -9, '')):
    expect(f'{number.name} in the middle', end_half_way(bench, number), (ends, '', sentence))
    expect(f'{number.name}: what has the name of the output', os.path.exists(bench.output), False)
    left = bench.left_beside()
    expect(f'{number.name}: folders left', len(left), 1 if number == signal.SIGKILL else 0)
  for name in left:
    expect('what is left of a killed merge is a run', os.path.exists(os.path.join(bench.folder, name, 'metadata.json')), False)
    code, _, err = bench.merge(os.path.join(bench.folder, name), output=os.path.join(bench.folder, 'of-half'))
    expect(f'half a merge is joined: {err}', (code, os.path.exists(os.path.join(bench.folder, 'of-half'))), (2, False))
    shutil.rmtree(os.path.join(bench.folder, name))
  expect('the shards, after merges that were ended', {shard: tree(shard) for shard in bench.shards} == before, True)
  code, _, err = bench.merge()
  expect(f'a merge after that ({err.strip()})', (code, len(os.listdir(os.path.join(bench.output, 'samples'))) > 2000), (0, True))
  bench.fresh_shards()


def main():
  program, folder = map(os.path.abspath, sys.argv[1:])
  bench = Bench(program, folder)
  for check in (check_same, check_taken, check_shard_page, check_one, check_exit_codes, check_instructions, check_partial,
                check_refusals, check_interrupted, check_full_disk):
    check(bench)
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
