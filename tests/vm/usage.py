#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What zcbench says to what it cannot do: one clear sentence that names the culprit, and the
documented exit code. And what `zcbench report` makes of run directories that are cut off."""
import json
import os
import re
import shutil
import subprocess
import sys

import zcb

PLAN = {'schema': 1, 'kernels': ['stock'], 'variants': ['stock'], 'memory': ['shmem'], 'guests': ['linux'],
        'cells': [{'workload': 'punch', 'consumers': ['mmap']}]}
HUGE = {'workload': 'punch', 'consumers': ['mmap'], 'params': {'unit': 'huge'}}


def write(folder, name, content):
  path = os.path.join(folder, name)
  with open(path, 'w', encoding='utf-8') as f:
    f.write(content if isinstance(content, str) else json.dumps(content))
  return path


def check_words(what, said, wanted_code, culprit, problems):
  """One line on standard error, which has the culprit in it."""
  code, _, err = said
  problems.equal(f'{what}: exit code ({err.strip()})', code, wanted_code)
  problems.equal(f'{what}: lines on standard error ({err.strip()})', err.count('\n'), 1)
  problems.expect(culprit in err, f'{what}: it does not name {culprit!r}: {err.strip()}')


def usage_rows(scratch):
  """What is asked, and the culprit that the answer must name."""
  fresh = ('-o', os.path.join(scratch, 'never-made'))
  empty = os.path.join(scratch, 'empty')
  os.mkdir(empty)
  yield ('an unknown command', ('frobnicate',), 'frobnicate')
  yield ('an unknown option', ('run', '--frobnicate'), '--frobnicate')
  yield ('an option without its value', ('run', '--accel'), '--accel')
  yield ('an accelerator that is none', ('run', '--accel', 'warp', *fresh), '--accel')
  yield ('a number that is none', ('run', '--boots', 'many'), 'many')
  yield ('a target that is none', ('run', '--target', 'moon'), '--target')
  yield ('a word too many', ('run', 'away'), '`zcbench run`')
  yield ('an unknown workload', ('run', '--workloads', 'juggle', *fresh), 'juggle')
  yield ('an unknown kernel', ('run', '--kernel', '/no/such/kernel', *fresh), '/no/such/kernel')
  yield ('a plan that is not there', ('run', '--plan', 'no-such-plan', *fresh), 'no-such-plan')
  yield ('no cell left', ('run', '--plan', 'smoke', '--consumers', 'null', '--workloads', 'idle', *fresh), 'no cell')
  for what, name, content, culprit in (
      ('a plan that is no JSON', 'words.json', 'a plan, so to speak', 'words.json'),
      ('an unknown workload in a plan', 'workload.json', {**PLAN, 'cells': [{**HUGE, 'workload': 'juggle'}]},
       'juggle'),
      ('an unknown consumer in a plan', 'consumer.json', {**PLAN, 'cells': [{**HUGE, 'consumers': ['eye']}]}, 'eye'),
      ('huge pages without blocks', 'huge.json', {**PLAN, 'cells': [HUGE]}, '"blocks"'),
      ('an unknown parameter', 'param.json', {**PLAN, 'params': {'colour': 3}}, 'colour'),
      ('a frame larger than its guest', 'large.json', {**PLAN, 'params': {'pages': 8192, 'ram_mib': 128}}, 'ram_mib')):
    yield (what, ('run', '--plan', write(scratch, name, content), *fresh), culprit)
  for what, sides, culprit in (
      ('a comparison with nothing', (), 'A and B'), ('one with a third side', ('stock', 'stock', 'stock'), 'A and B'),
      ('an unknown kernel', ('stock', 'steel'), '"steel"'),
      ('an unknown variant', ('variants:stock', 'variants:warp'), '"warp"'),
      ('a variant that the kernel has not', ('stock:update-ptl', 'variants'), 'update-ptl'),
      ('no kernel before the variant', (':stock', 'stock'), ':stock'),
      ('an image that is not there', ('stock', '/no/such/bzImage:stock'), '/no/such/bzImage'),
      ('this machine among others', ('native', 'stock'), '--target native'),
      ('a margin that is none', ('stock', 'stock', '--margin', 'wide'), 'wide'),
      ('an option of run', ('stock', 'stock', '--kernel', 'stock'), '--kernel'),
      ('an option of ab', None, '--margin')):
    yield (what, ('run', '--margin', '3') if sides is None else ('ab', *sides, *fresh), culprit)
  for shard in ('2', '0/2', '3/2', 'a/b', '1/2/3'):
    yield (f'the shard {shard}', ('run', '--shard', shard, *fresh), f'"{shard}"')
  yield ('more shards than boots', ('run', '--plan', 'smoke', '--boots', '3', '--kernel', 'stock', '--shard', '1/4', *fresh),
         '3 at most')
  yield ('more shards than rounds', ('ab', 'stock', 'variants', '--boots', '3', '--shard', '4/4', *fresh), '3 at most')
  yield ('--resume without -o', ('run', '--resume'), '-o DIR')
  yield ('--resume of a folder that is not there', ('run', '--resume', '-o', '/no/such/run'), '/no/such/run')
  yield ('--resume of an empty folder', ('run', '--resume', '-o', empty), empty)
  yield ('the report of an empty folder', ('report', empty), empty)
  yield ('the report of nothing', ('report', '/no/such/run'), '/no/such/run')


def check_usage(bench, problems):
  for what, args, culprit in usage_rows(bench.scratch):
    check_words(what, bench.run(*args, patience=60), 2, culprit, problems)
  problems.expect(not os.path.exists(os.path.join(bench.scratch, 'never-made')), 'a bad usage left a run directory')


def check_images(bench, problems):
  """Without images nothing boots; what is there already is not written over."""
  folder = os.path.join(bench.scratch, 'no-images')
  run = ('run', '--plan', 'smoke', '--accel', 'tcg', '-o', folder)
  check_words('no images', bench.run(*run, '--images', '/no/images', patience=60), 13, './scripts/setup', problems)
  problems.expect(not os.path.exists(os.path.join(folder, 'metadata.json')), 'a run that never began has metadata')
  before = b'{}'
  write(folder, 'metadata.json', '{}')
  check_words('a run directory that is taken', bench.run(*run, patience=60), 2, folder, problems)
  problems.expect(zcb.octets(folder, 'metadata.json') == before, 'a refused -o changed the run that is there')


def check_no_kernel(bench, problems):
  """A file that is no kernel: QEMU cannot start it, and that must be told, not waited for."""
  images = os.path.join(os.path.dirname(bench.program), 'images')
  if not os.path.exists(os.path.join(images, 'rootfs')) or not os.path.exists(os.path.join(images, 'stock')):
    print('not tried: a kernel that is none, since there are no images: run ./scripts/setup image')
    return
  kernel = write(bench.scratch, 'kernel', 'this is no kernel\n' * 1000)
  folder = os.path.join(bench.scratch, 'no-kernel')
  code, _, err = bench.run('run', '--plan', bench.plan(cells=PLAN['cells']), '--kernel', kernel, '--accel', 'tcg',
                           '--no-report', '-o', folder, patience=200)
  problems.equal(f'a kernel that is none: exit code ({zcb.last_line(err)})', code, 13)
  problems.expect('qemu' in err.lower(), f'a kernel that is none: whose fault it is is not said: {err}')


# -- run directories that are cut off

def cut(path, keep):
  with open(path, 'r+b') as f:
    f.truncate(keep)


def cut_metadata(folder):
  path = os.path.join(folder, 'metadata.json')
  cut(path, os.path.getsize(path) // 2)


def cut_journal(folder):
  path = os.path.join(folder, 'cells.jsonl')
  cut(path, os.path.getsize(path) - 20)


def cut_samples(folder):
  name = next(n for n in sorted(os.listdir(os.path.join(folder, 'samples'))) if n.endswith('.punch.zcs'))
  path = os.path.join(folder, 'samples', name)
  cut(path, os.path.getsize(path) - 5)


def cut_plan(folder):
  path = os.path.join(folder, 'plan.json')
  cut(path, os.path.getsize(path) // 2)


def words_of(page):
  """The page without its addresses: fewer cells are fewer links to the journal."""
  return re.sub(rb'href="[^"]*"', b'', zcb.octets(page))


def check_cut(bench, problems):
  """The report is made of what is left, and says what is not."""
  golden = os.path.join(bench.scratch, 'golden')
  here = os.path.dirname(os.path.abspath(__file__))
  subprocess.run([sys.executable, os.path.join(here, '..', 'golden', 'generate.py'), golden], check=True,
                 stdout=subprocess.DEVNULL)
  for damage, named in ((cut_metadata, 'metadata.json'), (cut_journal, 'line of cells.jsonl was torn off'), (cut_samples, '.punch.zcs'),
                        (cut_plan, 'plan.json')):
    folder = os.path.join(bench.scratch, damage.__name__)
    shutil.copytree(os.path.join(golden, 'healthy'), folder)
    whole = bench.run('report', folder, patience=120)
    problems.equal(f'{damage.__name__}: exit code of the whole one ({whole[2].strip()})', whole[0], 0)
    page = os.path.join(folder, 'report.html')
    clean = words_of(page).count(named.encode())
    damage(folder)
    code, _, err = bench.run('report', folder, patience=120)
    problems.equal(f'{damage.__name__}: exit code ({err.strip()})', code, 0)
    notes = words_of(page).count(named.encode()) - clean
    problems.expect(notes > 0, f'{damage.__name__}: the report has no note that names {named}')


def check_plants(problems):
  for what, said in (('two lines', (2, '', 'usage: --x\nand more\n')), ('no culprit', (2, '', 'usage: no\n')),
                     ('another exit code', (1, '', 'usage: --x\n')), ('silence', (2, '', ''))):
    found = zcb.Problems()
    check_words(what, said, 2, '--x', found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


def test(bench, problems):
  check_plants(problems)
  check_usage(bench, problems)
  check_images(bench, problems)
  check_no_kernel(bench, problems)
  check_cut(bench, problems)
  bench.expect_nothing_left(problems)


if __name__ == '__main__':
  zcb.main(test)
