#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens the report of each golden run directory in a browser: light and dark, wide, narrow, and printed.

usage: check-report.py REPORT-PROGRAM FOLDER

No message on the console, no request beside the file, no script, hostile strings as text, contrast
of WCAG AA, one outline of headings, nothing wider than the window. Before that, each check is shown a
page with a planted fault, and must find it. Exit code 77: there is no Chromium.
"""
import functools
import math
import os
import re
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, '..', 'golden'))
import browser  # noqa: E402
import generate  # noqa: E402

MAX_BYTES = 2 << 20
MODES = [('light', 1280, False), ('dark', 1280, True), ('narrow', 400, False), ('narrow dark', 400, True)]

# Runs inside the page; gives a list of sentences.
INSPECT = r'''
(() => {
  const found = [];
  document.querySelectorAll('details').forEach(d => d.open = true);
  if (document.querySelector('script, iframe, object, embed, form, base, foreignObject'))
    found.push('markup: an element that no report has');
  for (const e of document.querySelectorAll('*'))
    for (const a of e.attributes) {
      if (a.name.startsWith('on')) found.push('markup: a handler ' + a.name);
      const beside = e.tagName === 'A' && /^((plots|frames|boots|samples)\/[\w.\/-]+|kernels\/[\w.\/-]+(#:~:text=CONFIG_\w+%3D)?|plots\/records\.txt#:~:text=%5B\d+%5D|cells\.jsonl(#:~:text=%22index%22:\d+,)?)$/.test(a.value) && !a.value.includes('..');
      if (['href', 'src', 'action', 'xlink:href'].includes(a.name) && !/^(#|data:)/.test(a.value) && !beside)
        found.push('markup: an address ' + a.value);
    }
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of new Set(ids.filter((x, i) => ids.indexOf(x) !== i))) found.push('markup: twice the id ' + id);
  for (const a of document.querySelectorAll('a[href^="#"], use'))
    if (!ids.includes(a.getAttribute('href').slice(1))) found.push('markup: no target ' + a.getAttribute('href'));
  let level = 0;
  for (const h of document.querySelectorAll('h1, h2, h3, h4, h5')) {
    if (+h.tagName[1] > level + 1) found.push('outline: ' + h.tagName + ' after level ' + level);
    level = +h.tagName[1];
  }
  if (document.querySelectorAll('h1').length !== 1) found.push('outline: not one h1');
  if (!document.documentElement.lang) found.push('outline: no language');
  for (const e of document.querySelectorAll('th:not([scope]), img:not([alt])'))
    found.push('outline: a ' + e.tagName + ' without scope or alt');
  for (const e of document.querySelectorAll('svg[role=img]'))
    if (!e.querySelector(':scope > title')?.textContent) found.push('outline: a picture without words');
  if (document.documentElement.scrollWidth > innerWidth) found.push('width: the page is wider than the window');

  const channels = c => {
    const n = c.match(/[\d.]+/g).map(Number);
    return n.length > 3 && n[3] === 0 ? null : n.slice(0, 3);
  };
  const light = c => {
    const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05);
  };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = channels(getComputedStyle(e).backgroundColor);
      if (c) return c;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255];
  };
  const tints = e => [...e.closest('svg').querySelectorAll('rect:not(.m-punched)')]
    .map(r => channels(getComputedStyle(r).fill));
  const seen = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.nodeValue.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), inSvg = e instanceof SVGElement;
    const ink = channels(inSvg ? style.fill : style.color);
    for (const paper of inSvg && e.closest('.map') ? tints(e) : [behind(e)]) {
      const r = ratio(ink, paper), key = ink + '|' + paper;
      if (r < 4.5 && !seen.has(key)) {
        seen.add(key);
        found.push('contrast: ' + r.toFixed(2) + ' of rgb(' + ink + ') on rgb(' + paper + '): ' +
                   walk.currentNode.nodeValue.trim().slice(0, 40));
      }
    }
  }
  return found;
})()
'''


def dead(path, link):
  """A link beside the page leads to a file, and one to a text in it to a file that has the text."""
  file, _, text = link.partition('#:~:text=')
  file = os.path.join(os.path.dirname(path), file)
  if link[:1] == '#' or link[:5] == 'data:':
    return []
  if not os.path.isfile(file):
    return [f'link: nothing is at {link}']
  return [] if urllib.parse.unquote(text) in content_of(file, os.stat(file).st_mtime_ns) else [f'link: the text of {link} is not there']


@functools.lru_cache(2)
def content_of(file, _):
  # A journal may be written with spaces, as those of these tests are; the bytes that are no text matter to nobody.
  with open(file, encoding='utf-8', errors='replace') as f:
    return f.read().replace('": ', '":')


def problems_of(chromium, path, width=1280, dark=False):
  """What is wrong with a page, as sentences that begin with their kind."""
  with browser.Page(chromium, path, width=width, dark=dark) as page:
    found = ['console: ' + m for m in page.messages()] + ['request: ' + r for r in page.requests()]
    if page.evaluate('document.title').startswith('owned'):
      found.append('script: a script changed the title')
    found += page.evaluate(INSPECT)
    for link in page.evaluate('[...document.querySelectorAll("a")].map(a => a.getAttribute("href"))'):
      found += dead(path, link)
    chromium.settle()
    found += ['console: ' + m for m in page.messages() if 'console: ' + m not in found]
  if os.path.getsize(path) > MAX_BYTES:
    found.append(f'size: {os.path.getsize(path)} bytes')
  return found


def page_of(body, head=''):
  return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>a</title>'
          f'<link rel="icon" href="data:,">{head}</head><body><h1>a</h1>{body}</body></html>')


FAULTS = {
    'console': page_of('<script>console.error("planted")</script>'),
    'script': page_of('<script>document.title="owned"</script>'),
    'request': page_of('<img alt="a" src="http://127.0.0.1:9/planted.png">'),
    'markup': page_of('<p id="x" onclick="1">a<p id="x">b'),
    'outline': page_of('<h4>planted</h4><table><tr><th>a</table>'),
    'width': page_of('<div style="width:3000px">a</div>'),
    'contrast': page_of('<p style="color:#999">planted</p>'),
    'link': page_of('<a href="plots/nowhere.dat">a</a>'),
    'link: the text': page_of('<a href="planted.html#:~:text=%5B17%5D">a</a>'),
    'size': page_of('<p>' + 'a ' * MAX_BYTES),
}


def check_the_checker(chromium, folder):
  """Each planted fault must be found, and a page without one must pass."""
  missed = []
  path = os.path.join(folder, 'planted.html')
  for kind, text in [*FAULTS.items(), ('', page_of('<p>sound</p>'))]:
    with open(path, 'w', encoding='utf-8') as f:
      f.write(text)
    found = problems_of(chromium, path)
    if kind and not any(p.startswith(kind) for p in found):
      missed.append(f'the planted fault “{kind}” was not found, only {found}')
    elif not kind and found:
      missed.append(f'a sound page has {found}')
  return missed


def check_raw(path):
  """Each line of the tables of times, and each verdict, leads to its raw records."""
  with open(path, encoding='utf-8') as f:
    text = f.read()
  lines = text.count('<tr><th scope="row">', text.find('<section id="latency">'), text.find('<section id="stages">'))
  raw = text.count('href="samples/', text.find('<section id="latency">'), text.find('<section id="stages">'))
  return [] if 0 < lines <= raw else [f'raw: {raw} links to samples in {lines} lines']


# Sections with tables whose every line must lead to what it was made of; of the environment the configurations' difference.
LEADING = {'found': '', 'comparison': '', 'events': '', 'overhead': '', 'environment': '<th scope="col">Option</th>'}


def lines_without_records(text):
  """Lines of those tables that lead nowhere."""
  found = []
  for section, head in LEADING.items():
    part = re.search(f'<section id="{section}">(.*?)</section>', text, re.S)
    for table in re.findall(r'<table.*?</table>', part[1] if part else '', re.S):
      if head not in table:
        continue
      found += [f'records: a line of {section} leads nowhere: {re.sub("<[^>]*>", " ", line)[:90]}'
                for line in re.findall(r'<tr>.*?</tr>', table.partition('<tbody>')[2], re.S) if '<a href="' not in line]
  return found


def blocks_of(run):
  """Of each block of records.txt its title and lines."""
  path = os.path.join(run, 'plots', 'records.txt')
  if not os.path.exists(path):
    return {}
  with open(path, encoding='utf-8') as f:
    blocks = [b.strip('\n').split('\n') for b in re.split(r'\n\n', f.read())]
  return {int(re.match(r'\[(\d+)\] ', b[0])[1]): (b[0], b[1:]) for b in blocks}


def wrong_records(run, text):
  """Blocks are those that the page leads to; each names cells of the journal, and files that are there."""
  found, blocks = [], blocks_of(run)
  led = {int(n) for n in re.findall(r'plots/records\.txt#:~:text=%5B(\d+)%5D', text)}
  if led != set(blocks):
    found.append(f'records: the page leads to {sorted(led ^ set(blocks))}, or they are in the file, but not both')
  for title, lines in blocks.values():
    if not lines or any(not re.match(r'cells\.jsonl index \d+\tboot \d+\t', line) for line in lines):
      found.append(f'records: {title} has no cells, or other lines: {lines[:1]}')
    found += [f'records: {title} names {name}, which is not there' for line in lines
              for name in re.findall(r'\tsamples/\S+', line) if not os.path.isfile(os.path.join(run, name[1:]))]
  return found


def mean_of(lines, statistic):
  """Over the plays of each cell in each boot, then over boots, then over cells, by logarithms."""
  plays = {}
  for line in lines:
    _, boot, cell, brief, *_ = line.split('\t')
    for value in re.findall(rf'\t{statistic} (\S+) ns', line):
      plays.setdefault(cell.split('/', 1)[1] + brief, {}).setdefault(boot, []).append(math.log(float(value)))

  def mean(values):
    return sum(values) / max(len(values), 1)
  return math.exp(mean([mean([mean(v) for v in boots.values()]) for boots in plays.values()]))


def wrong_figures(run, text):
  """Each median of a comparison over all cells is the mean, by logarithms, of the medians that its block names."""
  found, checked = [], 0
  blocks = blocks_of(run)
  part = re.search('<section id="comparison">(.*?)</section>', text, re.S)[1]
  for n, shown in re.findall(r'<td class="n"><a href="plots/records.txt#:~:text=%5B(\d+)%5D">([\d,.]+)</a>', part):
    means = [mean_of(blocks[int(n)][1], statistic) for statistic in ('p50', 'p99')]
    checked += 1
    if not any(abs(mean - float(shown.replace(',', ''))) <= .51 + 1e-5 * mean for mean in means):
      found.append(f'records: {blocks[int(n)][0]} makes {means}, and the page says {shown}')
  return found if checked else ['records: no figure of a comparison was checked']


def check_records(run):
  """And once more with faults planted: a line without a link, a block less, a file less, another figure."""
  with open(os.path.join(run, 'report.html'), encoding='utf-8') as f:
    text = f.read()
  found = lines_without_records(text) + wrong_records(run, text)
  if '<section id="comparison">' not in text:
    return found
  found += wrong_figures(run, text)
  comparison = text.index('<section id="comparison">')
  bare = text[:comparison] + re.sub(r'<a href="[^"]*">', '<a>', text[comparison:])
  if not any('comparison' in p for p in lines_without_records(bare)):
    found.append('records: planted lines without links were not found')
  if not wrong_records(run, text.replace('text=%5B2%5D', 'text=%5B1%5D')):
    found.append('records: a planted link that is missing was not found')
  if not wrong_figures(run, re.sub(r'(%5D">\d)', r'\g<1>1', text)):
    found.append('records: planted figures were not found')
  name = re.search(r'\t(samples/\S+)', next(line for _, lines in blocks_of(run).values() for line in lines if 'samples/' in line))[1]
  os.rename(os.path.join(run, name), os.path.join(run, name + '.away'))
  if not wrong_records(run, text):
    found.append('records: a planted file that is missing was not found')
  os.rename(os.path.join(run, name + '.away'), os.path.join(run, name))
  return found


def check_print(chromium, path):
  with browser.Page(chromium, path) as page:
    pdf = page.pdf()
  pages = pdf.count(b'/Type /Page\n') + pdf.count(b'/Type /Page ') + pdf.count(b'/Type/Page/')
  print(f'  printed: {pages} pages, {len(pdf)} bytes')
  return [] if pdf.startswith(b'%PDF') and pages else ['print: no PDF came out']


def visible(text):
  """How a hostile string must read in the page."""
  invisible = [*range(0x20), *range(0x7f, 0xa0), 0xfeff, *range(0x200b, 0x2010), *range(0x2028, 0x202f)]
  return text.translate({c: f'[U+{c:04X}]' for c in invisible})


def check_hostile(chromium, run):
  """The strings stand in the page as text, and nothing in the run directory was made by them."""
  with browser.Page(chromium, os.path.join(run, 'report.html')) as page:
    text = page.evaluate('document.body.textContent')
  found = [f'hostile: {s!r} is not in the page as text' for s in generate.HOSTILE[:-1] if visible(s) not in text]
  for folder in (run, os.path.join(run, 'plots'), os.getcwd()):
    if os.path.exists(os.path.join(folder, 'owned')):
      found.append(f'hostile: gnuplot or a shell was talked into writing {folder}/owned')
  if 'root:x:0' in text:
    found.append('hostile: a file outside of the run directory was read')
  return found


def check_stages(chromium, run):
  """The bars' figures are those that each operation was made of, and none is counted twice."""
  with browser.Page(chromium, os.path.join(run, 'report.html')) as page:
    rows = page.evaluate('[...document.querySelectorAll("table.stages tbody tr")].map('
                         'r => [...r.querySelectorAll("td")].map(d => d.innerText))')
    figures = page.evaluate('document.querySelectorAll("#stages svg").length')

  def line(values, fresh, slow=1):
    shown = [f'{v * slow / 1000:.2f}' if v else '–' for v in values]
    return ['16', *shown, f'{sum(values) * slow / 1000:,.2f}', f'{fresh / 1000:,.2f}']
  own = generate.STAGES_OWN
  # On the stock kernel what the callbacks did is the rest of what they were in.
  stock = [6000, 3000, 0, 3000, 30000, 0, 0, 0, 7000]
  wanted = [line(stock, 16e6 - 16 * 7000), line(own, 16e6 - 16 * 7000), line(own, 16e6 - 16 * 14000, 2)]
  found = [] if rows == wanted else [f'stages: {rows} instead of {wanted}']
  with browser.Page(chromium, os.path.join(run, 'report.html')) as page:
    text = page.evaluate('document.querySelector("#environment").textContent')
    options = page.evaluate('[...document.querySelectorAll("#environment details tbody tr")].map(r => r.textContent)')
  if options != ['HZ2501000', 'PROBESnot sety'] or 'stock and twin have the same configuration' not in text or \
     text.count('its configuration was not kept') != 2:
    found.append(f'kernel configurations: {options} of {text}')
  if figures != 2:
    found.append(f'stages: {figures} pictures instead of a stack of bars and an operation')
  return found


