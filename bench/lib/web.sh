# web: proxies in front of one task, for bench/proxy and bench/idle, which source it after pair.sh and have $net. With $secure set
# they listen with TLS, too, at port 20443, where ALPN chooses HTTP/2 or HTTP/1.1; one certificate (ECDSA, P-256) for all.

# secure_at NAME: where a contender has TLS
secure_at() { echo "${at[$1]%:*}:20443"; }
. bench/lib/certificate.sh
mola_conf() {		# mola_conf NAME HOST
	cat >"$dir/$1.yaml" <<-EOF
		listen: [ "$net.$2:20080"${secure:+, { address: $net.$2:20443, tls: true \}} ]
		${secure:+tls: { certificates: [ { cert: $dir/web.crt, key: $dir/web.key \} ] \}}
		workers: 1
		stop: 0s
		admin: { address: "$net.$2:20081", socket: $dir/$1.sock }
		log: { level: warn }
		clients: { max: 16384, idle: 10m }
		nodes:
		  - { name: one, cores: 4 }
		services:
		  - { name: web, tasks: [ { node: one, address: "$net.9:20080" } ] }
	EOF
}
# ours FILE: how a program of this machine runs: with TLS, by the libraries of the suite that the peers come from
ours() {
	program=("$1")
	[ -n "$secure" ] && [ -n "$suite" ] || return 0
	cp "$1" "$dir/program.$((++programs))" && chmod 755 "$dir/program.$programs" || exit 1
	program=("${peer[@]}" "$dir/program.$programs")
}
# mola_contend NAME HOST FILE: Mola; of older ones, `before`, some do not have what the benchmark is about
mola_contend() {
	local name=$1 host=$2
	ours "$3"
	mola_conf "$name" "$host"
	if [ -n "$secure" ] && [ "$name" = before ] && ! "${program[@]}" check "$dir/$name.yaml" >>"$dir/log" 2>&1; then
		echo "# $name: this version has no TLS"
		return
	fi
	contend "$name" "$net.$host:20080" "${program[@]}" run -c "$dir/$name.yaml"
	[ -z "$secure" ] || secure_answers "$name" || { echo "$name does not respond over TLS" >&2 && exit 1; }
}
secure_answers() {
	local k
	for k in $(seq 50); do
		curl -skf -o /dev/null --connect-to "::$(secure_at "$1")" https://web/ && return
		sleep .1
	done
	return 1
}
# web_peers BYTES: Mola, `before` if there is one, HAProxy and nginx; the task sends BYTES for each request
web_peers() {
	[ -z "$secure" ] || certificate_make web
	cat >"$dir/haproxy.cfg" <<-EOF
		global
		  nbthread 1
		  maxconn 8000
		defaults
		  mode http
		  timeout connect 5s
		  timeout client 600s
		  timeout server 60s
		  option forwardfor
		  http-reuse always
		frontend in
		  bind $net.2:20080
		  ${secure:+bind $net.2:20443 ssl crt $dir/web.pem alpn h2,http/1.1}
		  default_backend web
		backend web
		  balance leastconn
		  server one $net.9:20080
	EOF
	cat >"$dir/nginx.conf" <<-EOF
		daemon off;
		worker_processes 1;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log error;
		worker_rlimit_nofile 16000;
		events { worker_connections 8000; }
		http {
		  access_log off;
		  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
		  keepalive_requests 1000000000;
		  keepalive_timeout 600s;
		  upstream web { least_conn; server $net.9:20080; keepalive 1024; keepalive_requests 1000000000; }
		  server {
		    listen $net.3:20080;
		    ${secure:+listen $net.3:20443 ssl http2; ssl_certificate $dir/web.crt; ssl_certificate_key $dir/web.key;}
		    ${secure:+ssl_protocols TLSv1.2 TLSv1.3;}
		    location / {
		      proxy_pass http://web;
		      proxy_http_version 1.1;
		      proxy_set_header Connection "";
		      proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
		    }
		  }
		}
	EOF
	peers_ready
	start $on_other $bin/origin "$net.9:20080" "$1"
	mola_contend mola 1 ./mola
	[ -z "$before" ] || mola_contend before 5 "$before"
	contend haproxy "$net.2:20080" "${peer[@]}" haproxy -db -f "$dir/haproxy.cfg"
	contend nginx "$net.3:20080" "${peer[@]}" nginx -p "$dir" -c "$dir/nginx.conf"
}
