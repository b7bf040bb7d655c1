#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion: what the program offers is what its --help and `zcbench list` have, and bash and zsh, typed to in a terminal of
their own, complete it. check-completion.py ZCBENCH COMPLETION-FOLDER FOLDER"""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

failed = []


def expect(what, seen, wanted):
  if seen != wanted:
    failed.append(f'{what}: {seen!r}, not {wanted!r}')


class Zcbench:
  def __init__(self, program):
    self.program = program

  def said(self, *args):
    return subprocess.run([self.program, *args], capture_output=True, text=True, check=False, timeout=60).stdout

  def offered(self, *words):
    """The candidates, without what is meant for the shell."""
    return [line for line in self.said('complete', '--', *words).splitlines() if not line.startswith(':')]

  def asked_of_shell(self, *words):
    return {line for line in self.said('complete', '--', *words).splitlines() if line.startswith(':')}

  def commands(self):
    return re.findall(r'^  (\w+) +\S', self.said('--help'), re.MULTILINE)

  def names(self, topic):
    return [item['name'] for item in json.loads(self.said('list', topic, '--json'))[topic]]


def options_of(text):
  return set(re.findall(r'(?<![\w-])--[a-z][a-z-]*', text))


def check_options(z, manual):
  """Every option of --help and of the manual is offered, and no other; and each that takes a value has a row of its own."""
  expect('commands', sorted(z.offered('')), sorted(z.commands() + ['--help', '--version']))
  for command in z.commands():
    help_text = z.said(command, '--help')
    # --variants of another command is named in passing, and so are what getopt takes beside what is told.
    own = re.sub(r'`zcbench [^`]*`|Compares the cells.*?\n\n', '', help_text, flags=re.DOTALL)
    told = options_of(own) | options_of(manual[command])
    offered = set(z.offered(command, '--'))
    expect(f'{command}: told and not offered', sorted(told - offered - {'--variant'}), [])
    expect(f'{command}: offered and not told', sorted(offered - options_of(help_text) - options_of(manual[command]) - {'--output', '--help'}), [])
    expect(f'{command}: -o', '-o' in z.offered(command, '-'), '-o' in help_text)


def check_values(z):
  lists = {'--kernel': 'kernels', '--variants': 'variants', '--workloads': 'workloads', '--consumers': 'consumers', '--guests': 'guests',
           '--plan': 'plans'}
  for option, topic in lists.items():
    expect(f'run {option}', [w for w in z.offered('run', option, '') if w != 'all'], z.names(topic))
    expect(f'run {option}=', [w for w in z.offered('run', option + '=') if w != option + '=all'],
           [f'{option}={name}' for name in z.names(topic)])
  help_text = z.said('run', '--help')
  expect('run --accel', '|'.join(z.offered('run', '--accel', '')), re.search(r'--accel ([a-z|]+)', help_text)[1])
  expect('run --target', '|'.join(z.offered('run', '--target', '')), re.search(r'--target ([a-z|]+)', help_text)[1])
  expect('run --fence', ', '.join(z.offered('run', '--fence', '')), re.search(r'--fence NAME +([a-z-]+, [a-z-]+, [a-z]+)', help_text)[1])
  expect('run --memory', ', '.join(z.offered('run', '--memory', '')), re.search(r'--memory LIST +(\w+, \w+)', help_text)[1])
  expect('export --format', z.offered('export', '--format', ''), re.findall(r'^ {6}(\w+) ', z.said('export', '--help'), re.MULTILINE))
  expect('report --format', '|'.join(z.offered('report', '--format', '')), re.search(r'--format ([a-z|]+)', z.said('report', '--help'))[1])
  expect('list', sorted(z.offered('list', '')), sorted(re.search(r'list \[([a-z|]+)\]', z.said('list', '--help'))[1].split('|')))
  expect('compare --variant-a', z.offered('compare', '--variant-a', ''), z.names('variants'))
  expect('the second of a list', z.offered('run', '--variants', 'stock,inv'), ['stock,invalidate'])
  expect("ab's arms", z.offered('ab', 'variants:inv'), ['variants:invalidate'])
  expect('a number', z.offered('run', '--seed', ''), [])
  expect('what is no option', z.offered('run', '--odd='), [])
  expect('what is no command', z.offered('odd', ''), [])
  for words, wanted in ((('run', '-o', ''), ':folders'), (('report', ''), ':folders'), (('report', '-o', ''), ':files'),
                        (('merge', '-o', 'x', ''), ':folders'), (('run', '--plan', ''), ':files'), (('trends', 's', '--add', ''), ':folders')):
    expect(f'{words}', wanted in z.asked_of_shell(*words), True)


def check_rows(z, source):
  """An option whose value nobody thought of would complete to nothing, and nobody would see."""
  rows = set(re.findall(r'^\t\{ "([a-z-]+)", [A-Z_]+,', source, re.MULTILINE))
  for command in z.commands():
    for option in re.findall(r'^ +(?:-\w, )?--([a-z-]+) [A-Z][A-Za-z|/]+\b', z.said(command, '--help'), re.MULTILINE):
      if option not in rows:
        failed.append(f'{command} --{option}: bench/commands/complete.c has no row for its value')


# -- shells

class Shell:
  """An interactive shell in a terminal of its own. Ctrl-X d has it write the line that it edits into a file."""

  def __init__(self, command, folder, lines):
    self.line_file = os.path.join(folder, 'line')
    self.pid, self.terminal = pty.fork()
    if self.pid == 0:
      os.chdir(folder)
      os.environ.update({'TERM': 'dumb', 'HOME': folder, 'PS1': '', 'LC_ALL': 'C.UTF-8'})
      os.execvp(command[0], command)
    for line in lines:
      self.type(line.replace('@', self.line_file) + '\n')
    self.ready()

  def drain(self):
    while select.select([self.terminal], [], [], 0)[0]:
      try:
        if not os.read(self.terminal, 65536):
          return
      except OSError:
        return

  def type(self, text):
    self.drain()
    os.write(self.terminal, text.encode())

  def written(self, seconds=20):
    """What the file has, once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
      self.drain()
      if os.path.exists(self.line_file) and os.path.getsize(self.line_file):
        with open(self.line_file, encoding='utf-8') as f:
          text = f.read()
        if text.endswith('\n'):
          os.remove(self.line_file)
          return text[:-1]
      time.sleep(0.02)
    return None

  def ready(self):
    self.type(f'echo here >{self.line_file}\n')
    expect('the shell starts', self.written(), 'here')

  def completed(self, line):
    """What a line becomes by one tab. Ctrl-U clears it for the next."""
    self.type(line + '\t')
    self.type('\x18d')
    got = self.written()
    self.type('\x15')
    return got

  def end(self):
    os.close(self.terminal)
    os.kill(self.pid, signal.SIGKILL)
    os.waitpid(self.pid, 0)


