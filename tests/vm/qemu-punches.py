#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU takes from a running guest by balloon, free-page reporting and virtio-mem: what each variant makes of it,
and that the workloads say so where it is prevented: in a guest without the drivers, without the devices, and with devices
that refuse.
"""
import os
import shutil
import subprocess

import zcb

UNTIL = 'stale-until-refill'
TABLE = {'stock': 'stale', 'update-ptl': UNTIL, 'invalidate': 'lookup'}
WORKLOADS = ('balloon', 'virtio-mem', 'free-page-report')
ROUNDS = 2


def row(workload, consumers=('mmap',), **params):
  return {'workload': workload, 'consumers': list(consumers), 'params': params}


ROWS = [
  row('balloon', ('mmap', 'oracle'), pattern='stride'),
  row('balloon', pattern='frame', touch='read'),
  row('virtio-mem', ('mmap', 'oracle'), pattern='frame'),
  row('free-page-report', pattern='random'),
]
PARAMS = {'pages': 32, 'rounds': ROUNDS, 'frames': 2, 'ram_mib': 192, 'stride': 4, 'count': 8}
EACH_ONCE = [row(name, pattern='frame') for name in WORKLOADS]


def check_line(line, problems):
  variant, _, _, _, consumer = line['cell'].split('/')
  name = f'{line["kernel"]}:{line["cell"]} {line["params"]["pattern"]}'
  problems.equal(f'{name}: status ({line.get("reason")})', line['status'], 'pass')
  problems.equal(f'{name}: observed', line.get('observed'), 'fresh' if consumer == 'oracle' else TABLE[variant])
  taken = {'stride': 8, 'random': 8, 'frame': 32}[line['params']['pattern']] * ROUNDS
  problems.equal(f'{name}: pages taken', line['events']['punched'], taken)
  problems.equal(f'{name}: pages refilled', line['events']['refilled'], taken)
  problems.equal(f'{name}: samples of vmm.take', line['metrics'].get('vmm.take', {}).get('n'), ROUNDS)


def check(lines, variants, problems):
  cells = sum(len(r['consumers']) for r in ROWS)
  problems.equal('cells', len(lines), cells * len(variants))
  for line in lines:
    check_line(line, problems)
  problems.equal('variants', {line['cell'].split('/')[0] for line in lines}, set(variants))


def run_all(bench, kernel, variants, problems):
  folder = os.path.join(bench.scratch, 'run-' + kernel)
  plan = bench.plan(kernels=[kernel], variants=variants, params=PARAMS, cells=ROWS)
  code, _, err = bench.run('run', '--plan', plan, '--accel', 'tcg', '--seed', '5', '-o', folder)
  problems.equal(f'{kernel}: exit code ({zcb.last_line(err)})', code, 0)
  bench.expect_nothing_left(problems)
  lines = zcb.journal(folder)
  check(lines, variants, problems)
  placed = zcb.read_json(folder, 'boots', '1', 'boot.json')['hut']['placement']
  problems.equal('roles that are placed', [p['role'] for p in placed], ['vcpu', 'vmm', 'cell'])
  return lines


# -- where it is prevented

def images_with(bench, name):
  """Images like the others, of which parts can be replaced."""
  build = os.path.dirname(bench.program)
  folder, real = os.path.join(bench.scratch, name, 'images'), os.path.join(build, 'images')
  os.makedirs(folder)
  os.symlink(os.path.join(build, 'vm-images'), os.path.join(bench.scratch, name, 'vm-images'))
  for part in ('rootfs', 'stock'):
    os.symlink(os.path.realpath(os.path.join(real, part)), os.path.join(folder, part))
  return folder


def part_of_its_own(folder, part):
  path = os.path.join(folder, part)
  real = os.path.realpath(path)
  os.unlink(path)
  try:
    shutil.copytree(real, path, symlinks=True, copy_function=os.link)
  except shutil.Error as problem:
    raise zcb.Skip(f'the images cannot be linked to ({problem.args[0][0][2]}): set TMPDIR to a folder of their file '
                   'system') from problem
  return path


def without_drivers(bench):
  images = images_with(bench, 'no-drivers')
  stock, empty = part_of_its_own(images, 'stock'), os.path.join(bench.scratch, 'empty')
  os.makedirs(os.path.join(empty, 'modules'))
  with open(os.path.join(empty, 'modules', 'order'), 'wb'):
    pass
  archive = subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet'], input=b'modules\nmodules/order\n', cwd=empty,
                           capture_output=True, check=True).stdout
  os.unlink(os.path.join(stock, 'modules-guest.cpio'))
  with open(os.path.join(stock, 'modules-guest.cpio'), 'wb') as f:
    f.write(archive)
  return images


def with_other_words(bench, name, rules):
  images = images_with(bench, name)
  root = os.path.join(part_of_its_own(images, 'rootfs'), 'root')
  shutil.copy(os.path.join(os.path.dirname(bench.program), 'tests', 'qemu-plant'),
              os.path.join(root, 'usr/sbin/qemu-system-x86_64'))
  with open(os.path.join(root, 'usr/sbin/qemu-plant'), 'w', encoding='utf-8') as f:
    f.writelines(f'{before}\t{after}\n' for before, after in rules)
  return images


PREVENTED = {
  'no drivers': (without_drivers, {
    'balloon': 'guest: its virtio-balloon driver was to have',
    'virtio-mem': 'guest: its virtio-mem driver was to have',
    'free-page-report': 'guest: it reports no free pages, or not all, in 30 s: of 32 pages that the guest gave, 32 are'}),
  'no devices': (lambda bench: with_other_words(bench, 'no-devices', [('virtio-balloon-pci', ''),
                                                                      ('virtio-mem-pci', '')]), {
    'balloon': 'qemu: query-balloon: No balloon device has been activated',
    'virtio-mem': "qemu: qom-get: Device '/machine/peripheral/plug' not found",
    'free-page-report': 'guest: it reports no free pages'}),
  'refusals': (lambda bench: with_other_words(bench, 'refusals', [
    ('free-page-reporting=on', 'free-page-reporting=off'), ('memdev=plugged', 'memdev=plugged,block-size=128M')]), {
      'virtio-mem': 'qemu: qom-set: ',
      'free-page-report': 'guest: it reports no free pages, or not all, in 30 s: of 32 pages that the guest gave, 32 are'}),
}


def check_prevented(what, lines, sentences, problems):
  problems.equal(f'{what}: cells', len(lines), len(WORKLOADS))
  for line in lines:
    workload = line['cell'].split('/')[3]
    if workload not in sentences:
      problems.equal(f'{what}: {workload}', line['status'], 'pass')
      continue
    problems.equal(f'{what}: {workload}', line['status'], 'error')
    problems.expect(line.get('reason', '').startswith(sentences[workload]),
                    f'{what}: {workload} says "{line.get("reason")}" and not "{sentences[workload]}"')


def run_prevented(bench, what, problems):
  make, sentences = PREVENTED[what]
  folder = os.path.join(bench.scratch, 'run-' + what.replace(' ', '-'))
  plan = bench.plan(params={**PARAMS, 'rounds': 1}, cells=EACH_ONCE)
  code, _, err = bench.run('run', '--plan', plan, '--images', make(bench), '--accel', 'tcg', '-o', folder)
  problems.expect(code not in (0, None), f'{what}: exit code {code} ({zcb.last_line(err)})')
  check_prevented(what, zcb.journal(folder), sentences, problems)
  bench.expect_nothing_left(problems)


def plants(lines):
  def doctored(change):
    return zcb.doctored(lines, lambda l: True, change)

  yield 'a fresh page', doctored(lambda l: l.update(observed='fresh'))
  yield 'a page less', doctored(lambda l: l['events'].update(punched=l['events']['punched'] - 1))
  yield 'no sample', doctored(lambda l: l['metrics'].pop('vmm.take'))
  yield 'an error', doctored(lambda l: l.update(status='error'))
  yield 'a cell less', lines[1:]


def test(bench, problems):
  bench.need_images('rootfs', 'stock', 'variants')
  run_all(bench, 'stock', ['stock'], problems)
  lines = run_all(bench, 'variants', list(TABLE), problems)
  for what, doctored in plants(lines):
    found = zcb.Problems()
    check(doctored, list(TABLE), found)
    problems.expect(found.found, f'a planted fault was not found: {what}')
  for what in PREVENTED:
    run_prevented(bench, what, problems)


if __name__ == '__main__':
  zcb.main(test)
