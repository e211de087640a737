# memory_back ADDRESS PORT NET N: N connections, each with half a head, from NET.101 to NET.108; says "open" when they are, and ends
# with them when its input ends.
import resource, socket, sys

address, port, net, n = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
open_ones = []
for i in range(n):
    s = socket.create_connection((address, port), 10, (f"{net}.{101 + i % 8}", 0))
    s.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\nX-Half: ")
    open_ones.append(s)
print("open", flush=True)
sys.stdin.readline()
