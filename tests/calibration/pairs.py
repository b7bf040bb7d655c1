#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares a run with itself: two boots an arm, each arm with each other. Nothing may differ.

  pairs.py ZCBENCH DIR [--metrics LIST]

DIR is of one kernel and variant and of many boots, as of `zcbench run --accel icount --boots 20`.
"""
import collections
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile


def part(folder, boots, into):
  """A run directory that holds these boots of another. It is copied: nothing behind links is read of one."""
  shutil.copytree(folder, into)
  with open(os.path.join(folder, 'cells.jsonl'), encoding='utf-8') as lines, \
       open(os.path.join(into, 'cells.jsonl'), 'w', encoding='utf-8') as kept:
    kept.writelines(line for line in lines if json.loads(line)['boot'] in boots)
  return into


def main():
  program, folder, *more = sys.argv[1:]
  with open(os.path.join(folder, 'cells.jsonl'), encoding='utf-8') as lines:
    boots = sorted({json.loads(line)['boot'] for line in lines})
  verdicts, differ = collections.Counter(), []
  with tempfile.TemporaryDirectory() as scratch:
    arms = [part(folder, set(boots[i:i + 2]), os.path.join(scratch, str(i))) for i in range(0, len(boots) - 1, 2)]
    for a, b in itertools.combinations(arms, 2):
      done = subprocess.run([program, 'compare', a, b, '--json', *more], capture_output=True, text=True, check=False)
      rows = json.loads(done.stdout)['rows']
      verdicts.update(row['verdict'] for row in rows)
      differ += [(os.path.basename(a), os.path.basename(b), row['metric'], row['statistic'], row['ratio'])
                 for row in rows if row['verdict'] in ('worse', 'better')]
  pairs = len(arms) * (len(arms) - 1) // 2
  print(f'{len(boots)} boots, {pairs} pairs of arms of two boots; rows:', dict(verdicts))
  for row in differ:
    print('different:', *row)
  return 1 if differ or not pairs else 0


if __name__ == '__main__':
  sys.exit(main())
