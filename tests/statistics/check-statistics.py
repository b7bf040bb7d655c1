#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds each routine of reports/analysis against SciPy, or against the naive computation.

  check-statistics.py PROBE
  check-statistics.py --self-test PROBE   a routine that is a little wrong must be found
"""
import itertools
import math
import subprocess
import sys

try:
  import numpy as np
  from scipy import stats
except ImportError:
  print('skipped: python3-scipy is missing; install it with scripts/setup test')
  sys.exit(77)

rng = np.random.default_rng(1)


class Probe:
  """Asks all at once, since a process a question would take most of the time."""

  def __init__(self, program, wrong=0.):
    self.program, self.wrong = program, wrong
    self.asked, self.demands = [], []

  def ask(self, question, demand, what):
    self.asked.append(question)
    self.demands.append((what, demand))

  def failures(self):
    done = subprocess.run([self.program], input='\n'.join(self.asked) + '\n', text=True,
                          capture_output=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(self.asked), (len(lines), len(self.asked))
    for line, (what, demand), question in zip(lines, self.demands, self.asked):
      answer = [float(x) * (1 + self.wrong) for x in line.split()]
      wrong = demand(answer)
      if wrong:
        yield what, f'{what}: {wrong}; asked {question[:160]!r}, answer {line[:160]!r}'


def numbers(x):
  return f'{len(x)} ' + ' '.join(f'{float(v):.17g}' for v in x)


def near(expected, relative=1e-9, absolute=1e-12):
  def demand(answer):
    for i, (a, e) in enumerate(zip(answer, expected)):
      if not math.isclose(a, e, rel_tol=relative, abs_tol=absolute):
        return f'number {i} is {a:.12g}, not {e:.12g}'
    return None if len(answer) >= len(expected) else 'too few numbers'
  return demand


def quantiles(probe):
  for n in (1, 2, 5, 99, 100, 101, 1000):
    values = rng.integers(0, 1 << rng.integers(2, 50), n)
    for numerator, denominator in ((1, 2), (9, 10), (99, 100), (999, 1000)):
      expected = np.quantile(values, numerator / denominator, method='inverted_cdf')
      probe.ask(f'quantile {numerator} {denominator} {numbers(values)}', near([expected]), 'quantile')


def student(probe):
  for n in (2, 3, 5, 8, 30):
    d = rng.normal(.02, .05, n)
    t = stats.ttest_1samp(d, 0)
    low, high = stats.t.interval(.95, n - 1, d.mean(), stats.sem(d))
    probe.ask(f'paired 0 .05 {numbers(d)}',
              near([d.mean(), stats.sem(d), n - 1, low, high, t.pvalue], 1e-7), 'paired')
    probe.ask(f'paired 1 .05 {numbers(d)}', near([d.mean(), 1 / math.sqrt(n)]), 'floor')
    for n_b in (2, 4, 9):
      a, b = rng.normal(0, .02, n), rng.normal(.03, .1, n_b)
      t = stats.ttest_ind(b, a, equal_var=False)
      error = math.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n_b)
      df = error ** 4 / ((a.var(ddof=1) / n) ** 2 / (n - 1) + (b.var(ddof=1) / n_b) ** 2 / (n_b - 1))
      low, high = stats.t.interval(.99, df, b.mean() - a.mean(), error)
      probe.ask(f'unpaired 0 .01 {numbers(a)} {numbers(b)}',
                near([b.mean() - a.mean(), error, df, low, high, t.pvalue], 1e-7), 'unpaired')


def closed_holm(p):
  """By the closure principle: the largest Bonferroni p of all sets that hold a hypothesis."""
  adjusted = [0.] * len(p)
  for size in range(1, len(p) + 1):
    for members in itertools.combinations(range(len(p)), size):
      least = min(1, size * min(p[i] for i in members))
      for i in members:
        adjusted[i] = max(adjusted[i], least)
  return adjusted


def holm(probe):
  for n in (1, 2, 3, 7, 10):
    p = rng.random(n) ** 4
    if n > 2:
      p[1] = p[0]
    probe.ask(f'holm {numbers(p)}', near(closed_holm(p)), 'holm')


def permutations(probe):
  def difference(x, y, axis):
    return np.mean(y, axis=axis) - np.mean(x, axis=axis)
  for n in (2, 3, 6, 8, 11):
    d = rng.normal(.5, 1, n)
    exact = stats.permutation_test((d,), lambda x, axis: np.mean(x, axis=axis), vectorized=True,
                                   permutation_type='samples', n_resamples=np.inf).pvalue
    probe.ask(f'permutation {numbers(d)} 0', near([exact, 2. ** (1 - n)]), 'permutation')
  for n_a, n_b in ((2, 2), (3, 4), (5, 5), (2, 9), (7, 6)):
    a, b = rng.normal(0, 1, n_a), rng.normal(1, 1, n_b)
    exact = stats.permutation_test((a, b), difference, vectorized=True, n_resamples=np.inf,
                                   permutation_type='independent').pvalue
    # SciPy doubles the smaller tail; two arms of one size have equal tails, and only then is that the same.
    if n_a == n_b:
      probe.ask(f'permutation {numbers(a)} {numbers(b)}', near([exact]), 'permutation')
    every = [abs(np.mean(np.delete(np.r_[a, b], s)) - np.mean(np.r_[a, b][list(s)]))
             for s in itertools.combinations(range(n_a + n_b), n_a)]
    share = np.mean(np.array(every) >= abs(b.mean() - a.mean()) - 1e-12)
    probe.ask(f'permutation {numbers(a)} {numbers(b)}', near([share]), 'permutation')
  d, a, b = rng.normal(.3, 2, 25), rng.normal(0, 2, 16), rng.normal(.6, 2, 16)
  drawn = stats.permutation_test((d,), lambda x, axis: np.mean(x, axis=axis), vectorized=True,
                                 permutation_type='samples', n_resamples=20000, random_state=1).pvalue
  probe.ask(f'permutation {numbers(d)} 0', near([drawn], absolute=.01), 'drawn permutation')
  assert drawn > .1
  drawn = stats.permutation_test((a, b), difference, vectorized=True, n_resamples=20000,
                                 random_state=1).pvalue
  probe.ask(f'permutation {numbers(a)} {numbers(b)}', near([drawn], absolute=.01), 'drawn permutation')


def boots(logs, errors):
  return f'{len(logs)} ' + ' '.join(f'{l:.17g} {e:.17g}' for l, e in zip(logs, errors))


def naive_bootstrap(a, b, together):
  """Of the operations themselves: draws boots, and in each its operations, and takes medians."""
  drawn = []
  for _ in range(1500):
    of_a = rng.integers(0, len(a), len(a))
    of_b = of_a if together else rng.integers(0, len(b), len(b))
    def median(boot):
      return math.log(np.median(boot[rng.integers(0, len(boot), len(boot))]))
    drawn.append(np.mean([median(b[i]) for i in of_b]) - np.mean([median(a[i]) for i in of_a]))
  return np.quantile(drawn, [.025, .975])


def bootstraps(probe):
  for together in (True, False):
    for n in (4, 10):
      shared = rng.normal(0, .1, n)
      a = [np.exp(rng.normal(9 + s, .3, 400)) for s in shared]
      b = [np.exp(rng.normal(9.05 + s, .3, 400)) for s in (shared if together else rng.normal(0, .1, n))]
      def figures(group):
        # The error of a median's logarithm, of 400 draws from a log-normal of deviation 0.3.
        return boots([math.log(np.median(x)) for x in group], [.3 * math.sqrt(math.pi / 2 / 400)] * n)
      low, high = naive_bootstrap(a, b, together)
      def demand(answer, low=low, high=high):
        if max(abs(answer[0] - low), abs(answer[1] - high)) > .15 * (high - low):
          return f'naively {low:.4f} to {high:.4f}'
        return None
      probe.ask(f'bootstrap {int(together)} .05 7 {figures(a)} {figures(b)}', demand, 'bootstrap')
  question = f'bootstrap 1 .05 7 {boots([1, 2, 3], [0] * 3)} {boots([2, 3, 5], [0] * 3)}'
  first = []
  def same(answer):
    first.append(answer)
    return None if answer == first[0] else 'the same seed gave another interval'
  probe.ask(question, same, 'bootstrap seed')
  probe.ask(question, same, 'bootstrap seed')


def drifts(probe):
  for n in (5, 8, 20):
    y = rng.normal(0, .03, n) + .01 * np.arange(n)
    fit = stats.linregress(np.arange(n), y)
    probe.ask(f'drift {numbers(y)}', near([fit.slope * (n - 1), fit.pvalue], 1e-7), 'drift')
  probe.ask('drift 4 1 2 3 4', near([0, 1]), 'drift')


def powers(probe):
  for df in (1, 2, 3.3, 5, 11, 40):
    for alpha in (.05, .005, .0003):
      c = stats.t.isf(alpha / 2, df)
      # SciPy's noncentral t gives NaN far out; what S exceeds is integrated there.
      def exact(shift, df=df, c=c):
        z = np.linspace(-8, 8, 4001)
        s = (z + shift) / c
        return np.trapz(stats.norm.pdf(z) * np.where(s > 0, stats.chi2.cdf(df * s * np.abs(s), df), 0), z)
      if df >= 3:
        assert abs(exact(c) - stats.nct.sf(c, df, c)) < 1e-3
      def demand(answer, exact=exact):
        found = exact(answer[1])
        return None if abs(found - .8) < .03 else f'the detectable shift is found with power {found:.3f}'
      probe.ask(f'power {c} {df} {alpha}', demand, 'power')
      def demand_power(answer, expected=exact(1.2 * c)):
        return None if abs(answer[0] - expected) < .04 else f'the power is {expected:.3f}'
      probe.ask(f'power {1.2 * c} {df} {alpha}', demand_power, 'power')


def looks(probe):
  shares = []
  for look in range(1, 9):
    probe.ask(f'look {look} 8', lambda answer: shares.append(answer[0]), 'look')
  probe.ask('look 0 0', lambda answer: None if math.isclose(answer[0], 1) and
            math.isclose(sum(shares), 1) and shares == sorted(shares) else f'shares are {shares}', 'look')


TOPICS = (quantiles, student, holm, permutations, bootstraps, drifts, powers, looks)


def main():
  planted = sys.argv[1] == '--self-test'
  probe = Probe(sys.argv[-1], .2 if planted else 0.)
  for topic in TOPICS:
    topic(probe)
  found = list(probe.failures())
  if planted:
    missed = {what for what, _ in probe.demands} - {what for what, _ in found} - {'bootstrap seed'}
    print(f'not found to be wrong: {missed}' if missed else f'{len(found)} wrong answers were found')
    return 1 if missed else 0
  print('\n'.join(text for _, text in found) or f'{len(probe.asked)} answers agree')
  return 1 if found else 0


if __name__ == '__main__':
  sys.exit(main())
