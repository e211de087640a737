"""A task for the stories of HTTP/2: it speaks HTTP/1.1 and does what the path says."""
import http.server
import socket
import sys
import time


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = -1               # head and body in one piece

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get('Transfer-Encoding') != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        whole = b''
        while size := int(self.rfile.readline().split(b';')[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() != b'\r\n':
            pass
        return whole

    def respond(self, body):
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.respond(self.body())

    def do_HEAD(self):
        self.send_response(200)
        self.send_header('Content-Length', '77')
        self.end_headers()

    def do_GET(self):
        path = self.path.split('?')[0]
        if path == '/until-end':
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'z' * 100000)
            self.close_connection = True
        elif path == '/cut':
            self.send_response(200)
            self.send_header('Content-Length', '100')
            self.end_headers()
            self.wfile.write(b'half')
            self.close_connection = True
        elif path == '/trailers':
            self.send_response(200)
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            self.wfile.write(b'2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n')
        elif path == '/large':
            self.respond(b'l' * 8_000_000)
        elif path == '/slow':
            time.sleep(2)
            self.respond(b'slow')
        else:
            self.respond(b'x' * 100)


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

    def get_request(self):
        s, peer = super().get_request()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s, peer

    def handle_error(self, *_):
        pass


Server((sys.argv[1], int(sys.argv[2])), Task).serve_forever()
