#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may include whom: checks every #include line of the tree.

  layers.py [TOP]       checks the tree; each violation is one line, named by its rule
  layers.py --self-test plants one violation after another in a small tree and demands each
"""
import os
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CALLS_SCRIPT = re.compile(r'\b(?:system|popen|exec[lv]p?e?|posix_spawnp?)\s*\([^;]*\bscripts/')

# The C library as this project knows it. A new header of libc is added here by name, so that no
# library slips in as "probably libc".
LIBC = set('''
  assert.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h setjmp.h signal.h
  stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h
  string.h strings.h threads.h time.h uchar.h wchar.h wctype.h
  dirent.h dlfcn.h endian.h err.h fcntl.h fnmatch.h ftw.h getopt.h glob.h grp.h netdb.h poll.h
  pthread.h pwd.h regex.h sched.h semaphore.h spawn.h sysexits.h syslog.h termios.h ucontext.h
  unistd.h cpuid.h'''.split())
LIBC_FOLDERS = ('sys/', 'netinet/', 'arpa/', 'net/')
UAPI_FOLDERS = ('linux/', 'asm/', 'asm-generic/')

EGL = re.compile(r'^(EGL|GL|GLES\d?|GLES[23]|KHR)/|^epoxy/')
GSTREAMER = re.compile(r'^(gst|glib|gio|gobject)(/|\.h)|^glib-object\.h$')
GBM = re.compile(r'^gbm\.h$|^xf86drm|^(lib)?drm/|^drm(_\w+)?\.h$')
TRACEFS = re.compile(r'^(tracefs|event-parse|kbuffer|trace-seq|traceevent/|tracefs/)')
# Who may include them: files whose names begin so. The guest's screen has the headers of DRM alone, the kernel's.
SCREEN = 'vm-images/guest/screen.c'
GRAPHICS = {EGL: ('bench/consumers/egl',), GSTREAMER: ('bench/consumers/gst', 'bench/consumers/virtio-gpu.c'),
            GBM: ('bench/consumers/scanout', SCREEN)}
KVM_OR_UDMABUF = re.compile(r'^(linux|asm)/(kvm|udmabuf|dma-buf|dma-heap)|^bench/exporter/')

# Made by meson in the build folder; they exist in no tree.
GENERATED = {'git.h': 'bench/base/git.h'}

# Exceptions, each with its reason. (file or folder, what it includes)
EXCEPTIONS = {
  # The topology comes from hwloc, and base is where every part can ask for it.
  ('bench/base/topology.c', 'hwloc.h'),
  # The guest stamps its frames with the same code that the host judges them by.
  ('bench/guest/abi.h', 'bench/guest/stamp.h'),
  ('bench/guest/micro/abi.h', 'bench/guest/abi.h'),
}


def is_libc(name):
  return name in LIBC or name.startswith(LIBC_FOLDERS)


def is_kernel(name):
  return name.startswith(UAPI_FOLDERS)


def sources(top):
  for folder, subfolders, files in os.walk(top):
    subfolders[:] = sorted(d for d in subfolders if not d.startswith(('.', 'build')) and
                           not os.path.exists(os.path.join(folder, d, 'meson-private')))
    for name in sorted(files):
      if name.endswith(('.c', '.h', '.c.in', '.h.in')):
        yield os.path.relpath(os.path.join(folder, name), top)


def includes_of(top, path):
  with open(os.path.join(top, path), encoding='utf-8', errors='replace') as f:
    for number, line in enumerate(f, 1):
      found = INCLUDE.match(line)
      if found:
        yield number, found[1] == '<', found[2]


def resolve(top, path, name):
  """The file of the tree that a quoted name means, or None."""
  beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
  for candidate in (beside, name):
    if os.path.exists(os.path.join(top, candidate)):
      return candidate
  return GENERATED.get(name)


def within(target, *folders):
  return any(target == f or target.startswith(f + '/') for f in folders)


def base(path, system, target):
  """1: bench/base includes only libc, kernel UAPI and itself"""
  if not within(path, 'bench/base'):
    return True
  return is_libc(target) or is_kernel(target) if system else within(target, 'bench/base')


def plugins(path, system, target):
  """2: workloads and consumers see the rest only through their header, exporter, guest.h, base"""
  # What workloads share, and is no workload; and what the consumers attach… do.
  shared = {f'workloads/{name}.h' for name in ('aim', 'area', 'beside', 'holes', 'move', 'pace', 'pages', 'taken', 'thp', 'zram')}
  shared |= {f'bench/consumers/{name}.h' for name in ('egl-device', 'gst-stream', 'importer', 'mapping', 'scanout-kms')}
  allowed = ('bench/base', 'bench/exporter', 'bench/guest/guest.h', 'bench/guest/stamp.h', *shared)
  if system or not within(path, 'workloads', 'bench/consumers'):
    return True
  own = 'workloads/workload.h' if within(path, 'workloads') else 'bench/consumers/consumer.h'
  # What one plug-in alone needs may have a header of the same name: egl.c and egl.h.
  private = target.rsplit('.', 1)[0] == path.rsplit('.', 1)[0]
  return target == own or private or within(target, *allowed)


def graphics(path, system, target):
  """2: only egl*.c includes EGL, only gst*.c GStreamer and virtio-gpu.c GLib, only scanout*.c GBM and DRM"""
  return all(path.startswith(owners) or within(path, 'tests') or not pattern.match(target)
             for pattern, owners in GRAPHICS.items())


def guest(path, system, target):
  """3: vm-images/guest includes bench/guest/abi.h, libc and itself"""
  if not within(path, 'vm-images/guest'):
    return True
  if path == SCREEN and re.match(r'^drm(_mode)?\.h$', target):
    return True
  return is_libc(target) if system else (target == 'bench/guest/abi.h' or
                                         within(target, 'vm-images/guest'))


def payload(path, system, target):
  """3: vm-images/micro runs without a C library: freestanding headers and bench/guest/micro/abi.h"""
  if not within(path, 'vm-images/micro'):
    return True
  return target in ('stddef.h', 'stdint.h', 'bench/guest/micro/abi.h')


def guest_abi(path, system, target):
  """3: what the guest shares with the host, both abi.h and stamp.h, includes libc only"""
  shared = ('bench/guest/abi.h', 'bench/guest/stamp.h', 'bench/guest/micro/abi.h')
  return path not in shared or (system and is_libc(target))


def micro(path, system, target):
  """3: of bench only the micro guest itself includes bench/guest/micro"""
  return not within(target, 'bench/guest/micro') or within(
    path, 'bench/guest/micro', 'bench/guest/micro.c', 'vm-images/micro', 'tests')


def vmm(path, system, target):
  """3: bench/vmm includes libc, kernel UAPI, base, exporter and itself: it runs inside QEMU"""
  if not within(path, 'bench/vmm'):
    return True
  return (is_libc(target) or is_kernel(target) if system else
          within(target, 'bench/vmm', 'bench/base', 'bench/exporter'))


def vmm_users(path, system, target):
  """3: of bench only kinds of guests include bench/vmm; all others ask the guest"""
  return not within(target, 'bench/vmm') or within(path, 'bench/vmm', 'bench/guest', 'tests')


def vmm_abi(path, system, target):
  """3: the two sides of the link into the VMM share vmm-abi.h and nothing else of bench/vmm"""
  sides = (('bench/vmm/agent', 'bench/vmm/vmm'), ('bench/vmm/vmm', 'bench/vmm/agent'))
  return target == 'bench/vmm/vmm-abi.h' or not any(
    path.startswith(own) and target.startswith(other) for own, other in sides)


def hut_init(path, system, target):
  """3: vm-images/host is alone in its initramfs: libc, kernel UAPI, bench/base and itself"""
  if not within(path, 'vm-images/host'):
    return True
  return (is_libc(target) or is_kernel(target) if system else
          within(target, 'vm-images/host', 'bench/base'))


def reports(path, system, target):
  """4: reports includes bench/results, bench/base and itself; no KVM, udmabuf or GPU header"""
  if not within(path, 'reports'):
    return True
  if KVM_OR_UDMABUF.match(target) or any(p.match(target) for p in GRAPHICS):
    return False
  return system or within(target, 'bench/results', 'bench/base', 'reports')


IN_THE_CELL = tuple(f'bench/executor/{name}.h' for name in ('buffer', 'draw', 'hits', 'look', 'mix', 'outcome', 'round', 'running'))


def executor(path, system, target):
  """5: of bench/executor only what runs in the child that is a cell includes consumers, by running.h; only
  executor.c, which forks that child, includes the cell"""
  if not within(path, 'bench/executor'):
    return True
  if within(target, 'bench/consumers'):
    return path == 'bench/executor/running.h'
  if target in IN_THE_CELL:
    return path.rsplit('.', 1)[0] + '.h' in (*IN_THE_CELL, 'bench/executor/cell.h')
  return target != 'bench/executor/cell.h' or path in ('bench/executor/cell.c',
                                                       'bench/executor/executor.c')


def probes(path, system, target):
  """7: only trace.c and lost.c read tracefs; bench/probes is the executor's, and asks guests for nothing"""
  if TRACEFS.match(target):
    return path in ('bench/probes/trace.c', 'bench/probes/lost.c')
  if within(target, 'bench/probes') and target != 'bench/probes/rows.h':
    return within(path, 'bench/probes', 'bench/executor', 'tests')
  return system or not within(path, 'bench/probes') or within(
    target, 'bench/probes', 'bench/base', 'bench/results', 'bench/exporter', 'bench/guest/guest.h')


