"""handshakes: clients of TLS, all the time, one for each address: names in turn, a new connection for each.

    handshakes.py ROOT-CERTIFICATE NAMES-FILE ADDRESS:PORT...

The file has a name on each line, and may grow; it is read again every second. What fails is a line of output: when it began
and when it ended (seconds since 1970), the address, the name, "tcp" (nobody accepted the connection) or "tls", and why. The
first that succeeds with an address is "served ADDRESS"; at SIGTERM each follows as "succeeded ADDRESS TIMES".
"""
import signal
import socket
import ssl
import sys
import threading
import time

root, names_file, *addresses = sys.argv[1:]
PAUSE = 0.04		# between two of one client: some 20 a second
over = threading.Event()
trust = ssl.create_default_context(cafile=root)
good = {address: 0 for address in addresses}


def names():
    with open(names_file) as f:
        return f.read().split()


def try_one(address, name):
    host, port = address.rsplit(":", 1)
    kind, begun = "tcp", time.time()
    try:
        with socket.create_connection((host, int(port)), timeout=20) as plain:
            kind = "tls"
            with trust.wrap_socket(plain, server_hostname=name):
                good[address] += 1
        if good[address] == 1:
            print("served", address, flush=True)
    except OSError as e:
        print(f"{begun:.3f} {time.time():.3f} {address} {name} {kind} {e}", flush=True)


def client(address):
    all_names, read_at, turn = [], 0, 0
    while not over.is_set():
        if time.time() - read_at > 1:
            all_names, read_at = names(), time.time()
        if all_names:
            turn += 1
            try_one(address, all_names[turn % len(all_names)])
        over.wait(PAUSE)


signal.signal(signal.SIGTERM, lambda *_: over.set())
threads = [threading.Thread(target=client, args=[address]) for address in addresses]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for address in addresses:
    print("succeeded", address, good[address], flush=True)
