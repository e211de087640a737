#!/usr/bin/env python3
"""WebSockets for stories of tests/upgrade: what is in them is echoed, frame by frame as it came.
websocket serve ADDRESS PORT    a task
websocket hold ADDRESS PORT     opens one, and sends something ten times a second; prints `open`, and at the end `ended after N`"""
import base64
import hashlib
import os
import socket
import socketserver
import sys
import time

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'


def head_of(s):
    got = b''
    while not got.endswith(b'\r\n\r\n'):
        more = s.recv(1)
        if not more:
            raise SystemExit(f'no head, but {got!r}')
        got += more
    return got


class Task(socketserver.BaseRequestHandler):
    def handle(self):
        head = head_of(self.request)
        key = next(x for x in head.split(b'\r\n') if x.lower().startswith(b'sec-websocket-key:')).split(b':')[1].strip()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.request.sendall(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                             b'Sec-WebSocket-Accept: ' + accept + b'\r\n\r\n')
        while got := self.request.recv(4096):
            self.request.sendall(got)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def hold(address):
    n, frame = 0, bytes([0x82, 0x82, 1, 2, 3, 4, 5, 6])        # masked, two bytes
    with socket.create_connection(address, 20) as s:
        s.settimeout(20)
        s.sendall(b'GET /socket HTTP/1.1\r\nHost: socket.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                  b'Sec-WebSocket-Key: ' + base64.b64encode(os.urandom(16)) + b'\r\n\r\n')
        if not head_of(s).startswith(b'HTTP/1.1 101'):
            raise SystemExit('no WebSocket')
        print('open', flush=True)
        try:
            while True:
                s.sendall(frame)
                back = s.recv(len(frame))
                if back != frame:
                    break
                n += 1
                time.sleep(.1)
        except OSError:
            pass
    print('ended after', n)


verb, address = sys.argv[1], (sys.argv[2], int(sys.argv[3]))
if verb == 'serve':
    Server(address, Task).serve_forever()
hold(address)
