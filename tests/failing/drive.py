#!/usr/bin/env python3
"""Lets calls fail in a running Mola, one at a time (fail.c), and looks at it after each: drive.py MOLA FAIL.SO FOLDER NET [PROCESS [KIND [N]]]"""
import http.client
import json
import mmap
import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

MOLA, LIBRARY, FOLDER, NET, *WISHED = sys.argv[1:]
FRONT, SECURE = (NET + '.200', 8080), (NET + '.200', 8443)
ALL = os.environ.get('ONLY') == 'all'
SEED = int(os.environ.get('SEED', random.randrange(10 ** 6)))
# the rows of fail.c
KINDS = ('MALLOC MMAP SOCKET CONNECT ACCEPT EPOLL WAIT RECV SEND INTR READ WRITE OPEN FD FSYNC RENAME TRUNCATE MESSAGE FORK '
         'LISTEN').split()
# Where Mola's own plan is another process in the place of the one whose call failed: it cannot have what it needs to go on.
# (whose call failed, its kind): who is replaced.
REPLACED = {('parent', 'RECV'): 'brain', ('brain', 'RECV'): 'brain', ('parent', 'WRITE'): 'brain', ('parent', 'FD'): 'brain',
            ('parent', 'MESSAGE'): 'brain worker'}
# Libraries that do not withstand it at their own start, which is before there are clients.
FOREIGN = 'libseccomp.so', 'libcrypto.so', 'libssl.so'
MANY = 1 << 40
PATIENCE = 4
HEAD, WHERE, PROCESSES = struct.Struct('<iiqii'), 1000, 2000
MADE = 24 + WHERE + 16 * PROCESSES
failed = 0


def within(seconds, true):
    end = time.monotonic() + 4 * seconds        # a busy machine
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def tap(fine, words, detail=''):
    global failed
    failed += not fine
    for line in detail.splitlines() if not fine else ():
        print('#', line)
    print('ok' if fine else 'not ok', words, flush=True)


class Control:
    def __init__(self):
        self.path = FOLDER + '/control'
        with open(self.path, 'wb') as f:
            f.truncate(1 << 16)
        with open(self.path, 'r+b') as f:
            self.memory = mmap.mmap(f.fileno(), 1 << 16)

    def set(self, pid, kind, n):
        used = self.head()[4]
        self.memory[4:20] = struct.pack('<iqi', KINDS.index(kind), n, 0)
        self.memory[24:24 + WHERE] = bytes(WHERE)
        self.memory[MADE:MADE + 8 * len(KINDS)] = bytes(8 * len(KINDS))
        self.memory[0:4] = struct.pack('<i', pid)       # last: what it says holds from here on
        return used

    def head(self):
        return HEAD.unpack(self.memory[:24])

    def end(self):
        """(it failed, calls that were made)"""
        self.memory[0:4] = bytes(4)
        _, _, left, fired, _ = self.head()
        return fired == 1, left

    def where(self):
        return self.memory[24:24 + WHERE].split(b'\0')[0].decode()

    def made(self):
        """Calls of each kind that there were in the process."""
        return dict(zip(KINDS, struct.unpack_from('<%dq' % len(KINDS), self.memory, MADE)))

    def pieces(self):
        """of each process by its pid: also of those that have ended"""
        at = 24 + WHERE
        return {pid: n for pid, _, n in (struct.unpack_from('<iiq', self.memory, at + 16 * i) for i in range(self.head()[4]))}


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(FOLDER + '/admin.sock')


