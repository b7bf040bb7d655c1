# SPDX-License-Identifier: GPL-2.0-or-later
"""HTML Tidy over a page: all that it says but a few things that it is wrong about."""
import re
import shutil
import subprocess

# What Tidy 5 says of sound HTML, as the standard of today has it; how often it may say so, by the page's text.
EXCEPTIONS = {
    # SVG has titles, too, and a picture is named by the id of its own.
    '<title> proprietary attribute "id"': lambda text: len(re.findall(r'<title id="', text)),
    # A summary may hold one heading: https://html.spec.whatwg.org/multipage/interactive-elements.html
    'missing </summary> before <h3>': lambda text: len(re.findall(r'<summary><h3>.*?</h3>.*?</summary>', text)),
    'discarding unexpected </summary>': lambda text: len(re.findall(r'<summary><h3>.*?</h3>.*?</summary>', text)),
}


def missing():
  """What to install, or None."""
  return None if shutil.which('tidy') else 'there is no tidy: install it (Debian: apt install tidy)'


def problems_of(path):
  """Sentences, with the line of the page in front."""
  with open(path, encoding='utf-8') as f:
    text = f.read()
  said = subprocess.run(['tidy', '-quiet', '-errors', '-utf8', '--drop-empty-elements', 'no', '--show-warnings', 'yes',
                         '--show-errors', '10000', path], capture_output=True, text=True, check=False).stderr
  found, excused = [], {}
  for line in said.splitlines():
    what = re.sub(r'^line \d+ column \d+ - (Warning|Error|Info): ', '', line)
    excused[what] = excused.get(what, 0) + 1
    if what in EXCEPTIONS and excused[what] <= EXCEPTIONS[what](text):
      continue
    found.append(line)
  return found
