# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium over its debugging pipe: one page after another, and all that it said and asked for."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--hide-scrollbars', '--remote-debugging-pipe']


def find():
  """The path of a Chromium, or None."""
  return next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)


class Browser:
  def __init__(self):
    self.profile = tempfile.mkdtemp(prefix='zcbench-web-')
    ours, theirs = os.pipe(), os.pipe()
    self.out, self.inp = ours[1], theirs[0]

    def wire():
      # Commands arrive on 3, answers leave on 4. Taken out of the way first: a number may be in use.
      source, sink = os.dup(ours[0]), os.dup(theirs[1])
      high = max(source, sink) + 1
      os.dup2(source, high)
      os.dup2(sink, high + 1)
      os.dup2(high, 3)
      os.dup2(high + 1, 4)

    self.process = subprocess.Popen([find(), *FLAGS, '--user-data-dir=' + self.profile, 'about:blank'],
                                    preexec_fn=wire, close_fds=False, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(ours[0])
    os.close(theirs[1])
    self.number, self.buffer, self.events = 0, b'', []

  def __enter__(self):
    return self

  def __exit__(self, *_):
    try:
      self.call('Browser.close')
      self.process.wait(15)
    except (OSError, TimeoutError, subprocess.TimeoutExpired, RuntimeError):
      self.process.kill()
      self.process.wait()
    os.close(self.out)
    os.close(self.inp)
    shutil.rmtree(self.profile, ignore_errors=True)

  def receive(self, seconds):
    """The next message, or None."""
    end = time.monotonic() + seconds
    while b'\0' not in self.buffer:
      left = end - time.monotonic()
      if left <= 0 or not select.select([self.inp], [], [], left)[0]:
        return None
      more = os.read(self.inp, 1 << 20)
      if not more:
        raise RuntimeError('the browser went away')
      self.buffer += more
    message, self.buffer = self.buffer.split(b'\0', 1)
    return json.loads(message)

  def call(self, method, session=None, **params):
    self.number += 1
    message = {'id': self.number, 'method': method, 'params': params}
    if session:
      message['sessionId'] = session
    octets = json.dumps(message).encode() + b'\0'
    while octets:
      octets = octets[os.write(self.out, octets):]
    while True:
      answer = self.receive(60)
      if answer is None:
        raise TimeoutError(method)
      if answer.get('id') == self.number:
        if 'error' in answer:
          raise RuntimeError(f'{method}: {answer["error"]}')
        return answer['result']
      self.events.append(answer)

  def wait(self, method, seconds=30):
    end = time.monotonic() + seconds
    while not any(e.get('method') == method for e in self.events):
      message = self.receive(end - time.monotonic())
      if message is None:
        raise TimeoutError(method)
      self.events.append(message)

  def settle(self, seconds=.3):
    while (message := self.receive(seconds)) is not None:
      self.events.append(message)


class Page:
  """One file, loaded; events holds all that came up meanwhile."""

  def __init__(self, browser, path, width=1280, height=900, dark=False):
    self.browser = browser
    self.target = browser.call('Target.createTarget', url='about:blank')['targetId']
    self.session = browser.call('Target.attachToTarget', targetId=self.target, flatten=True)['sessionId']
    browser.events.clear()
    for domain in ('Page', 'Network', 'Log', 'Runtime', 'Security'):
      self.call(domain + '.enable')
    self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
    self.media('screen', dark)
    self.url = 'file://' + os.path.abspath(path)
    self.call('Page.navigate', url=self.url)
    browser.wait('Page.loadEventFired')
    browser.settle()

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.browser.call('Target.closeTarget', targetId=self.target)

  def call(self, method, **params):
    return self.browser.call(method, self.session, **params)

  def media(self, kind, dark):
    self.call('Emulation.setEmulatedMedia', media=kind,
              features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

  def evaluate(self, expression):
    result = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
    if 'exceptionDetails' in result:
      raise RuntimeError(str(result['exceptionDetails'].get('exception', result['exceptionDetails'])))
    return result['result'].get('value')

  def messages(self):
    """All that the console would show."""
    found = []
    for event in self.browser.events:
      method, params = event.get('method'), event.get('params', {})
      if method == 'Log.entryAdded':
        found.append(params['entry']['text'])
      elif method == 'Runtime.consoleAPICalled':
        found.append(' '.join(str(a.get('value')) for a in params['args']))
      elif method == 'Runtime.exceptionThrown':
        found.append(str(params['exceptionDetails']))
      elif method == 'Page.javascriptDialogOpening':
        found.append('dialog: ' + params['message'])
    return found

  def requests(self):
    """Addresses that were asked for, beside the page itself and what it carries inside."""
    urls = [e['params']['request']['url'] for e in self.browser.events
            if e.get('method') == 'Network.requestWillBeSent']
    return [u for u in urls if u != self.url and not u.startswith('data:')]

  def screenshot(self, path, selector=None):
    clip = {}
    if selector:
      box = self.evaluate(f'(r => ({{x: 0, y: r.y + scrollY, width: innerWidth, height: r.height, scale: 1}}))'
                          f'(document.querySelector({json.dumps(selector)}).getBoundingClientRect())')
      clip = {'clip': box}
    picture = self.call('Page.captureScreenshot', captureBeyondViewport=bool(selector), **clip)
    with open(path, 'wb') as f:
      f.write(base64.b64decode(picture['data']))

  def pdf(self):
    return base64.b64decode(self.call('Page.printToPDF', printBackground=True)['data'])
