# front: what suites of the front door (tls, acme, h2, grpc, tcp) have in common beside tests/lib.sh, which reads this: certificates
# of a CA of their own, a CA that speaks ACME, clients that speak TLS, servers of other protocols. The programs that are not
# Debian's come from tools/peers.

# ---- certificates: $ca/root.crt signs $ca/intermediate.crt, and that signs what cert_make makes ----
# `ca=FOLDER ca_make` and `ca=FOLDER cert_make ...` are another CA, one that nobody trusts.

ca=$tmp/ca
key_make() {		# key_make FILE [ec|rsa]
	case ${2:-ec} in
	ec) openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" ;;
	rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" ;;
	esac
}
ca_make() {
	mkdir -p "$ca/issued" && : >"$ca/index"
	cat >"$ca/conf" <<-END
		[ca]
		default_ca = leaf
		[leaf]
		database = $ca/index
		new_certs_dir = $ca/issued
		certificate = $ca/intermediate.crt
		private_key = $ca/intermediate.key
		rand_serial = yes
		unique_subject = no
		default_md = sha256
		policy = any
		[any]
		commonName = optional
		[req]
		distinguished_name = any
		[root]
		basicConstraints = critical, CA:true
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		[intermediate]
		basicConstraints = critical, CA:true, pathlen:0
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
	END
	key_make "$ca/root.key" && key_make "$ca/intermediate.key" || return 1
	openssl req -x509 -new -config "$ca/conf" -extensions root -key "$ca/root.key" -subj "/CN=Test root" -days 3650 -out "$ca/root.crt" &&
		openssl req -new -config "$ca/conf" -key "$ca/intermediate.key" -subj "/CN=Test intermediate" -out "$ca/intermediate.csr" &&
		openssl x509 -req -in "$ca/intermediate.csr" -CA "$ca/root.crt" -CAkey "$ca/root.key" -extfile "$ca/conf" -extensions intermediate \
			-set_serial 2 -days 3650 -out "$ca/intermediate.crt" 2>"$ca/log"
}

# cert_make FILE [OPTION...] NAME...: $ca/FILE.crt, with the intermediate's, and $ca/FILE.key; a name may be an address. Made
# again, it has another key.
#   --rsa       an RSA key, not one of ECDSA            --client      a client's
#   --expired   since a year                            --early       in force next year
#   --alone     without the intermediate's              --days N      how long (90)
cert_make() {
	local file=$ca/$1 kind=ec use=serverAuth from='1 hour ago' to='90 days' alone='' names='' name
	shift
	for name; do
		case $name in --*) shift ;; *) break ;; esac
		case $name in
		--rsa) kind=rsa ;;
		--client) use=clientAuth ;;
		--expired) from='2 years ago' to='1 year ago' ;;
		--early) from='1 year' to='2 years' ;;
		--alone) alone=1 ;;
		--days) to="$1 days" && shift ;;
		*) echo "cert_make: there is no option $name" && return 1 ;;
		esac
	done
	for name; do [[ $name =~ ^[0-9.]+$|: ]] && names="$names,IP:$name" || names="$names,DNS:$name"; done
	printf 'subjectAltName = %s\nextendedKeyUsage = %s\nkeyUsage = critical, digitalSignature\nbasicConstraints = critical, CA:false\n' \
		"${names#,}" "$use" >"$file.ext"
	echo "authorityKeyIdentifier = keyid" >>"$file.ext"
	key_make "$file.key.new" $kind && openssl req -new -config "$ca/conf" -key "$file.key.new" -subj "/CN=$1" -out "$file.csr" &&
		openssl ca -batch -notext -config "$ca/conf" -extfile "$file.ext" -in "$file.csr" -out "$file.leaf" \
			-startdate "$(date -u -d "$from" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$to" +%Y%m%d%H%M%SZ)" 2>"$ca/log" ||
		{ cat "$ca/log" && return 1; }
	{ cat "$file.leaf" && { [ -n "$alone" ] || cat "$ca/intermediate.crt"; }; } >"$file.crt.new"
	mv "$file.key.new" "$file.key" && mv "$file.crt.new" "$file.crt"
}
# cert_conf FILE...: elements of `certificates`, for $tmp/mola.yaml
cert_conf() { local file; for file; do echo "    - { cert: $ca/$file.crt, key: $ca/$file.key }"; done; }

# ---- clients, of $https (ADDRESS:PORT), whatever address a name has ----

