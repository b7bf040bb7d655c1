#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds summary.json of each golden run directory against figures computed here, by other means.

usage: check-summary.py REPORT-PROGRAM FOLDER
"""
import bisect
import fractions
import json
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CENSORED = 2**64 - 1
QUANTILES = {'p50': (1, 2), 'p90': (9, 10), 'p99': (99, 100), 'p999': (999, 1000), 'max': (1, 1)}


def read_samples(path):
  with open(path, 'rb') as f:
    content = f.read()
  if content[:16] != b'zcbsampl' + struct.pack('<II', 1, 24):
    return []
  whole = (len(content) - 16) // 24
  return [struct.unpack_from('<QQQ', content, 16 + 24 * i)[2] for i in range(whole)]


def quantile(values, q):
  """By counting: the smallest value that at least q of all samples do not exceed."""
  wanted, ordered = fractions.Fraction(*q) * len(values), sorted(values)
  for value in sorted(set(values)):
    if bisect.bisect_right(ordered, value) >= wanted:
      return None if value == CENSORED else value
  return None


def expected_rows(run):
  """(cell, params as JSON) → metric → samples, of boots that count."""
  tainted = set()
  for boot in os.listdir(os.path.join(run, 'boots')):
    try:
      with open(os.path.join(run, 'boots', boot, 'boot.json'), encoding='utf-8') as f:
        if json.load(f)['tainted']:
          tainted.add(int(boot))
    except OSError:
      pass
  with open(os.path.join(run, 'cells.jsonl'), encoding='utf-8') as f:
    lines = [json.loads(line) for line in f if line.endswith('\n')]
  tainted |= {line['boot'] for line in lines if line['kernel_faults']}
  rows, counts = {}, {}
  for line in lines:
    if line['boot'] in tainted:
      counts['tainted'] = counts.get('tainted', 0) + 1
      continue
    status = 'known bug' if line.get('known_bug') and line['status'] == 'pass' else line['status']
    counts[status] = counts.get(status, 0) + 1
    row = rows.setdefault((line['cell'], json.dumps(line['params'], sort_keys=True)), {})
    prefix = f'{line["index"]}.'
    for name in os.listdir(os.path.join(run, 'samples')):
      if name.startswith(prefix):
        values = read_samples(os.path.join(run, 'samples', name))
        row.setdefault(name[len(prefix):-4], []).extend(values)
  return rows, counts, sorted(tainted)


def problems_of(run, summary):
  rows, counts, tainted = expected_rows(run)
  found = []
  if summary['tainted_boots'] != [b for b in tainted if os.path.exists(f'{run}/boots/{b}/boot.json')]:
    found.append(f'tainted boots: {summary["tainted_boots"]}, not {tainted}')
  for status in ('pass', 'known bug', 'fail', 'skip', 'error', 'crash'):
    if summary['cells'][status] != counts.get(status, 0):
      found.append(f'{status}: {summary["cells"][status]}, not {counts.get(status, 0)}')
  ours = sorted((cell, metric, len(v), v.count(CENSORED), min(v), *(quantile(v, q) for q in QUANTILES.values()))
                for (cell, _), row in rows.items() for metric, v in row.items() if v)
  theirs = sorted((row['cell'], metric, m['n'], m['censored'], m['min'], *(m[q] for q in QUANTILES))
                  for row in summary['rows'] for metric, m in row['metrics'].items())
  if ours != theirs:
    found += [f'only computed here: {x}' for x in ours if x not in theirs][:3]
    found += [f'only in summary.json: {x}' for x in theirs if x not in ours][:3]
  if len(ours) < 2:
    found.append('nothing to compare')
  return found


def main():
  program, folder = sys.argv[1:]
  subprocess.run([sys.executable, os.path.join(HERE, 'generate.py'), folder], check=True)
  failed = False
  for name in ('healthy', 'failures', 'damaged'):
    run = os.path.join(folder, name)
    subprocess.run([program, run], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(run, 'summary.json'), encoding='utf-8') as f:
      summary = json.load(f)
    for problem in problems_of(run, summary):
      failed = True
      print(f'{name}: {problem}')
    # Planted: a figure that is off by one must be found.
    metric = next(m for row in summary['rows'] for m in row['metrics'].values())
    metric['p99'] += 1
    if not problems_of(run, summary):
      failed = True
      print(f'{name}: a wrong p99 was not noticed')
  sys.exit(failed)


if __name__ == '__main__':
  main()
