# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of the Kernel Test Anything Protocol, version 1 (the kernel's Documentation/dev-tools/ktap.rst)."""
import re

RESULT = re.compile(r'(ok|not ok) ([0-9]+)( -)?( [^#]*?)?( # (SKIP|TODO|XFAIL|TIMEOUT|ERROR)( .*)?)?$')


class Wrong(Exception):
  """What the protocol does not allow, with the line's number."""


def read(text):
  """The tests as (ok, name, directive, subtests), or Wrong."""
  lines = text.split('\n')
  if lines.pop() != '':
    raise Wrong('the last line does not end')
  at, tests = block(lines, 0, 0)
  if at != len(lines):
    raise Wrong(f'line {at + 1}: {lines[at]!r} is after the end')
  return tests


def block(lines, at, depth):
  """A version line, a plan and its tests, each with its subtests before it; (line after it, tests)."""
  indent = '  ' * depth

  def line(i):
    return lines[i][len(indent):] if i < len(lines) and lines[i].startswith(indent) else None

  if line(at) != 'KTAP version 1':
    raise Wrong(f'line {at + 1}: no version line')
  plan = re.fullmatch(r'1\.\.([0-9]+)( # SKIP.*)?', line(at + 1) or '')
  if not plan:
    raise Wrong(f'line {at + 2}: no plan')
  at, tests = at + 2, []
  while len(tests) < int(plan[1]):
    at, test = one_test(lines, at, depth, line, len(tests) + 1)
    tests.append(test)
  return at, tests


def one_test(lines, at, depth, line, number):
  subtests = None
  while True:
    text = line(at)
    if text is None:
      raise Wrong(f'line {at + 1}: test {number} is missing')
    result = RESULT.fullmatch(text)
    if result:
      break
    if text == '  KTAP version 1':
      at, subtests = block(lines, at, depth + 1)
    elif text.startswith('# ') or text == '#':
      at += 1
    else:
      raise Wrong(f'line {at + 1}: {text!r} is nothing of the protocol')
  if int(result[2]) != number:
    raise Wrong(f'line {at + 1}: number {result[2]} where {number} is due')
  ok, failed = result[1] == 'ok', [t for t in subtests or () if not t[0]]
  if ok and failed:
    raise Wrong(f'line {at + 1}: ok, but {len(failed)} of its subtests are not')
  return at + 1, (ok, (result[4] or '').strip(), result[6], subtests)
