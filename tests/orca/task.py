"""A task over HTTP/1.1 that reports a load.   task.py ADDRESS PORT NAME
   GET /            its name; the fields endpoint-load-metrics and endpoint-load-metrics-bin are those set last
   GET /trailers    the same in chunks, with these fields as trailers
   PUT /set/FIELD   the body is that field's value; an empty one: it has none"""
import http.server, sys

address, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
fields = {}

class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1         # head and body go in one piece: the second of two waits for the acknowledgement of the first

    def log_message(self, *args):
        pass

    def do_GET(self):
        body = (name + "\n").encode()
        self.send_response(200)
        self.send_header("X-Other", "stays")
        if self.path == "/trailers":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n" % (len(body), body))
            for field, value in list(fields.items()) + [("X-Trailer", "stays")]:
                self.wfile.write(f"{field}: {value}\r\n".encode())
            self.wfile.write(b"\r\n")
            return
        for field, value in fields.items():
            self.send_header(field, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        value = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        field = self.path.split("/")[-1]
        fields.pop(field, None)
        if value:
            fields[field] = value
        self.send_response(204)
        self.end_headers()

http.server.ThreadingHTTPServer.request_queue_size = 100
http.server.ThreadingHTTPServer((address, port), Task).serve_forever()
