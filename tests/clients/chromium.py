"""Chromium without a screen, driven through its own protocol over a pipe:
   chromium.py HTTPS-ADDRESS:PORT HTTP1-ADDRESS:PORT CA-FILE HOME SCREENSHOT < ORDERS
Orders are lines; each gets one line in return:
   load      the page in a window of new connections: how many of its resources came over which protocol
   again     the same page once more, on the connections that are there
   socket NAME TEXT BYTES   a WebSocket to NAME: what it echoes, and how many bytes of a large message
   certificate   the SHA-256 of the one that the page's connections have
"""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys

https, http1, ca, home, picture = sys.argv[1:6]

# Chromium trusts what is in this store beside its own list
store = os.path.join(home, '.pki', 'nssdb')
os.makedirs(store)
subprocess.run(['certutil', '-d', 'sql:' + store, '-N', '--empty-password'], check=True)
subprocess.run(['certutil', '-d', 'sql:' + store, '-A', '-t', 'C,,', '-n', 'test', '-i', ca], check=True)


class Browser:
    def __init__(self):
        down, up = os.pipe(), os.pipe()
        program = shutil.which('chromium')

        def ends():
            # the browser reads 3 and writes 4
            os.dup2(down[0], 30)
            os.dup2(up[1], 31)
            os.dup2(30, 3)
            os.dup2(31, 4)

        self.process = subprocess.Popen(
            [program, '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
             '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions',
             '--remote-debugging-pipe', f'--user-data-dir={home}/profile',
             f'--host-resolver-rules=MAP web.test:443 {https}, MAP plain.test:443 {http1}, MAP * ~NOTFOUND'],
            env={**os.environ, 'HOME': home}, close_fds=False, preexec_fn=ends, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        os.close(down[0])
        os.close(up[1])
        self.out, self.read = down[1], os.fdopen(up[0], 'rb')
        self.last, self.rest = 0, b''
        self.events = []

    def message(self):
        while b'\0' not in self.rest:
            got = self.read.read1(65536)
            assert got, 'the browser has ended'
            self.rest += got
        one, self.rest = self.rest.split(b'\0', 1)
        return json.loads(one)

    def call(self, method, session=None, **params):
        self.last += 1
        m = {'id': self.last, 'method': method, 'params': params}
        if session:
            m['sessionId'] = session
        os.write(self.out, json.dumps(m).encode() + b'\0')
        while (r := self.message()).get('id') != self.last:
            self.events.append(r)
        assert 'error' not in r, r
        return r['result']

    def wait(self, method):
        while True:
            for i, e in enumerate(self.events):
                if e.get('method') == method:
                    del self.events[:i + 1]
                    return e['params']
            self.events.append(self.message())


class Window:
    """With connections of its own."""

    def __init__(self, browser):
        self.browser = browser
        context = browser.call('Target.createBrowserContext')['browserContextId']
        target = browser.call('Target.createTarget', url='about:blank', browserContextId=context)['targetId']
        self.session = browser.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self.call('Page.enable')
        self.call('Network.enable')

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def evaluate(self, text):
        r = self.call('Runtime.evaluate', expression=text, awaitPromise=True, returnByValue=True)
        assert 'exceptionDetails' not in r, r
        return r['result'].get('value')

    def load(self, url):
        self.browser.events.clear()
        failed = self.call('Page.navigate', url=url).get('errorText')
        if failed:
            return 'failed ' + failed
        self.browser.wait('Page.loadEventFired')
        return self.evaluate("""(() => {
            const by = {};
            for (const e of performance.getEntries())
                if (e.nextHopProtocol !== undefined && !e.name.endsWith('/favicon.ico'))     // comes when it likes
                    by[e.nextHopProtocol] = (by[e.nextHopProtocol] ?? 0) + 1;
            return Object.entries(by).map(([k, n]) => `${k} ${n}`).join(' ') + ', '
                + document.getElementById('said').textContent + ', '
                + [...document.images].filter(i => i.naturalWidth > 0).length + ' images';
        })()""")

    def socket(self, name, text, count):
        return self.evaluate("""new Promise(done => {
            const s = new WebSocket('wss://%s/socket'), large = '%s'.repeat(%d / 4);
            let said = '';
            s.onopen = () => s.send('%s');
            s.onerror = () => done('failed');
            s.onclose = e => done(said + ' closed ' + e.code);
            s.onmessage = e => {
                if (said === '') {
                    said = e.data;
                    s.send(large);
                } else {
                    said += ' ' + (e.data === large ? large.length : 'different');
                    s.close(1000);
                }
            };
        })""" % (name, 'mola', int(count), text))

    def certificate(self):
        chain = self.call('Network.getCertificate', origin='https://web.test')['tableNames']
        return hashlib.sha256(base64.b64decode(chain[0])).hexdigest()

    def screenshot(self):
        with open(picture, 'wb') as f:
            f.write(base64.b64decode(self.call('Page.captureScreenshot')['data']))


browser = Browser()
window = None
for order in sys.stdin:
    words = order.split()
    if words[0] == 'load':
        window = Window(browser)
        said = window.load('https://web.test/')
        window.screenshot()
    elif words[0] == 'again':
        said = window.load('https://web.test/')
    elif words[0] == 'plain':
        said = Window(browser).load('https://plain.test/')
    elif words[0] == 'socket':
        said = window.socket(*words[1:])
    else:
        said = window.certificate()
    print(said, flush=True)
browser.call('Browser.close')
browser.process.wait(20)
