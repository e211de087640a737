#!/bin/bash
# docker/cli 29.9.3 (docker stack deploy -c base.yml -c production.yml): a later file cannot set false, 0 or empty, save where it can.
#
# Expected: what a later file says replaces what an earlier one said, whatever the value, as it does for the same two files in Docker Compose
#           (compose-go 2.16.2): `read_only: false` makes the service writable again, `max_replicas_per_node: 0` lifts the limit.
# Seen:     files are merged after they are parsed, when false, 0, "" and an empty list look like "not said": read_only, init, healthcheck.disable,
#           max_replicas_per_node, max_failure_ratio, an empty command and an empty *variable* stay as in the first file. replicas: 0,
#           parallelism: 0, max_attempts: 0 and an empty *label* do count. Nothing is reported.
# For Mola: mola check --stack base.yml,production.yml merges as docker stack deploy does, and warns where a variable or a command stays.
set -u
version=29.9.3 compose=2.16.2
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
go=$(PATH=$PATH:/usr/local/go/bin command -v go) || give_up "needs Go"

mkdir "$dir/src"
cat >"$dir/src/base.yml" <<'END_BASE'
services:
  web:
    image: shop
    read_only: true
    init: true
    command: [ "serve", "--debug" ]
    environment: { PREFIX: /beta }
    healthcheck: { disable: true }
    deploy:
      replicas: 2
      labels: { mola.path: /beta }
      placement: { max_replicas_per_node: 1 }
      update_config: { parallelism: 1, max_failure_ratio: 0.5 }
      restart_policy: { max_attempts: 3 }
END_BASE
cat >"$dir/src/production.yml" <<'END_PRODUCTION'
services:
  web:
    read_only: false
    init: false
    command: []
    environment: { PREFIX: "" }
    healthcheck: { disable: false }
    deploy:
      replicas: 0
      labels: { mola.path: "" }
      placement: { max_replicas_per_node: 0 }
      update_config: { parallelism: 0, max_failure_ratio: 0 }
      restart_policy: { max_attempts: 0 }
END_PRODUCTION
# Both libraries have these fields by the same names.
cat >"$dir/src/main.go" <<'END_GO'
package main

import (
	"context"
	"fmt"
	"os"

	compose "github.com/compose-spec/compose-go/v2/loader"
	spec "github.com/compose-spec/compose-go/v2/types"
	stack "github.com/docker/cli/cli/compose/loader"
	"github.com/docker/cli/cli/compose/types"
)

var files = []string{"base.yml", "production.yml"}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func byStack() {
	details := types.ConfigDetails{WorkingDir: ".", Environment: map[string]string{}}
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(err)
		parsed, err := stack.ParseYAML(text)
		must(err)
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: name, Config: parsed})
	}
	project, err := stack.Load(details)
	must(err)
	s := project.Services[0]
	fmt.Println("stack: kept: read_only", s.ReadOnly, "init", *s.Init, "disable", s.HealthCheck.Disable, "max_replicas_per_node",
		s.Deploy.Placement.MaxReplicas, "max_failure_ratio", s.Deploy.UpdateConfig.MaxFailureRatio, "command", s.Command, "PREFIX",
		*s.Environment["PREFIX"])
	fmt.Printf("stack: replaced: replicas %d parallelism %d max_attempts %d mola.path %q\n", *s.Deploy.Replicas,
		*s.Deploy.UpdateConfig.Parallelism, *s.Deploy.RestartPolicy.MaxAttempts, s.Deploy.Labels["mola.path"])
}

func byCompose() {
	details := spec.ConfigDetails{WorkingDir: ".", Environment: map[string]string{}, ConfigFiles: spec.ToConfigFiles(files)}
	project, err := compose.LoadWithContext(context.Background(), details, func(o *compose.Options) { o.SetProjectName("shop", true) })
	must(err)
	s := project.Services["web"]
	fmt.Println("compose: replaced: read_only", s.ReadOnly, "init", *s.Init, "disable", s.HealthCheck.Disable, "max_replicas_per_node",
		s.Deploy.Placement.MaxReplicas, "max_failure_ratio", s.Deploy.UpdateConfig.MaxFailureRatio, "command", s.Command,
		fmt.Sprintf("PREFIX %q", *s.Environment["PREFIX"]))
}

func main() {
	byStack()
	byCompose()
}
END_GO
cd "$dir/src" && export GOPATH="$dir/go" GOCACHE="$dir/cache" GOFLAGS=-mod=mod && "$go" mod init tried >build.log 2>&1 &&
	"$go" get github.com/docker/cli@v$version+incompatible github.com/compose-spec/compose-go/v2@v$compose >>build.log 2>&1 &&
	"$go" mod tidy >>build.log 2>&1 && "$go" build -p 2 -o tried . >>build.log 2>&1 || give_up "it cannot be built: $(tail -n 1 build.log)"
seen=$(timeout 60 ./tried 2>&1)
echo "docker/cli $version, compose-go $compose"
echo "$seen"
[ "$seen" = 'stack: kept: read_only true init true disable true max_replicas_per_node 1 max_failure_ratio 0.5 command [serve --debug] PREFIX /beta
stack: replaced: replicas 0 parallelism 0 max_attempts 0 mola.path ""
compose: replaced: read_only false init false disable false max_replicas_per_node 0 max_failure_ratio 0 command [] PREFIX ""' ]
