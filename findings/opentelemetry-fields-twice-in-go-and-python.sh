#!/bin/bash
# OpenTelemetry for Go 1.47.0 and for Python 1.45.2 (ASGI, 0.66b2): which of two fields with the same name is read, `tracestate` and `baggage`.
#
# Expected: both are lists, which a sender or a proxy may write in several fields, and each of the two specifications has receivers combine them.
#           Two libraries of one project, with propagators of one specification, read the same request in the same way.
# Seen:     Go combines two fields baggage and drops the second tracestate; Python combines two fields tracestate and drops the second baggage. In one
#           field, with a comma, each reads all of both. Whichever of them gets such a request loses half of the list that the other one keeps,
#           and what it sends on has lost it, too. Nothing is reported.
# For Mola: it passes such fields on as they came, each by itself, and adds none of its own (doc/tracing.md): whoever adds to a trace or
#           its baggage in front of Mola has to write into the field that is there.
set -u
version=1.47.0 python=1.45.2 asgi=0.66b2
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
go=$(PATH=$PATH:/usr/local/go/bin command -v go) || give_up "needs Go"
command -v python3 >/dev/null || give_up "needs python3"
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-api==$python \
	opentelemetry-instrumentation-asgi==$asgi || give_up "OpenTelemetry $python for Python cannot be installed"
mkdir "$dir/src"
cat >"$dir/src/main.go" <<'END_GO'
package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	request, err := http.ReadRequest(bufio.NewReader(os.Stdin))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	both := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	ctx := both.Extract(context.Background(), propagation.HeaderCarrier(request.Header))
	fmt.Printf("tracestate %s, baggage %d\n", trace.SpanContextFromContext(ctx).TraceState(), baggage.FromContext(ctx).Len())
}
END_GO
cat >"$dir/read.py" <<'END_PY'
import sys
from opentelemetry import baggage, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.instrumentation.asgi import ASGIGetter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

lines = sys.stdin.buffer.read().split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
scope = {"type": "http", "headers": [(n.lower(), v) for n, v in (line.split(b": ", 1) for line in lines)]}
context = TraceContextTextMapPropagator().extract(scope, getter=ASGIGetter())
context = W3CBaggagePropagator().extract(scope, context, getter=ASGIGetter())
state = trace.get_current_span(context).get_span_context().trace_state
print(f"tracestate {state.to_header()}, baggage {len(baggage.get_all(context))}")
END_PY
(cd "$dir/src" && export GOPATH="$dir/go" GOCACHE="$dir/cache" GOFLAGS=-mod=mod && "$go" mod init tried &&
	"$go" get go.opentelemetry.io/otel@v$version go.opentelemetry.io/otel/trace@v$version && "$go" build -p 2 -o tried .) >"$dir/build.log" 2>&1 ||
	give_up "it cannot be built: $(tail -n 1 "$dir/build.log")"
# both WHAT FIELDS: what either reads of a request with these fields
both() {
	printf 'GET / HTTP/1.1\r\nHost: a.example.org\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n%b\r\n' "$2" >"$dir/request"
	echo "$1, Go: $(timeout 30 "$dir/src/tried" <"$dir/request")"
	echo "$1, Python: $(timeout 30 "$dir/venv/bin/python" "$dir/read.py" <"$dir/request")"
}
seen=$(both "one field" 'tracestate: a=1,b=2\r\nbaggage: user=1,shop=2\r\n'
both "two fields" 'tracestate: a=1\r\ntracestate: b=2\r\nbaggage: user=1\r\nbaggage: shop=2\r\n')
echo "OpenTelemetry $version for Go, $python for Python with ASGI"
echo "$seen"
[ "$seen" = "one field, Go: tracestate a=1,b=2, baggage 2
one field, Python: tracestate a=1,b=2, baggage 2
two fields, Go: tracestate a=1, baggage 2
two fields, Python: tracestate a=1,b=2, baggage 1" ]
