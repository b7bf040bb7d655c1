#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./scripts/setup image where no package mirror answers: one clear sentence, the documented exit
code, and nothing half made in the cache."""
import os
import shutil
import subprocess

import zcb

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTS = ('rootfs', 'stock', 'variants')
# Nobody listens on the discard port; and the machine's own configuration of apt must not win.
APT = '''Dir::Etc::parts "{empty}";
Dir::Etc::main "{empty}/none";
Acquire::http::Proxy "http://127.0.0.1:9";
Acquire::https::Proxy "http://127.0.0.1:9";
'''


def copy_tree(folder):
  """The set-up works on the tree it lies in: a copy of it cannot touch the images of this one."""
  for name in ('scripts', 'vm-images'):
    shutil.copytree(os.path.join(TOP, name), os.path.join(folder, name))


def set_up(bench, tree, cache):
  config, empty = os.path.join(bench.scratch, 'apt.conf'), os.path.join(bench.scratch, 'empty')
  os.mkdir(empty)
  with open(config, 'w', encoding='utf-8') as f:
    f.write(APT.format(empty=empty))
  env = {**bench.environment(), 'XDG_CACHE_HOME': cache, 'APT_CONFIG': config}
  for name in ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'):
    env[name] = 'http://127.0.0.1:9'
  return subprocess.run([os.path.join(tree, 'scripts', 'setup'), 'image'], env=env, capture_output=True, text=True,
                        timeout=zcb.PATIENCE_S, stdin=subprocess.DEVNULL, check=False)


def check_words(code, err, problems):
  problems.equal(f'exit code ({zcb.last_line(err)})', code, 13)
  said = [line for line in err.split('\n') if 'host set-up: ' in line]
  problems.equal('sentences', len(said), 1)
  problems.expect(said and said[0] == zcb.last_line(err), 'the sentence is not the last line')
  problems.expect(said and ('127.0.0.1' in said[0] or 'mirror' in said[0]), f'the culprit is not named: {said}')
  problems.expect(said and 'check the network' in said[0], f'the mend is not named: {said}')


def half_made(folder):
  """Images and temporary folders below the cache, and links to them in the tree's build folder."""
  found = []
  for parent, folders, files in os.walk(folder):
    found += [name for name in folders + files
              if name.startswith('tmp.') or name.startswith(tuple(part + '-' for part in PARTS)) and
              parent.endswith('zcbench') or os.path.islink(os.path.join(parent, name)) and name in PARTS]
  return found


def check_plants(folder, problems):
  for name in ('zcbench/tmp.rootfs.planted', 'zcbench/rootfs-planted'):
    os.makedirs(os.path.join(folder, name))
    problems.expect(half_made(folder), f'a planted fault was not found: {name}')
    os.rmdir(os.path.join(folder, name))
  found = zcb.Problems()
  check_words(13, 'setup: host set-up: it failed\n', found)
  problems.expect(found.found, 'a planted fault was not found: a sentence that says nothing')


def test(bench, problems):
  if shutil.which('apt-get') is None:
    raise zcb.Skip('there is no apt-get: run it on Debian')
  for tool in ('cpio', 'depmod', 'strip', 'xz', 'zstd'):
    if shutil.which(tool, path=os.environ['PATH'] + ':/usr/sbin:/sbin') is None:
      raise zcb.Skip(f'{tool} is missing: run ./scripts/setup host')
  tree, cache = os.path.join(bench.scratch, 'tree'), os.path.join(bench.scratch, 'cache')
  copy_tree(tree)
  os.mkdir(cache)
  done = set_up(bench, tree, cache)
  print(done.stderr)
  check_words(done.returncode, done.stderr, problems)
  problems.equal('half made', half_made(cache) + half_made(os.path.join(tree, 'build')), [])
  bench.expect_nothing_left(problems)
  check_plants(cache, problems)


if __name__ == '__main__':
  zcb.main(test)
