#!/bin/bash
# docker/cli 29.9.3 (docker stack deploy): a variable without braces takes all that follows it, up to the next } or the end, for a default.
#
# Expected: $NAME-web is the value of NAME and "-web", as in every shell and in Docker Compose; what a default is needs braces: ${NAME-web}.
# Seen:     the value alone: the operators - ? :- :? and their word count without braces, too, and the word ends at a brace that is nowhere. Of a
#           label such as Host(`$NAME-web.example.org`) && PathPrefix(`/a`), "Host(`shop" is left; where NAME is not set, the name of the host
#           becomes "web.example.org". Nothing is reported.
#           And what is in braces is no template itself: ${UNSET:-${NAME}} becomes the text "${NAME}", which Compose expands.
# For Mola: mola check --stack reads files as docker stack deploy does, and warns of both with file and line.
set -u
version=29.9.3
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
go=$(PATH=$PATH:/usr/local/go/bin command -v go) || give_up "needs Go"
cat >"$dir/go.mod" <<END
module tried
go 1.24
require github.com/docker/cli v$version+incompatible
END
cat >"$dir/main.go" <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/docker/cli/cli/compose/template"
)

func main() {
	set := map[string]string{"NAME": "shop"}
	for _, text := range os.Args[1:] {
		out, err := template.Substitute(text, func(name string) (string, bool) { v, ok := set[name]; return v, ok })
		fmt.Printf("%s becomes %s (error: %v)\n", text, out, err)
	}
}
END
cd "$dir" && GOFLAGS=-mod=mod "$go" build -p 2 -o tried . >build.log 2>&1 || give_up "it cannot be built: $(tail -1 build.log)"
failed=0
# becomes TEXT WANTED
becomes() {
	local said
	said=$(./tried "$1")
	echo "$said"
	[ "$said" = "$1 becomes $2 (error: <nil>)" ] || { echo "  not: $2"; failed=1; }
}
# as anybody would guess
becomes '${NAME}-web' 'shop-web'
becomes '$NAME.example.org' 'shop.example.org'
becomes '${UNSET-web}' 'web'
# and not
becomes '$NAME-web' 'shop'
becomes 'Host(`$NAME-web.example.org`) && PathPrefix(`/a`)' 'Host(`shop'
becomes 'Host(`$UNSET-web.example.org`)' 'Host(`web.example.org`)'
becomes '${UNSET:-${NAME}}' '${NAME}'
[ $failed = 0 ] && echo "as seen with docker/cli $version" || echo "docker/cli $version does something else now"
exit $failed
