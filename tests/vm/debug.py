#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The smoke plan on the kernel that looks for bugs: lockdep, KASAN and the others are on and have
nothing to say. With a use after free planted in its boot, the same kernel ends the run with 14."""
import os
import re

import zcb
from smoke import check_boots, check_journal

OPTIONS = ('KASAN', 'PROVE_LOCKING', 'PROVE_RCU', 'DEBUG_ATOMIC_SLEEP', 'DEBUG_LIST', 'DEBUG_VM',
           'DEBUG_OBJECTS_WORK', 'UDMABUF_NOTIFIER')
# What the checkers say of themselves at their start.
STARTED = ('KernelAddressSanitizer initialized', 'Lock dependency validator')
COMPLAINTS = re.compile(r'.*(?:BUG: |WARNING: |turning off the lock|Disabling lock).*')
# Hands a kernel parameter more to the QEMU that boots the HUT.
WRAPPER = '''#!/bin/bash
args=()
for arg; do
  [[ $arg != console=* ]] || arg+=" $ZCB_TEST_PLANT"
  args+=("$arg")
done
exec "$ZCB_TEST_QEMU" "${args[@]}"
'''
# drivers/misc/lkdtm: done when it is initialized.
PLANT = 'lkdtm.cpoint_name=DIRECT lkdtm.cpoint_type=READ_AFTER_FREE'


def check_config(images, problems):
  text = zcb.octets(images, 'debug', 'config').decode()
  missing = [o for o in OPTIONS if f'CONFIG_{o}=y\n' not in text]
  problems.equal('options that the debug kernel lacks', missing, [])


def console(folder):
  return zcb.octets(folder, 'boots', '1', 'console.log').decode(errors='replace')


def check_console(folder, problems):
  text = console(folder)
  for words in STARTED:
    problems.expect(words in text, f'the console does not say: {words}')
  problems.equal('complaints on the console', COMPLAINTS.findall(text), [])


def run_smoke(bench, problems):
  folder = os.path.join(bench.scratch, 'run')
  code, out, err = bench.run('run', '--plan', 'smoke', '--kernel', 'debug', '--accel', 'tcg', '-o', folder)
  print(err)
  problems.equal('exit code', code, 0)
  check_journal(zcb.journal(folder), problems, ('debug',))
  check_boots(folder, problems, ('debug',))
  check_console(folder, problems)
  print(out)


def run_planted(bench, images, problems):
  wrapper = os.path.join(bench.scratch, 'qemu')
  with open(wrapper, 'w', encoding='utf-8') as f:
    f.write(WRAPPER)
  os.chmod(wrapper, 0o755)
  os.environ.update(ZCB_QEMU=wrapper, ZCB_TEST_QEMU=os.path.join(images, 'rootfs', 'qemu'), ZCB_TEST_PLANT=PLANT)
  folder = os.path.join(bench.scratch, 'planted')
  code, _, err = bench.run('run', '--plan', bench.plan(cells=[{'workload': 'idle', 'consumers': ['oracle']}]),
                           '--kernel', 'debug', '--accel', 'tcg', '--no-report', '-o', folder)
  problems.equal(f'a planted use after free: exit code ({zcb.last_line(err)})', code, 14)
  faults = zcb.read_json(folder, 'boots/1/boot.json')['kernel_faults']
  problems.expect(any('BUG: KASAN: ' in fault for fault in faults), f'KASAN is not in {faults}')
  problems.expect(COMPLAINTS.findall(console(folder)), 'the complaint is not found on the console')


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'debug')
  images = os.path.join(os.path.dirname(bench.program), 'images')
  check_config(images, problems)
  run_smoke(bench, problems)
  run_planted(bench, images, problems)
  bench.expect_nothing_left(problems)


if __name__ == '__main__':
  zcb.main(test)
