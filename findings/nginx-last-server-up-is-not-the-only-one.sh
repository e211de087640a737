#!/bin/bash
# nginx 1.22.1: with the other servers marked "down", the last one of an upstream is no "single server": one failure, and it is not asked for fail_timeout.
#
# Expected: "If there is only a single server in a group", it "will never be considered unavailable" (max_fails, fail_timeout), since there is nobody
#           else to ask; a server marked "down" is "permanently unavailable", nobody to ask. So whoever takes all servers but one out for
#           maintenance has a group of one, and a failed request costs that request alone.
# Seen:     what is counted is lines, with those that are down. One refused connection while the last server restarts, and every request of the next
#           fail_timeout (10 s by default) is a 502 "no live upstreams" that nobody was asked for, though it is long back. With the other line
#           deleted instead of marked, or with max_fails=0, the very next request is served. 1.31.5 counts in the same way.
# For Mola: servers that drain or are disabled do not count: where every task that is left is ejected, all of them are asked (panic).
set -u
version=1.22.1
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
PATH=$PATH:/usr/sbin:/sbin
command -v python3 >/dev/null && command -v curl >/dev/null || give_up "needs python3 and curl"
if ! nginx -v 2>&1 | grep -q "nginx/$version\$"; then
	(cd "$dir" && apt-get download "nginx=$version-*" >/dev/null 2>&1 && dpkg-deb -x nginx_*.deb "$dir/root") || give_up "nginx $version is not installed, and cannot be had"
	PATH=$dir/root/usr/sbin:$PATH
fi
nginx -v 2>&1 | grep -q "nginx/$version\$" || give_up "nginx $version does not run"
net=127.91.$(($$ % 250))
# fail_timeout is long, so that a slow machine sees the same
cat >"$dir/nginx.conf" <<END
daemon off;
pid $dir/pid;
error_log $dir/log error;
worker_processes 1;
events { }
http {
	access_log off;
	client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi; uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
	upstream deleted { server $net.1:9000 fail_timeout=600s; }
	upstream marked { server $net.1:9000 fail_timeout=600s; server $net.2:9000 down; }
	upstream never { server $net.1:9000 max_fails=0; server $net.2:9000 down; }
	server {
		listen $net.9:8080;
		location /deleted { proxy_pass http://deleted; }
		location /marked { proxy_pass http://marked; }
		location /never { proxy_pass http://never; }
		location /ready { return 204; }
	}
}
END
nginx -e "$dir/log" -c "$dir/nginx.conf" 2>"$dir/errors" & pids+=($!)
until_is() { local i; for ((i = 0; i < 300; i++)); do "$@" && return; sleep 0.1; done; give_up "waited in vain for: $*"; }
answers() { curl -s -o "$dir/page" --max-time 5 "http://$1/ready"; }
until_is answers "$net.9:8080"
# statuses NAME: of twenty requests, each with how often
statuses() {
	local i
	for ((i = 0; i < 20; i++)); do curl -s -o "$dir/page" -w '%{http_code}\n' --max-time 20 "http://$net.9:8080/$1"; done | sort | uniq -c | awk '{ print $1 "x" $2 }' | paste -sd ' ' -
}
for upstream in deleted marked never; do curl -s -o "$dir/page" "http://$net.9:8080/$upstream"; done		# the server is restarting
python3 -m http.server -d "$dir" -b "$net.1" 9000 >"$dir/server.log" 2>&1 & pids+=($!)
until_is answers "$net.1:9000"
for name in deleted marked never; do : >"$dir/$name"; done
deleted=$(statuses deleted) marked=$(statuses marked) never=$(statuses never)
unasked=$(grep -c "no live upstreams" "$dir/log") arrived=$(grep -c "GET /marked" "$dir/server.log")
echo "nginx $version, one request while the only usable server restarts, then twenty when it is back:"
echo "  the other line deleted              $deleted"
echo "  the other line marked down          $marked   (no live upstreams: $unasked; the server saw $arrived)"
echo "  the same with max_fails=0           $never"
[ "$deleted" = 20x200 ] && [ "$marked" = 20x502 ] && [ "$never" = 20x200 ] && [ "$unasked" = 20 ] && [ "$arrived" = 0 ]
