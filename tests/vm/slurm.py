#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A night as a job array on a real slurmctld and slurmd: four shards, joined, are the run that one machine makes. Then a night
whose last job is started before the first, and one in which one shard is queued again while it runs, and another is cancelled:
the first goes on, the second is missed by name."""
import copy
import os
import subprocess

import cluster
import twice
import zcb

BOOTS = 4
NIGHT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'scripts', 'slurm', 'night')
# What of a line does not repeat: times, of which the medians are compared.
TIMES = {'metrics', 'seconds', 'ended', 'harness', 'guest_clock'}


class Nights:
  def __init__(self, bench, slurm):
    self.bench, self.slurm, self.store = bench, slurm, os.path.join(bench.scratch, 'store')

  def start(self, plan, shards, *more):
    """The process, with the numbers of the array and of the job that joins, and the folder of the shards."""
    command = [NIGHT, '--store', self.store, '--plan', plan, '--shards', str(shards), '--sbatch', '--cpus-per-task=1', *more]
    with open(os.path.join(self.bench.scratch, 'night.err'), 'w+b') as err:
      process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True,
                                 env={**self.slurm.environment, 'ZCB_PROGRAM': self.bench.program})
    said = [process.stdout.readline().strip() for _ in range(3)]
    if not said[2]:
      raise RuntimeError(f'{NIGHT} ended with {process.wait(60)}: {zcb.octets(self.bench.scratch, "night.err").decode()}')
    return process, [line.split(': ')[1] for line in said]

  def submit(self, plan, shards, *more):
    process, jobs = self.start(plan, shards, *more)
    problem = process.wait(120)
    if problem:
      raise RuntimeError(f'{NIGHT} ended with {problem}')
    return jobs

  def ended(self, folder):
    """The night's exit code, and what its last job said."""
    code = os.path.join(folder, 'exit-code')
    if not cluster.wait_until(lambda: os.path.exists(code) and os.path.getsize(code) > 0):
      return None, self.logs(folder)
    return int(zcb.octets(code)), zcb.octets(folder, 'join.log').decode(errors='replace')

  def logs(self, folder):
    return ''.join(f'{name}: {zcb.octets(folder, name).decode(errors="replace")[-1500:]}\n'
                   for name in sorted(os.listdir(folder)) if name.endswith('.log'))

  def run(self, folder):
    return os.path.join(self.store, 'raw', os.path.basename(folder))


def compare(whole, joined, problems):
  """The same cells, in the same order, with the same counts and verdicts; medians as near as two boots are."""
  problems.equal('cells', [line['index'] for line in joined], [line['index'] for line in whole])
  for a, b in zip(whole, joined):
    name = f'{a["cell"]}, boot {a["boot"]}'
    for key in (set(a) | set(b)) - TIMES:
      problems.equal(f'{name}: {key}', b.get(key), a.get(key))
    problems.equal(f'{name}: metrics', {m: v['n'] for m, v in b['metrics'].items()}, {m: v['n'] for m, v in a['metrics'].items()})
    twice.compare_medians(a, b, problems)


def check_plants(whole, problems):
  def doctored(change):
    copies = copy.deepcopy(whole)
    change(copies)
    return copies

  for what, lines in (('a missing cell', doctored(lambda c: c.pop())), ('another order', doctored(lambda c: c.reverse())),
                      ('another verdict', doctored(lambda c: c[1].update(observed='fresh'))),
                      ('a stale page more', doctored(lambda c: c[2]['pages'].update(stale=0))),
                      ('another boot', doctored(lambda c: c[3].update(boot=1))),
                      ('a lost sample', doctored(lambda c: c[4]['metrics']['punch'].update(n=1))),
                      ('another median', doctored(lambda c: c[4]['metrics']['punch'].update(p50=1)))):
    found = zcb.Problems()
    compare(whole, lines, found)
    problems.expect(found.found, f'a planted fault was not found: {what}')


def counts_of(folder):
  """What the report's summary says, but for times."""
  summary = zcb.read_json(folder, 'summary.json')
  rows = [{key: value for key, value in row.items() if key != 'metrics'} for row in summary['rows']]
  return {**{key: value for key, value in summary.items() if key in ('cells', 'kernel_faults', 'tainted_boots')}, 'rows': rows}


