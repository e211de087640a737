# web: proxies in front of one task, for bench/proxy and bench/idle, which source it after pair.sh and have $net.

mola_conf() {		# mola_conf NAME HOST
	cat >"$dir/$1.yaml" <<-EOF
		listen: $net.$2:20080
		workers: 1
		stop: 0s
		admin: { address: "$net.$2:20081", socket: $dir/$1.sock }
		log: { level: warn }
		clients: { max: 16384 }
		nodes:
		  - { name: one, cores: 4 }
		services:
		  - { name: web, tasks: [ { node: one, address: "$net.9:20080" } ] }
	EOF
}
# web_peers BYTES: Mola, `before` if there is one, HAProxy and nginx; the task sends BYTES for each request
web_peers() {
	cat >"$dir/haproxy.cfg" <<-EOF
		global
		  nbthread 1
		  maxconn 8000
		defaults
		  mode http
		  timeout connect 5s
		  timeout client 60s
		  timeout server 60s
		  option forwardfor
		  http-reuse always
		frontend in
		  bind $net.2:20080
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
		  upstream web { least_conn; server $net.9:20080; keepalive 1024; keepalive_requests 1000000000; }
		  server {
		    listen $net.3:20080;
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
	mola_conf mola 1
	contend mola "$net.1:20080" ./mola run -c "$dir/mola.yaml"
	if [ -n "$before" ]; then
		mola_conf before 5
		contend before "$net.5:20080" "$before" run -c "$dir/before.yaml"
	fi
	contend haproxy "$net.2:20080" "${peer[@]}" haproxy -db -f "$dir/haproxy.cfg"
	contend nginx "$net.3:20080" "${peer[@]}" nginx -p "$dir" -c "$dir/nginx.conf"
}
