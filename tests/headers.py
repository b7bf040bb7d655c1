#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every header compiles alone, and twice in a row.

  headers.py TOP COMPILER [ARGUMENT]...
  headers.py --self-test COMPILER [ARGUMENT]...
"""
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

FLAGS = ['-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror',
         '-fsyntax-only', '-x', 'c', '-']

# Headers whose library's own do not lie where a compiler looks by itself.
LIBRARIES = {'bench/consumers/gst-stream.h': 'gstreamer-video-1.0', 'bench/consumers/scanout-kms.h': 'libdrm'}

PLANTS = {
  'good.h': '#ifndef G\n#define G\n#include <stddef.h>\nsize_t good(void);\n#endif\n',
  'lacks-an-include.h': 'size_t planted(void);\n',
  'lacks-a-guard.h': 'enum planted { PLANTED };\n',
}


def headers(top):
  for folder, subfolders, files in os.walk(top):
    subfolders[:] = [d for d in subfolders if not d.startswith(('.', 'build'))]
    for name in files:
      if name.endswith('.h'):
        yield os.path.relpath(os.path.join(folder, name), top)


def library_flags(header):
  if header not in LIBRARIES:
    return []
  return subprocess.run(['pkg-config', '--cflags', LIBRARIES[header]], capture_output=True, text=True, check=True).stdout.split()


def complaint(top, header, compiler):
  done = subprocess.run(compiler + ['-I', top] + library_flags(header) + FLAGS, input=f'#include "{header}"\n' * 2,
                        capture_output=True, text=True, check=False)
  return f'{header} does not compile alone:\n{done.stderr}' if done.returncode else None


def check(top, compiler):
  found = sorted(headers(top))
  with ThreadPoolExecutor(2) as pool:
    said = list(pool.map(lambda header: complaint(top, header, compiler), found))
  return [s for s in said if s], len(found)


def self_test(compiler):
  with tempfile.TemporaryDirectory() as top:
    for name, text in PLANTS.items():
      with open(os.path.join(top, name), 'w', encoding='utf-8') as f:
        f.write(text)
    problems, _ = check(top, compiler)
  named = [p.split(' ', 1)[0] for p in problems]
  print('named:', *named)
  return 0 if named == ['lacks-a-guard.h', 'lacks-an-include.h'] else 1


def main():
  if sys.argv[1] == '--self-test':
    return self_test(sys.argv[2:])
  problems, n = check(os.path.abspath(sys.argv[1]), sys.argv[2:])
  print('\n'.join(problems) or f'{n} headers compile alone')
  return 1 if problems or n == 0 else 0


if __name__ == '__main__':
  sys.exit(main())
