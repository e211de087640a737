# certificate: what all contenders show to clients over TLS: ECDSA, P-256, for these names; $dir/web.crt, $dir/web.key, and both in
# $dir/web.pem.
certificate_make() {	# certificate_make NAME...
	local names
	printf -v names 'DNS:%s,' "$@"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=bench -addext "subjectAltName=${names%,}" \
	    -keyout "$dir/web.key" -out "$dir/web.crt" 2>>"$dir/log" && cat "$dir/web.crt" "$dir/web.key" >"$dir/web.pem" || exit 1
	chmod 644 "$dir"/web.*
}
