#!/usr/bin/env python3
"""A task and a collector of OpenTelemetry: collector.py TASK-ADDRESS COLLECTOR-ADDRESS FOLDER
The task responds with its request's traceparent and X-Request-Id. The collector writes each span that it takes as a line of JSON into FOLDER/spans; while
FOLDER/away exists it responds with 503 and Retry-After: 1, and FOLDER/refused has a line for that."""
import http.server, json, os, socketserver, sys, threading

FOLDER = sys.argv[3]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self, status, body, fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.respond(200, json.dumps({k: self.headers.get_all(k) for k in ("traceparent", "tracestate", "x-request-id")}).encode())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if os.path.exists(FOLDER + "/away"):
            with open(FOLDER + "/refused", "a") as f:
                f.write(self.path + "\n")
            self.respond(503, b"", [("Retry-After", "1")])
            return
        with open(FOLDER + "/spans", "a") as f:
            for resource in body["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        f.write(json.dumps({**span, "path": self.path, "key": self.headers.get("X-Key"), "resource": resource["resource"]["attributes"]}) + "\n")
        self.respond(200, b"{}", [("Content-Type", "application/json")])

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


servers = [Server((a.rsplit(":", 1)[0], int(a.rsplit(":", 1)[1])), Handler) for a in sys.argv[1:3]]
for s in servers[1:]:
    threading.Thread(target=s.serve_forever, daemon=True).start()
servers[0].serve_forever()
