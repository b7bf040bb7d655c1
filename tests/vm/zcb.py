# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of this folder share: starting zcbench, finding what it left, reading what it wrote.

Each test is called with the path of zcbench as its only argument. Every process that a test starts
carries a mark in its environment, which its children inherit: so what is left is found in /proc,
whoever its parent is by then.
"""
import copy
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid

SKIPPED = 77
# Against hangs alone: a boot of 5 s took two minutes on a busy machine.
PATIENCE_S = 1200


class Skip(Exception):
  """Something is missing; the text says what and how to mend it."""


class Problems:
  """Collects what is wrong, so that one run of a VM tells all of it."""

  def __init__(self):
    self.found = []

  def expect(self, condition, sentence):
    if not condition:
      self.found.append(sentence)

  def equal(self, what, seen, wanted):
    self.expect(seen == wanted, f'{what}: {seen!r} instead of {wanted!r}')


class Bench:
  """zcbench under test, in a scratch folder of its own that holds its staging, too."""

  def __init__(self, program, scratch):
    self.program, self.scratch = program, scratch
    self.mark = 'ZCB_TEST_MARK=' + uuid.uuid4().hex
    self.temporary = os.path.join(scratch, 'tmp')
    os.mkdir(self.temporary)

  def environment(self):
    name, value = self.mark.split('=')
    return {**os.environ, name: value, 'TMPDIR': self.temporary}

  def need_images(self, *names):
    for name in names:
      path = os.path.join(os.path.dirname(self.program), 'images', name)
      if not os.path.exists(path):
        parts = f'image {name}' if name in ('debug', 'delays') else 'image kernel'
        raise Skip(f'{path} is missing: run ./scripts/setup {parts}')

  def plan(self, **members):
    """Writes a plan file. Where nothing else is asked for: stock, shmem, one boot."""
    plan = {'schema': 1, 'name': 'test', 'kernels': ['stock'], 'variants': ['stock'], 'memory': ['shmem'],
            'guests': ['linux'], **members}
    path = os.path.join(self.scratch, 'plan.json')
    with open(path, 'w', encoding='utf-8') as f:
      json.dump(plan, f)
    return path

  def start(self, *args):
    """Its output goes to files: a pipe that nobody reads would hold it up."""
    name = os.path.join(self.scratch, 'output')
    with open(name + '.out', 'w+b') as out, open(name + '.err', 'w+b') as err:
      return subprocess.Popen([self.program, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                              env=self.environment(), start_new_session=True)

  def finish(self, process, patience=PATIENCE_S):
    """Returns exit code, standard output and standard error; a zcbench that hangs is an exit code of None."""
    try:
      code = process.wait(patience)
    except subprocess.TimeoutExpired:
      code = None
      self.kill_all()
      process.wait()
    return code, self.said('out'), self.said('err')

  def said(self, where):
    with open(os.path.join(self.scratch, 'output.' + where), encoding='utf-8', errors='replace') as f:
      return f.read()

  def run(self, *args, patience=PATIENCE_S):
    return self.finish(self.start(*args), patience)

  def processes(self):
    """Those that carry the mark, as {pid: command line}; dead ones that nobody reaped are none."""
    found = {}
    for name in os.listdir('/proc'):
      if not name.isdigit():
        continue
      try:
        with open(f'/proc/{name}/environ', 'rb') as f:
          ours = self.mark.encode() in f.read().split(b'\0')
        with open(f'/proc/{name}/cmdline', 'rb') as f:
          command = f.read().replace(b'\0', b' ').decode(errors='replace')
      except OSError:
        continue
      if ours and command:
        found[int(name)] = command
    return found

  def hut_qemus(self):
    """The QEMUs that run a host under test: they have the channel."""
    return [pid for pid, command in self.processes().items() if 'name=zcb.channel' in command]

  def kill_all(self):
    for pid in self.processes():
      try:
        os.kill(pid, signal.SIGKILL)
      except ProcessLookupError:
        pass

  def left(self, seconds=0):
    """What is still there after so many seconds of grace, processes and staging folders."""
    deadline = time.monotonic() + seconds
    while True:
      rest = list(self.processes().values())
      if not rest or time.monotonic() > deadline:
        return [command[:120] for command in rest]
      time.sleep(0.1)

  def staged(self):
    return [n for n in os.listdir(self.temporary) if n.startswith('zcbench-staging.')]

  def expect_nothing_left(self, problems, seconds=0):
    problems.equal('processes left', self.left(seconds), [])
    problems.equal('staging folders left', self.staged(), [])


def wait_for(condition, seconds=PATIENCE_S):
  """The first true value of condition(), or what it was at the end."""
  deadline = time.monotonic() + seconds
  while True:
    value = condition()
    if value or time.monotonic() > deadline:
      return value
    time.sleep(0.1)


# -- reading a run directory, by its documentation alone

def octets(*path):
  with open(os.path.join(*path), 'rb') as f:
    return f.read()


def read_json(*path):
  return json.loads(octets(*path))


def journal(folder):
  """The whole lines of the journal, parsed; none yet where there is no journal."""
  try:
    text = octets(folder, 'cells.jsonl')
  except FileNotFoundError:
    return []
  return [json.loads(line) for line in text.split(b'\n')[:-1]]


def find(lines, cell, **params):
  """The lines of a cell, over all kernels, whose parameters have these values."""
  return [line for line in lines if line['cell'] == cell and
          all(line['params'][key] == value for key, value in params.items())]


def samples(*path):
  """The records of a samples file: [(operation, start in ns, value)]."""
  content = octets(*path)
  magic, version, size = struct.unpack_from('<8sII', content)
  if (magic, version, size) != (b'zcbsampl', 1, 24):
    raise ValueError(f'{path[-1]}: a header of {magic}, {version}, {size}')
  if (len(content) - 16) % 24:
    raise ValueError(f'{path[-1]}: {len(content)} octets are no whole records')
  return list(struct.iter_unpack('<QQQ', content[16:]))


def last_line(text):
  return text.strip().split('\n')[-1]


# -- the frame of a test

def played(bench, problems, plan, *more, seed=3, code=0, name='run'):
  """Runs a plan in emulated VMs, which must end with that exit code and leave nothing: its folder and its journal."""
  bench.need_images('rootfs', 'stock', 'variants')
  folder = os.path.join(bench.scratch, name)
  ended, _, err = bench.run('run', '--plan', bench.plan(**plan), '--accel', 'tcg', '--seed', str(seed), *more, '-o', folder)
  problems.equal(f'{name}: exit code ({last_line(err)})', ended, code)
  bench.expect_nothing_left(problems)
  return folder, journal(folder)


def check_planted_page(folder, lines, page, cells, problems):
  """So many cells whose plan spoils a byte of a page of 64: it and no other must have come out corrupt, in each frame."""
  problems.equal('planted cells', len(lines), cells)
  for line in lines:
    name = f'planted, {line["cell"]} {line["params"]["format"]}'
    problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'fail')
    if line['status'] != 'fail':
      continue
    problems.equal(f'{name}: observed', line['observed'], 'wrong')
    problems.equal(f'{name}: corrupt pages', line['pages']['corrupt'], line['frames']['checked'])
    problems.equal(f'{name}: other pages', line['pages']['fresh'], 63 * line['frames']['checked'])
    picture = json.loads(octets(folder, f'frames/{line["index"]}-0.json'))
    problems.equal(f'{name}: the pages', picture['map'], 'F' * (page - 1) + 'C' + 'F' * (64 - page))


def doctored(lines, where, change):
  """A copy of the lines, in which change() was made to the first that where() is true of."""
  copies = copy.deepcopy(lines)
  change(next(line for line in copies if where(line)))
  return copies


def must_find(plants, check, problems):
  """Each planted fault, a name and what check() is called with, must be found."""
  for what, *planted in plants:
    found = Problems()
    check(*planted, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


def main(test):
  """Calls test(bench, problems), says what is wrong, ends what is left, and exits."""
  if len(sys.argv) != 2:
    sys.exit(f'usage: {sys.argv[0]} ZCBENCH')
  scratch = tempfile.mkdtemp(prefix='zcbench-test.')
  bench, problems, code = Bench(os.path.abspath(sys.argv[1]), scratch), Problems(), 0
  try:
    test(bench, problems)
    for sentence in problems.found:
      print('FAILED', sentence)
    code = 1 if problems.found else 0
    if code:
      print(f'standard error, at last:\n{bench.said("err")}')
  except Skip as skip:
    print(f'skipped: {skip}')
    code = SKIPPED
  finally:
    bench.kill_all()
    shutil.rmtree(scratch, ignore_errors=True)
  sys.exit(code)
