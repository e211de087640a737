"""drip_task.py ADDRESS:PORT: a task that reads all of a request and answers 200; after the head of a POST to /held-up it rests for 12 s
before it reads the body."""
import http.server
import socketserver
import sys
import time


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def read_chunks(self):
        while (size := int(self.rfile.readline() or b"0", 16)) > 0:
            self.rfile.read(size + 2)
        while self.rfile.readline().strip():
            pass

    def do_POST(self):
        if self.path == "/held-up":
            time.sleep(12)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.read_chunks()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


host, port = sys.argv[1].rsplit(":", 1)
Server((host, int(port)), Task).serve_forever()
