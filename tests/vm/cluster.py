# SPDX-License-Identifier: GPL-2.0-or-later
"""A Slurm cluster of this machine alone: munged, slurmctld and slurmd of its own, in a scratch folder, on loopback ports."""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time

import zcb

NEEDS = ('munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'scancel', 'sinfo')

CONF = '''ClusterName=zcbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
ReturnToService=2
InactiveLimit=0
KillWait=10
DebugFlags=Dependency
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
'''


def path_of(name):
  return shutil.which(name, path=os.environ['PATH'] + ':/usr/sbin:/sbin')


def need_slurm():
  missing = [name for name in NEEDS if not path_of(name)]
  if missing:
    raise zcb.Skip(f'Slurm is missing ({", ".join(missing)}): run ./scripts/setup test')


def free_ports(n):
  """Nobody else takes them in the moment until the daemons do, or the daemons say so."""
  sockets = [socket.socket() for _ in range(n)]
  for s in sockets:
    s.bind(('127.0.0.1', 0))
  ports = [s.getsockname()[1] for s in sockets]
  for s in sockets:
    s.close()
  return ports


PR_SET_PDEATHSIG = 1


def die_with_parent():
  """A test that is killed leaves no daemon behind."""
  ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Cluster:
  def __init__(self, bench):
    self.folder, self.daemons = os.path.join(bench.scratch, 'cluster'), []
    for name in ('', 'state', 'spool'):
      os.makedirs(os.path.join(self.folder, name))
    self.conf = os.path.join(self.folder, 'slurm.conf')
    user = subprocess.run(['id', '-un'], capture_output=True, text=True, check=True).stdout.strip()
    with open(self.conf, 'w', encoding='utf-8') as f:
      f.write(CONF.format(folder=self.folder, user=user, host=socket.gethostname().split('.')[0], ports=free_ports(2),
                          cpus=min(2, len(os.sched_getaffinity(0)))))
    with open(os.path.join(self.folder, 'cgroup.conf'), 'w', encoding='utf-8') as f:
      f.write(self.cgroups())
    with open(os.path.join(self.folder, 'key'), 'wb', opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
      f.write(os.urandom(128))
    self.environment = {**bench.environment(), 'SLURM_CONF': self.conf}
    for name in [name for name in self.environment if name.startswith(('SLURM_', 'SBATCH_')) and name != 'SLURM_CONF']:
      del self.environment[name]  # of a job that this test may itself run in

  def cgroups(self):
    """Since 23.11 slurmd wants cgroups unless it is told that there are none."""
    said = subprocess.run([path_of('slurmd'), '-V'], capture_output=True, text=True, check=False).stdout
    version = tuple(int(n) for n in said.split()[-1].split('.')[:2])
    return 'CgroupPlugin=disabled\n' if version >= (23, 11) else ''

  def __enter__(self):
    self.spawn('munged', '--foreground', '--force', f'--key-file={self.folder}/key', f'--socket={self.folder}/munge.sock',
               f'--pid-file={self.folder}/munged.pid', f'--log-file={self.folder}/munged.log', f'--seed-file={self.folder}/seed')
    if not zcb.wait_for(lambda: os.path.exists(f'{self.folder}/munge.sock'), 60):
      raise RuntimeError('munged does not come up: ' + self.said('munged'))
    self.spawn('slurmctld', '-D', '-f', self.conf)
    self.spawn('slurmd', '-D', '-f', self.conf)
    if not zcb.wait_for(lambda: 'idle' in self.ask('sinfo', '-h', '-o', '%t'), 120):
      raise RuntimeError('the node does not come up: ' + self.said('slurmctld') + self.said('slurmd'))
    return self

  def __exit__(self, *_):
    for process in reversed(self.daemons):
      process.terminate()
    for process in reversed(self.daemons):
      try:
        process.wait(30)
      except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

  def spawn(self, name, *args):
    with open(os.path.join(self.folder, name + '.out'), 'wb') as out:
      self.daemons.append(subprocess.Popen([path_of(name), *args], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                           env=self.environment, start_new_session=True, preexec_fn=die_with_parent))

  def said(self, name):
    with open(os.path.join(self.folder, name + '.out'), encoding='utf-8', errors='replace') as f:
      return f.read()[-2000:]

  def ask(self, name, *args):
    done = subprocess.run([path_of(name), *args], capture_output=True, text=True, check=False, env=self.environment, timeout=60)
    return done.stdout

  def told(self, job, name):
    """What `scontrol show job` tells of a job under that name; '' of a job that is forgotten."""
    words = dict(word.split('=', 1) for word in self.ask('scontrol', '-o', 'show', 'job', job).split() if '=' in word)
    return words.get(name, '')

  def state(self, job):
    """PENDING, RUNNING, COMPLETED …"""
    return self.told(job, 'JobState')

  def begin_soon(self, job):
    """A job that was queued again waits two minutes otherwise, and not for nothing: slurmd takes no credential of it that is
    of the second in which the last one was revoked, or older, and a job that does not start so has failed."""
    self.ask('scontrol', 'update', f'JobId={job}', 'StartTime=now+2')

  def tale(self):
    """For who has to find out why: all jobs, and what slurmctld did at last."""
    log = os.path.join(self.folder, 'slurmctld.log')
    with open(log, encoding='utf-8', errors='replace') as f:
      return f'{self.ask("scontrol", "show", "job")}\n{log}:\n{f.read()[-8000:]}'


def wait_until(condition, seconds=600):
  deadline = time.monotonic() + seconds
  while not condition() and time.monotonic() < deadline:
    time.sleep(0.2)
  return condition()