class Mola:
    def __init__(self, control, surely=True):
        self.control = control
        self.log_path = FOLDER + '/mola.log'
        self.log = open(self.log_path, 'ab')
        self.log_begin = self.log.tell()
        env = dict(os.environ, LD_PRELOAD=LIBRARY, FAILING=control.path,
                   ASAN_OPTIONS=os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0')
        self.program = subprocess.Popen([MOLA, 'run', FOLDER + '/mola.yaml'], env=env, stdout=self.log, stderr=self.log)
        self.kept, self.hung = None, 0
        if surely and not within(15, self.serves):
            raise SystemExit('not ok Mola starts\n# ' + '\n# '.join(self.lines()[-20:]))

    def lines(self):
        with open(self.log_path, 'rb') as f:
            f.seek(self.log_begin)
            return f.read().decode(errors='replace').splitlines()

    def children(self):
        found = {}
        for pid in open('/proc/%d/task/%d/children' % (self.program.pid, self.program.pid)).read().split():
            try:
                found[open('/proc/%s/comm' % pid).read().strip()] = int(pid)
            except OSError:
                pass
        return found

    def pid(self, process):
        return self.program.pid if process == 'parent' else self.children().get('worker-0' if process == 'worker' else process, 0)

    # ---- what clients and people do ----

    def get(self, path, connection=None):
        c = connection or http.client.HTTPConnection(*FRONT, timeout=PATIENCE)
        try:
            c.request('GET', path)
            r = c.getresponse()
            r.read()
            return r.status
        except (OSError, http.client.HTTPException) as e:
            self.hung += isinstance(e, TimeoutError)
            if connection:
                connection.close()
            return 0
        finally:
            if connection is None:
                c.close()

    def serves(self):
        return self.get('/?work=0') == 200

    def api(self, path, method='GET'):
        c = UnixConnection('localhost')
        try:
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read()
        except (OSError, http.client.HTTPException):
            return 0, b''
        finally:
            c.close()

    def inflight(self):
        status, text = self.api('/api/v1/nodes')
        return status == 200 and sum(n['inflight'] for n in json.loads(text)['nodes']) == 0

    def secure(self, h2):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if h2:
            context.set_alpn_protocols(['h2'])
        try:
            with socket.create_connection(SECURE, PATIENCE) as plain, context.wrap_socket(plain) as s:
                return two(s) if h2 else one(s)
        except (OSError, ValueError) as e:
            self.hung += isinstance(e, TimeoutError)
            return False

    def requests(self):
        self.kept = self.kept or http.client.HTTPConnection(*FRONT, timeout=PATIENCE)
        for path in '/?work=0', '/marked?work=0', '/?work=0':
            self.get(path, self.kept)
        c = http.client.HTTPConnection(*FRONT, timeout=PATIENCE)
        try:
            c.request('POST', '/?work=0', b'x' * 30000)
            c.getresponse().read()
        except (OSError, http.client.HTTPException) as e:
            self.hung += isinstance(e, TimeoutError)
        c.close()
        with socket.create_connection(SECURE, PATIENCE) as s:       # which is no TLS: errors have tables of their own
            s.sendall(b'GET / HTTP/1.1\r\n\r\n')
            try:
                s.recv(100)
            except OSError:
                pass
        self.secure(False)
        self.secure(True)

    def reload(self, other):
        """True: it was taken"""
        text = open(FOLDER + "/base.yaml").read()
        if other:
            text = text.replace('listen:\n', 'listen:\n  - { address: "%s:8081", name: more }\n' % FRONT[0], 1)
            text += '  - { name: more, path: /more, tasks: [ { node: n3, address: "%s.3:20080" } ] }\n' % NET
        with open(FOLDER + '/mola.yaml', 'w') as f:
            f.write(text)
        before = self.reloads()
        self.program.send_signal(signal.SIGHUP)
        within(5, lambda: sum(self.reloads()) > sum(before) or self.program.poll() is not None)
        return self.reloads()[0] > before[0]

    def reloads(self):
        text = '\n'.join(self.lines())
        return text.count('event=reload.done '), text.count('event=reload.refused ')

    def people(self):
        for path in '/api/v1/nodes', '/api/v1/services', '/api/v1/tasks', '/api/v1/warnings', '/api/v1/events', '/metrics':
            self.api(path)
        self.api('/api/v1/nodes/n3/drain', 'POST')
        self.api('/api/v1/nodes/n3/undrain', 'POST')

    def stop(self):
        self.program.send_signal(signal.SIGTERM)
        try:
            return self.program.wait(60)
        except subprocess.TimeoutExpired:
            self.program.kill()
            return -1


def one(s):
    s.sendall(b'GET /?work=0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    got = b''
    while piece := s.recv(65536):
        got += piece
    return got.startswith(b'HTTP/1.1 200')


def two(s, number=1, path=b'/marked?work=0'):
    """One request of HTTP/2, the connection's first if its number is 1; the fields are in the static table, or literal."""
    authority = b'a'
    fields = b'\x82\x87\x04' + bytes([len(path)]) + path + b'\x01' + bytes([len(authority)]) + authority
    preface = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + bytes(3) + b'\x04\0' + bytes(4)
    s.sendall((preface if number == 1 else b'') +
              len(fields).to_bytes(3, 'big') + b'\x01\x05' + number.to_bytes(4, 'big') + fields)
    got = b''
    while True:
        piece = s.recv(65536)
        if not piece:
            return False
        got += piece
        while len(got) >= 9 and len(got) >= 9 + int.from_bytes(got[:3], 'big'):
            size, kind, flags, stream = int.from_bytes(got[:3], 'big'), got[3], got[4], int.from_bytes(got[5:9], 'big')
            got = got[9 + size:]
            if stream == number and (kind == 3 or (kind in (0, 1) and flags & 1)):
                return kind != 3


# ---- how many allocations a request makes ----

TIMES = 20


def cost(mola, control, request):
    """Allocations of the worker in each of TIMES requests: the least of some attempts, for a timer's are no request's."""
    least = MANY
    for _ in range(5):
        control.set(mola.pid('worker'), 'MALLOC', MANY)
        for _ in range(TIMES):
            if not request():
                return None
        least = min(least, MANY - control.end()[1])
    return least / TIMES


def ask(s, path):
    s.sendall(b'GET %s HTTP/1.1\r\nHost: a\r\n\r\n' % path)
    got = b''
    while b'\r\n\r\n' not in got:
        got += s.recv(65536)
    length = int(got.lower().split(b'content-length: ')[1].split(b'\r')[0])
    while len(got.split(b'\r\n\r\n', 1)[1]) < length:
        got += s.recv(65536)
    return got.startswith(b'HTTP/1.1 200')


def tls(protocols=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context.wrap_socket(socket.create_connection(SECURE, PATIENCE))


def story_counts(mola, control, logged=''):
    numbers = iter(range(1, 1 << 20, 2))
    with socket.create_connection(FRONT, PATIENCE) as plain, tls() as secure, tls(['h2']) as h2:
        for words, most, request in (
                ('a request of HTTP/1.1 on a kept connection', 0, lambda: ask(plain, b'/?work=0')),
                ('one through middlewares', 0, lambda: ask(plain, b'/marked?work=0')),
                ('one with TLS', 0, lambda: ask(secure, b'/?work=0')),
                ('a stream of HTTP/2', 10, lambda: two(h2, next(numbers), b'/?work=0'))):
            n = cost(mola, control, request)
            tap(n is not None and n <= most, '%s%s makes %d allocations at most' % (words, logged, most), '%s' % n)
            print('# bench failing-counts', n, words + logged)


# ---- one failure, and what is looked at after it ----

def act(mola, process, turn):
    if process == 'worker':
        mola.requests()
    elif process == 'parent':
        return mola.reload(turn % 2)
    else:
        mola.people()
        return mola.reload(turn % 2)


def try_one(mola, control, process, kind, n, turn):
    """None: it has not failed; else what is wrong, '' if nothing."""
    before = mola.children()
    seen = len(mola.lines())
    control.set(mola.pid(process), kind, n)
    mola.hung = 0
    taken = act(mola, process, turn)
    fired, left = control.end()
    if not fired:
        return None
    wrong = ['%d requests hang' % mola.hung] if mola.hung else []
    if mola.program.poll() is not None:
        return 'Mola has ended with status %d' % mola.program.returncode
    news = mola.lines()[seen:]
    if not within(5, mola.serves):
        wrong.append('it does not serve')
    if not within(5, mola.inflight):
        wrong.append('requests in flight are counted that are over')
    after = mola.children()
    for name, pid in before.items():
        if after.get(name) != pid and name.split('-')[0] not in REPLACED.get((process, kind), ''):
            wrong.append('%s was replaced' % name)
    if taken is False and not any(' level=%s ' % l in ' '.join(news) for l in ('warn', 'error')):
        wrong.append('a reload was not taken, and the log does not say why')
    if taken is False and not mola.reload(turn % 2):
        wrong.append('the next reload is not taken either')
    return '; '.join(wrong)


def counts(mola, control, process, kind, turn):
    control.set(mola.pid(process), kind, MANY)
    act(mola, process, turn)
    return MANY - control.end()[1]


def draw_and_try(mola, control, process, kinds, draw):
    """Every kind in one process. Returns the Mola that runs at the end: another one if it has ended."""
    turn = 0
    for _ in range(2):
        act(mola, process, 0), act(mola, process, 1)           # caches are warm
    for kind in kinds:
        calls = max(counts(mola, control, process, kind, 0), counts(mola, control, process, kind, 1))
        if calls == 0:
            continue
        most = calls if ALL or kind == 'INTR' else 25 if kind == 'MALLOC' else 2       # a signal excuses nothing
        wished = [int(n) for n in WISHED[2:]] or sorted(draw.sample(range(1, calls + 1), min(most, calls)))
        bad, tried, begun = [], 0, time.monotonic()
        for n in wished:
            turn += 1
            wrong = try_one(mola, control, process, kind, n, turn)
            tried += wrong is not None
            if wrong:
                bad.append('%d: %s, after %s' % (n, wrong, control.where()))
            if mola.program.poll() is not None:
                mola = Mola(control)
        tap(not bad, '%s: %s fails, %d of %d calls in %.1f s' % (process, kind, tried, calls, time.monotonic() - begun),
            '\n'.join(bad))
    return mola


def end(mola, control, words):
    """Pieces of memory that its processes had at their end, by their names."""
    pids = dict(mola.children(), parent=mola.program.pid)
    status = mola.stop()
    said = [l for l in mola.lines() if 'Sanitizer' in l or 'runtime error' in l or 'mola: bug' in l or 'by="exit 99"' in l]
    tap(status == 0 and not said, '%s: a clean end' % words, '\n'.join(['status %d' % status] + said))
    return {name: control.pieces().get(pid) for name, pid in pids.items()}


def try_start(control, place, kind, n):
    """A call fails in the process that begins as number `place`. Mola serves, or says why not, and ends."""
    control.set(-(control.head()[4] + place), kind, n)
    mola = Mola(control, surely=False)
    within(15, lambda: mola.serves() or mola.program.poll() is not None)
    fired, _ = control.end()
    status, text = mola.program.poll(), mola.lines()
    if not fired or any(library in control.where() for library in FOREIGN):
        mola.stop()
        return None
    if status is None:
        wrong = [] if mola.serves() else ['it does not serve']
        if (status := mola.stop()) != 0:
            wrong.append('it ends with status %d' % status)
    else:
        aborts = kind == 'MALLOC' and status == -signal.SIGABRT and any(l.endswith(': out of memory') for l in text)
        wrong = ['it ends with status %d' % status] if not aborts and (status in (0, 99) or status < 0) else []
        if all(' level=info ' in l for l in text):
            wrong.append('it does not say why it ends')
    wrong += [l for l in mola.lines() if 'Sanitizer' in l or 'runtime error' in l or
              ('mola: bug' in l and not l.endswith(': out of memory'))]
    return '\n'.join(wrong)


STARTING = ('the parent', 'its first child', 'its second child')


def story_start(control, draw):
    for place, process in enumerate(STARTING, 1):
        control.set(-(control.head()[4] + place), 'MALLOC', MANY)
        mola = Mola(control)
        control.end()
        made = {kind: n for kind, n in control.made().items() if n > 0 and kind in (WISHED[1:2] or KINDS)}
        mola.stop()
        calls = [(kind, n) for kind, most in made.items() for n in range(1, most + 1)]
        wished = calls if ALL else [(kind, draw.randint(1, made[kind])) for kind in draw.choices(sorted(made), k=4)]
        bad = []
        for kind, n in wished:
            if wrong := try_start(control, place, kind, n):
                bad.append('%s %d: %s, after %s' % (kind, n, wrong, control.where()))
        tap(not bad, 'start: %s: %d of %d calls fail' % (process, len(wished), len(calls)), '\n'.join(bad))


def story_stop(control, draw):
    for process in 'worker', 'brain', 'parent':
        for kind in ('MALLOC', 'INTR', 'WAIT') if ALL else ('MALLOC',):
            for n in draw.sample(range(1, 100), 20 if ALL else 1):
                mola = Mola(control)
                act(mola, 'worker', 0)
                control.set(mola.pid(process), kind, n)
                end(mola, control, '%s: %s %d fails while Mola stops' % (process, kind, n))
                control.end()


def conf_write(access):
    with open(FOLDER + '/base.yaml') as f, open(FOLDER + '/mola.yaml', 'w') as to:
        to.writelines(l for l in f if access or not l.startswith('log:'))


def main():
    draw = random.Random(SEED)
    print('# SEED=%d' % SEED)
    control = Control()
    os.rename(FOLDER + '/mola.yaml', FOLDER + '/base.yaml')
    if not WISHED:
        for log in False, True:
            conf_write(log)
            mola = Mola(control)
            story_counts(mola, control, ' with a line in the access log' if log else '')
            end(mola, control, 'counts')
    conf_write(True)
    if not WISHED or WISHED[0] == 'start':
        story_start(control, draw)
    for process in [w for w in WISHED[0:1] if w != 'start'] or () if WISHED else ('worker', 'brain', 'parent'):
        mola = Mola(control)
        for _ in range(20):
            act(mola, process, 0)
        usual = end(mola, control, '%s: nothing fails' % process)
        mola = draw_and_try(Mola(control), control, process, WISHED[1:2] or KINDS, draw)
        at_end = end(mola, control, process)
        more = {name: at_end[name] - usual[name] for name in ('parent', 'worker-0') if at_end[name] - usual[name] > 30}
        tap(not more, '%s: no more memory is in use at the end than without failures' % process, str(more))
    if not WISHED:
        story_stop(control, draw)
    return failed > 0


sys.exit(main())
