"""A task for large clients: a page with resources, a WebSocket that echoes, bodies that come back."""
import base64
import hashlib
import http.server
import socket
import struct
import sys

PAGE = b"""<!doctype html>
<title>front</title>
<link rel=stylesheet href=/style.css>
<h1>Served by Mola</h1>
<p id=said>nothing yet</p>
""" + b''.join(b'<img src=/image-%d.svg width=60 height=60>\n' % i for i in range(8)) + b"""
<script src=/script.js></script>
"""
STYLE = b'body { font: 20px sans-serif; background: #eef; color: #223 } img { margin: 4px }\n'
SCRIPT = b"document.getElementById('said').textContent = 'the script has run';\n"
IMAGE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="#36c"/></svg>\n'


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = -1

    def log_message(self, *_):
        pass

    def respond(self, body, kind='application/octet-stream'):
        self.send_response(200)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Cache-Control', 'no-store')
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        if self.headers.get('Transfer-Encoding') == 'chunked':
            body = b''
            while size := int(self.rfile.readline().split(b';')[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.respond(body)

    def do_GET(self):
        path = self.path.split('?')[0]
        if self.headers.get('Upgrade', '').lower() == 'websocket':
            self.websocket()
        elif path == '/':
            self.respond(PAGE, 'text/html')
        elif path == '/style.css':
            self.respond(STYLE, 'text/css')
        elif path == '/script.js':
            self.respond(SCRIPT, 'text/javascript')
        elif path.endswith('.svg'):
            self.respond(IMAGE, 'image/svg+xml')
        else:
            self.respond(b'x' * 100)

    def websocket(self):
        key = self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.send_header('Sec-WebSocket-Accept', base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        while head := self.rfile.read(2):
            size = head[1] & 127
            if size == 126:
                size, = struct.unpack('>H', self.rfile.read(2))
            elif size == 127:
                size, = struct.unpack('>Q', self.rfile.read(8))
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(size)))
            long = bytes([size]) if size < 126 else b'\x7e' + struct.pack('>H', size) if size < 65536 else b'\x7f' + struct.pack('>Q', size)
            self.wfile.write(head[:1] + long + data)        # a close is echoed, too
            self.wfile.flush()
            if head[0] & 15 == 8:
                break


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

    def get_request(self):
        s, peer = super().get_request()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s, peer

    def handle_error(self, *_):
        pass


Server((sys.argv[1], int(sys.argv[2])), Task).serve_forever()