https_get() { curl -sS --max-time 20 --cacert "$ca/root.crt" --connect-to "::$https" "$@"; }	# https_get URL [OPTION...]
tls_client() {		# tls_client NAME [OPTION...]: what openssl s_client says of the connection; fails where nothing was agreed
	local name=$1
	shift
	timeout 20 openssl s_client -connect "$https" -servername "$name" -CAfile "$ca/root.crt" "$@" </dev/null 2>&1
}
# cert_served NAME [OPTION...]: the fingerprint of what is served for a name; cert_print FILE: that of a file
cert_served() { tls_client "$@" | cert_print /dev/stdin; }
cert_print() { openssl x509 -in "$1" -noout -fingerprint -sha256 2>/dev/null; }
cert_is() { [ "$(cert_served "$1")" = "$(cert_print "$ca/$2.crt")" ]; }	# cert_is NAME FILE
web_client() { build/peers/web-client -ca "$ca/root.crt" -connect "$https" "$@"; }	# web_client [OPTION...] URL

# tls_grade NAME: that of testssl.sh, such as A+, its report in $tmp/testssl; some two minutes. It grades since 3.2: where this
# Debian's is older, forky's does it (tools/root).
tls_grade() {
	local program=(testssl)
	testssl --help 2>/dev/null | grep -q -e --disable-rating ||
		program=(tools/root forky --install testssl.sh --bind "$tmp" --bind "$ca" -- testssl)
	"${program[@]}" --quiet --color 0 --warnings off --ip "${https%:*}" --add-ca "$ca/root.crt" --overwrite --jsonfile "$tmp/testssl.json" \
		"$1:${https##*:}" >"$tmp/testssl" 2>&1
	jq -r '.[] | select(.id == "overall_grade").finding' "$tmp/testssl.json"
}
# tls_complies NAME [PROFILE]: with Mozilla's profile, as sslyze has it: modern, intermediate, old
tls_complies() {
	build/peers/sslyze --mozilla_config "${2:-intermediate}" --certinfo_ca_file "$ca/root.crt" "$1:${https##*:}{${https%:*}}" >"$tmp/sslyze" 2>&1
	sed -n '/^ *COMPLIANCE/,$p' "$tmp/sslyze" && grep -q "OK - Compliant" "$tmp/sslyze"
}

# ---- a CA that speaks ACME: Pebble at $acme (its directory: https://$acme/dir, trusted by $ca/root.crt), and its DNS server ----

