#!/bin/bash
# github.com/hashicorp/go-retryablehttp v0.7.8: Retry-After overrules RetryWaitMax and the client's Timeout, and a POST is sent again.
#
# Expected: RetryWaitMax is the longest wait between two tries, HTTPClient.Timeout the longest that a call may take, and what is retried by default
#           is what may be repeated.
# Seen:     with RetryWaitMax 100 ms, Timeout 1 s and RetryMax 1, a POST that gets 503 with `Retry-After: 3` sleeps for 3 s and is sent again, body and
#           all. Without Retry-After the same call takes a tenth of a second. A context with a deadline does end the wait.
# For Mola: a refusal before any task has seen the request says so (503, Mola-Why) with `Retry-After: 1`, so that repeating it is safe and the wait short.
set -u
version=v0.7.8
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
command -v go >/dev/null || give_up "needs Go"
cat >"$dir/main.go" <<'END'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

var bodies []string

func busy(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	bodies = append(bodies, r.Method+" "+string(body))
	if r.URL.Path != "/" {
		w.Header().Set("Retry-After", r.URL.Path[1:])
	}
	w.WriteHeader(503)
}

func try(what, url string, limit time.Duration) {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.RetryMax = 1
	client.RetryWaitMin = 100 * time.Millisecond
	client.RetryWaitMax = 100 * time.Millisecond
	client.HTTPClient.Timeout = time.Second
	bodies = nil
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	request, _ := retryablehttp.NewRequestWithContext(ctx, "POST", url, strings.NewReader("order"))
	began := time.Now()
	_, err := client.Do(request)
	fmt.Printf("%s: failed: %v, %v, %.0f s\n", what, err != nil, bodies, time.Since(began).Seconds())
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(busy))
	defer server.Close()
	try("503", server.URL+"/", time.Minute)
	try("503, Retry-After: 3", server.URL+"/3", time.Minute)
	try("the same with a deadline of 1 s", server.URL+"/3", time.Second)
}
END
seen=$(cd "$dir" && export GOPATH="$dir/go" GOCACHE="$dir/cache" GOFLAGS=-mod=mod && go mod init try >log 2>&1 &&
	go get github.com/hashicorp/go-retryablehttp@$version >>log 2>&1 && go build -o try . >>log 2>&1 && timeout 60 ./try) || {
	tail -n 3 "$dir/log"
	give_up "go-retryablehttp $version cannot be built"
}
echo "go-retryablehttp $version, RetryWaitMax 100 ms, Timeout 1 s, RetryMax 1"
echo "$seen"
[ "$seen" = "503: failed: true, [POST order POST order], 0 s
503, Retry-After: 3: failed: true, [POST order POST order], 3 s
the same with a deadline of 1 s: failed: true, [POST order], 1 s" ]
