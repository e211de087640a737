"""A task that refuses uploads at once, while it reads on or without, and a client that reads when it has sent all.

  early.py task HOST PORT read | deaf
  early.py clients HOST PORT UPLOADS BYTES       prints, as the last line: OK LOST
"""
import http.client
import socketserver
import sys

REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 8\r\n\r\npassword"


class Task(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        self.wfile.write(REFUSAL)
        if sys.argv[4] == "deaf":
            return              # with most of the upload unread: the kernel resets the connection
        try:
            while self.rfile.read1(65536):
                pass
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def upload(size):
    c = http.client.HTTPConnection(sys.argv[2], int(sys.argv[3]), timeout=20)
    try:
        c.request("POST", "/", body=bytes(size))
        r = c.getresponse()
        return r.status == 401 and r.read() == b"password"
    except OSError as e:
        print(e)
        return False
    finally:
        c.close()


if sys.argv[1] == "task":
    Server((sys.argv[2], int(sys.argv[3])), Task).serve_forever()
else:
    lost = [upload(int(sys.argv[5])) for _ in range(int(sys.argv[4]))].count(False)
    print(int(sys.argv[4]) - lost, lost)
