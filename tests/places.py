#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No file names a folder of the machine it was written on, nor the host of a package registry:
the tree must work anywhere, and where packages come from is the user's own set-up.

  places.py [TOP] | --self-test
"""
import os
import re
import sys
import tempfile

# Written in pieces, so that this file does not name them itself.
REGISTRIES = [r'\.'.join(parts) for parts in (
  ('deb', 'debian', 'org'), ('security', 'debian', 'org'), ('snapshot', 'debian', 'org'),
  ('ftp', r'\w+', 'debian', 'org'), ('archive', 'ubuntu', 'com'), ('pypi', 'org'),
  ('pythonhosted', 'org'), ('npmjs', r'(?:org|com)'), ('crates', 'io'),
  ('proxy', 'golang', 'org'), ('docker', 'io'), ('ghcr', 'io'), ('quay', 'io'),
  ('rubygems', 'org'), ('maven', 'org'), ('artifact' 'ory',))]
PLACES = [r'(?<![\w.$}~*/-])/' + folder for folder in
          (r'work/\w', r'home/\w', r'Users/\w', r'root/[.\w]')]
PATTERN = re.compile('|'.join(PLACES + [r'\b' + r for r in REGISTRIES]), re.IGNORECASE)

PLANTS = (('/wo', 'rk/thing'), ('"/ho', 'me/somebody/thing"'), ('https://deb.deb', 'ian.org/x'),
          ('index = py', 'pi.org'), ('=/ro', 'ot/.cache'))
SOUND = ('$HOME/job/a ~/job/b a/home/c homework/d ./root/e images/rootfs/root\n'
         'https://docs.kernel.org/mm deb.example.org /roots/a /homes/b\n')


def texts(top):
  for folder, subfolders, files in os.walk(top):
    subfolders[:] = [d for d in subfolders if d not in ('.git', '.cache') and
                     not d.startswith('build')]
    for name in sorted(files):
      path = os.path.join(folder, name)
      if name == '.git' or os.path.islink(path):
        continue
      with open(path, 'rb') as f:
        yield os.path.relpath(path, top), f.read()


def check(top):
  problems, n = [], 0
  for path, octets in texts(top):
    n += 1
    if b'\0' in octets:
      continue
    for number, line in enumerate(octets.decode('utf-8', 'replace').splitlines(), 1):
      found = PATTERN.search(line)
      if found:
        problems.append(f'{path}:{number}: names {found[0]}: {line.strip()[:100]}')
  return problems, n


def self_test():
  with tempfile.TemporaryDirectory() as top:
    with open(os.path.join(top, 'file'), 'w', encoding='utf-8') as f:
      f.write(SOUND + ''.join(''.join(plant) + '\n' for plant in PLANTS))
    problems, _ = check(top)
  lines = [int(p.split(':')[1]) for p in problems]
  wanted = [SOUND.count('\n') + 1 + i for i in range(len(PLANTS))]
  print('\n'.join(problems))
  return 0 if lines == wanted else 1


def main():
  if sys.argv[1:] == ['--self-test']:
    return self_test()
  problems, n = check(sys.argv[1] if sys.argv[1:] else
                      os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
  print('\n'.join(problems) or f'{n} files name no such place')
  return 1 if problems or n == 0 else 0


if __name__ == '__main__':
  sys.exit(main())
