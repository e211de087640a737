#!/bin/bash
# grpc-health-check 2.1.0 (Node.js) and grpcio-health-checking 1.85.1 (Python): what the health of the whole server says, which is what balancers ask for.
#
# Expected: a check without a name of a service is about the server as a whole, the same in each of gRPC's own libraries: SERVING while all of its services
#           are, and not while all of them are not.
# Seen:     the empty name is one more name in the map. Node's library does not put it there, so a server whose only service is SERVING
#           answers NOT_FOUND, and balancers that ask without a name never send it anything. Python's puts SERVING there, and there it stays
#           while the only service is NOT_SERVING. Each of the two checks by name is right.
# For Mola: `health.mode: grpc` asks without a name unless `health.service` has one. doc/grpc.md says when to set it.
set -u
node=2.1.0 python=1.85.1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
command -v npm >/dev/null || give_up "needs npm"
command -v python3 >/dev/null || give_up "needs python3"
(cd "$dir" && npm install --silent --no-audit --no-fund --prefix . grpc-health-check@$node @grpc/grpc-js@1.14.4 >npm.log 2>&1) ||
	give_up "grpc-health-check $node cannot be installed"
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install -q --disable-pip-version-check grpcio-health-checking==$python grpcio==$python ||
	give_up "grpcio-health-checking $python cannot be installed"

# A server with one service, which has the status that is named: prints its port, and ends with its standard input.
cat >"$dir/server.js" <<'END_JS'
const grpc = require('@grpc/grpc-js')
const { HealthImplementation } = require('grpc-health-check')

const server = new grpc.Server()
new HealthImplementation({ 'shop.Cart': process.argv[2] }).addToServer(server)
server.bindAsync(process.argv[3] + ':0', grpc.ServerCredentials.createInsecure(), (_, port) => console.log(port))
process.stdin.resume().on('end', () => process.exit())
END_JS
cat >"$dir/server.py" <<'END_PY'
import concurrent.futures, sys
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
servicer = health.HealthServicer()
servicer.set("shop.Cart", getattr(health_pb2.HealthCheckResponse, sys.argv[1]))
health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
port = server.add_insecure_port(sys.argv[2] + ":0")
server.start()
print(port, flush=True)
sys.stdin.read()
END_PY
cat >"$dir/check.py" <<'END_PY'
import subprocess, sys
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

at, node, python = sys.argv[1], ["node", "server.js"], [sys.executable, "server.py"]

def check(stub, name):
    try:
        status = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10).status
        return health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    except grpc.RpcError as e:
        return e.code().name

for what, command in ("node", node), ("python", python):
    for status in "SERVING", "NOT_SERVING":
        with subprocess.Popen(command + [status, at], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            port = server.stdout.readline().strip()
            with grpc.insecure_channel(f"{at}:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
                stub = health_pb2_grpc.HealthStub(channel)
                print(f"{what}, shop.Cart {status}: by name {check(stub, 'shop.Cart')}, without {check(stub, '')}")
            server.stdin.close()
END_PY
seen=$(cd "$dir" && timeout 60 venv/bin/python check.py "127.84.$(($$ % 250)).1") || give_up "it did not run"
echo "grpc-health-check $node, grpcio-health-checking $python"
echo "$seen"
[ "$seen" = "node, shop.Cart SERVING: by name SERVING, without NOT_FOUND
node, shop.Cart NOT_SERVING: by name NOT_SERVING, without NOT_FOUND
python, shop.Cart SERVING: by name SERVING, without SERVING
python, shop.Cart NOT_SERVING: by name NOT_SERVING, without SERVING" ]
