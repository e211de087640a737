"""pour.py ADDRESS:PORT REQUESTS CLIENTS: keep-alive clients that send so many requests together; prints how many failed."""
import http.client
import sys
import threading

host, port = sys.argv[1].rsplit(":", 1)
requests, clients = int(sys.argv[2]), int(sys.argv[3])
failed = []
path = "/" + "a-long-path-" * 20


def client(n):
    c = http.client.HTTPConnection(host, int(port), timeout=10)
    for i in range(n):
        try:
            c.request("GET", path)
            r = c.getresponse()
            r.read()
            if r.status != 200:
                failed.append(r.status)
        except (OSError, http.client.HTTPException) as e:
            failed.append(repr(e))
            c.close()


threads = [threading.Thread(target=client, args=(requests // clients,)) for _ in range(clients)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(failed))
for f in failed[:5]:
    print(f, file=sys.stderr)
