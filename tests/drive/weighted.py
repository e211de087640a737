"""Services that lead to others, in a real Traefik's file and in Mola's.
tasks DIR ADDRESS...          serves on port 9000 of each; an address that is a file's name in DIR fails its checks
hosts ADDRESS                 the Host that tasks get of "kept" and of "named"
near HOST NUMBER ADDRESS...   a task's part of so many requests is the same at each address, but for one
ask ADDRESS HOST NUMBER [COOKIE]   the task of each of so many requests, and which statuses and cookies came
"""
import collections
import http.client
import http.server
import os
import socketserver
import sys
import threading


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536        # a response in one piece, which waits for no acknowledgement

    def log_message(self, *words):
        pass

    def do_GET(self):
        name = self.server.server_address[0]
        down = self.path == "/up" and os.path.exists(os.path.join(self.server.folder, name))
        body = name.encode()
        self.send_response(500 if down else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Host", self.headers["Host"])
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingTCPServer):      # an HTTPServer looks for names, which nobody has here
    daemon_threads = allow_reuse_address = True

    def handle_error(self, request, address):
        pass            # clients may leave


def tasks(folder, *addresses):
    for address in addresses:
        server = Server((address, 9000), Task)
        server.folder = folder
        threading.Thread(target=server.serve_forever).start()


def get(connection, host, cookie=None):
    connection.request("GET", "/", headers={"Host": host, **({"Cookie": cookie} if cookie else {})})
    response = connection.getresponse()
    return response, response.read().decode()


def ask(address, host, number, cookie=None):
    connection = http.client.HTTPConnection(address, timeout=10)
    seen, cookies, statuses = collections.Counter(), set(), collections.Counter()
    for _ in range(int(number)):
        response, body = get(connection, host, cookie)
        statuses[response.status] += 1
        if response.status == 200:
            seen[body] += 1
        cookies.add(response.getheader("Set-Cookie"))
    print(host, *(f"{task}={n}" for task, n in sorted(seen.items())), *(f"{s}x{n}" for s, n in sorted(statuses.items())),
          "cookies:", *sorted(str(c) for c in cookies))


def near(host, number, *addresses):
    parts = []
    for address in addresses:
        connection = http.client.HTTPConnection(address, timeout=10)
        parts.append(collections.Counter(get(connection, host)[1] for _ in range(int(number))))
        print("#", address, host, dict(parts[-1]))
    tasks = set().union(*parts)
    sys.exit(any(max(p[task] for p in parts) - min(p[task] for p in parts) > 1 for task in tasks) or len(tasks) != 2)


def hosts(address):
    connection = http.client.HTTPConnection(address, timeout=10)
    for host in "kept.test", "named.test":
        print(host, get(connection, host)[0].getheader("X-Host"))


if __name__ == "__main__":
    {"tasks": tasks, "near": near, "ask": ask, "hosts": hosts}[sys.argv[1]](*sys.argv[2:])
