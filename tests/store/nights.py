# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes stores of synthetic nights, of which it is known what changed. Nothing in them was measured."""
import copy
import datetime
import json
import os
import random

START = datetime.datetime(2026, 1, 1, 2, 0, 0)


def stamp(night):
  return (START + datetime.timedelta(days=night)).strftime('%Y-%m-%dT%H:%M:%SZ')


def write(store, night, content):
  os.makedirs(os.path.join(store, 'nights'), exist_ok=True)
  started = stamp(night)
  content = {**content, 'started': started, 'run': f'default-{night}'}
  name = started.replace('-', '').replace(':', '') + f'-default-{night:04}.json'
  with open(os.path.join(store, 'nights', name), 'w', encoding='utf-8') as f:
    json.dump(content, f, separators=(',', ':'))


def small(rows=8, metrics=('punch', 'frame.read')):
  """One night of a few rows: two kernels' variants, two workloads, two consumers each."""
  night = {'schema': 1, 'plan': 'default', 'state': 'complete', 'exit_code': 0, 'seed': 1, 'cpu': 'Synthetic CPU',
           'version': '0.1.0', 'git': '1a2b3c4d5e6f', 'kernels': [{'name': 'stock', 'release': '6.12.94', 'config_sha256': 'ab' * 32}],
           'cells': {'pass': rows, 'fail': 0, 'crash': 0, 'error': 0, 'skip': 0, 'not run': 0, 'tainted': 0},
           'kernel_faults': 0, 'tainted_boots': 0, 'seconds': 600.0, 'params': ['stride, pages 64'],
           'metrics': [f'{m} ns' for m in metrics], 'rows': []}
  for i in range(rows):
    variant, workload = ['stock', 'update-ptl'][i % 2], ['punch', 'migrate'][i // 2 % 2]
    consumer = ['mmap', 'oracle', 'gst', 'egl'][i // 4 % 4]
    night['rows'].append({
        'kernel': 'stock' if variant == 'stock' else 'variants', 'cell': f'{variant}/shmem/linux/{workload}/{consumer}',
        'params': 0, 'clock': 'wall', 'accel': 'tcg', 'expected': 'stale', 'observed': 'stale', 'status': 'pass',
        'metrics': [[k, 64, 0, p50, 4 * p50, 2 * p50] for k, m in enumerate(metrics)
                    for p50 in [20000 + 3000 * i + 40000 * (m != 'punch')]]})
  return night


def series(store, night, nights, change=lambda row, metric, n: 1.0, gaps=(), noise=.02, seed=1):
  """Nights of noise around one; change says by what factor a median is another in night n."""
  rng = random.Random(seed)
  for n in range(nights):
    content = copy.deepcopy(night)
    for row in content['rows']:
      for figures in row['metrics']:
        metric = content['metrics'][figures[0]].split(' ')[0]
        factor = (1 + rng.gauss(0, noise)) * change(row, metric, n)
        figures[3:6] = [None if f is None or not factor else max(1, round(f * factor)) for f in figures[3:6]]
    if n not in gaps:
      write(store, n, content)
