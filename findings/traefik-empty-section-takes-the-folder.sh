#!/bin/bash
# Traefik 3.6.12: one file with an empty section (`http: {}`) keeps the file provider from reading its whole folder.
#
# Expected: `http: {}` is a mapping without entries, that is, no routers and no services: a valid way to say "nothing", the more so as a
#           file with nothing but a comment is valid. And of several files in `providers.file.directory`, a bad one costs itself.
# Seen:     "http cannot be a standalone element", and none of the folder's files is read: the router of own.yml beside it is not
#           there. 3.7.13 does the same.
# For Mola: what a withdrawn target leaves in its file is a comment, and a text without services is never published.
set -u
version=3.6.12
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; wait 2>/dev/null; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
peers=$(cd "$(dirname "$0")/.." && pwd)/bench/peers		# go.mod: this version, with Traefik's own replace lines
go=$(PATH=$PATH:/usr/local/go/bin command -v go) && command -v curl >/dev/null || give_up "needs Go and curl"
grep -q "github.com/traefik/traefik/v3 v$version" "$peers/go.mod" || give_up "bench/peers/go.mod has another version"
cp "$peers/go.mod" "$peers/go.sum" "$dir" || give_up "no go.mod"
(cd "$dir" && CGO_ENABLED=0 "$go" build -p 2 -mod=readonly -buildvcs=false -o traefik github.com/traefik/traefik/v3/cmd/traefik) >"$dir/build.log" 2>&1 ||
	give_up "Traefik $version cannot be built: $(tail -1 "$dir/build.log")"
net=127.84.$(($$ % 250))

mkdir "$dir/etc"
printf 'http:\n  routers:\n    own: { rule: "Host(`a.test`)", service: s }\n  services:\n    s: { loadBalancer: { servers: [ { url: "http://127.0.0.1:1" } ] } }\n' >"$dir/etc/own.yml"
# has_own TEXT: with TEXT in another file of the folder, whether Traefik has the router of own.yml
has_own() {
	local i found=no
	printf '%s\n' "$1" >"$dir/etc/other.yml"
	"$dir/traefik" --entrypoints.web.address="$net.1:8080" --entrypoints.traefik.address="$net.1:8081" --api.insecure=true --api.dashboard=false \
		--providers.file.directory="$dir/etc" --log.level=ERROR --global.checknewversion=false --global.sendanonymoususage=false >"$dir/log" 2>&1 &
	pid=$!
	for ((i = 0; i < 150; i++)); do curl -s -f -o "$dir/page" "http://$net.1:8081/api/version" && break; sleep 0.1; done
	[ $i -lt 150 ] || give_up "Traefik does not start: $(tail -1 "$dir/log")"
	for ((i = 0; i < 30; i++)); do curl -s -f -o "$dir/page" "http://$net.1:8081/api/http/routers/own@file" && found=yes && break; sleep 0.1; done
	kill "$pid"
	wait "$pid" 2>/dev/null
	pid=
	echo $found
}
comment=$(has_own '# nothing')
alone=$(has_own 'http: {}')
words=$(grep -c "cannot be a standalone element" "$dir/log")
echo "Traefik $version, beside own.yml with a router, another file with"
echo "  a comment alone: the router is there: $comment"
echo "  http: {}       : the router is there: $alone   (\"cannot be a standalone element\": $words)"
[ "$comment" = yes ] && [ "$alone" = no ] && [ "$words" -gt 0 ]
