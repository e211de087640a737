"""task.py ADDRESS:PORT [NAME [ILL]]: a task that answers every request with its name, as HTTP/1.1 with kept connections; /health
with 503 while there is a file ILL."""
import http.server
import os.path
import socketserver
import sys


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece

    def do_GET(self):
        body = name.encode()
        self.send_response(503 if self.path == "/health" and len(sys.argv) > 3 and os.path.exists(sys.argv[3]) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    allow_reuse_address = True


host, port = sys.argv[1].rsplit(":", 1)
name = sys.argv[2] if len(sys.argv) > 2 else "task"
Server((host, int(port)), Task).serve_forever()
