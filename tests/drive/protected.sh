# Who asks for a password goes on asking for it: before Mola, with it, after it. A service that Traefik's own Swarm provider protects
# by its labels, and one that a router of a file protects; each on one entry point alone.

[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
side=$net.100:8083			# an entry point on which nobody has a router
engine=$net.210:2375
file=$tmp/etc/mola.yml
mkdir "$tmp/etc"

# status HOST [ADDRESS [PASSWORD]]: what a request is answered
status() { curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 ${3:+-u "$3"} -H "Host: $1.test" "http://${2:-$front}/"; }
is() { [ "$(status "${@:2}")" = "$1" ]; }
closed() { is 401 "$1" && is 200 "$1" "$front" user:secret && is 404 "$1" "$side"; }
# guarded WORDS: both are, now and for a while: a moment of openness would be found
guarded() {
	local name i open=0
	for name in admin vault; do check "$1: $name asks for a password, and is where it was" within 10 closed $name; done
	for i in 1 2 3 4 5; do
		for name in admin vault; do
			is 401 $name && is 404 $name "$side" || open=$((open + 1))
		done
	done
	check "$1: in 10 looks neither was open" [ $open = 0 ]
}
own_router() {	# own_router SERVICE: people's own, in a file of theirs
	cat >"$tmp/etc/.own" <<-END
	http:
	  routers:
	    vault: { rule: "Host(\`vault.test\`)", entryPoints: [ web ], middlewares: [ password ], service: $1 }
	  middlewares:
	    password: { basicAuth: { users: [ "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=" ] } }
	  services:
	    by-hand: { loadBalancer: { servers: [ { url: "http://$net.1:20080" } ] } }
	END
	mv "$tmp/etc/.own" "$tmp/etc/own.yml"
}
routed_to() { traefik /api/http/routers/vault@file | json_is ".service == \"$1\""; }
# config [MORE]: Mola's; the Swarm's services, and the one of the file
config() {
	mola_conf "  - { name: edge, kind: traefik-file, file: $file, api: \"http://$net.100:8082\", poll: 200ms, interval: 100ms${1:-} }" vault
	sed -i "s,name: vault\$,&\n    host: vault.test," "$tmp/mola.yaml"
	printf 'swarm: { endpoint: "tcp://%s", poll: 1s }\n' "$engine" >>"$tmp/mola.yaml"
}
engine_start() { start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"; within 10 curl -s -f -o "$tmp/page" "http://$engine/_ping"; }
here="\"address\": \"$net.2\", \"port\": 20080"
web_port='"traefik.enable": "true", "traefik.http.services.SERVICE.loadbalancer.server.port": "20080"'
cat >"$tmp/services.json" <<END
{ "admin": { $here, "labels": { ${web_port/SERVICE/admin}, "mola.port": "20080", "mola.host": "admin.test",
	"traefik.http.routers.admin.rule": "Host(\`admin.test\`)", "traefik.http.routers.admin.entrypoints": "web",
	"traefik.http.routers.admin.middlewares": "password", "traefik.http.middlewares.password.basicauth.users":
	"user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=" } },
  "inner": { $here, "labels": { ${web_port/SERVICE/inner}, "mola.port": "20080", "mola.host": "inner.test", "mola.enable": "true",
	"traefik.http.routers.inner.rule": "Host(\`inner.test\`)", "traefik.http.routers.inner.entrypoints": "web" } },
  "open": { $here, "labels": { "mola.port": "20080", "mola.host": "open.test" } } }
END

nodes_start "1 2 4"
must "the manager answers" engine_start
own_router by-hand
must "Traefik starts" traefik_start --entrypoints.side.address="$side" --providers.file.directory="$tmp/etc" \
	--providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1 --providers.swarm.exposedbydefault=false
guarded "before"
check "nobody has a router for the open one" is 404 open

# --- an older Mola's file: its routers stood before all others; the manager is away, so nothing new is published ---

cat >"$file" <<END
# Written by Mola, and again with the next change.
http:
  routers:
    "admin":
      rule: "Host(\`admin.test\`)"
      priority: 1000001
      service: "left"
    "vault-of-mola":
      rule: "Host(\`vault.test\`)"
      priority: 1000001
      service: "left"
  services:
    "left":
      loadBalancer:
        servers:
          - url: "http://$net.1:20080"
            weight: 1
END
check "what an older Mola wrote opens both" within 10 eval 'is 200 admin && is 200 vault && is 200 admin "$side"'
config
sed -i "s/$engine/$net.211:2375/" "$tmp/mola.yaml"
must "Mola starts, without a manager" mola_start
guarded "an older Mola's file, and a Mola that knows nothing"
check "that is in the log" grep -q "event=target.routers_lowered" "$tmp/mola.log"

# --- services alone ---

config
mola_reload
must "Traefik has Mola's services" within 15 target_is edge '.taken and ([.services[].name] | index("open") != null and index("vault") != null)'
guarded "with Mola"
check "no router is Mola's" eval 'traefik /api/http/routers | json_is "[.[] | select(.provider == \"file\") | .name] == [\"vault@file\"]"'
own_router vault@file
check "people's router leads to Mola's service" within 10 routed_to vault@file
guarded "with Mola behind people's router"
shares() { for ((i = 0; i < 70; i++)); do curl -s -o "$tmp/body" -u user:secret -H "Host: vault.test" -w '%header{x-node}\n' "http://$front/"; done |
	sort | uniq -c >"$tmp/shares"; [ "$(wc -l <"$tmp/shares")" = 3 ]; }
check "and its requests go to all nodes" shares

# --- routers, as asked ---

config ", routers: true"
mola_reload
check "with routers the open one is served" within 15 is 200 open
check "the one whose labels name entry points is not, elsewhere" is 404 inner "$side"
check "that is said" within 10 target_is edge '.taken and ([.withheld[] | select(.service == "inner") | .text] == ["its labels demand other entry points"])'
for name in admin vault; do check "routers: $name asks for a password" within 10 is 401 $name; done
check "routers: the labels' one has none of Mola's anywhere" is 404 admin "$side"
config ", routers: true, entry_points: web"
mola_reload
check "with its entry point it has a router, too" within 10 eval 'traefik /api/http/routers/inner~mola@file >/dev/null'
guarded "with routers on people's entry point"

# --- Mola is gone, and what it wrote is taken away ---

check "Mola ends in order" mola_stop
guarded "after Mola"
must "Mola is back" mola_start
within 15 target_is edge .taken
check "what would be withdrawn is said" eval 'mola_targets withdraw edge --dry-run && grep -q "^would empty $file" "$tmp/words.log" && grep -q "service vault@file is removed" "$tmp/words.log"'
check "and nothing is done" is 401 vault
own_router by-hand
within 10 routed_to by-hand
check "withdrawn" mola_targets withdraw edge
check "nothing of Mola's is left with Traefik" within 10 eval 'traefik /api/http/services | json_is "[.[] | select(.provider == \"file\") | .name] == [\"by-hand@file\"]"'
check "not a router, either" is 404 open
guarded "withdrawn"
check "Mola says so" withdrawn edge
check "and goes on leaving it alone" eval 'mola_drain n1; mola_drain --undo n1; ! within 2 grep -q services "$file"'
check "it resumes" mola_targets resume edge
check "and all is there again" within 15 is 200 open
guarded "resumed"
check "Mola ends in order" mola_stop
check "without Mola" eval '"$MOLA" targets withdraw --config "$tmp/mola.yaml" edge >"$tmp/offline.log" 2>&1'
check "nothing is left, either" within 10 is 404 open
guarded "withdrawn without Mola"
echo "# mine" >"$file"
"$MOLA" targets withdraw --config "$tmp/mola.yaml" edge >"$tmp/offline.log" 2>&1
check "a file that is somebody else's is left alone" [ "$(cat "$file")" = "# mine" ]