def check_whole_night(bench, nights, problems):
  plan = bench.plan(**{**twice.PLAN, 'name': 'night', 'guests': ['micro'], 'boots': BOOTS})
  folder = os.path.join(bench.scratch, 'whole')
  code, _, err = bench.run('run', '--plan', plan, '--accel', 'icount', '--seed', '7', '-o', folder)
  problems.equal(f'the undivided run ({zcb.last_line(err)})', code, 0)
  array, join, work = nights.submit(plan, BOOTS, '--', '--accel', 'icount', '--seed', '7')
  code, said = nights.ended(work)
  problems.equal(f'the night ({said[-1500:]})', code, 0)
  whole, joined = zcb.journal(folder), zcb.journal(nights.run(work))
  twice.show(whole, joined)
  compare(whole, joined, problems)
  check_plants(whole, problems)
  problems.equal("the summaries' counts", counts_of(nights.run(work)), counts_of(folder))
  check_joined(nights, work, array, problems)
  problems.expect('1 nights, ' in said and 'exit code 0' in said, f'no verdict: {said}')
  problems.expect(join != array, 'the job that joins is none')


def check_joined(nights, work, array, problems):
  """One run directory, of four shards, in the store; the shards themselves are gone, and their logs are not."""
  run = nights.run(work)
  metadata = zcb.read_json(run, 'metadata.json')
  problems.equal('shards', [(s['number'], s['of'], s['state']) for s in metadata['shards']],
                 [(n, BOOTS, 'complete') for n in range(1, BOOTS + 1)])
  problems.equal('boots', sorted(os.listdir(os.path.join(run, 'boots'))), [str(n) for n in range(1, BOOTS + 1)])
  problems.expect(os.path.exists(os.path.join(run, 'report.html')), 'there is no report')
  problems.equal('nights in the store', len(os.listdir(os.path.join(nights.store, 'nights'))), 1)
  problems.expect(os.path.exists(os.path.join(nights.store, 'index.html')), 'the store has no page')
  problems.equal('shards left', [name for name in os.listdir(work) if name.isdigit()], [])
  logs = [zcb.octets(work, f'shard-{n}.log').decode() for n in range(1, BOOTS + 1)]
  problems.expect(all(f'shard {n} of {BOOTS} on ' in log for n, log in enumerate(logs, 1)), f'array {array}: {logs}')


def not_joined(work, run, running, problems):
  """What a job that joins must not have done, or ended, while a shard is to come."""
  problems.expect(not os.path.exists(os.path.join(work, 'exit-code')), 'half a night has an exit code')
  problems.expect(not os.path.exists(run), 'half a night was joined')
  problems.expect(running, '`night --wait` did not wait for the second start of the job that joins')


def check_early_join(bench, nights, problems):
  """The job that joins is started while the array is held: it goes behind it, and `night --wait` with it. The one CPU of
  each job is not kept: the array gets both."""
  cells = [{'workload': 'punch', 'consumers': ['mmap', 'oracle']}]
  plan = bench.plan(name='early', guests=['micro'], boots=2, params={'pages': 64, 'rounds': 4, 'ram_mib': 192}, cells=cells)
  night, (array, join, work) = nights.start(plan, 2, '--wait', '--sbatch', '--hold', '--', '--accel', 'tcg')
  slurm = nights.slurm
  slurm.ask('scontrol', 'update', f'JobId={join}', 'Dependency=')
  problems.expect(cluster.wait_until(lambda: slurm.told(join, 'Restarts') == '1' and slurm.state(join) == 'PENDING', 120),
                  f'the job that joins did not go behind the array: {nights.logs(work)}')
  not_joined(work, nights.run(work), night.poll() is None, problems)
  problems.expect(slurm.told(join, 'Dependency').startswith(f'afterany:{array}'), 'it does not wait for the array')
  problems.expect(f'{array}_[1-2] PENDING' in nights.logs(work), f'what is left is not named: {nights.logs(work)}')
  slurm.ask('scontrol', 'release', array)
  problems.expect(cluster.wait_until(lambda: array not in slurm.ask('squeue', '-h', '-o', '%F').split()), 'the array does not end')
  slurm.begin_soon(join)
  code, said = nights.ended(work)
  problems.equal(f'a night whose last job was started first ({said[-1500:]})', (code, night.wait(120)), (0, 0))
  problems.equal('its cells', [line['index'] for line in zcb.journal(nights.run(work))], list(range(4)))
  zcb.must_find([('an exit code', work, 'nowhere', True), ('a joined run', 'nowhere', nights.run(work), True),
                 ('an end', 'nowhere', 'nowhere', False)], not_joined, problems)


