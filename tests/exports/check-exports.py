#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds each format of `zcbench export` against its definition, and its figures against the run directory's.

usage: check-exports.py EXPORT-PROGRAM FOLDER

Each checker is shown planted faults first. Exit code 77: all that could be checked is right, but a library is missing.
"""
import calendar
import collections
import csv
import io
import json
import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'golden')]
import generate  # noqa: E402
import ktap  # noqa: E402

try:
  import jsonschema
  from prometheus_client.openmetrics import parser as openmetrics
except ImportError as missing:
  # Debian's packages are for Debian's Python, whatever comes first in PATH.
  if sys.executable != '/usr/bin/python3' and os.path.exists('/usr/bin/python3'):
    os.execv('/usr/bin/python3', ['/usr/bin/python3', *sys.argv])
  print(f'skipped: {missing}: install it (Debian: apt install python3-jsonschema python3-prometheus-client)')
  sys.exit(77)

RUNS = ('healthy', 'failures', 'hostile', 'damaged')


def export(program, run, name, *more):
  return subprocess.run([program, '--format', name, *more, run], check=True, capture_output=True).stdout


def outcomes(run):
  """How many cells of a run passed, failed, …: from the run directory, by our own means."""
  with open(os.path.join(run, 'plan.json'), encoding='utf-8') as f:
    planned = {c['index']: c['boot'] for c in json.load(f)['cells']}
  with open(os.path.join(run, 'cells.jsonl'), encoding='utf-8') as f:
    lines = {line['index']: line for line in map(json.loads, (x for x in f if x.endswith('\n')))}
  tainted = {line['boot'] for line in lines.values() if line['kernel_faults']}
  for boot in os.listdir(os.path.join(run, 'boots')):
    path = os.path.join(run, 'boots', boot, 'boot.json')
    if os.path.exists(path):
      with open(path, encoding='utf-8') as f:
        tainted |= {int(boot)} if json.load(f)['tainted'] else set()
  count = collections.Counter()
  for index, boot in planned.items():
    line = lines.get(index)
    if line and line['kernel_faults']:
      count['fail'] += 1
    elif boot in tainted:
      count['error'] += 1
    elif not line:
      count['not run'] += 1
    elif line.get('known_bug') and line['status'] == 'pass':
      count['known bug'] += 1
    else:
      count['error' if line['status'] == 'crash' else line['status']] += 1
  return count


def check_kcidb(text, count):
  with open(os.path.join(HERE, 'kcidb.schema.json'), encoding='utf-8') as f:
    schema = json.load(f)
  report = json.loads(text)
  found = [f'{e.json_path}: {e.message[:200]}' for e in jsonschema.Draft7Validator(schema).iter_errors(report)]
  for kind in ('checkouts', 'builds', 'tests'):
    ids = [o.get('id') for o in report.get(kind, ())]
    if len(set(ids)) != len(ids):
      found.append(f'{kind}: an id is there twice')
  builds = {b.get('id') for b in report.get('builds', ())}
  checkouts = {c.get('id') for c in report.get('checkouts', ())}
  if count and (any(t['build_id'] not in builds for t in report['tests']) or
                any(b['checkout_id'] not in checkouts for b in report['builds'])):
    found.append('an object refers to one that is not there')
  if count:
    seen = collections.Counter(t['status'] for t in report['tests'] if 'number' not in t)
    wanted = {'PASS': count['pass'] + count['known bug'], 'FAIL': count['fail'], 'ERROR': count['error'], 'SKIP': count['skip'],
              'MISS': count['not run']}
    if {k: v for k, v in wanted.items() if v} != dict(seen):
      found.append(f'statuses are {dict(seen)}, not {wanted}')
  return found


def check_junit(text, count):
  done = subprocess.run(['xmllint', '--noout', '--nonet', '--schema', os.path.join(HERE, 'junit.xsd'), '-'],
                        input=text, capture_output=True, check=False)
  if done.returncode:
    return [line for line in done.stderr.decode('utf-8', 'replace').split('\n') if line][:5]
  root, found = ET.fromstring(text), []
  for element in [root, *root.findall('testsuite')]:
    cases = list(element.iter('testcase'))
    seen = {'tests': len(cases), **{name: sum(c.find(tag) is not None for c in cases) for name, tag in
                                    (('failures', 'failure'), ('errors', 'error'), ('skipped', 'skipped'))}}
    if any(int(element.get(k)) != v for k, v in seen.items()):
      found.append(f'{element.tag}: its counts are not {seen}')
  if count:
    wanted = {'tests': sum(count.values()), 'failures': count['fail'], 'errors': count['error'],
              'skipped': count['skip'] + count['not run'] + count['known bug']}
    if any(int(root.get(k)) != v for k, v in wanted.items()):
      found.append(f'it has {root.attrib}, not {wanted}')
  return found


def check_ktap(text, count):
  try:
    tests = [t for variant in ktap.read(text.decode()) for t in variant[3] or ()]
  except ktap.Wrong as wrong:
    return [str(wrong)]
  found = [] if all(c == '\n' or c >= ' ' for c in text.decode()) else ['a control character']
  seen = {'bad': sum(not t[0] for t in tests), 'skipped': sum(t[2] == 'SKIP' for t in tests),
          'known': sum(t[2] == 'XFAIL' for t in tests), 'all': len(tests)}
  wanted = {'bad': count['fail'] + count['error'], 'skipped': count['skip'] + count['not run'], 'known': count['known bug'],
            'all': sum(count.values())} if count else seen
  return found + ([f'it has {seen}, not {wanted}'] if seen != wanted else [])


def check_openmetrics(text, count):
  try:
    families = {f.name: f for f in openmetrics.text_string_to_metric_families(text.decode())}
  except ValueError as wrong:
    return [f'{type(wrong).__name__}: {wrong}']
  found = []
  # The parser leaves out a sample whose labels were there before.
  lines = sum(not line.startswith(b'#') for line in text.splitlines())
  if lines != sum(len(f.samples) for f in families.values()):
    found.append('two samples have the same labels')
  if count and 'zcbench_cells' in families:
    seen = {s.labels['status']: s.value for s in families['zcbench_cells'].samples}
    if seen['pass'] != count['pass'] or seen['known bug'] != count['known bug'] or seen['skip'] != count['skip'] or seen['not run'] != count['not run']:
      found.append(f'cells are {seen}, not {count}')
  stamps = {float(s.timestamp or 0) for f in families.values() for s in f.samples}
  if count and stamps != {calendar.timegm((2026, 1, 31, 12, 0, 0))}:
    found.append(f'its time stamps are {stamps}')
  if count and 'zcbench_time_seconds' not in families:
    found.append('it has no times')
  return found


def check_csv(text, count):
  rows = list(csv.reader(io.StringIO(text.decode(), newline=''), strict=True))
  if not text.endswith(b'\r\n') or b'\n' in text.replace(b'\r\n', b''):
    return ['a line does not end as RFC 4180 has it']
  found = [f'row {i} has {len(row)} fields, not {len(rows[0])}' for i, row in enumerate(rows) if len(row) != len(rows[0])]
  if found:
    return found[:3]
  table = [dict(zip(rows[0], row)) for row in rows[1:]]
  found += [f'a formula: {row[name][:40]!r}' for row in table for name in row if row[name][:1] in ('=', '+', '-', '@')]
  for row in table:
    figures = [math.inf if row[k] == 'never' else float(row[k]) for k in ('min', 'p50', 'p90', 'p99', 'p999', 'max') if row[k]]
    if figures != sorted(figures) or len(figures) not in (0, 6):
      found.append(f'quantiles are not in order: {figures}')
  cells = {tuple(row[k] for k in list(row)[:9]): int(row['cells_pass']) for row in table}
  if count and sum(cells.values()) != count['pass']:
    found.append(f'{sum(cells.values())} cells passed, not {count["pass"]}')
  return found


CHECKS = {'kcidb': check_kcidb, 'junit': check_junit, 'ktap': check_ktap, 'openmetrics': check_openmetrics,
          'csv': check_csv}

# What each checker must find in an export of the healthy run: what is replaced, and by what.
PLANTS = {
    'kcidb': [(b'"status": "PASS"', b'"status": "GOOD"'), (b'"id": "zcbench:', b'"id": "Zcbench'),
              (b'"major": 5', b'"major": 4'), (b'"valid": true', b'"valid": null'), (b'-cell-1"', b'-cell-2"'),
              (b'"path": "zcbench.', b'"path": "zcbench..'), (b'"status": "PASS",\n   "duration"', b'"status": "FAIL",\n   "duration"')],
    'junit': [(b'<testcase ', b'<testcase colour="red" '), (b'</testsuite>', b''), (b'time="', b'time="-'),
              (b'<testcase classname', b'<testcase class'), (b'failures="0"', b'failures="1"'), (b'stock', b'sto\x07ck')],
    'ktap': [(b'KTAP version 1\n1..', b'TAP version 13\n1..'), (b'  ok 3 ', b'  ok 4 '), (b'  1..', b'  1..1'),
             (b'  ok 2 ', b'  not ok 2 '), (b'  ok 2 ', b'  okay 2 '), (b'\n  ok 2 ', b'\n hello\n  ok 2 ')],
    'openmetrics': [(b'# EOF\n', b''), (b'# TYPE zcbench_cells gauge', b'# TYPE zcbench_cells counter'),
                    (b'memory="', b'memory='), (b'quantile="0.5"', b'quantile="1.5"'), (b' 1769860800', b' 1769860801'), (b'status="fail"', b'status="pass"')],
    'csv': [(b'\r\n"stock"', b'\r\n"=stock"'), (b',never', b',x'), (b'\r\n', b'\n'), (b'"mmap",', b'"mmap","",')],
}


def problems_of(name, text, count):
  try:
    return CHECKS[name](text, count)
  except (ValueError, KeyError, TypeError) as wrong:
    return [f'{type(wrong).__name__}: {wrong}']


def check_plants(name, text, count):
  missed = []
  for old, new in PLANTS[name]:
    planted = text.replace(old, new, 1)
    if planted != text and not problems_of(name, planted, count):
      missed.append(f'{name}: the planted {new!r} was not found')
    if planted == text and (old, new) != (b',never', b',x'):
      missed.append(f'{name}: there is no {old!r} to plant a fault at')
  return missed


def check_usage(program, folder):
  run, found = os.path.join(folder, 'healthy'), []
  there = os.path.join(folder, 'export.csv')
  before = sorted(os.listdir(run))
  for args, code, word in (
      (['--help'], 0, 'usage: zcbench export'), ([run], 2, 'name a --format'), (['--format', 'pdf', run], 2, 'no format pdf'),
      (['--format', 'csv'], 2, 'name one run directory'), (['--format', 'csv', folder], 2, 'not a run directory'),
      (['--format', 'kcidb', '--origin', 'A b', run], 2, 'an origin is'), (['--format', 'csv', '-o', '/nowhere/x', run], 13, '/nowhere/x'),
      (['--format', 'csv', '-o', there, run], 0, ''), (['--format', 'kcidb', '--origin', 'my_ci', run], 0, '"my_ci:')):
    done = subprocess.run([program, *args], capture_output=True, text=True, check=False)
    if done.returncode != code or word not in done.stdout + done.stderr:
      found.append(f'{args}: exit code {done.returncode}, {done.stderr[:200]!r}')
  with open(there, 'rb') as f:
    if f.read() != export(program, run, 'csv'):
      found.append('-o writes something else than standard output gets')
  if sorted(os.listdir(run)) != before:
    found.append('the run directory was written to')
  return found


def main():
  program, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
  subprocess.run([sys.executable, os.path.join(HERE, '..', 'golden', 'generate.py'), folder], check=True)
  failed = check_usage(program, folder)
  for name in CHECKS:
    for run in RUNS:
      path = os.path.join(folder, run)
      # Of a hostile or damaged run nobody else can say how many cells it has.
      count = outcomes(path) if run in ('healthy', 'failures') else None
      text = export(program, path, name)
      found = [f'{name} of {run}: {p}' for p in problems_of(name, text, count)]
      failed += found or (check_plants(name, text, count) if run == 'healthy' else [])
      print(f'{name} of {run}: {len(text)} bytes, {len(found)} problems')
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