def no_tests(path, system, target):
  """6: nothing but tests includes tests"""
  return within(path, 'tests') or not within(target, 'tests')


RULES = (base, plugins, graphics, guest, payload, guest_abi, micro, vmm, vmm_users, vmm_abi, hut_init, reports,
         executor, probes, no_tests)


def transitive_kvm(top, graph):
  """4, through others: what reports includes may not bring KVM, udmabuf or a GPU in either."""
  for start in sorted(p for p in graph if within(p, 'reports')):
    seen, todo = {start}, [start]
    while todo:
      path = todo.pop()
      for number, system, target in graph.get(path, ()):
        if path != start and (KVM_OR_UDMABUF.match(target) or
                              any(p.match(target) for p in GRAPHICS)):
          yield f'{start}: includes {target} by way of {path}:{number} [4: no KVM, udmabuf or GPU]'
        if not system and target not in seen:
          seen.add(target)
          todo.append(target)


def script_calls(top, path):
  """6: binaries never call scripts"""
  with open(os.path.join(top, path), encoding='utf-8', errors='replace') as f:
    text = f.read()
  for found in CALLS_SCRIPT.finditer(text):
    number = text.count('\n', 0, found.start()) + 1
    yield f'{path}:{number}: calls a script [6: binaries never call scripts/]'