TYPED = (
  ('zcbench ru', 'zcbench run '),
  ('zcbench mer', 'zcbench merge '),
  ('zcbench run --acc', 'zcbench run --accel '),
  ('zcbench run --accel ic', 'zcbench run --accel icount '),
  ('zcbench run --accel=ic', 'zcbench run --accel=icount'),
  ('zcbench run --workloads thp-c', 'zcbench run --workloads thp-collapse'),
  ('zcbench run --variants stock,inv', 'zcbench run --variants stock,invalidate'),
  ('zcbench run --plan smo', 'zcbench run --plan smoke '),
  ('zcbench run --plan my-', 'zcbench run --plan my-plan.json '),
  ('zcbench run --resume -o a-r', 'zcbench run --resume -o a-run/'),
  ('zcbench report a-r', 'zcbench report a-run/'),
  ('zcbench merge -o joined a-r', 'zcbench merge -o joined a-run/'),
  ('zcbench ab variants:inv', 'zcbench ab variants:invalidate'),
  ('zcbench export --format openm', 'zcbench export --format openmetrics '),
  ('zcbench list work', 'zcbench list workloads '),
  ('zcbench run --seed 1', 'zcbench run --seed 1'),
  ('zcbench run --no-such', 'zcbench run --no-such'),
)


def check_shell(name, shell):
  for typed, wanted in TYPED:
    got = shell.completed(typed)
    if got is None:
      failed.append(f'{name}: {typed}: it does not answer')
      break
    # Whether a space follows a word that could go on is each shell's taste.
    expect(f'{name}: {typed}', got.rstrip() if got else got, wanted.rstrip())
  shell.end()


def check_shells(completion, program, folder):
  shutil.rmtree(folder, ignore_errors=True)
  os.makedirs(os.path.join(folder, 'a-run'))
  with open(os.path.join(folder, 'my-plan.json'), 'w', encoding='utf-8') as f:
    f.write('{}')
  path = f'PATH={os.path.dirname(program)}:$PATH'
  bash = Shell(['bash', '--norc', '--noprofile', '-i'], folder,
               [path, 'bind "set bell-style none"', 'bind -x \'"\\C-xd": echo "$READLINE_LINE" >@\'',
                f'. {completion}/zcbench.bash'])
  check_shell('bash', bash)
  if not shutil.which('zsh'):
    print('not tried: zsh, which is missing: run ./scripts/setup test')
    return
  zsh = Shell(['zsh', '-f', '-i'], folder,
              ['bindkey -e', path, f'fpath=({completion} $fpath); autoload -Uz compinit; compinit -u -d {folder}/dump',
               'dump() { print -r -- "$BUFFER" >@ }; zle -N dump; bindkey "^Xd" dump'])
  check_shell('zsh', zsh)


def check_plants(z, manual):
  """An option that is told and not offered must be found."""
  before = len(failed)
  check_options(z, {**manual, 'merge': manual['merge'] + '\n--gently\n'})
  found = failed[before:]
  del failed[before:]
  if not any('--gently' in problem for problem in found):
    failed.append('a planted option was not missed')


def manual_of(path):
  """{command: the part of the manual that tells its options, with -- as it is typed}"""
  with open(path, encoding='utf-8') as f:
    text = f.read()
  parts = re.split(r'^\.Ss (\w+)\n', text.split('.Sh PLAN FILES')[0], flags=re.MULTILINE)[1:]
  found = {}
  for command, part in zip(parts[::2], parts[1::2]):
    items = ' '.join(re.findall(r'^\.It (.*(?:\\\n.*)*)', part, re.MULTILINE))
    found[command] = ' '.join('--' + name for name in re.findall(r'Fl Fl ([a-z-]+)', items))
  return found


def main():
  program, completion, folder = map(os.path.abspath, sys.argv[1:])
  top = os.path.join(completion, '..', '..')
  z = Zcbench(program)
  manual = manual_of(os.path.join(top, 'docs', 'zcbench.1'))
  check_options(z, manual)
  check_plants(z, manual)
  check_values(z)
  with open(os.path.join(top, 'bench', 'commands', 'complete.c'), encoding='utf-8') as f:
    check_rows(z, f.read())
  check_shells(completion, program, folder)
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
