#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that does not come up: its console is in the run directory, and at the second try it tells more."""
import os
import re
import shutil

import zcb

CELL = {'cells': [{'workload': 'idle', 'consumers': ['mmap']}]}


def images_without_agent(bench):
  """The same images, and a guest whose initrd has no init."""
  ours = os.path.join(os.path.dirname(bench.program), 'images')
  top = os.path.join(bench.scratch, 'tree')
  os.makedirs(os.path.join(top, 'vm-images'))
  os.mkdir(os.path.join(top, 'images'))
  for name in ('rootfs', 'stock'):
    os.symlink(os.path.realpath(os.path.join(ours, name)), os.path.join(top, 'images', name))
  shutil.copy(os.path.join(os.path.dirname(bench.program), 'vm-images', 'hut-init.cpio'), os.path.join(top, 'vm-images'))
  with open(os.path.join(top, 'vm-images', 'agent.cpio'), 'wb'):
    pass
  return os.path.join(top, 'images')


def check(line, log, problems):
  problems.equal('status', line['status'], 'error')
  problems.expect('the guest did not come up (QEMU ended); its last words: ' in line['reason'], f'reason: {line["reason"]}')
  parts = re.split(rb'\[zcbench: a guest on shmem starts( once more)?\]\n', log)
  problems.equal('guests in guest.log', len(parts), 5)
  if len(parts) == 5:
    problems.equal('which is the second', (parts[1], parts[3]), (None, b' once more'))
    for number, console in enumerate((parts[2], parts[4]), 1):
      problems.expect(b'Kernel panic' in console, f'the console of guest {number} does not have its panic')
    problems.expect(b'Linux version' in parts[4], 'the second guest does not tell all')


def plants(line, log):
  yield 'a quiet guest.log', line, log.replace(b'Linux version', b'')
  yield 'a console without its end', line, log[:log.rindex(b'Kernel panic')]
  yield 'one guest only', line, log[:log.index(b' once more]')]
  yield 'a guest without last words', {**line, 'reason': 'qemu: the guest did not come up (QEMU ended)'}, log


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  folder = os.path.join(bench.scratch, 'run')
  _, _, err = bench.run('run', '--plan', bench.plan(**CELL), '--images', images_without_agent(bench), '--accel', 'tcg',
                        '--no-report', '-o', folder)
  print(err)
  bench.expect_nothing_left(problems)
  problems.expect('the guest is started again: ' in err, f'the second try is not told: {err}')
  line, log = zcb.journal(folder)[0], zcb.octets(folder, 'boots/1/guest.log')
  check(line, log, problems)
  zcb.must_find(plants(line, log), check, problems)


if __name__ == '__main__':
  zcb.main(test)