def check(top):
  problems, graph = [], {}
  for path in sources(top):
    graph[path] = []
    for number, system, name in includes_of(top, path):
      target = name if system else resolve(top, path, name)
      if target is None:
        problems.append(f'{path}:{number}: "{name}" is no file of the tree')
        continue
      graph[path].append((number, system, target))
      if (path, target) in EXCEPTIONS:
        continue
      problems += [f'{path}:{number}: includes {target} [{" ".join(rule.__doc__.split())}]'
                   for rule in RULES if not rule(path, system, target)]
    if not within(path, 'tests'):
      problems += script_calls(top, path)
  return problems + list(transitive_kvm(top, graph)), len(graph)


# Each plant: the file, the line in it, and what the complaint must say.
SOUND = {
  'bench/base/io.h': '#include <stdint.h>',
  'bench/base/io.c': '#include "bench/base/io.h"\n#include <linux/falloc.h>',
  'bench/base/topology.c': '#include <hwloc.h>',
  'bench/exporter/memfd.h': '#include "bench/base/io.h"',
  'bench/guest/guest.h': '#include "bench/exporter/memfd.h"',
  'bench/guest/stamp.h': '#include <string.h>',
  'bench/guest/abi.h': '#include "bench/guest/stamp.h"',
  'bench/guest/link.h': '#include "bench/guest/abi.h"',
  'bench/guest/linux.c': '#include "bench/vmm/vmm.h"',
  'bench/guest/micro/abi.h': '#include "bench/guest/abi.h"',
  'bench/guest/micro.c': '#include "bench/guest/micro/abi.h"\n#include "bench/vmm/vmm.h"',
  'vm-images/micro/payload.c': '#include <stddef.h>\n#include "bench/guest/micro/abi.h"',
  'bench/vmm/vmm-abi.h': '#include "bench/base/io.h"',
  'bench/vmm/vmm.h': '#include "bench/vmm/vmm-abi.h"',
  'bench/vmm/agent-ram.h': '#include <sys/types.h>',
  'bench/vmm/agent.c': '#include "bench/vmm/agent-ram.h"\n#include "bench/exporter/memfd.h"',
  'bench/consumers/consumer.h': '#include "bench/base/io.h"',
  'bench/consumers/mmap.c': '#include "bench/consumers/consumer.h"',
  'bench/consumers/egl.c': '#include <EGL/egl.h>',
  'bench/consumers/gst.c': '#include <gst/gst.h>',
  'bench/consumers/scanout.c': '#include <gbm.h>\n#include <xf86drmMode.h>',
  'bench/executor/cell.h': '#include "bench/guest/guest.h"',
  'bench/executor/cell.c': '#include "bench/executor/round.h"',
  'bench/executor/round.h': '#include "bench/executor/running.h"',
  'bench/executor/running.h': '#include "bench/consumers/consumer.h"',
  'bench/executor/executor.c': '#include "bench/executor/cell.h"',
  'bench/probes/trace.c': '#include <tracefs.h>\n#include <event-parse.h>',
  'bench/probes/probes.h': '#include "bench/guest/guest.h"\n#include <jansson.h>',
  'bench/results/reader.h': '#include "bench/base/io.h"',
  'bench/main.c': '#include "git.h"',
  'workloads/workload.h': '#include "bench/exporter/memfd.h"',
  'workloads/idle.c': '#include "workloads/workload.h"',
  'vm-images/guest/agent.h': '#include "bench/guest/abi.h"',
  'vm-images/guest/agent.c': '#include "agent.h"\n#include <sys/mman.h>',
  'vm-images/host/init.c': '#include <linux/kvm.h>\n#include "bench/base/io.h"',
  'reports/page.c': '#include "bench/results/reader.h"\n#include <jansson.h>',
  'tests/unit/probe.h': '',
  'tests/unit/test.c': '#include "tests/unit/probe.h"\n#include <EGL/egl.h>',
}
PLANTS = (
  ('bench/base/a.c', '#include <jansson.h>', '[1: bench/base'),
  ('bench/base/a.c', '#include <hwloc.h>', '[1: bench/base'),
  ('bench/base/a.c', '#include "bench/exporter/memfd.h"', '[1: bench/base'),
  ('workloads/a.c', '#include "bench/guest/link.h"', '[2: workloads'),
  ('workloads/a.c', '#include "bench/consumers/consumer.h"', '[2: workloads'),
  ('bench/consumers/a.c', '#include "workloads/workload.h"', '[2: workloads'),
  ('bench/consumers/a.c', '  #  include "bench/results/reader.h"', '[2: workloads'),
  ('bench/consumers/a.c', '#include <EGL/egl.h>', '[2: only egl*.c'),
  ('bench/consumers/egl.c', '#include <gbm.h>', '[2: only egl*.c'),
  ('bench/consumers/egl.c', '#include <gst/gst.h>', '[2: only egl*.c'),
  ('workloads/a.c', '#include <drm/drm_mode.h>', '[2: only egl*.c'),
  ('vm-images/guest/a.c', '#include "bench/base/io.h"', '[3: vm-images/guest'),
  ('vm-images/guest/a.c', '#include <linux/kvm.h>', '[3: vm-images/guest'),
  ('bench/guest/stamp.h', '#include "bench/base/io.h"', '[3: what the guest shares'),
  ('bench/guest/abi.h', '#include <linux/types.h>', '[3: what the guest shares'),
  ('bench/guest/micro/abi.h', '#include "bench/base/io.h"', '[3: what the guest shares'),
  ('vm-images/micro/payload.c', '#include <stdio.h>', '[3: vm-images/micro'),
  ('vm-images/micro/payload.c', '#include "bench/guest/guest.h"', '[3: vm-images/micro'),
  ('bench/executor/cell.c', '#include "bench/guest/micro/abi.h"', '[3: of bench only the micro'),
  ('bench/vmm/agent.c', '#include "bench/guest/guest.h"', '[3: bench/vmm'),
  ('bench/vmm/agent.c', '#include <jansson.h>', '[3: bench/vmm'),
  ('bench/vmm/agent.c', '#include "bench/vmm/vmm.h"', '[3: the two sides'),
  ('bench/vmm/vmm.h', '#include "bench/vmm/agent-ram.h"', '[3: the two sides'),
  ('bench/executor/cell.c', '#include "bench/vmm/vmm.h"', '[3: of bench only'),
  ('workloads/a.c', '#include "bench/vmm/vmm.h"', '[3: of bench only'),
  ('vm-images/host/a.c', '#include "bench/results/reader.h"', '[3: vm-images/host'),
  ('vm-images/host/a.c', '#include <jansson.h>', '[3: vm-images/host'),
  ('reports/a.c', '#include "bench/guest/guest.h"', '[4: reports'),
  ('reports/a.c', '#include <linux/udmabuf.h>', '[4: reports'),
  ('reports/a.c', '#include <linux/kvm.h>', '[4: reports'),
  ('bench/results/reader.h', '#include <linux/kvm.h>', '[4: no KVM'),
  ('bench/executor/executor.c', '#include "bench/consumers/consumer.h"', '[5: of bench/executor'),
  ('bench/executor/runner.c', '#include "bench/executor/cell.h"', '[5: of bench/executor'),
  ('bench/executor/runner.c', '#include "bench/executor/round.h"', '[5: of bench/executor'),
  ('bench/executor/evidence.h', '#include "bench/executor/running.h"', '[5: of bench/executor'),
  ('bench/executor/round.h', '#include "bench/consumers/consumer.h"', '[5: of bench/executor'),
  ('bench/probes/a.c', '#include <tracefs.h>', '[7: only trace.c and'),
  ('bench/probes/a.c', '#include "bench/executor/cell.h"', '[7: only trace.c and'),
  ('workloads/a.c', '#include "bench/probes/probes.h"', '[7: only trace.c and'),
  ('bench/main.c', '#include "tests/unit/probe.h"', '[6: nothing but tests'),
  ('bench/main.c', 'int a = system("cd .. &&\\\n ./scripts/setup");', '[6: binaries'),
  ('bench/main.c', '#include "bench/gone.h"', 'is no file of the tree'),
)