# pebble_start ADDRESS HTTP-PORT TLS-PORT [VARIABLE=VALUE | JQ-FILTER]...: all names have this address until pebble_dns says otherwise;
# challenges are asked for at these ports. Variables are Pebble's own (PEBBLE_WFE_NONCEREJECT: percent of nonces that are refused;
# PEBBLE_VA_SLEEPTIME, with PEBBLE_VA_NOSLEEP=0: up to so many seconds before it asks). A filter changes its configuration, such as
# '.externalAccountBindingRequired = true', '.domainBlocklist = ["a.test"]', '.profiles.short = { validityPeriod: 518400 }'.
pebble_start() {
	local address=$1 http=$2 tls=$3 filter=. with=() setting
	shift 3
	for setting; do if [[ $setting = PEBBLE_* ]]; then with+=("$setting"); else filter="$filter | $setting"; fi; done
	acme=$net.101:14000
	[ -e "$ca/root.crt" ] || ca_make || return 1
	cert_make pebble "$net.101" || return 1
	jq -n --arg at "$net.101" --arg ca "$ca" --argjson http "$http" --argjson tls "$tls" "{ listenAddress: \"\(\$at):14000\",
		managementListenAddress: \"\(\$at):15000\", certificate: \"\(\$ca)/pebble.crt\", privateKey: \"\(\$ca)/pebble.key\",
		httpPort: \$http, tlsPort: \$tls, retryAfter: { authz: 1, order: 1 }, keyAlgorithm: \"ecdsa\",
		profiles: { default: { description: \"90 days\", validityPeriod: 7776000 } } } | $filter | { pebble: . }" >"$tmp/pebble.json"
	start challtestsrv build/peers/pebble-challtestsrv -dnsserver "$net.101:8053" -management "$net.101:8055" -http01 '' -https01 '' \
		-doh '' -tlsalpn01 '' -defaultIPv4 "$address" -defaultIPv6 ''
	start pebble env PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0 "${with[@]}" \
		build/peers/pebble -config "$tmp/pebble.json" -dnsserver "$net.101:8053"
	within 30 listening "$net.101" 8055 && within 30 listening "$net.101" 8053 && within 30 listening "$net.101" 15000 &&
		within 30 listening "$net.101" 14000
}
# pebble_root: the root of this run, as PEM; certificates that it signs are trusted by that alone
pebble_root() { curl -sSf --max-time 10 --cacert "$ca/root.crt" "https://$net.101:15000/roots/${1:-0}"; }
pebble_orders() { grep -c 'Added order' "$tmp/pebble.log"; }		# how many there have been
pebble_issued() { grep -c 'Issued certificate serial' "$tmp/pebble.log"; }
# pebble_dns VERB JSON: of the DNS server, such as add-a '{"host": "a.test", "addresses": ["127.0.0.1"]}', set-servfail
# '{"host": "a.test"}', set-txt '{"host": "_acme-challenge.a.test.", "value": "..."}'
pebble_dns() { curl -sSf -o /dev/null --max-time 10 -d "$2" "http://$net.101:8055/$1"; }

# faults_start: in front of Pebble, which is $acme from then on; acme_fault JSON: as tests/faults/acme.py has it, such as
# '{"path": "/order-plz", "status": 429, "headers": {"Retry-After": "2"}, "type": "urn:ietf:params:acme:error:rateLimited"}'
faults_start() {
	cert_make faults "$net.102" || return 1
	start faults python3 tests/faults/acme.py "$net.102:14000" "$ca/faults.crt" "$ca/faults.key" "$net.101:14000" "$ca/root.crt" "$net.102:14001"
	within 30 listening "$net.102" 14000 && within 30 listening "$net.102" 14001 && acme=$net.102:14000
}
acme_fault() { curl -sSf -o /dev/null --max-time 10 -d "$1" "http://$net.102:14001/"; }
acme_faults_end() { curl -sSf -o /dev/null --max-time 10 -X DELETE "http://$net.102:14001/"; }
acme_requests() { grep -c -E "$1" "$tmp/faults.log"; }	# acme_requests REGEX: of lines METHOD PATH STATUS, such as '^POST /order-plz'

# ---- servers of other protocols; each listens when its function returns ----

# grpc_start NAME PORT [CERTIFICATE-FILE]: gRPC's own test server, of all addresses; grpc_case ADDRESS PORT CASE [OPTION...], and
# the cases that a proxy can pass: all of the client's but those that want Google's credentials, and pick_first_unary, for which
# this server does not say who it is.
grpc_cases='empty_unary large_unary client_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server
	cancel_after_begin cancel_after_first_response status_code_and_message special_status_message custom_metadata
	unimplemented_method unimplemented_service orca_per_rpc orca_oob rpc_soak channel_soak'
grpc_start() {
	local name=$1 port=$2 tls=()
	[ $# -lt 3 ] || tls=(-use_tls -tls_cert_file "$ca/$3.crt" -tls_key_file "$ca/$3.key")
	start "$name" build/peers/grpc-server -port "$port" "${tls[@]}"
	within 30 listening 127.0.0.1 "$port"
}
grpc_case() {
	local address=$1 port=$2 case=$3
	shift 3
	[[ $case != orca_* ]] || set -- -service_config_json '{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}' "$@"
	timeout 60 build/peers/grpc-client -server_host "$address" -server_port "$port" -test_case "$case" "$@"
}
redis_start() {		# redis_start NAME ADDRESS PORT
	start "$1" redis-server --bind "$2" --port "$3" --save '' --appendonly no --dir "$tmp" --protected-mode no
	within 30 listening "$2" "$3"
}
# postgres_start NAME ADDRESS PORT: a fresh cluster whose user postgres needs no password; it does not run as root
postgres_start() {
	local name=$1 data=$tmp/$1.data bin
	local as=()
	bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	mkdir -p "$data"
	if [ "$(id -u)" = 0 ]; then
		chown postgres "$data" && chmod a+x "$tmp" "${tmp%/*}" || return 1
		as=(setpriv --reuid postgres --regid postgres --clear-groups --pdeathsig KILL)
	fi
	"${as[@]}" "$bin/initdb" -D "$data" -A trust -U postgres --no-sync >"$tmp/$name.log" 2>&1 || return 1
	start "$name" "${as[@]}" "$bin/postgres" -D "$data" -h "$2" -p "$3" -k '' -F
	within 30 "$bin/pg_isready" -q -h "$2" -p "$3" -U postgres
}
