# Who may ask: TLS with a CA of one's own and certificates on both sides, a password, a token; and those who may not are told.
cd "$tmp" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca >/dev/null 2>&1
cert() { # cert NAME SUBJECT-ALT-NAME
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" >/dev/null 2>&1 &&
		openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile <(echo "subjectAltName=$2") -out "$1.pem" >/dev/null 2>&1
}
cert server "IP:$net.90" && cert mola DNS:mola || not_ok "certificates are made"
cd "$OLDPWD" || exit 1
secret="open sesame: 1&2"
perl -e 'print crypt($ARGV[0], "\$2y\$05\$abcdefghijklmnopqrstuu")' "$secret" >"$tmp/hash"
cat >"$tmp/web.yml" <<-Y
	tls_server_config: { cert_file: $tmp/server.pem, key_file: $tmp/server.key, client_ca_file: $tmp/ca.pem, client_auth_type: RequireAndVerifyClientCert }
	basic_auth_users: { mola: '$(cat "$tmp/hash")' }
Y
nodes_start "4 4 4"
scrape_conf node "$net".{1,2,3}:29100
prometheus_start prometheus "$prom" --web.config.file="$tmp/web.yml"
tls() { curl -s -f -o /dev/null --max-time 2 --cacert "$tmp/ca.pem" --cert "$tmp/mola.pem" --key "$tmp/mola.key" -u "mola:$secret" "https://$prom/-/ready"; }
must "a Prometheus is up that asks who asks" within 20 tls

printf '%s\nmore\n' "$secret" >"$tmp/password"
tls_conf="  servers: https://$prom
  ca: $tmp/ca.pem
  cert: $tmp/mola.pem
  key: $tmp/mola.key
  period: 500ms
  user: mola"
mola_conf "$tls_conf
  password_file: $tmp/password"
must "Mola is up" mola_start
seen() { nodes_are '.source == "prometheus" and .state == "fresh"'; }
check "with certificates and password, it is answered" within 30 seen

mola_conf "$tls_conf
  password: wrong"
mola_reload
refused() { api_is /api/v1/prometheus ".servers[0] | .state == \"failed\" and .why == \"$1\" and (.detail | test(\"$2\"))"; }
check "a wrong password is told" within 20 refused prom_refused "status 401"
check "and is nowhere to be read" bash -c "! curl -s --unix-socket $tmp/admin.sock http://localhost/api/v1/config | grep -E 'wrong|sesame'"
mola_conf "  servers: https://$prom
  period: 500ms"
mola_reload
check "a server whose certificate is not believed is told" within 20 refused prom_gone "certificate"

# A token: Prometheus itself asks for none, proxies in front of it do.
must "a server is up that notes who asks" liar_start liar "$net.91:9090"
printf 'n1 10 20 0.5\n' >"$tmp/liar/truth"
mola_conf "  servers: $net.91:9090/
  period: 500ms
  token: abc.def-1"
mola_reload
bearer() { [ "$(cat "$tmp/liar/who" 2>/dev/null)" = "Bearer abc.def-1" ]; }
check "a token is shown" within 20 bearer
check "and nodes are found by name" within 20 node_is n1 '.source == "prometheus"'
mola_conf "  servers: $net.91:9090
  period: 500ms
  user: aladdin
  password: open sesame"
mola_reload
basic() { [ "$(cat "$tmp/liar/who" 2>/dev/null)" = "Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==" ]; }
check "or user and password" within 20 basic

mola_conf "  servers: $prom
  user: me"
mola_reload
check "a reload that is wrong is refused, with the line" within 10 logged 'prometheus.user: a user without a password'
check "and what was in force stays" during 1 basic
check "Mola ends in order" mola_stop