def write(top, path, text):
  os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
  with open(os.path.join(top, path), 'w', encoding='utf-8') as f:
    f.write(text + '\n')


def complaints(extra=None):
  with tempfile.TemporaryDirectory() as top:
    for path, text in SOUND.items():
      write(top, path, text)
    if extra:
      write(top, extra[0], SOUND.get(extra[0], '') + '\n' + extra[1])
    return check(top)[0]


def self_test():
  failures = [f'complains about what is allowed: {c}' for c in complaints()]
  for plant in PLANTS:
    found = complaints(plant)
    if not any(c.startswith(plant[0].split(':')[0]) and plant[2] in c or
               f'by way of {plant[0]}' in c and plant[2] in c for c in found):
      failures.append(f'misses {plant[1]!r} in {plant[0]}: said {found}')
  print('\n'.join(failures) or f'each of {len(PLANTS)} planted violations was named')
  return 1 if failures else 0


def main():
  if sys.argv[1:] == ['--self-test']:
    return self_test()
  top = sys.argv[1] if sys.argv[1:] else os.path.join(os.path.dirname(__file__), '..')
  problems, n = check(top)
  print('\n'.join(problems) or f'{n} files keep to their layers')
  return 1 if problems or n < 2 else 0


if __name__ == '__main__':
  sys.exit(main())
