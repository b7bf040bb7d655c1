#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the golden run directories into a folder: generate.py FOLDER

All figures in them are synthetic: no kernel was measured. The same call always writes the same
bytes. Each directory has a README.md that says what it stands for.
"""
import json
import os
import random
import struct
import sys
import zlib

CENSORED = 2**64 - 1
VERDICTS = ['fresh', 'stale', 'zero', 'torn', 'foreign', 'corrupt']
LETTERS = dict(zip('FSZTXC', VERDICTS))


def png(width, height, pixel):
  """A PNG of 8-bit RGB; pixel(x, y) gives three numbers."""
  rows = b''.join(b'\0' + bytes(c for x in range(width) for c in pixel(x, y)) for y in range(height))

  def chunk(name, content):
    return (struct.pack('>I', len(content)) + name + content +
            struct.pack('>I', zlib.crc32(name + content)))

  return (b'\x89PNG\r\n\x1a\n' +
          chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)) +
          chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


class RunDir:
  def __init__(self, folder, name, readme):
    self.path = os.path.join(folder, name)
    self.random = random.Random(name)
    self.cells, self.lines = [], []
    for part in ('samples', 'boots', 'frames'):
      os.makedirs(os.path.join(self.path, part), exist_ok=True)
    self.write('README.md', f'# {name}\n\n{readme}\n\nEvery figure here is synthetic: '
               'tests/golden/generate.py made it up, nothing was measured.\n')

  def write(self, name, content):
    path = os.path.join(self.path, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
      f.write(content if isinstance(content, bytes) else content.encode('utf-8', 'surrogatepass'))

  def json(self, name, value):
    self.write(name, json.dumps(value, indent=1) + '\n')

  def samples(self, index, metric, records):
    content = b'zcbsampl' + struct.pack('<II', 1, 24)
    content += b''.join(struct.pack('<QQQ', *r) for r in records)
    self.write(f'samples/{index}.{metric}.zcs', content)

  def metadata(self, **changes):
    self.json('metadata.json', {
        'schema': 1, 'zcbench': {'version': '0.1.0', 'git': '1a2b3c4d5e6f'},
        'command': ['zcbench', 'run', '--plan', 'smoke', '--seed', '1', '-o', 'run'],
        'plan': 'smoke', 'seed': 1, 'target': 'vm', 'accel': 'tcg', 'clock': 'wall',
        'accel_reason': '/dev/kvm is there, but a probe in long mode did not boot on it',
        'kernels': [{'name': 'stock', 'release': '6.12.94+deb13-amd64',
                     'package': 'linux-image-6.12.94+deb13-amd64 6.12.94-1',
                     'config_sha256': 'ab' * 32}],
        'host': {'kernel': '6.1.0-40-amd64', 'cpu': 'Synthetic CPU @ 2.00GHz', 'cpus': 2,
                 'memory_bytes': 8 << 30,
                 'topology': 'Package:1 [NUMANode(memory=8589934592)] L3:1(size=33554432) Core:2 PU:1'},
        'qemu': {'version': '10.0.2 (Debian 1:10.0.2+ds-2+deb13u1)'},
        'started': '2026-01-31T12:00:00Z', 'ended': '2026-01-31T12:01:14Z', 'state': 'complete',
        'exit_code': 0,
        'seconds': {'first_boot': 6.21, 'first_frame': 9.74, 'past_first_boot': 54.3, 'total': 74.0},
        **changes})

  def boot(self, number, **changes):
    self.json(f'boots/{number}/boot.json', {
        'schema': 1, 'boot': number, 'kernel': 'stock', 'accel': 'tcg', 'clock': 'wall',
        'outcome': 'clean', 'reason': '', 'attempts': 1, 'tainted': False, 'kernel_faults': [],
        'cmdline': 'console=ttyS0 panic=-1 oops=panic numa=fake=2',
        'qemu': ['qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off', '-m',
                 '2048', '-smp', '2', '-nodefaults', '-no-reboot', '-display', 'none'],
        'hut': {'release': '6.12.94+deb13-amd64', 'cpu': 'QEMU TCG CPU version 2.5+', 'cpus': 2,
                'memory_bytes': 2 << 30, 'config_sha256': 'ab' * 32,
                'topology': 'Package:2 [NUMANode(memory=1073741824)] Core:1 PU:1',
                'topology_xml': '<topology><object type="Machine" os_index="0"><object type="Package" os_index="0"><object '
                                'type="NUMANode" os_index="0" local_memory="1073741824"><page_type size="4096" count="9"/></object>'
                                '<object type="Bridge"/>' + ''.join(f'<object type="L2Cache" cache_size="524288"><object type="Core" '
                                f'os_index="{i}"><object type="PU" os_index="{i}"/></object></object>' for i in range(2)) +
                                '</object></object></topology>',
                'placement': [{'role': 'vcpu', 'cpu': 1, 'node': 0}, {'role': 'vmm', 'cpu': 0, 'node': 0},
                              {'role': 'cell', 'cpu': 0, 'node': 0}]},
        'seconds': {'up': 6.2, 'first_frame': 9.7, 'total': 60.1}, **changes})
    self.write(f'boots/{number}/console.log', '[    0.000000] Linux version 6.12.94+deb13-amd64\n')

  def frame(self, index, number, letters, punched, **changes):
    name = f'frames/{index}-{number}'

    def picture(what):
      def pixel(x, y):
        letter = letters[(y // 16) * 8 + x // 16] if (y // 16) * 8 + x // 16 < len(letters) else 'F'
        wrong = letter != 'F'
        shade = 60 + 3 * ((x // 16) * 7 + (y // 16) * 11) % 120
        if what == 'difference':
          return (224, 64, 32) if wrong else (24, 24, 24)
        return (230, 160, 40) if wrong and what == 'seen' else (shade, shade + 30, 210)
      return png(128, 128, pixel)

    for what in ('expected', 'seen', 'difference'):
      self.write(f'{name}-{what}.png', picture(what))
    self.json(f'{name}.json', {
        'schema': 1, 'index': index, 'cell': self.cells[index]['cell'] if index < len(self.cells) else '',
        'frame': number, 'published': 7 + number, 'after': 'punch', 'round': 0, 'map': letters,
        'ages': [2 if letter == 'S' else 0 for letter in letters], 'punched': punched,
        'png': {what: f'{name}-{what}.png' for what in ('expected', 'seen', 'difference')}, **changes})

  def plan_cell(self, memory, workload, consumer, params, expected, **changes):
    cell = {'index': len(self.cells), 'boot': 1, 'kernel': 'stock', 'arm': 'A',
            'cell': f'stock/{memory}/linux/{workload}/{consumer}', 'variant': 'stock',
            'memory': memory, 'guest': 'linux', 'workload': workload, 'consumer': consumer,
            'params': params, 'expected': expected, 'seed': 1000 + len(self.cells), **changes}
    self.cells.append(cell)
    return cell

  def line(self, cell, **changes):
    line = {'schema': 1, 'status': 'pass', 'observed': cell['expected'], 'clock': 'wall', 'accel': 'tcg',
            'pages': {}, 'frames': {}, 'events': {}, 'metrics': {}, 'kernel_faults': [], 'seconds': 1.5,
            'event': {'idle': 'none', 'punch': 'fault'}.get(cell['workload'], 'migrate'),
            'reading': {'oracle': 'memfd', 'null': 'nothing', 'attach': 'table'}.get(cell['consumer'], 'mapping'),
            **{k: cell[k] for k in ('index', 'cell', 'kernel', 'boot', 'arm', 'params', 'expected', 'seed')},
            **changes}
    self.lines.append(line)
    return line

  def times(self, index, metric, middle, n=120, censored=0):
    """Log-normal times with a few stalls, as an emulated machine has them."""
    values = [int(middle * self.random.lognormvariate(0, .25)) *
              (12 if self.random.random() < .02 else 1) for _ in range(n)]
    values[:censored] = [CENSORED] * censored
    self.samples(index, metric, [(i, i * 1000000, v) for i, v in enumerate(values)])
    return {'unit': 'ns', 'n': n, 'censored': censored}

  def finish(self, name='smoke'):
    self.json('plan.json', {'schema': 1, 'name': name, 'seed': 1, 'boots': 1, 'cells': self.cells})
    self.write('cells.jsonl', ''.join(json.dumps(line) + '\n' for line in self.lines))


def params(pattern, **changes):
  return {'pattern': pattern, 'unit': 'page', 'pages': 64, 'blocks': 0, 'rounds': 16, 'frames': 6,
          'ram_mib': 192, 'seconds': 0, 'stride': 4, 'count': 12, **changes}


def punched_pages(pattern):
  return {'single': [21], 'stride': list(range(0, 64, 4)), 'frame': list(range(64)),
          'random': sorted(random.Random(7).sample(range(64), 12))}[pattern]


def add_cell(run, memory, workload, consumer, p, expected, stale, **changes):
  """A cell that went as it is expected to, `stale` pages of its 64 staying stale after each punch."""
  cell = run.plan_cell(memory, workload, consumer, p, expected, **changes)
  index, rounds, frames = cell['index'], p['rounds'], p['frames']
  metrics = {'export.create': run.times(index, 'export.create', 180000, 16),
             'export.close': run.times(index, 'export.close', 95000, 16)}
  pages = dict.fromkeys(['checked'] + VERDICTS, 0)
  if consumer != 'null':
    records = [(f, (r * frames + f) * 10**6, stale if f or expected != 'fresh' else 0)
               for r in range(rounds) for f in range(frames)]
    run.samples(index, 'frame.stale', records)
    metrics['frame.stale'] = {'unit': 'pages', 'n': len(records), 'censored': 0}
    metrics['frame.read'] = run.times(index, 'frame.read', 410000 if consumer == 'mmap' else 395000)
    metrics['frame.copy'] = run.times(index, 'frame.copy', 52000)
    pages.update(checked=64 * len(records), stale=sum(r[2] for r in records))
    pages['fresh'] = pages['checked'] - pages['stale']
  if workload == 'punch':
    metrics['punch'] = run.times(index, 'punch', (26000 if memory == 'shmem' else 61000) *
                                 (1.6 if p['pattern'] == 'frame' else 1), 16 * len(punched_pages(p['pattern'])))
    metrics['refill'] = run.times(index, 'refill', 34000)
  n = rounds * frames if consumer != 'null' else 0
  run.line(cell, pages=pages, metrics=metrics,
           frames={'checked': n, 'fresh': 0 if stale else n, 'bad': n if stale else 0},
           events={'punched': rounds * len(punched_pages(p['pattern'])), 'refilled': rounds})
  if stale and consumer == 'mmap':
    at = punched_pages(p['pattern']) if stale < 64 else list(range(64))
    letters = ''.join('S' if i in at else 'F' for i in range(64))
    for number in range(2):
      run.frame(index, number, letters, at)
  return cell


def add_healthy_cells(run):
  for memory in ('shmem', 'hugetlb'):
    for consumer in ('mmap', 'oracle', 'null'):
      reads = consumer != 'null'
      add_cell(run, memory, 'idle', consumer, params('single'), 'fresh' if reads else None, 0)
      for pattern in ('single', 'stride', 'random', 'frame'):
        if memory == 'shmem':
          stale = len(punched_pages(pattern)) if consumer == 'mmap' else 0
          expected = 'stale' if consumer == 'mmap' else 'fresh'
        else:
          stale, expected = 0, 'zero-in-place' if consumer == 'mmap' else 'fresh'
        add_cell(run, memory, 'punch', consumer, params(pattern), expected if reads else None, stale)
    if memory == 'hugetlb':
      for consumer in ('mmap', 'oracle'):
        add_cell(run, memory, 'punch', consumer, params('frame', unit='huge', blocks=4),
                 'stale' if consumer == 'mmap' else 'fresh', 64 if consumer == 'mmap' else 0)


def healthy(folder):
  run = RunDir(folder, 'healthy', 'A smoke-like run on a stock kernel in which every cell was as declared: '
               'shmem and hugetlb; idle and punch; mmap, oracle and null.')
  add_healthy_cells(run)
  run.metadata()
  run.boot(1)
  run.finish()


def failures(folder):
  run = RunDir(folder, 'failures', 'A run in which a lot went wrong: cells that failed, crashed, hung, were '
               'skipped or never ran; a boot with a kernel fault, one that hung, one interrupted.')
  p = params('stride')
  for boot in (1, 2, 3):
    add_cell(run, 'shmem', 'punch', 'mmap', p, 'stale', 16, boot=boot)
    add_cell(run, 'shmem', 'punch', 'oracle', p, 'fresh', 0, boot=boot)
    wrong = run.plan_cell('hugetlb', 'punch', 'mmap', p, 'zero-in-place', boot=boot)
    run.line(wrong, status='fail', observed='stale', reason='16 of 64 pages stayed stale, none was declared to',
             pages={'checked': 6144, 'fresh': 4000, 'stale': 1536, 'torn': 300, 'foreign': 200, 'corrupt': 100,
                    'zero': 8})
    crashed = run.plan_cell('hugetlb', 'punch', 'oracle', p, 'fresh', boot=boot)
    run.line(crashed, status='crash', observed=None, reason='the cell’s process died of SIGBUS')
    hung = run.plan_cell('shmem', 'migrate', 'mmap', p, 'refused', boot=boot)
    run.line(hung, status='crash', observed=None, reason='hung: no word for 120 s, killed')
    broken = run.plan_cell('shmem', 'migrate', 'oracle', p, 'refused', boot=boot)
    run.line(broken, status='error', observed=None,
             reason='kernel: move_pages: Operation not permitted (no page was moved)')
    skipped = run.plan_cell('shmem', 'punch', 'scanout', p, 'stale', boot=boot)
    run.line(skipped, status='skip', observed=None,
             reason='host set-up: /dev/dri/card0 is missing: build the kernel with CONFIG_DRM_VKMS=y')
    run.plan_cell('shmem', 'punch', 'egl', p, 'stale', boot=boot)
  known = run.plan_cell('hugetlb', 'idle', 'scanout', p, 'fresh', boot=1)
  run.line(known, observed='wrong', known_bug='without "udmabuf: fix this & <that>" it maps another page',
           reason='declared fresh, observed wrong: a known bug of this kernel',
           pages={'checked': 64, 'fresh': 0, 'stale': 0, 'torn': 0, 'foreign': 60, 'corrupt': 0, 'zero': 4})
  unavailable = {'state': 'unavailable', 'reason': 'kernel: its mmu notifiers do not tell of new pages'}
  measured = {'state': 'measured', 'by': 'kvm:kvm_page_fault', 'lost': 0, 'unended': 0, 'unbegun': 0}
  for line in run.lines:
    line['probes'] = {'notifier.came': unavailable, 'notifier.came.own': unavailable, 'fault.kvm': measured}
  run.lines[0]['probes']['fault.kvm'] = {**measured, 'state': 'invalid', 'lost': 12345}
  fault = 'BUG: sleeping function called from invalid context at mm/memory.c:6234'
  run.lines[8]['kernel_faults'] = [fault]
  run.frame(2, 5, 'FSZTXC' * 10 + 'FFFF', [1, 7, 13], after='refill')
  run.metadata(state='interrupted', ended='2026-01-31T12:20:00Z', exit_code=14, reason='interrupted by SIGINT')
  run.boot(1)
  run.boot(2, outcome='panic', tainted=True, kernel_faults=[fault, 'Kernel panic - not syncing: oops'],
           reason='kernel: panic: oops')
  run.write('boots/2/console.log', ''.join(f'[   41.{i:06d}] ? do_fault+0x{i:x}/0x200\n' for i in range(12)) +
            f'[   42.000000] {fault}\n[   42.000100] Kernel panic - not syncing: oops\n')
  run.boot(3, outcome='hang', attempts=2, reason='nothing was heard for 300 s')
  run.finish()


HOSTILE = ['<script>document.title="owned"</script>', '"><img src=x onerror=alert(1)>', "' onload='alert(1)",
           '`rm -rf .`', '$(touch owned)', '@owned', '{/Symbol a}_x^y', '\nset output "owned"\nsystem "touch owned"\n',
           '&lt;b&gt; &amp; &#60;', '\u202eevil\u202c', '\x1b[31mred\x07', 'snow ☃ \ufeff\u200b', '</style></title>',
           '--><!--', ']]>', '%s%n%d', '\\", "x": "', 'a/b/../../c', 'A' * 5000]


def hostile(folder):
  run = RunDir(folder, 'hostile', 'Every string field is an attack: on HTML, on gnuplot, on file names, on a '
               'terminal; some bytes are not UTF-8, and some members have the wrong type.')
  h = HOSTILE
  for i, text in enumerate(h):
    names = [h[i % len(h)].replace('/', '|'), h[(i + 1) % len(h)].replace('/', '|'), text.replace('/', '|')]
    cell = run.plan_cell(names[0], names[1], names[2], {'pattern': text, 'name ' + text: text, 'list': [text]}, text,
                         kernel=text, arm=text)
    cell['cell'] = f'{text}/{names[0]}/{text}/{names[1]}/{names[2]}' if i % 3 else 'stock/shmem/linux/punch/' + text
    status = ['pass', 'fail', 'skip', 'error', 'crash', text][i % 6]
    run.line(cell, status=status, observed=text, reason=text, accel='tcg', clock=['wall', text][i % 2],
             pages={'checked': 64, 'stale': 16, 'fresh': 48}, events={text: 3},
             metrics={'punch': {'unit': text, 'n': 20}, 'frame.stale': {'unit': 'pages', 'n': 6}, text: {'unit': text}},
             probes={text: {'state': text, 'reason': text, 'by': text}, 'fault.kvm': {'state': 'invalid', 'lost': i}})
    run.times(i, 'punch', 20000, 20, censored=i % 3)
    run.samples(i, 'notifier.dispatch', [(op, op * 1000000 + 10, 5000) for op in range(20)])
    run.samples(i, 'fault.kvm', [(op % 2, 2**64 - 5, 2**64 - 2) for op in range(20)])
    run.samples(i, 'frame.stale', [(f, f, 16) for f in range(6)])
    run.frame(i, 0, 'F' * 30 + 'S' * 4 + '<"&' + 'F' * 27, [1, -1, 99, 'x'], after=text, cell=text)
  run.frame(len(h), 1, 'SF', [], png={'expected': '../../etc/passwd', 'seen': '/etc/passwd',
                                      'difference': 'frames/../metadata.json'})
  run.lines[2]['pages'] = 'many'
  run.lines[3]['seconds'] = {'x': text}
  run.lines[4]['events'] = [1, 2]
  run.lines[6]['probes'] = {'punch': text, 'x': {'state': [], 'lost': -1}}
  run.lines[5]['pages'] = {'checked': -5, 'stale': 1e99}
  everything = {'reason': text, 'accel_reason': '\n'.join(h)}
  run.metadata(plan=h[0], target=h[1], started=h[2], ended=h[3], state=h[7], command=h, clock=h[5], accel='tcg',
               kernels=[{'name': t, 'release': t, 'package': t, 'config_sha256': t, 'config': t} for t in h[2:]] +
                       [{'name': t, 'config_sha256': t, 'config': f'kernels/{i}.config'} for i, t in enumerate(h[:2])],
               host={'kernel': h[7], 'cpu': h[0], 'cpus': 'two', 'memory_bytes': [], 'topology': h[6],
                     'topology_xml': '<object type="Machine" os_index="' + h[0] + '">' + '<object type="PU" os_index="\'><b>"/></object></object>' + ''.join(f'<object type="Core" x="{t}">' for t in h)},
               qemu={'version': h[1]}, zcbench={'version': h[0], 'git': 7}, **everything)
  for number, text in enumerate(h[:8], 1):
    run.boot(number, outcome=text, reason=text, kernel=text, accel=text, clock=text, cmdline=text, qemu=h,
             kernel_faults=[] if number > 2 else [], hut={'release': text, 'cpu': text, 'topology': text,
                  'placement': [{'role': text, 'cpu': 'one'}, text, {}]})
  run.write('boots/1/console.log', '\n'.join(h).encode() + bytes(range(256)))
  run.write('kernels/0.config', b'CONFIG_A=1\nCONFIG_\xff\xfe=y\n')
  run.write('kernels/1.config', ''.join(f'CONFIG_{t}=y\nCONFIG_V{i}={t}\n' for i, t in enumerate(h)))
  run.write('samples/0.<b>.zcs', b'x')
  run.write('samples/1.refill.zcs', b'not samples at all')
  run.write('samples/nonsense', b'x')
  run.finish(h[0])
  with open(os.path.join(run.path, 'cells.jsonl'), 'ab') as f:
    f.write(b'{"schema":1,"index":500,"cell":"stock/shmem/linux/punch/\xff\xfe\xc3<b>","status":"pass"}\n')
    f.write(b'{"schema":1,"index":501,"cell":"a/b/c/d/e\\ud800"}\n[]\n{"schema":9}\n{}\nnull\n\n{"schema":1,"index":1e3}\n')
    f.write(b'{"schema":1,"index":502,"cell":"torn')


def damaged(folder):
  run = RunDir(folder, 'damaged', 'A healthy run whose machine lost power: no metadata.json and no boot.json, a '
               'torn journal line, a sample file cut within a record, missing pictures and sample files.')
  add_healthy_cells(run)
  os.makedirs(os.path.join(run.path, 'boots/1'), exist_ok=True)
  run.finish()
  for name, keep in (('samples/1.punch.zcs', 16 + 24 * 9 + 11), ('samples/2.punch.zcs', 7)):
    with open(os.path.join(run.path, name), 'r+b') as f:
      f.truncate(keep)
  os.remove(os.path.join(run.path, 'samples/3.frame.read.zcs'))
  os.remove(os.path.join(run.path, 'frames/1-0-seen.png'))
  run.write('frames/2-0.json', '{"schema":1,"index":2,')
  with open(os.path.join(run.path, 'cells.jsonl'), 'rb+') as f:
    f.truncate(f.seek(0, 2) - 40)


# One operation in which the guest's touch brings the page: metric, begin, how long. fault.guest is by another clock.
STAGES = [('punch', 0, 9000), ('notifier.dispatch', 2000, 3000), ('notifier.dispatch.own', 2000, 1800),
          ('notifier.invalidate', 2500, 1200), ('fault.kvm', 60000, 30000), ('notifier.came', 70000, 5000),
          ('notifier.came.own', 70000, 1500), ('notifier.update', 71000, 3500), ('udmabuf.zap', 72000, 700),
          ('fault.guest', 200000, 33000), ('fault.consumer', 130000, 7000)]
STAGES_OWN = [6000, 1800, 1200, 3000, 25000, 1500, 2800, 700, 7000]  # of those that are there, in the report's order


def stages(folder):
  """Cells with probes, whose operations are all alike: STAGES, twice as slow on hugetlb."""
  run = RunDir(folder, 'stages', 'Cells with probes on two kernels; on the stock one the callbacks are not there.')
  for kernel, memory in (('stock', 'shmem'), ('variants', 'shmem'), ('variants', 'hugetlb')):
    cell = run.plan_cell(memory, 'punch', 'mmap', params('stride', probes='on'), 'stale', kernel=kernel,
                         boot=1 + (kernel != 'stock'), variant='stock' if kernel == 'stock' else 'invalidate')
    cell['cell'] = f'{cell["variant"]}/{memory}/micro/punch/mmap'
    metrics, index, slow = {}, cell['index'], 1 + (memory == 'hugetlb')
    for metric, begin, took in STAGES:
      if kernel == 'stock' and metric.startswith(('notifier.came', 'notifier.inv', 'notifier.up', 'udmabuf')):
        continue
      run.samples(index, metric, [(2 + op, op * 10**6 + begin * slow, took * slow) for op in range(16)])
      metrics[metric] = {'unit': 'ns', 'n': 16, 'censored': 0}
    # The frame's wait has 16 faults in it.
    run.samples(index, 'coherence.fresh', [(2, 120000, 16 * 10**6)])
    metrics['coherence.fresh'] = {'unit': 'ns', 'n': 1, 'censored': 0}
    lacks = {'state': 'unavailable', 'reason': 'kernel: its mmu notifiers do not tell of new pages'}
    seen = {'state': 'measured', 'by': 'kvm:kvm_page_fault', 'lost': 0, 'unended': 0, 'unbegun': 0}
    run.line(cell, metrics=metrics, probes={'fault.kvm': seen, 'notifier.came': lacks if kernel == 'stock' else seen})
  run.write('kernels/abc.config', 'CONFIG_HZ=250\n# CONFIG_KASAN is not set\nCONFIG_UDMABUF=y\n')
  run.write('kernels/def.config', '# CONFIG_EXTRA is not set\nCONFIG_UDMABUF=y\nCONFIG_HZ=1000\nCONFIG_PROBES=y\n')
  run.write('kernels/same.config', 'CONFIG_UDMABUF=y\nCONFIG_HZ=250\n')
  run.metadata(plan='stages', kernels=[{'name': 'stock', 'release': '6.12', 'config': 'kernels/abc.config'},
                                       {'name': 'variants', 'release': '6.12', 'config': 'kernels/def.config'},
                                       {'name': 'twin', 'release': '6.12', 'config': 'kernels/same.config'},
                                       {'name': 'lost', 'release': '6.12', 'config': 'kernels/nowhere.config'},
                                       {'name': 'out', 'release': '6.12', 'config': '../../../etc/passwd'}])
  run.boot(1)
  run.boot(2, kernel='variants')
  run.finish('stages')


def arms(folder):
  """A cell played by turns, in six boots twice each: update-ptl is a fifth slower, invalidate as fast as stock."""
  run = RunDir(folder, 'arms', 'Two variants that had turns with stock and its twin, in six boots.')
  for boot in range(1, 7):
    day = run.random.lognormvariate(0, .02)
    for block, (arm, variant, slow) in enumerate(2 * [('A', 'stock', 1), ('B', 'update-ptl', 1.2), ('B', 'invalidate', 1),
                                                      ('Z', 'stock', 1)]):
      cell = run.plan_cell('shmem', 'punch', 'mmap', params('stride'), 'stale', boot=boot, kernel='variants', arm=arm,
                           variant=variant, block=block // 4)
      cell['cell'] = f'{variant}/shmem/micro/punch/mmap'
      run.line(cell, block=block // 4, metrics={
          'punch': run.times(cell['index'], 'punch', 20000 * slow * day), 'frame.read': run.times(cell['index'], 'frame.read', 90000 * day)},
               pages={'checked': 96, 'stale': 16, 'fresh': 80}, harness={'cell': .02, 'runner': .01, 'guest': .1})
  run.metadata(plan='arms', kernels=[{'name': 'variants', 'release': '6.12'}])
  for boot in range(1, 7):
    run.boot(boot, kernel='variants')
  run.finish('arms')


def default_sized(folder):
  """As large as the default plan's run: its cells, metrics, samples, parameters and pictures."""
  run = RunDir(folder, 'default', 'As many cells, metrics, samples and pictures as a run of the default plan.')
  p = {'backing': 'given', 'touch': 'write', 'format': 'xrgb8888', 'import': 'once', 'fence': 'handshake', 'under': '',
       'fault_around': 0, 'run': 2, 'rate': 0, 'burst': 1, 'width': 0, 'height': 0, 'row_stride': 0, 'offset': 0,
       'show': 0, 'plant': 0}
  rare = ['vmm.take', 'clear', 'fault.vmm', 'ksm.merge', 'churn', 'workload.late', 'thp.collapse', 'thp.split',
          'swap.out', 'compact', 'fence.wait', 'storm.frame']
  noise = [png(96, 76, lambda x, y: run.random.randbytes(3)) for _ in range(3)]
  for i in range(1080):
    variant = ['stock', 'stock', 'update-ptl', 'map-pfn', 'populate-after-ptl', 'mirror', 'mirror-pte', 'invalidate'][i // 135]
    memory, workload = ['shmem', 'hugetlb'][i % 135 // 90], ['punch', 'punch', 'migrate', 'idle', f'workload-{i % 46}'][i % 5]
    consumer = ['mmap', 'mmap', 'oracle', 'gst', 'egl', 'null', 'scanout', 'attach'][i % 8]
    stale = 16 if variant != 'invalidate' and memory == 'shmem' and consumer == 'mmap' else 0
    cell = run.plan_cell(memory, workload, consumer, params('stride', **{**p, 'refill': ['none', 'write', 'vmm'][i % 3],
                                             ['burst', 'run', 'rate'][i % 3]: 1 + i % 4}), 'stale' if stale else 'fresh',
                         kernel='stock' if i < 135 else 'variants', variant=variant, boot=1 + (i >= 135),
                         event='fault', reading='mapping')
    cell['cell'] = f'{variant}/{memory}/linux/{workload}/{consumer}'
    metrics = {m: run.times(i, m, 10**(4 + len(m) % 3), 20) for m in
               ['export.create', 'export.close', 'frame.read', 'frame.copy', 'coherence.fresh', rare[i % 12] if i % 3 else 'refill']}
    if workload in ('punch', 'migrate'):
      metrics[workload] = run.times(i, workload, 20000, 64)
    run.samples(i, 'frame.stale', [(f % 4 + 1, f, stale) for f in range(16)])
    run.line(cell, pages={'checked': 1280, 'stale': stale * 16, 'fresh': 1280 - stale * 16}, metrics={
        **metrics, 'frame.stale': {'unit': 'pages', 'n': 16}}, event='fault', reading='mapping')
    if stale and i % 3 == 0:
      run.frame(i, 0, 'SFFF' * 16, list(range(0, 64, 4)))
      for what, picture in zip(('expected', 'seen', 'difference'), noise):
        run.write(f'frames/{i}-0-{what}.png', picture)
  run.metadata(plan='default', kernels=[{'name': 'stock', 'release': '6.12.94'}, {'name': 'variants', 'release': '6.12.94'}])
  run.boot(1)
  run.boot(2, kernel='variants')
  run.finish('default')


def main():
  for make in (healthy, failures, hostile, damaged, stages, arms):
    make(sys.argv[1])


if __name__ == '__main__':
  main()