def queue_again(nights, array, work, problems):
  """Shard 1, once it has finished a cell and has more to do."""
  shard = os.path.join(work, '1')
  if not cluster.wait_until(lambda: zcb.journal(shard)):
    problems.expect(False, 'shard 1 does not begin: ' + nights.logs(work))
    return b''
  nights.slurm.ask('scontrol', 'requeue', f'{array}_1')
  problems.expect(cluster.wait_until(lambda: nights.slurm.state(f'{array}_1') == 'PENDING', 90),
                  f'shard 1 was not queued again: {nights.slurm.state(array + "_1")}')
  before = zcb.octets(shard, 'cells.jsonl')
  before = before[:before.rfind(b'\n') + 1]
  nights.slurm.begin_soon(f'{array}_1')
  return before


def check_broken_night(bench, nights, problems):
  """Three shards of one boot each, emulated; the times tell nothing here."""
  cells = [{'workload': 'punch', 'consumers': ['mmap', 'oracle', 'null'], 'params': {'pattern': pattern}}
           for pattern in ('stride', 'single', 'frame')]
  plan = bench.plan(name='broken', guests=['micro'], boots=3, params={'pages': 64, 'rounds': 40, 'ram_mib': 192}, cells=cells)
  array, _, work = nights.submit(plan, 3, '--sbatch', '--hold', '--', '--accel', 'tcg')
  nights.slurm.ask('scancel', f'{array}_2')
  nights.slurm.ask('scontrol', 'release', array)
  before = queue_again(nights, array, work, problems)
  code, said = nights.ended(work)
  problems.equal(f'a night that misses a shard ({said[-1500:]})', code, 12)
  problems.expect('missing: shard 2 of 3' in said, f'what is missing is not said: {said}')
  run = nights.run(work)
  metadata = zcb.read_json(run, 'metadata.json')
  problems.expect('shard 2 of 3' in metadata['reason'], f'nor in the run directory: {metadata["reason"]}')
  problems.equal('cells', [line['index'] for line in zcb.journal(run)], [*range(0, 9), *range(18, 27)])
  finished = before.count(b'\n')
  problems.expect(0 < finished < 9, f'shard 1 was queued again with {finished} cells, which is no middle')
  problems.expect(zcb.octets(work, '1', 'cells.jsonl').startswith(before), 'what shard 1 had finished was played again')
  log = zcb.octets(work, 'shard-1.log').decode()
  problems.expect('begun again 0 times' in log and 'begun again 1 times' in log, f'shard 1 was not begun again: {log}')
  problems.equal('shards kept', sorted(name for name in os.listdir(work) if name.isdigit()), ['1', '3'])
  problems.equal('nights in the store', len(os.listdir(os.path.join(nights.store, 'nights'))), 3)


def check_usage(bench, nights, problems):
  """What no job could do is refused before any is submitted."""
  plan = bench.plan(boots=BOOTS)
  for what, *args in (('no shards', '--plan', plan), ('none', '--shards', '0', '--plan', plan),
                      ('more than boots', '--shards', str(BOOTS + 1), '--plan', plan), ('an odd option', '--odd'),
                      ('a plan that is none', '--shards', '2', '--plan', 'no-such-plan'),
                      ('an odd option of run', '--shards', '2', '--plan', plan, '--', '--odd')):
    done = subprocess.run([NIGHT, '--store', nights.store, *args], capture_output=True, text=True, check=False,
                          env={**nights.slurm.environment, 'ZCB_PROGRAM': bench.program})
    problems.equal(f'{what}: exit code ({done.stderr.strip()})', (done.returncode, done.stdout), (2, ''))
  problems.equal('jobs submitted', nights.slurm.ask('squeue', '-h'), '')
  problems.expect(not os.path.exists(nights.store), 'a bad usage made a store')


def test(bench, problems):
  bench.need_images('rootfs', 'stock')
  cluster.need_slurm()
  with cluster.Cluster(bench) as slurm:
    nights = Nights(bench, slurm)
    check_usage(bench, nights, problems)
    for check in (check_whole_night, check_early_join, check_broken_night):
      known = len(problems.found)
      check(bench, nights, problems)
      if len(problems.found) > known:
        print(f'{check.__name__}: {slurm.tale()}')
  bench.expect_nothing_left(problems, 10)


if __name__ == '__main__':
  zcb.main(test)
