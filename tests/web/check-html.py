#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds each page that zcbench writes against the standard, by HTML Tidy.

usage: check-html.py REPORT-PROGRAM TRENDS-PROGRAM FOLDER [RUN-DIRECTORY…]

The reports of the golden run directories, of run directories that are named, and of a store of nights. Before that, Tidy is shown pages
with a planted fault, and must find each. Exit code 77: there is no Tidy.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'golden'), os.path.join(HERE, '..', 'store')]
import nights  # noqa: E402
import validate  # noqa: E402

FAULTS = {
    'an element that is not closed': ('</div>\n</section>', '</section>'),
    'an id that is there twice': ('<section id="run">', '<section id="run"><p id="run">a</p>'),
    'an end without a begin': ('</section>', '</em></section>'),
    'an attribute in two': ('<section id="run">', '<section id="run" id="other">'),
    'an element that is none': ('<section id="run">', '<section id="run"><blinking>a</blinking>'),
    'a summary that is not closed': ('</summary>', ''),
    'a row outside of tables': ('</main>', '<tr><td>a</td></tr></main>'),
    'no title': ('<title>', '<x>'),
}


def check_the_checker(page, folder):
  with open(page, encoding='utf-8') as f:
    text = f.read()
  missed, path = [], os.path.join(folder, 'planted.html')
  for fault, (sound, planted) in FAULTS.items():
    broken = text.replace(sound, planted, 1)
    with open(path, 'w', encoding='utf-8') as f:
      f.write(broken)
    if broken == text:
      missed.append(f'planted: the page has no place for {fault}')
    elif not validate.problems_of(path):
      missed.append(f'planted: {fault} was not found')
  return missed


def reports(program, runs):
  for run in runs:
    path = os.path.join(run, 'report.html')
    subprocess.run([program, run, '-o', path], check=True, stdout=subprocess.DEVNULL)
    yield path


def store(program, folder):
  path = os.path.join(folder, 'store')
  os.makedirs(path, exist_ok=True)
  nights.series(path, nights.small(4), 30, lambda row, metric, n: 1.2 if n > 20 else 1, gaps=(5, 6))
  subprocess.run([program, path, '-o', path], check=False, stdout=subprocess.DEVNULL)
  return os.path.join(path, 'index.html')


def main():
  report, trends, folder = (os.path.abspath(a) for a in sys.argv[1:4])
  if validate.missing():
    print('skipped:', validate.missing())
    sys.exit(77)
  subprocess.run([sys.executable, os.path.join(HERE, '..', 'golden', 'generate.py'), folder], check=True)
  runs = [os.path.join(folder, n) for n in ('healthy', 'failures', 'hostile', 'damaged', 'stages', 'arms')] + sys.argv[4:]
  pages = [*reports(report, runs), store(trends, folder)]
  failed = check_the_checker(pages[0], folder)
  for page in pages:
    found = validate.problems_of(page)
    print(f'{page}: {len(found)} problems')
    failed += [f'{page}: {p}' for p in found]
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