def check_run(program, chromium, folder, name):
  run = os.path.join(folder, name)
  path = os.path.join(run, 'report.html')
  said = subprocess.run([program, run], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
  found = [f'the program said: {said}'] if said else []
  for mode, width, dark in MODES:
    found += [f'{mode}: {p}' for p in problems_of(chromium, path, width, dark)]
  found += check_print(chromium, path)
  if name == 'healthy':
    found += check_raw(path)
  if name != 'hostile':
    found += check_records(run)
  if name == 'stages':
    found += check_stages(chromium, run)
  elif 'zcbench run --plan stages' not in open(path, encoding='utf-8').read() and name == 'healthy':
    found.append('stages: a run without probes does not say how to make one with them')
  if name == 'hostile':
    found += check_hostile(chromium, run)
  print(f'  {os.path.getsize(path)} bytes, {len(found)} problems')
  return found


def main():
  program, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
  if not browser.find():
    print('skipped: there is no Chromium: install it (Debian: apt install chromium)')
    sys.exit(77)
  subprocess.run([sys.executable, os.path.join(HERE, '..', 'golden', 'generate.py'), folder], check=True)
  failed = []
  with browser.Browser() as chromium:
    print('planted faults')
    failed += check_the_checker(chromium, folder)
    for name in ('healthy', 'failures', 'hostile', 'damaged', 'stages', 'arms'):
      print(name)
      failed += [f'{name}: {p}' for p in check_run(program, chromium, folder, name)]
  for problem in failed:
    print('FAILED', problem)
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
