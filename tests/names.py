#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `zcbench list` has is documented, and what is measured is listed.

  names.py ZCBENCH TOP | --self-test

Workloads, consumers, guests and variants stand in tables of README.md, metrics in one of docs/methodology.md.
"""
import glob
import json
import os
import re
import subprocess
import sys

WHERE = {'variants': 'README.md', 'workloads': 'README.md', 'consumers': 'README.md', 'guests': 'README.md',
         'metrics': 'docs/methodology.md'}
# A call that takes a sample, to the first string in it that is no unit.
SAMPLE = re.compile(r'(?:sample|zcb_recorder_add)\([^;"]*"(?!ns"|pages")([a-z0-9._-]+)"')


def named_in_tables(text):
  """The code words of first columns."""
  columns = (line.split('|')[1] for line in text.splitlines() if line.startswith('| '))
  return {word for column in columns for word in re.findall(r'`([^`]+)`', column)}


def problems_of(lists, documents, sources):
  for kind, document in WHERE.items():
    for name in sorted(set(lists[kind]) - named_in_tables(documents[document])):
      yield f'{kind}: {name} is in no table of {document}'
  for path, text in sources.items():
    for name in SAMPLE.findall(text):
      if name not in lists['metrics']:
        yield f'{path}: the metric {name} is not in list_metrics() of bench/commands/list.c'


def read(path):
  with open(path, encoding='utf-8') as f:
    return f.read()


def self_test():
  lists = {'variants': ['v'], 'workloads': ['a', 'b'], 'consumers': ['c'], 'guests': ['g'], 'metrics': ['m.n', 'o']}
  documents = {'README.md': '| `a`, `b` | does |\n| `c` | |\n| `g` | |\n| `v` | |\n',
               'docs/methodology.md': '| `m.n` | |\n| `o` | |\n'}
  sources = {'x.c': 'victim->sample(victim->recorder,\n\t"m.n", victim->operation++); say("p");'}
  missed = [f'{problem}, though it is' for problem in problems_of(lists, documents, sources)]
  plants = {
    'a workload without a row': ({**lists, 'workloads': ['a', 'b', 'z']}, documents, sources),
    'a word in a second column': (lists, {**documents, 'README.md': documents['README.md'].replace('| `c` |', '| x | `c`')}, sources),
    'a metric without a row': (lists, {**documents, 'docs/methodology.md': '| `o` | |\n'}, sources),
    'a metric that is not listed': (lists, documents, {'x.c': 'zcb_pace_sample(pace, victim, "q", 1);'}),
    'a metric of a variable': (lists, documents, {'x.c': 'zcb_recorder_add(&r, metric, "ns", 1); sample(r, "q", 1);'}),
    'another that is not listed': (lists, documents, {'x.c': 'zcb_recorder_add(&r, "q", "ns", 1);'}),
  }
  missed += [f'not found: {name}' for name, plant in plants.items() if not list(problems_of(*plant))]
  return missed


def main():
  if sys.argv[1] == '--self-test':
    problems = self_test()
  else:
    program, top = sys.argv[1:]
    lists = {kind: [part['name'] for part in json.loads(
      subprocess.run([program, 'list', kind, '--json'], check=True, capture_output=True).stdout)[kind]] for kind in WHERE}
    documents = {name: read(os.path.join(top, name)) for name in WHERE.values()}
    files = [path for folder in ('bench', 'workloads') for path in glob.glob(f'{top}/{folder}/**/*.c', recursive=True)]
    sources = {os.path.relpath(path, top): read(path) for path in files}
    problems = list(problems_of(lists, documents, sources))
    found = {name for text in sources.values() for name in SAMPLE.findall(text)}
    if len(found) < 10:
      problems.append(f'only {len(found)} metrics were found in the sources: {sorted(found)}')
  print('\n'.join(problems) or 'all of it is named')
  return 1 if problems else 0


if __name__ == '__main__':
  sys.exit(main())
