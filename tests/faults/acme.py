"""acme: what stands between an ACME client and its CA, and fails on demand.

    acme.py ADDRESS:PORT CERTIFICATE KEY CA-ADDRESS:PORT CA-ROOT CONTROL-ADDRESS:PORT

Requests go to the CA unchanged (it makes its URLs of the Host field, so they lead here again) until a fault says otherwise. A
fault is JSON, sent by POST to the control address; GET there lists the faults that are left, DELETE forgets them:
    path      a regular expression that the request's path must match (all)
    method    HEAD, GET, POST (all)
    times     how often (1; 0: until it is forgotten)
    skip      after so many that match (0)
and what to do, one of:
    status    a response in place of the CA's, with `headers`, and a problem document of `type` and `detail`
    cut       "before": the connection ends and the CA has seen nothing; "after": the CA has done it, and the response is lost
    delay     seconds to wait, before the request goes to the CA
Each request is a line of output: method, path, status or what was done to it.
"""
import http.client
import http.server
import json
import re
import ssl
import sys
import threading
import time


def split(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


faults, lock = [], threading.Lock()
listen, certificate, key, ca, ca_root, control = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca_root)


def fault_for(method, path):
    with lock:
        for fault in faults:
            if not re.search(fault.get("path", ""), path) or fault.get("method", method) != method:
                continue
            if fault.get("skip", 0) > 0:
                fault["skip"] -= 1
                continue
            if fault.get("times", 1) > 0:
                fault["times"] = fault.get("times", 1) - 1
                if fault["times"] == 0:
                    faults.remove(fault)
            return fault
    return {}


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        # the handshake is this connection's own business: one that waits holds up no other
        self.request = tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def record(self, what):
        print(self.command, self.path, what, flush=True)

    def reply(self, status, fields, body):
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body or b"")
        self.record(status)

    def problem(self, fault):
        document = {"type": fault.get("type", "urn:ietf:params:acme:error:serverInternal"), "status": fault["status"],
                    "detail": fault.get("detail", "a fault of the test")}
        fields = list(fault.get("headers", {}).items()) + [("Content-Type", "application/problem+json")]
        self.reply(fault["status"], fields, json.dumps(document).encode())

    def pass_on(self, body):
        upstream = http.client.HTTPSConnection(*split(ca), context=trust, timeout=60)
        fields = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        upstream.request(self.command, self.path, body, fields)
        response = upstream.getresponse()
        text = response.read()
        upstream.close()
        hop = {"connection", "transfer-encoding", "content-length", "keep-alive"}
        return response.status, [f for f in response.getheaders() if f[0].lower() not in hop], text

    def cut(self, when):
        self.record("cut " + when)
        self.close_connection = True
        self.connection.close()

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        fault = fault_for(self.command, self.path)
        time.sleep(fault.get("delay", 0))
        if "status" in fault:
            return self.problem(fault)
        if fault.get("cut") == "before":
            return self.cut("before")
        try:
            status, fields, text = self.pass_on(body)
        except OSError as error:
            self.record(f"the CA is away: {error}")
            self.close_connection = True
            return
        if fault.get("cut") == "after":
            return self.cut("after")
        self.reply(status, fields, None if status == 204 else text)

    do_HEAD = do_GET = do_POST = handle_any

    def log_message(self, *args):
        pass


class Control(http.server.BaseHTTPRequestHandler):
    def done(self, body=b""):
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        fault = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            faults.append(fault)
        self.done()

    def do_GET(self):
        with lock:
            body = json.dumps(faults).encode()
        self.done(body)

    def do_DELETE(self):
        with lock:
            faults.clear()
        self.done()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):		# a client that went away
            super().handle_error(request, client_address)


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
threading.Thread(target=Server(split(control), Control).serve_forever, daemon=True).start()
Server(split(listen), Relay).serve_forever()
