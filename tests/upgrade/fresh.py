#!/usr/bin/env python3
"""fresh ADDRESS PORT THREADS: clients with a new connection for each request, until SIGTERM; then prints `ok N failed N`, and on a
line of its own each way in which one failed, with its count."""
import collections
import signal
import socket
import sys
import threading

address, port, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
over = threading.Event()
ends = collections.Counter()
signal.signal(signal.SIGTERM, lambda *_: over.set())


def client():
    while not over.is_set():
        try:
            with socket.create_connection((address, port), 20) as s:
                s.sendall(b'GET /?work=0.001 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
                head = s.recv(12)
                while s.recv(4096):
                    pass
            ends['ok' if head == b'HTTP/1.1 200' else repr(head)] += 1
        except OSError as e:
            ends[repr(e)] += 1


all_of_them = [threading.Thread(target=client) for _ in range(threads)]
for t in all_of_them:
    t.start()
for t in all_of_them:
    t.join()
print('ok', ends['ok'], 'failed', sum(ends.values()) - ends['ok'])
for end, count in ends.items():
    if end != 'ok':
        print(count, end)
