# echo: a task whose response to a request is the request's head. /hsts has a Strict-Transport-Security of its own, /big
# is 4 MB, /slow ends after its connection's first half.   echo.py ADDRESS PORT
import http.server
import socketserver
import sys


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = (self.requestline + "\n" + "".join(f"{k}: {v}\n" for k, v in self.headers.items())).encode()
        if self.path == "/big":
            body = bytes(range(256)) * 16384
        self.send_response(200)
        if self.path == "/hsts":
            self.send_header("Strict-Transport-Security", "max-age=7")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/cut":
            self.wfile.write(body[:10])
            self.close_connection = True
        elif self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server((sys.argv[1], int(sys.argv[2])), Task).serve_forever()
