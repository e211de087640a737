/* What a person reads who got it wrong, word for word; and what is understood of what is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/conf.c"
#include "world/filter.h"
#include "../between.h"

#define L "listen: :80\n"
#define T "tls: { certificates: /a }\n"
#define P L "prometheus: { servers: 'h:1' }\n"

static const struct wrong {
	const char	*yaml, *says;
} wrongs[] = {
	/* the text */
	{ "", "m:1: the file is empty; expected at least listen\n" },
	{ "# only words\n", "m:1: the file is empty; expected at least listen\n" },
	{ "just words\n", "m:1: not a mapping; expected lines such as listen: :80\n" },
	{ L "log:\n\tlevel: info\n", "m:3: a tab cannot indent; expected spaces\n" },
	{ L "user: \xff\n", "m:2: not UTF-8 text, or a control character\n" },
	{ L "user: \"a\\0b\"\n", "m:2: user: a control character; expected text without, where \\r and \\n are in single quotes, or in none\n" },
	{ L "defaults: { health: { send: \"PING\\r\\n\" } }\n", "m:2: send: a control character; expected text without, where \\r and \\n are in single quotes, or in none\n" },
	{ L "log: &a {}\n", "m:2: an anchor (&); expected plain values, without anchors and aliases\n" },
	{ L "user: &a x\n", "m:2: an anchor (&); expected plain values, without anchors and aliases\n" },
	{ L "user: *a\n", "m:2: an alias (*); expected plain values: what begins with '*' must be quoted, such as \"*.example.org\"\n" },
	{ L "services:\n- name: w\n  host: *.example.org\n", "m:4: an alias (*); expected plain values: what begins with '*' must be quoted, such as \"*.example.org\"\n" },
	{ L "services:\n- name: w\n  host: [ * ]\n", "m:4: an alias (*); expected plain values: what begins with '*' must be quoted, such as \"*.example.org\"\n" },
	{ L "tls: { cert: /x }\n", "m:2: tls.cert: unknown key; expected default, min_version, suites, hsts, certificates, task_cas or task_certs\n" },
	{ L "user: !!str x\n", "m:2: a tag (!); expected plain values, without tags\n" },
	{ L "---\n" L, "m:2: a second document; expected one\n" },
	{ "[[[[[[[[[[[[", "m:1: nested too deeply\n" },
	{ "? [a]\n: b\n", "m:1: a list or mapping stands where a key was expected\n" },
	{ "listen: [:80]\n", "m:1: not YAML: what begins with ':' must be quoted here\n" },
	{ "listen: ['a'\nuser: x\n", "m:2: not YAML: did not find expected ',' or ']', while parsing a flow sequence that begins in line 1\n" },

	/* keys */
	{ L "lisen: :81\n", "m:2: lisen: unknown key; did you mean listen?\n" },
	{ L "\"a\\nb\": 1\n", "m:2: a?b: unknown key; expected workers, memory_limit, user, stop, middlewares, listen, tls, acme, admin, log, swarm, signals, "
	    "prometheus, tracing, score, clients, upstream, defaults, mover, nodes, services or targets\n" },
	{ L "upstream: { frobnicate: 1 }\n", "m:2: upstream.frobnicate: unknown key; expected idle_max, idle, head_bytes or fields\n" },
	{ L "user: a\nuser: b\n", "m:3: user: given twice, first in line 2\n" },
	{ L "log: {level: info}\nlog: {level: info}\n", "m:3: log: given twice, first in line 2\n" },
	{ "workers: 1\n", "m:1: listen: missing; expected addresses such as :80 (may be left out only if there are targets)\n" },
	{ L "user:\n", "m:2: user: no value. The user that the workers run as when Mola is started by root. A change takes effect at "
	    "the next start.\n" },
	{ L "user: [a]\n", "m:2: user: a list; expected one value\n" },
	{ L "user: {a: b}\n", "m:2: user: a mapping; expected one value\n" },
	{ L "log: info\n", "m:2: log: not a mapping; expected keys such as level, format or access\n" },
	{ L "nodes: alpha\n", "m:2: nodes: not a list; expected items that begin with '- '\n" },

	/* overload */
	{ L "defaults:\n  overload: maybe\n", "m:3: defaults.overload: 'maybe' is not known; expected false or true\n" },
	{ L "defaults:\n  overload:\n    bund: 3\n", "m:4: defaults.overload.bund: unknown key; did you mean bound?\n" },
	{ L "defaults:\n  overload:\n    bound: 0\n", "m:4: defaults.overload.bound: '0' is out of range; expected 1 to 64\n" },
	{ L "defaults:\n  overload: { wait: 2m }\n", "m:3: defaults.overload.wait: '2m' is out of range; expected 0ms to 60s\n" },
	{ L "defaults:\n  overload: { priority: hihg }\n", "m:3: defaults.overload.priority: 'hihg' is not known; expected normal, low or "
	    "high; did you mean high?\n" },
	{ L "defaults:\n  max_inflight: -1\n", "m:3: defaults.max_inflight: '-1' is not a whole number; expected 0 to 1000000\n" },

	/* Prometheus */
	{ L "prometheus:\n", "m:2: prometheus.servers: missing. Where Prometheus is: one or a list of http://host:9090\n" },
	{ L "prometheus: [ a ]\n", "m:2: prometheus: not a mapping; expected keys such as servers, user, password, password_file, token, "
	    "token_file, ca, cert, key, period, timeout, max_age, signals, cpu, ram, age, cores, memory or running\n"
	    "m:2: prometheus.servers: missing. Where Prometheus is: one or a list of http://host:9090\n" },
	{ L "prometheus:\n  servers: [ 'a:1', 'http://h/x?y' ]\n", "m:3: prometheus.servers: 'http://h/x?y' is not a server; expected "
	    "http://host:9090 or https://host/path, or host:9090 for short\n" },
	{ L "prometheus: { servers: 'http://me:pass@h:1' }\n", "m:2: prometheus.servers: a user in the URL; expected http://host:port, "
	    "and user and password beside it\n" },
	{ L "prometheus: { servers: 'http://me:pa/ss@h:1' }\n", "m:2: prometheus.servers: a user in the URL; expected http://host:port, "
	    "and user and password beside it\n" },
	{ L "prometheus: { servers: [ 'h:1', 'http://h:1/' ] }\n", "m:2: prometheus.servers: 'http://h:1' is named twice\n" },
	{ L "prometheus:\n  servers: h:1\n  user: me\n", "m:4: prometheus.user: a user without a password; expected password or password_file\n" },
	{ L "prometheus:\n  servers: h:1\n  password: me\n", "m:4: prometheus: a password without a user; expected user\n" },
	{ L "prometheus:\n  servers: h:1\n  user: me\n  password: x\n  token: y\n", "m:6: prometheus: a token and a user; expected one of them\n" },
	{ L "prometheus:\n  servers: h:1\n  token: y\n  token_file: /x\n", "m:5: prometheus.token_file: set together with the same in the "
	    "configuration; expected one of them\n" },
	{ L "prometheus:\n  servers: h:1\n  token_file: /nowhere/x\n", "m:4: prometheus.token_file: '/nowhere/x' cannot be read: No such "
	    "file or directory\n" },
	{ L "prometheus:\n  servers: h:1\n  ca: /x\n", "m:4: prometheus.ca: no server uses TLS; expected one that begins with "
	    "https://\n" },
	{ L "prometheus:\n  servers: h:1\n  key: /x\n", "m:4: prometheus.key: no server uses TLS; expected one that begins with "
	    "https://\n" },
	{ L "prometheus:\n  servers: https://h\n  ca: /nowhere/x\n", "m:4: prometheus.ca: '/nowhere/x' cannot be read: No such file or directory\n" },
	{ L "swarm:\n  endpoint: tcp://h:1\n  cert: /nowhere/x\n  key: /nowhere/y\n", "m:4: swarm.cert: '/nowhere/x' cannot be read: No such "
	    "file or directory\nm:5: swarm.key: '/nowhere/y' cannot be read: No such file or directory\n" },

	/* whom a Swarm's labels may name */
	{ L "swarm:\n  constraint: Label(`a`)\n", "m:3: swarm.constraint: not a constraint: column 10: expected two strings: Label(`key`, "
	    "`value`)\n" },
	{ L "swarm:\n  constraint: LabelRegex(`a`,`(?=x)`)\n", "m:3: swarm.constraint: not a constraint: column 23: the regular expression "
	    "before is not understood: what follows '(?'\n" },
	{ L "swarm:\n  traefik: perhaps\n", "m:3: swarm.traefik: 'perhaps' is not known; expected false or true\n" },
	{ L "swarm:\n  traefik: [true]\n", "m:3: swarm.traefik: not a mapping; expected keys such as enable, ignore_middlewares, constraint, "
	    "default_rule, exposed_by_default, entry_points or files\n" },
	{ L "swarm:\n  traefik:\n    ignore_middleware: x\n", "m:4: swarm.traefik.ignore_middleware: unknown key; did you mean "
	    "ignore_middlewares?\n" },
	{ L "swarm:\n  traefik:\n    ignore_middlewares: [ 'a,b', c, c ]\n", "m:4: swarm.traefik.ignore_middlewares: 'a,b' is not the name of a "
	    "middleware; expected one such as compress or hsts@file\n"
	    "m:4: swarm.traefik.ignore_middlewares: 'c' is named twice\n" },
	{ L "swarm:\n  traefik:\n    entry_points: { lan: all, admin: secure }\n", "m:4: swarm.traefik.entry_points.admin: expected all: what is "
	    "served is served on every listener\n" },
	{ L "swarm:\n  traefik: { constraint: x, exposed_by_default: maybe }\n", "m:3: swarm.traefik.constraint: not a constraint: column 1: "
	    "expected Label, LabelRegex, '!' or '('\nm:3: swarm.traefik.exposed_by_default: 'maybe' is not known; expected false or true\n" },
	{ L "prometheus:\n  servers: https://h\n  key: /x\n", "m:4: prometheus: cert and key belong together; expected both or none\n" },
	{ L "prometheus:\n  servers: h:1\n  max_age: 2s\n", "m:4: prometheus.max_age: less than period: nearly every sample would be too "
	    "old; expected more\n" },
	{ L "prometheus:\n  servers: h:1\n  cpu: rate(x[5m)\n", "m:4: prometheus.cpu: 'rate(x[5m)' is not PromQL; expected a query of at "
	    "most 4000 bytes that closes what it opens: brackets, quotes\n" },

	/* targets */
	{ "targets:\n  - { name: a, kind: treafik-file }\n", "m:2: targets.kind: 'treafik-file' is not known; expected traefik-file, traefik-http, "
	    "haproxy, haproxy-agent, envoy-file or envoy-rest; did you mean traefik-file?\n" },
	{ "targets:\n  - { name: a, kind: traefik-file }\n  - { name: a, kind: haproxy }\n  - { name: b, kind: haproxy-agent }\n",
	    "m:2: targets.file: missing; kind traefik-file needs it\nm:3: targets.name: 'a' is already used in line 2; expected a unique one\n"
	    "m:3: targets.socket: missing; kind haproxy needs it\nm:4: targets.listen: missing; kind haproxy-agent needs it\n" },
	{ "targets:\n  - { name: a, kind: haproxy, socket: 'unix:/x', server_options: 'check; disable frontend web' }\n",
	    "m:2: targets.server_options: 'check; disable frontend web' are not words of HAProxy's 'server'; expected some such as "
	    "'check inter 1s', or none\n" },
	{ "targets:\n  - { name: a, kind: traefik-http, stale_after: 5s, socket: 'unix:/x', fallback: 'http://l:1' }\n",
	    "m:2: targets.socket: given, and kind traefik-http has no use for it\n"
	    "m:2: targets.stale_after: given, and kind traefik-http has no use for it\n"
	    "m:2: targets.fallback: given, and only policy best-node has a use for it\n" },
	{ "targets:\n  - { name: a, kind: envoy-file, file: x.json, backend: web, policy: best }\n",
	    "m:2: targets.policy: 'best' is not known; expected weighted or best-node\n"
	    "m:2: targets.file: 'x.json' is not an absolute path; expected it to begin with '/'\n"
	    "m:2: targets.backend: 'web' has no {service} in it; expected a name such as '{service}' or 'be_{service}'\n" },
	{ "targets:\n  - { name: a, kind: traefik-file, file: /a, services: web }\n  - { name: b, kind: traefik-file, file: /a }\n",
	    "m:2: targets.services: 'web' is no service; expected names of services\n"
	    "m:3: targets.file: '/a' is already used in line 2; expected a unique one\n" },
	{ "targets:\n  - name: a\n    kind: traefik-file\n    file: /x/{service}.yml\n    strategy: leastime\n    stale_after: 5s\n"
	    "    fallback: http://l:1\n    services:\n    - web\n  - name: b\n    kind: traefik-file\n    file: /x/\n\n    name: b\n",
	    "m:4: targets.file: has {service} in it, and Traefik gets one file for all; expected a path without\n"
	    "m:5: targets.strategy: 'leastime' is not known; expected wrr, p2c, hrw or leasttime; did you mean leasttime?\n"
	    "m:6: targets.stale_after: given, and kind traefik-file has no use for it\n"
	    "m:7: targets.fallback: given, and only policy best-node has a use for it\n"
	    "m:8: targets.services: 'web' is no service; expected names of services\n"
	    "m:12: targets.file: '/x/' is a folder; expected a file in it\n"
	    "m:14: targets.name: given twice, first in line 10\n" },
	{ "targets:\n  - { name: a, kind: traefik-http, entry_points: web }\n  - { name: b, kind: haproxy, socket: 'unix:/x', routers: true }\n",
	    "m:2: targets.entry_points: given, and no routers are written; expected routers: true beside it, or no entry_points and "
	    "SERVICE@http in a router of your own\nm:3: targets.routers: given, and kind haproxy has no use for it\n" },
	{ "swarm: {}\ntargets:\n  - { name: a, kind: haproxy, socket: 'unix:/x', services: [ web, 'web:9000', 'web:99999', 'a b', 'x:' ] }\n",
	    "m:3: targets.services: 'web:99999' is not the name of a service; expected one such as web, or web:9000 for one of its other ports\n"
	    "m:3: targets.services: 'a b' is not the name of a service; expected one such as web, or web:9000 for one of its other ports\n"
	    "m:3: targets.services: 'x:' is not the name of a service; expected one such as web, or web:9000 for one of its other ports\n" },
	{ "targets:\n  - { name: a, kind: haproxy-agent, listen: ':9777' }\n  - name: b\n    kind: haproxy-agent\n    listen: 0.0.0.0:9777\n",
	    "m:5: targets.listen: '0.0.0.0:9777' is already used in line 2; expected a unique one\n" },

	/* queries */
	{ P "defaults:\n  promql: rate(x[5m)\n", "m:4: defaults.promql.query: 'rate(x[5m)' is not PromQL; expected a query of at "
	    "most 4000 bytes that closes what it opens: brackets, quotes\n" },
	{ P "defaults:\n  promql:\n    - { query: up, limits: [0.9, 0.5] }\n", "m:5: defaults.promql.limits: '0.9-0.5' is not understood; "
	    "expected limits such as [0.7, 0.9], the soft one below the hard one, or none\n" },
	{ P "defaults:\n  promql: [ a, b, c, d, e ]\n", "m:4: defaults.promql: more than 4 queries\n" },
	{ P "nodes: [ { name: n } ]\nservices: [ { name: x, tasks: [ { node: n, address: '1.1.1.1:1' } ] } ]\n"
	    "defaults:\n  promql: [ { name: b }, { query: a } ]\n", "m:6: defaults.promql.query: missing. "
	    "PromQL that yields one value for each node; a higher value means that the node has less to give. A label identifies the "
	    "node: node_id, instance, node, nodename or hostname.\n" },
	{ P "defaults:\n  promql: [ { query: a, weight: 2 } ]\n", "m:4: defaults.promql.weight: '2' is out of range; expected 0 to 1\n" },
	{ P "defaults:\n  promql: [ { query: a, name: x }, { query: b, name: x } ]\n", "m:4: defaults.promql: 'x' is named twice; expected "
	    "names of their own\n" },
	{ P "defaults:\n  promql: { full: 0 }\n", "m:4: defaults.promql.query: missing. PromQL that yields one value for each node; a higher value means that "
	    "the node has less to give. A label identifies the node: node_id, instance, node, nodename or hostname.\n"
	    "m:4: defaults.promql.full: '0' is out of range; expected 0.000001 to 1000000000000\n" },
	{ L "defaults:\n  promql: up\n", "m:3: defaults.promql: there is no Prometheus; expected the section prometheus with its servers\n" },
	{ L "nodes: [ { name: n } ]\nservices:\n- name: s\n  promql: up\n  tasks: [ { node: n, address: '10.0.0.1:1' } ]\n",
	    "m:4: services.promql: there is no Prometheus; expected the section prometheus with its servers\n" },

	/* ACME */
	{ L "acme: { challenge: tls-alpn-01 }\n", "m:2: acme.challenge: tls-alpn-01, but listen has no listener with TLS; expected one on "
	    "port 443, to which the CA connects\n" },
	{ L "acme: { ca: letsencript }\n", "m:2: acme.ca.url: 'letsencript' is not a CA; expected letsencrypt, letsencrypt-staging, or the "
	    "https:// URL of a directory\n" },
	{ L "acme: { ca: [ 'https://a/', { url: 'https://a/' } ] }\n", "m:2: acme.ca.url: 'https://a/' is listed twice\n" },
	{ L "acme: { ca: { url: 'https://a/', eab_id: x } }\n", "m:2: acme.ca: eab_id and eab_key belong together; expected both or none\n" },
	{ L "acme: { ca: { url: 'https://a/', eab_id: x, eab_key: 'abc=' } }\n", "m:2: acme.ca.eab_key: not a key; expected base64url, without "
	    "= at the end\n" },
	{ L "acme: { names: localhost }\n", "m:2: acme.names: 'localhost' is not a host name; expected one such as www.example.org or "
	    "*.example.org, or several with blanks between them\n" },
	{ L "acme: { names: [ 'a.org 10.0.0.1' ] }\n", "m:2: acme.names: '10.0.0.1' is not a host name; expected one such as "
	    "www.example.org or *.example.org, or several with blanks between them\n" },
	{ L "acme: { names: [ '*.example.org' ] }\n", "m:2: acme.names: '*.example.org': a wildcard needs the challenge dns-01, and a hook "
	    "for it\n" },
	{ L "acme: { challenge: dns-01 }\n", "m:2: acme.challenge: dns-01 without a program; expected it in hook\n" },
	{ L "acme: { hook: /nowhere/hook }\n", "m:2: acme.hook: '/nowhere/hook' cannot be run: No such file or directory\n" },
	{ L "acme: { secret: /nowhere }\n", "m:2: acme.secret: '/nowhere' cannot be read: No such file or directory\n" },
	{ L "acme: { secret: /dev/null }\n", "m:2: acme.secret: '/dev/null' has 0 characters in its first line; expected 32 or more, as of "
	    "openssl rand -base64 32\n" },
	{ L "acme: { ca: { url: letsencrypt, trust: /nowhere } }\n", "m:2: acme.ca.trust: '/nowhere' cannot be read: No such file or "
	    "directory\n" },
	{ L "acme: { challenge: http-01, hook: /bin/true }\n", "m:2: acme.hook: a program for dns-01, which challenge does not list\n" },
	{ L "acme: { challenge: http }\n", "m:2: acme.challenge: 'http' is not known; expected http-01, tls-alpn-01 or dns-01\n" },
	{ L "acme: { email: nobody }\n", "m:2: acme.email: 'nobody' is not an address; expected one such as admin@example.org\n" },
	{ L "acme: { secret: key }\n", "m:2: acme.secret: 'key' is not an absolute path; expected it to begin with '/'\n" },
	{ L "acme: { allow: '*' }\n", "m:2: acme.allow: '*' is not a pattern; expected a host name such as www.example.org, or "
	    "*.example.org\n" },

	{ L "defaults: { tls: acme }\n", "m:2: defaults.tls: acme without a section acme; expected one, with the CA and how it verifies "
	    "names\n" },
	{ L "nodes: [ { name: n } ]\nservices:\n- { name: c, host: d.org, tls: acme, tasks: [ { node: n, address: '1.2.3.4:5' } ] }\n", "m:4: services.tls: acme "
	    "without a section acme; expected one, with the CA and how it verifies names\n" },

	/* TLS */
	{ "listen:\n- { address: ':80', tls: true }\n", "m:2: listen.tls: there is no certificate; expected some in tls.certificates, or a "
	    "section acme\n" },
	{ T "listen: { address: ':80', tls: true, redirect_https: true }\n", "m:2: listen.redirect_https: set together with tls; expected it on a "
	    "listener without TLS\n" },
	{ "listen: { address: ':80', http2: true, redirect_https: 8443 }\n", "m:1: listen.http2: set together with redirect_https; expected one "
	    "of them: clients that are redirected come by HTTP/1.1\n" },
	{ T "listen: { address: ':80', client_ca: /ca }\n", "m:2: listen.client_ca: set without tls; expected tls: true, as only TLS has "
	    "certificates of clients\n" },
	{ T "listen: { address: ':80', tls: true, client_cert: require }\n", "m:2: listen.client_cert: set without client_ca; expected the CA "
	    "there that certificates of clients are verified with\n" },
	{ T "listen: { address: ':80', tls: true, client_ca: /ca, client_cert: none }\n", "m:2: listen.client_cert: 'none' is not known; "
	    "expected optional or require\n" },
	{ "listen: { address: ':80', redirect_https: 65536 }\n", "m:1: listen.redirect_https: '65536' is no port; expected true, false, or a "
	    "port from 1 to 65535\n" },
	{ "listen: { address: ':80', redirect_https: 0 }\n", "m:1: listen.redirect_https: '0' is no port; expected true, false, or a "
	    "port from 1 to 65535\n" },
	{ L "tls: { certificates: [ /a, { cert: /b, key: /k }, /a ] }\n", "m:2: tls.certificates.cert: '/a' is already listed in line 2\n" },
	{ L "tls:\n  certificates: a.pem\n", "m:3: tls.certificates.cert: 'a.pem' is not an absolute path; expected it to begin with '/'\n" },
	{ L "tls:\n  certificates: { key: /k }\n", "m:3: tls.certificates.cert: missing. Absolute path of the certificate (PEM), followed by "
	    "the chain to its root.\n" },
	{ L "tls:\n  certificates: /a\n  default: /b\n", "m:4: tls.default: '/b' is not listed; expected the cert of one of tls.certificates, "
	    "or none\n" },
	{ L "tls: { suites: [ TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA ] }\n", "m:2: tls.suites: 'TLS_RSA_WITH_AES_128_CBC_SHA' is no cipher of TLS 1.2 "
	    "that Mola has; expected one such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n" },
	{ L "tls: { min_version: 1.1 }\n", "m:2: tls.min_version: '1.1' is not known; expected 1.2 or 1.3; did you mean 1.2?\n" },
	{ L "tls: { hsts: 3y }\n", "m:2: tls.hsts: '3y' is out of range; expected 0s to 2y\n" },
	{ L "tls: { hsts: 1w }\n", "m:2: tls.hsts: '1w' is not a duration; expected one such as 1y, 30d or 1h, or none\n" },

	/* values */
	{ "listen: example.org\n", "m:1: listen.address: 'example.org' is not an address; expected one such as :80, 10.0.0.1:80 or [::1]:80\n" },
	{ "listen: unix:/run/x\n", "m:1: listen.address: 'unix:/run/x' is not an address; expected one such as :80, 10.0.0.1:80 or [::1]:80\n" },
	{ "listen: [':80', ':80']\n", "m:1: listen.address: '0.0.0.0:80' is listed twice\n" },
	{ "listen:\n- { address: ':80', name: web }\n- { address: ':81', name: Web }\n",
	    "m:3: listen.name: 'Web' is already used in line 2; expected a unique one, whatever its case\n" },
	{ "listen:\n- { name: web }\n", "m:2: listen.address: missing. IP address and port: 10.0.0.1:80, [::1]:80, :80 (any address).\n" },
	{ "listen:\n- [ ':80' ]\n", "m:2: listen: not a mapping; expected keys such as address, name, proxy_protocol, tls, http2, "
	    "redirect_https, client_ca, client_cert or shared\n" },
	{ "listen: { address: ':80', proxy_protocol: true }\n", "m:1: listen.proxy_protocol: no client could connect: clients.trusted is empty; "
	    "expected the proxies in front there\n" },
	{ "listen: []\n", "m:1: listen: an empty list. Addresses on which clients are served: one address, or a list of addresses and "
	    "mappings. Required, unless there are targets; Mola may then serve no clients itself.\n" },
	{ L "workers: 17\n", "m:2: workers: '17' is not a number of workers; expected auto, or 1 to 16\n" },
	{ L "stop: 30\n", "m:2: stop: '30' has no unit; expected a duration such as 500ms, 2s, 5m or 1h\n" },
	{ L "stop: soon\n", "m:2: stop: 'soon' is not a duration; expected one such as 500ms, 2s, 5m or 1h\n" },
	{ L "stop: -1s\n", "m:2: stop: '-1s' is not a duration; expected one such as 500ms, 2s, 5m or 1h\n" },
	{ L "stop: 2h\n", "m:2: stop: '2h' is out of range; expected 0s to 1h\n" },
	{ L "signals: { period: 10ms }\n", "m:2: signals.period: '10ms' is out of range; expected 100ms to 10s\n" },
	{ L "clients: { max: many }\n", "m:2: clients.max: 'many' is not a whole number; expected 1 to 65536\n" },
	{ L "clients: { max: 1.5 }\n", "m:2: clients.max: '1.5' is not a whole number; expected 1 to 65536\n" },
	{ L "clients: { max: 0 }\n", "m:2: clients.max: '0' is out of range; expected 1 to 65536\n" },
	{ L "score: { cpu: 0.8, ram: 0.8 }\n", "m:2: score: cpu and ram add up to 1.6; expected 1\n" },
	{ L "score: { cpu: .nan }\n", "m:2: score.cpu: '.nan' is not a number; expected 0 to 1\nm:2: score: cpu and ram add up to 0.2; expected 1\n" },
	{ L "log: { level: debuf }\n", "m:2: log.level: 'debuf' is not known; expected debug, info, warn or error; did you mean debug?\n" },
	{ L "log: { access: { fields: X-Own } }\n", "m:2: log.access.fields: 'X-Own' is no field of a message; expected such as request_X-Name, "
		"origin_Content-Type or downstream_Location\n" },
	{ L "log: { access: { fields: [ request_a b ] } }\n", "m:2: log.access.fields: 'request_a b' is no field of a message; expected such as "
		"request_X-Name, origin_Content-Type or downstream_Location\n" },
	{ L "log: { access: { fields: [ request_a, origin_a, request_A ] } }\n", "m:2: log.access.fields: 'request_A' is there twice\n" },
	{ L "log: { access: { fields: request_user-agent } }\n", "m:2: log.access.fields: 'request_user-agent' is a fact of the access log already\n" },
	{ L "log: { access: yes }\n", "m:2: log.access: 'yes' is not known; expected true, false, mola, common, combined, traefik or json\n" },
	{ L "defaults: { policy: fastest }\n", "m:2: defaults.policy: 'fastest' is not known; expected marginal, least-conn, "
	    "round-robin, random-two, best-node or marginal-1\n" },
	{ L "defaults: { profile: rum }\n", "m:2: defaults.profile: 'rum' is not a profile; expected balanced, cpu, ram, io or net, or "
	    "weights such as cpu=0.3,ram=0.7\n" },
	{ L "defaults: { profile: [ ram ] }\n", "m:2: defaults.profile: a list; expected one value\n" },
	{ L "defaults: { profile: { ram: 1, limits: { ram: [0.9, 0.7] } } }\n", "m:2: defaults.profile: 'ram=1,limits.ram=0.9-0.7' is "
	    "not a profile; expected limits such as limits.ram=0.7-0.9, the soft one below the hard one, or none\n" },
	{ L "defaults: { profile: { like: net, link: fast } }\n", "m:2: defaults.profile: 'like=net,link=fast' is not a profile; "
	    "expected a link in bits per second, such as link=1G or link=100M\n" },
	{ L "defaults: { profile: { limits: { ram: [1] } } }\n", "m:2: defaults.profile: not understood; expected plain values, and "
	    "lists of two. Which resources of a node matter, and their limits: balanced, cpu, ram, io, net, or weights and limits such as "
	    "ram,limits.ram=0.6-0.8; see PROFILES in mola.yaml(5).\n" },
	{ L "admin: { address: ':x' }\n", "m:2: admin.address: ':x' is not an address; expected one such as 127.0.0.1:8000 or "
	    "[::1]:8000, or none\n" },
	{ L "admin: { address: '0.0.0.0:80' }\n", "m:1: listen.address: '0.0.0.0:80' is also admin.address; expected another port\n" },
	{ L "admin: { socket: run.sock }\n", "m:2: admin.socket: 'run.sock' is not a socket's path; expected an absolute path of at "
	    "most 107 bytes, or none\n" },
	{ L "admin: { token: hunter2 }\n", "m:2: admin.token: not a token; expected 16 to 256 visible ASCII characters\n" },
	{ L "admin: { token_file: /nowhere }\n", "m:2: admin.token_file: '/nowhere' cannot be read: No such file or directory\n" },
	{ L "admin: { token_file: /dev/null }\n", "m:2: admin.token_file: '/dev/null' is not a token; expected 16 to 256 visible ASCII "
	    "characters in its first line\n" },
	{ L "admin:\n  token: 0123456789abcdef\n  token_file: /dev/null\n",
	    "m:4: admin.token_file: set together with admin.token; expected one of them\n" },

	{ L "admin: { tokens: [ { name: a }, { name: b, token: hunter2 } ] }\n", "m:2: admin.tokens.token: not a token; expected 16 to 256 "
	    "visible ASCII characters\nm:2: admin.tokens: no token; expected token or token_file\n" },
	{ L "admin: { tokens: [ { name: a, scopes: admin, token: 0123456789abcdef } ] }\n", "m:2: admin.tokens.scopes: 'admin' is not known; "
	    "expected read or write\n" },
	{ L "admin: { tokens: [ { token: 0123456789abcdef } ] }\n", "m:2: admin.tokens.name: missing. What the token is called in the page and "
	    "in logs.\n" },
	{ L "admin: { tokens: [ abc ] }\n", "m:2: admin.tokens: not a mapping; expected keys such as name, token, token_file or scopes\n" },
	{ L "admin:\n  token: 0123456789abcdef\n  tokens:\n  - { name: a, token: 0123456789abcdef }\n  - { name: a, token: 0123456789abcdeF }\n"
	    "  - { name: b, token: 0123456789abcdeF }\n", "m:5: admin.tokens.token: it is the same as admin.token; expected a unique one\n"
	    "m:6: admin.tokens.name: 'a' is already used in line 5; expected a unique one\n"
	    "m:7: admin.tokens.token: it is the same as that of line 6; expected a unique one\n" },
	{ L "admin: { tokens: [ { name: a, token_file: /nowhere } ] }\n", "m:2: admin.tokens.token_file: '/nowhere' cannot be read: No such "
	    "file or directory\n" },
	{ L "admin: { users: [ 'ann:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=', 'hunter2' ] }\n", "m:2: admin.users: user 2 is not understood; expected "
	    "NAME:HASH, as htpasswd writes it\n" },
	{ L "admin: { users: 'ann:hunter2' }\n", "m:2: admin.users: the hash of user 1 is not understood; expected one of bcrypt (up to cost "
	    "15), MD5 (apr1) or SHA, as htpasswd writes them\n" },
	{ L "admin: { users: 'ann:$$2y$$05$$x' }\n", "m:2: admin.users: the hash of user 1 begins with $$, which is how files of stacks write "
	    "$; expected it once\n" },
	{ L "admin: { users: [ 'ann:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=', 'ann:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZd=' ] }\n", "m:2: admin.users: user 2 "
	    "has the name of one before; expected each name once\n" },
	{ L "admin: { users_file: /nowhere }\n", "m:2: admin.users_file: '/nowhere' cannot be read: No such file or directory\n" },

	/* nodes, services, tasks */
	{ L "nodes: [ { name: a b } ]\n", "m:2: nodes.name: 'a b' is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-'\n" },
	{ L "nodes: [ { cores: 4 } ]\n", "m:2: nodes.name: missing. Unique among nodes.\n" },
	{ L "clients: { trusted: [ 10.0.0.1/8 ] }\n", "m:2: clients.trusted: '10.0.0.1/8' is not an address or a network; expected one such as "
	    "10.0.0.5, 10.1.0.0/16 or fd00::/8, without bits beyond the mask\n" },
	{ L "clients:\n  trusted: [ '::1', proxy ]\n", "m:3: clients.trusted: 'proxy' is not an address or a network; expected one such as "
	    "10.0.0.5, 10.1.0.0/16 or fd00::/8, without bits beyond the mask\n" },
	{ L "nodes: [ { name: a, cores: 0 } ]\n", "m:2: nodes.cores: '0' is out of range; expected 0.01 to 4096\n" },
	{ L "nodes: [ alpha ]\n", "m:2: nodes: not a mapping; expected keys such as name, address, cores, agent or node_exporter\n" },
	{ L "nodes:\n- name: a\n- name: a\n", "m:4: nodes.name: 'a' is already used in line 3; expected a unique one\n" },
	{ L "nodes: [ { name: a, agent: 10.0.0.1 } ]\n", "m:2: nodes.agent: '10.0.0.1' is not a URL; expected http://host:port/stream, or "
	    "host:port for short\n" },
	{ L "services: [ { name: web } ]\n", "m:2: services.tasks: missing. The tasks that serve the requests of the service; at least one.\n" },
	{ L "services: [ { name: web, tasks: [] } ]\n", "m:2: services.tasks: an empty list. The tasks that serve the requests of the "
	    "service; at least one.\n" },
	{ L "nodes: [{name: alpha}]\nservices:\n- name: web\n  tasks: [{node: alfa, address: '1.2.3.4:5'}]\n",
	    "m:5: services.tasks.node: there is no node 'alfa' in nodes; did you mean alpha?\n" },
	{ L "services:\n- name: web\n  tasks: [{node: alfa, address: '1.2.3.4:5'}]\n",
	    "m:4: services.tasks.node: there is no node 'alfa' in nodes; expected the name of one of them\n" },
	{ L "nodes: [{name: a}]\nservices:\n- name: web\n  tasks: [{node: a, address: 'web:5'}]\n",
	    "m:5: services.tasks.address: 'web:5' is not an address; expected an IP address and a port, such as 10.0.0.1:80\n" },
	{ L "nodes: [{name: a}]\nservices:\n- name: web\n  tasks: [{node: a, address: ':5'}]\n",
	    "m:5: services.tasks.address: ':5' is not an address; expected an IP address and a port, such as 10.0.0.1:80\n" },
	{ L "nodes: [{name: a}]\nservices:\n- name: web\n  tasks: [{node: a, address: '1.2.3.4:5', container: 0123456789a}]\n",
	    "m:5: services.tasks.container: '0123456789a' is not a container's id; expected 12 to 64 of 0-9 and a-f\n" },
	{ L "nodes: [{name: a}]\nservices:\n- name: web\n  tasks: [{node: a, address: '1.2.3.4:5', container: 0123456789aG}]\n",
	    "m:5: services.tasks.container: '0123456789aG' is not a container's id; expected 12 to 64 of 0-9 and a-f\n" },
	{ L "nodes: [{name: a}]\nservices:\n- {name: web, tasks: [{node: a, address: '1.1.1.1:1'}]}\n"
	    "- {name: web, host: x, tasks: [{node: a, address: '1.1.1.1:1'}]}\n",
	    "m:5: services.name: 'web' is already used in line 4; expected a unique one\n"
	    "m:5: services.tasks.name: 'web.1' is already used in line 4; expected a unique one\n" },
	{ L "nodes: [{name: a}]\nservices:\n- {name: x, host: W.org, tasks: [{node: a, address: '1.1.1.1:1'}]}\n"
	    "- {name: y, host: w.ORG, tasks: [{node: a, address: '1.1.1.1:1'}]}\n",
	    "m:5: services: w.org/ is served since line 4 by 'x'; expected another host or path\n" },
	{ L "nodes: [{name: a}]\nservices:\n- {name: x, tasks: [{node: a, address: '1.1.1.1:1'}]}\n"
	    "- {name: y, tasks: [{node: a, address: '1.1.1.1:1'}]}\n",
	    "m:5: services: any host, path / is served since line 4 by 'x'; expected another host or path\n" },
	{ L "nodes: [{name: a}]\nservices:\n- {name: x, host: '*', tasks: [{node: a, address: '1.1.1.1:1'}]}\n",
	    "m:4: services.host: '*' is not a host; expected names, or no host at all, which is any\n" },
	{ L "nodes: [{name: a}]\nservices:\n- {name: x, host: 'w.org:80', path: w, tasks: [{node: a, address: '1.1.1.1:1'}]}\n",
	    "m:4: services.host: 'w.org:80' is not a host; expected a name such as www.example.org, without a port\n"
	    "m:4: services.path: 'w' is not a path; expected one that begins with '/'\n" },
#define RULED(more) L "nodes: [{name: a}]\nservices:\n- name: x\n  tasks: [{node: a, address: '1.1.1.1:1'}]\n" more
	{ RULED("  rule: Host(a)\n"), "m:6: services.rule: not a rule: expected a text between backquotes\n" },
	{ RULED("  rule: Host(`a`, `b`)\n"), "m:6: services.rule: not understood: Host with 2 texts\n" },
	{ RULED("  rule: Host(`a`) && Host(`b`)\n"), "m:6: services.rule: no request can match all of it\n" },
	{ RULED("  rule: Host(`a`)\n  priority: 1.5\n"), "m:7: services.priority: '1.5' is not a priority; expected a whole number, "
	    "-9223372036854774807 to 9223372036854774807\n" },
	{ RULED("  rule: Host(`a`)\n  host: a\n  path: /\n"), "m:7: services.host: the service has a rule; expected one or the other\n"
	    "m:8: services.path: the service has a rule; expected one or the other\n" },
	/* middlewares: a name, a kind, its options */
#define M L "middlewares:\n  slim:\n    "
	{ L "middlewares: [ a ]\n", "m:2: middlewares: not a mapping. What happens to requests and responses on their way, by name: a mapping of "
	    "NAME to KIND to the options of that kind, as in Traefik's files; doc/middlewares.md lists kinds and options. The key middlewares of "
	    "services and the label mola.middlewares name them, and so can labels of Traefik's, as NAME@mola.\n" },
	{ L "middlewares:\n  slim: true\n", "m:3: middlewares.slim: expected one kind of middleware below it, such as headers, and below that its options\n" },
	{ M "stripPrefix: { prefixes: /a }\n    addPrefix: { prefix: /b }\n", "m:3: middlewares.slim: expected one kind of middleware below it, such "
	    "as headers, and below that its options\n" },
	{ M "stripPrefx: { prefixes: /a }\n", "m:4: middlewares.slim.stripPrefx: no kind of middleware that Mola has; doc/middlewares.md lists them\n" },
	{ M "stripPrefix:\n      forceSlash: true\n      prefix: /a\n", "m:6: middlewares.slim.stripPrefix: which is not understood: stripprefix has no "
	    "option prefix\n" },
	{ M "stripPrefix:\n      prefixes: [ /a, '/b,c' ]\n", "m:5: middlewares.slim.stripPrefix.prefixes: an item of a list has a comma, which Mola cannot "
	    "distinguish from two items\n" },
	{ M "stripPrefix:\n      prefixes:\n", "m:5: middlewares.slim.stripPrefix.prefixes: no value\n" },
	{ M "stripPrefix: { prefixes: /a }\n  a.b: { addPrefix: { prefix: /b } }\n", "m:5: middlewares.a.b: not understood; expected a name without dots "
	    "and brackets\n" },
	{ M "stripPrefix: { prefixes: /a }\n  slim: { addPrefix: { prefix: /b } }\n", "m:5: middlewares.slim: given twice\n" },
	{ M "chain: { middlewares: [ other ] }\n", "m:4: middlewares.slim.chain: which has other@mola, nothing that Mola reads defines it\n" },
	{ RULED("  middlewares: slum\nmiddlewares: { slim: { stripPrefix: { prefixes: /a } } }\n"), "m:6: services.middlewares: there is no 'slum' in "
	    "middlewares; expected the name of one of them\n" },
	{ RULED("  middlewares: web@file\n"), "m:6: services.middlewares: there is no 'web@file' in middlewares; expected the name of one of them\n" },
	{ L "nodes: [{name: a}]\nservices:\n- name: x\n  health: { pth: / }\n  tasks: [{node: a, address: '1.1.1.1:1'}]\n",
	    "m:5: services.health.pth: unknown key; did you mean path?\n" },
	{ L "defaults:\n  retry:\n    on: [ connect, 503, conect ]\n    budget: 0.2\n    attempts: 11\n    body: [ 1k ]\n",
	    "m:4: defaults.retry.on: 'connect,503,conect' has 'conect', which is not known; expected connect, reset, timeout or unavailable, "
	    "statuses such as 503, 500-504 or 5xx, with commas between them, or none\n"
	    "m:5: defaults.retry.budget: '0.2' is not a percentage; expected one such as 20%\n"
	    "m:6: defaults.retry.attempts: '11' is out of range; expected 1 to 10\n"
	    "m:7: defaults.retry.body: a list; expected one value\n" },
};

static struct conf *
parse(const char *yaml, char *says, size_t cap)
{
	struct buf errors;
	struct conf *c;

	buf_init(&errors, 1 << 20);
	c = conf_parse(str_of(yaml), "m", &errors);
	str_copy(says, cap, buf_str(&errors));
	buf_fini(&errors);
	return c;
}

static struct conf *
parse_right(const char *yaml)
{
	char says[4096];
	struct conf *c = parse(yaml, says, sizeof says);

	assert_string_equal(says, "");
	assert_non_null(c);
	return c;
}

static void
test_rules_make_routes(void **state)
{
	struct conf *c = parse_right(RULED("  rule: Host(`A.org`) && Method(`GET`) || Path(`/x`)\n"));
	const struct conf_service *s = &c->service[0];

	(void)state;
	assert_int_equal(s->nroutes, 2);
	assert_string_equal(s->route[0].host, "a.org");
	assert_non_null(s->route[0].rule->condition);
	assert_int_equal(s->route[0].rule->priority, 44);
	assert_string_equal(s->route[1].path, "/x");
	assert_true(s->route[1].rule->whole && s->route[1].rule->condition == NULL);
	conf_free(&c);
	c = parse_right(RULED("  rule: Host(`a.org`)\n  priority: -3\n"));
	assert_int_equal(c->service[0].route[0].rule->priority, -3);
	conf_free(&c);
}

static void
test_middlewares_are_on_every_route(void **state)
{
	struct conf *c = parse_right(RULED("  host: [ a.org, b.org ]\n  middlewares: [ slim, only ]\n") "middlewares:\n  slim: { stripPrefix: { prefixes: "
	    "[ /a, /b ] } }\n  only: { chain: { middlewares: lan } }\n  lan: { ipAllowList: { sourceRange: [ 10.0.0.0/8 ], ipStrategy: { depth: 2 } } }\n");
	const struct conf_service *s = &c->service[0];
	struct arena *a = arena_new();
	const struct filter_chain *chain;

	(void)state;
	assert_int_equal(s->nroutes, 2);
	assert_string_equal(s->route[0].chain, s->route[1].chain);
	assert_true(s->route[0].guards && s->route[1].guards);
	chain = filter_chain_parse(a, str_of(s->route[0].chain));
	assert_non_null(chain);
	assert_int_equal(chain->n, 2);
	assert_true(str_eq(chain->filter[0].name, STR("slim@mola")) && str_eq(chain->filter[1].name, STR("lan@mola")));
	assert_int_equal(chain->filter[0].of.strip_prefix.prefixes.n, 2);
	assert_int_equal(chain->filter[1].of.ip_allow_list.depth, 2);
	arena_free(&a);
	conf_free(&c);
	c = parse_right(RULED("  rule: Host(`a.org`)\n  middlewares: slim\n") "middlewares: { slim: { stripPrefix: { prefixes: /a } } }\n");
	assert_non_null(c->service[0].route[0].chain);
	assert_false(c->service[0].route[0].guards);
	conf_free(&c);
}

static void
test_wrong(void **state)
{
	char says[4096];

	(void)state;
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		assert_null(parse(wrongs[i].yaml, says, sizeof says));
		assert_string_equal(says, wrongs[i].says);
	}
}

static void
test_all_faults_are_told_in_the_order_of_lines(void **state)
{
	char says[4096];

	(void)state;
	assert_null(parse("services:\n- nam: web\nuser: ''\nlisten: x\nstop: 5\n", says, sizeof says));
	assert_string_equal(says,
	    "m:2: services.nam: unknown key; did you mean name?\n"
	    "m:2: services.name: missing. Unique among services.\n"
	    "m:2: services.tasks: missing. The tasks that serve the requests of the service; at least one.\n"
	    "m:3: user: '' is not a word; expected 1 to 255 visible ASCII characters\n"
	    "m:4: listen.address: 'x' is not an address; expected one such as :80, 10.0.0.1:80 or [::1]:80\n"
	    "m:5: stop: '5' has no unit; expected a duration such as 500ms, 2s, 5m or 1h\n");
}

static void
test_many_faults_are_counted(void **state)
{
	char says[16384];
	struct buf yaml;

	(void)state;
	buf_init(&yaml, 1 << 16);
	buf_printf(&yaml, L "nodes:\n");
	for (int i = 0; i < FAULTS_MAX + 7; i++)
		buf_printf(&yaml, "- { name: '!%d' }\n", i);
	buf_add(&yaml, "", 1);
	assert_null(parse(yaml.p, says, sizeof says));
	assert_non_null(strstr(says, "\nm: and 7 more\n"));
	buf_fini(&yaml);
}

static void
test_long_and_strange_values_are_quoted_short(void **state)
{
	char says[4096], yaml[2000], long_word[1000];

	(void)state;
	memset(long_word, 'x', sizeof long_word);
	snprintf(yaml, sizeof yaml, L "stop: %.900s\nuser: \"a\\nb\"\n", long_word);
	assert_null(parse(yaml, says, sizeof says));
	assert_between(strlen(says), 100, 300);
	assert_non_null(strstr(says, "xxx...' is not a duration"));
	assert_non_null(strstr(says, "user: 'a b' is not a word"));
}

static void
test_defaults(void **state)
{
	struct conf *c = parse_right(L);
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(c->nlisten, 1);
	assert_string_equal(addr_text(&c->listen[0].addr, text), "0.0.0.0:80");
	assert_string_equal(c->listen[0].name, "0.0.0.0:80");
	assert_between(c->workers, 1, WORKERS_MAX);
	assert_string_equal(c->user, "nobody");
	assert_int_equal(c->stop_usec, 30000000);
	assert_string_equal(addr_text(&c->admin_addr, text), "127.0.0.1:8000");
	assert_string_equal(c->admin_socket, "/run/mola/admin.sock");
	assert_false(c->admin_socket_given);
	assert_null(c->admin_token);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_false(c->log_json || c->log_access != CONF_ACCESS_OFF);
	assert_int_equal(c->signal_period_usec, 1000000);
	assert_true(c->balancers == 0 && c->score_cpu_weight == 0.8 && c->score_ram_weight == 0.2);
	assert_int_equal(c->client_head_usec, 10000000);
	assert_int_equal(c->clients_max, 4096);
	assert_int_equal(c->nnodes + c->nservices, 0);
	conf_free(&c);
	assert_null(c);
}

/* A byte order mark, sections without content, and none for a unix socket are all fine. */
static void
test_sparse(void **state)
{
	struct conf *c = parse_right("\xef\xbb\xbf" L "nodes:\nservices: ~\nadmin:\nlog: {}\n");

	(void)state;
	conf_free(&c);
	c = parse_right(L "admin: { address: none, socket: none }\n");
	assert_int_equal(c->admin_addr.len, 0);
	assert_null(c->admin_socket);
	assert_true(c->admin_socket_given);
	conf_free(&c);
}

static const char whole[] =
    "services:\n"			/* before what they refer to */
    "- name: web\n"
    "  host: [ WWW.Example.org, example.org ]\n"
    "  path: [ /, /b/ ]\n"
    "  policy: least-conn\n"
    "  profile: { cpu: 1, memory: 3, limits: { ram: [ 0.5, 0.75 ] } }\n"
    "  health: { interval: 250ms }\n"
    "  tasks:\n"
    "  - { node: alpha, address: '10.0.0.1:80' }\n"
    "  - { node: beta, address: '[::1]:80', name: other }\n"
    "- name: api\n"
    "  path: /api\n"
    "  health: { path: none }\n"
    "  tasks: [ { node: beta, address: '10.0.0.2:81' } ]\n"
    "defaults: { policy: random-two, profile: io, connect: 1.5s, health: { path: /up, fall: 5 } }\n"
    "nodes:\n"
    "- { name: alpha, node_exporter: '10.0.0.1:9100', cores: 2.5 }\n"
    "- { name: beta, agent: 'http://b.local:9101/stream?x', node_exporter: 'https://b.local', address: b.local }\n"
    "listen: [ '127.0.0.1:80', '[::1]:80' ]\n";

static void
test_what_is_sent_again(void **state)
{
	struct conf *c = parse_right(L "nodes: [{name: a}]\ndefaults: { retry: { on: [ connect, 5xx ], budget: 40%, body: 64KB } }\n"
	    "services:\n- name: x\n  retry: { on: [], per_try_timeout: 2s }\n  tasks: [{node: a, address: '1.1.1.1:1'}]\n"
	    "- name: y\n  host: y\n  retry: { on: '429,reset', methods: all }\n  tasks: [{node: a, address: '1.1.1.1:1'}]\n");
	const struct service_conf *x = &c->service[0].conf, *y = &c->service[1].conf;

	(void)state;
	assert_true(retry_on_has(&c->defaults.retry_on, RETRY_CONNECT) && retry_on_has_status(&c->defaults.retry_on, 599));
	assert_int_equal(x->retry_on.reasons, 0);
	assert_false(retry_on_has_status(&x->retry_on, 503));
	assert_int_equal(x->retry_per_try_usec, 2000000);
	assert_int_equal(x->retry_budget, 40);
	assert_int_equal(x->retry_body, 65536);
	assert_int_equal(x->retry_attempts, 3);
	assert_true(retry_on_has(&y->retry_on, RETRY_RESET) && retry_on_has_status(&y->retry_on, 429));
	assert_false(retry_on_has(&y->retry_on, RETRY_CONNECT) || retry_on_has_status(&y->retry_on, 500));
	assert_int_equal(y->retry_methods, RETRY_ALL);
	conf_free(&c);
}

static void
test_traefik_is_a_switch_or_a_mapping(void **state)
{
	struct conf *c = parse_right(L "swarm: { traefik: false }\n");

	(void)state;
	assert_false(c->swarm_traefik);
	assert_int_equal(c->traefik_exposed, MAYBE_ABSENT);
	conf_free(&c);
	c = parse_right(L "swarm: {}\n");
	assert_true(c->swarm_traefik);
	assert_null(c->traefik_constraint);
	conf_free(&c);
	c = parse_right(L "swarm:\n  constraint: Label(`a`, `b`)\n  traefik:\n    ignore_middlewares: [ hsts@file, compress ]\n"
	    "    entry_points: { lan: all, Admin: all }\n    exposed_by_default: false\n    default_rule: Host(`{{ .Name }}.org`)\n");
	assert_true(c->swarm_traefik);
	assert_string_equal(c->swarm_constraint, "Label(`a`, `b`)");
	assert_int_equal(c->traefik_ignore.n, 2);
	assert_string_equal(c->traefik_ignore.item[0], "hsts@file");
	assert_int_equal(c->traefik_entry_points.n, 2);
	assert_string_equal(c->traefik_entry_points.item[1], "Admin");
	assert_int_equal(c->traefik_exposed, MAYBE_NO);
	assert_string_equal(c->traefik_default_rule, "Host(`{{ .Name }}.org`)");
	conf_free(&c);
	c = parse_right(L "swarm:\n  traefik:\n    entry_points: lan\n");
	assert_int_equal(c->traefik_entry_points.n, 1);
	conf_free(&c);
}

static void
test_acme(void **state)
{
	struct conf *c = parse_right("listen: [ ':80', { address: ':443', tls: true } ]\nacme:\n");

	char file[] = "/tmp/mola-conf-XXXXXX", text[1000];
	int fd = mkstemp(file);

	(void)state;
	assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef\n", 33), 33);
	assert_int_equal(c->nacme_cas, 1);
	assert_string_equal(c->acme_ca[0].url, "https://acme-v02.api.letsencrypt.org/directory");
	assert_int_equal(c->acme_challenges.n, 1);
	assert_string_equal(c->acme_challenges.item[0], "http-01");
	assert_int_equal(c->acme_most, 100);
	assert_string_equal(c->acme_state, "/var/lib/mola");
	conf_free(&c);
	close(fd);
	snprintf(text, sizeof text, "listen: [ ':80', { address: ':443', tls: true } ]\nacme:\n  ca: [ letsencrypt-staging, { url: 'https://a/dir', eab_id: x, "
	    "eab_key: abcdefghijklmnopq_ } ]\n  email: me@example.org\n  names: [ 'WWW.example.org  example.org', '*.example.net' ]\n"
	    "  hook: /bin/true\n  hook_timeout: 5m\n  profile: shortlived\n  secret: [ %s, /proc/self/root%s ]\n  allow: "
	    "'*.Example.org'\ndefaults: { tls: acme }\n", file, file);
	c = parse_right(text);
	assert_int_equal(c->nacme_cas, 2);
	assert_string_equal(c->acme_ca[1].eab_id, "x");
	assert_string_equal(c->acme_names.item[0], "www.example.org example.org");
	assert_string_equal(c->acme_names.item[1], "*.example.net");
	assert_int_equal(c->acme_challenges.n, 2);
	assert_int_equal(c->acme_secrets.n, 2);
	unlink(file);
	assert_string_equal(c->acme_allow.item[0], "*.example.org");
	assert_int_equal(c->defaults.tls, SERVICE_TLS_ACME);
	conf_free(&c);
	c = parse_right(L);
	assert_int_equal(c->nacme_cas, 0);
	conf_free(&c);
}

/* A file that is good, and what is said of it all the same. */
static void
doubted(const char *yaml, const char *expected)
{
	struct buf said;
	struct conf *c;

	buf_init(&said, 4096);
	c = conf_parse(str_of(yaml), "m", &said);
	buf_add(&said, "", 1);
	assert_string_equal(said.p, expected);
	assert_non_null(c);
	buf_fini(&said);
	conf_free(&c);
}

/* Where a CA asks is fixed; a container's port may lead elsewhere. */
static void
test_what_a_ca_cannot_reach_is_doubted(void **state)
{
#define PLAIN	"listen: ':8080'\n"
#define TLS	"listen: { address: ':4443', tls: true }\n"
	static const struct { const char *yaml, *said; } cases[] = {
		{ TLS "acme: { challenge: [ http-01 ], email: a@b.org }\n",
		    "m:2: warning: acme.challenge: http-01, but listen has no listener without TLS; expected one on port 80, to "
		    "which the CA connects\n" },
		{ PLAIN "acme: { email: a@b.org }\n",
		    "m:1: warning: listen: the CA connects to port 80 for acme.challenge http-01; expected a listener without TLS there, "
		    "unless port 80 of the host leads to this one\n"
		    "m:2: warning: acme: no listener serves certificates; expected tls: true on one in listen\n" },
		{ TLS "acme: { challenge: tls-alpn-01 }\n",
		    "m:1: warning: listen: the CA connects to port 443 for acme.challenge tls-alpn-01; expected a listener with TLS there, "
		    "unless port 443 of the host leads to this one\n" },
		{ "listen: [ ':8080', ':80', { address: '[::]:443', tls: true } ]\nacme: { challenge: [ http-01, tls-alpn-01 ] }\n", "" },
		{ TLS "acme: { challenge: dns-01, hook: /bin/true }\n", "" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		doubted(cases[i].yaml, cases[i].said);
}

/* Traefik's leasttime takes a task that refuses connections for the fastest. */
static void
test_leasttime_wants_health_checks(void **state)
{
#define WANTS(line, name)	"m:" line ": warning: targets.strategy: leasttime of target 'edge' takes a task that refuses connections " \
	"for the fastest, and sends it all requests: service '" name "' has no health check; expected health.path\n"
#define SERVICES		"nodes: [ { name: n } ]\nservices:\n- { name: web, host: a, tasks: [ { node: n, address: '1.2.3.4:1' } ] }\n" \
	"- { name: api, host: b, tasks: [ { node: n, address: '1.2.3.4:2' } ], health: { path: / } }\n- { name: old, host: c, tasks: [ { node: n, address: '1.2.3.4:3' } ] }\n" \
	"- { name: rpc, host: d, tasks: [ { node: n, address: '1.2.3.4:4' } ], health: { mode: grpc } }\n- { name: both, host: e, weighted: [ { service: web } ] }\n"
#define TARGET(more)		"targets:\n- { name: edge, kind: traefik-file, file: /t.yml" more " }\n"
	(void)state;
	doubted(SERVICES TARGET(", strategy: leasttime"), WANTS("9", "web") WANTS("9", "old"));
	doubted(SERVICES TARGET(", strategy: leasttime, services: [ old, api ]"), WANTS("9", "old"));
	doubted(SERVICES TARGET(", strategy: leasttime, services: [ api ]"), "");
	doubted(SERVICES TARGET(", strategy: wrr"), "");
	doubted(SERVICES TARGET(""), "");
	doubted(SERVICES "defaults: { health: { path: /up } }\n" TARGET(", strategy: leasttime"), "");
}

static void
test_listeners_have_modes(void **state)
{
	struct conf *c = parse_right("tls:\n  certificates: [ /a.pem, { cert: /b.pem, key: /b.key } ]\n  default: /b.pem\n  min_version: 1.3\n  suites: [ TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 ]\n"
	    "  hsts: 30d\nlisten:\n- ':80'\n- { address: ':81', redirect_https: true }\n- { address: ':82', redirect_https: 8443 }\n"
	    "- { address: ':443', tls: true }\n- { address: ':444', tls: true, http2: false, client_ca: /ca }\n"
	    "- { address: ':445', http2: true, name: h2c }\n- { address: ':446', tls: true, client_ca: /ca, client_cert: optional }\n");

	(void)state;
	assert_int_equal(c->nlisten, 7);
	assert_false(c->listen[0].tls);
	assert_int_equal(c->listen[0].http2, MAYBE_NO);
	assert_int_equal(c->listen[0].redirect_port, 0);
	assert_int_equal(c->listen[1].redirect_port, 443);
	assert_int_equal(c->listen[2].redirect_port, 8443);
	assert_true(c->listen[3].tls);
	assert_int_equal(c->listen[3].http2, MAYBE_YES);
	assert_int_equal(c->listen[3].client_cert, CLIENT_CERT_NONE);
	assert_int_equal(c->listen[4].http2, MAYBE_NO);
	assert_int_equal(c->listen[4].client_cert, CLIENT_CERT_REQUIRE);
	assert_int_equal(c->listen[5].http2, MAYBE_YES);
	assert_int_equal(c->listen[6].client_cert, CLIENT_CERT_OPTIONAL);
	assert_int_equal(c->ncertificates, 2);
	assert_null(c->certificate[0].key);
	assert_string_equal(c->certificate[1].key, "/b.key");
	assert_string_equal(c->tls_default, "/b.pem");
	assert_int_equal(c->tls_min_version, 13);
	assert_int_equal(conf_tls_suites(c), 1 << 1 | 1 << 3);
	assert_int_equal(c->hsts_seconds, 30 * 86400);
	conf_free(&c);
	c = parse_right(L T);
	assert_null(c->tls_default);
	assert_int_equal(c->tls_min_version, 12);
	assert_int_equal(c->hsts_seconds, -1);
	conf_free(&c);
}

#define TCP(more) "listen: [ { address: ':80', name: web }, { address: ':5432', name: pg }, { address: ':443', name: tls, tls: true } ]\n" \
    "tls: { certificates: /a.pem }\nnodes: [ { name: a } ]\nservices:\n- name: db\n  tasks: [ { node: a, address: '10.0.0.1:1' } ]\n" more

static void
test_tcp_services(void **state)
{
	const struct conf_service *s;
	struct conf *c = parse_right(TCP("  kind: tcp\n  listen: [ pg ]\n  proxy_protocol: v2\n  tunnel: 5m\n  health: { connect: false }\n"));

	(void)state;
	s = &c->service[0];
	assert_int_equal(s->conf.kind, SERVICE_TCP);
	assert_int_equal(s->conf.proxy_version, PROXY_V2);
	assert_false(s->conf.health_connect);
	assert_int_equal(s->nroutes, 1);
	assert_string_equal(s->route[0].listener, "pg");
	assert_string_equal(s->route[0].host, "");
	conf_free(&c);
	c = parse_right(TCP("  kind: tcp\n  host: [ a.org, '*.b.org' ]\n"));	/* wherever there is TLS */
	s = &c->service[0];
	assert_true(s->conf.health_connect);
	assert_int_equal(s->nroutes, 2);
	assert_string_equal(s->route[1].listener, "tls");
	assert_string_equal(s->route[1].host, "*.b.org");
	conf_free(&c);
	c = parse_right(TCP("  kind: tcp\n  host: a.org\n  listen: [ pg, tls ]\n"));
	s = &c->service[0];
	assert_int_equal(s->nroutes, 2);
	assert_string_equal(s->route[0].listener, "pg");
	assert_string_equal(s->route[1].listener, "tls");
	conf_free(&c);
	c = parse_right(TCP("  kind: tcp\n  listen: pg\n  tls: terminate\n  alpn: postgresql\n"));
	s = &c->service[0];
	assert_true(s->route[0].ends_tls);
	assert_string_equal(s->conf.alpn, "postgresql");
	conf_free(&c);
	c = parse_right(TCP("  kind: tcp\n  listen: tls\n  tls: terminate\n"));	/* there is no HTTPS then, on purpose */
	assert_true(c->service[0].route[0].ends_tls);
	conf_free(&c);
	c = parse_right(TCP("  kind: tcp\n  host: a.org\nacme: { ca: letsencrypt }\ndefaults: { tls: acme }\n"));	/* its own word counts */
	assert_int_equal(c->defaults.tls, SERVICE_TLS_ACME);
	assert_int_equal(c->service[0].conf.tls, SERVICE_TLS_NONE);
	assert_false(c->service[0].route[0].ends_tls);
	conf_free(&c);
	c = parse_right(TCP(""));
	assert_int_equal(c->service[0].conf.kind, SERVICE_HTTP);
	assert_null(c->service[0].route[0].listener);
	conf_free(&c);
}

static void
test_tcp_services_are_sound(void **state)
{
	static const struct {
		const char *yaml, *says;
	} wrong[] = {
		{ TCP("  kind: udp\n"), "m:7: services.kind: 'udp' is not known; expected http or tcp; did you mean tcp?\n" },
		{ TCP("  kind: tcp\n"), "m:5: services.listen: missing: a service of kind tcp gets the connections of a listener; expected its "
		    "name, or host for TLS connections by the server that they name\n" },
		{ TCP("  kind: tcp\n  listen: pgg\n"), "m:5: services.listen: there is no listener 'pgg'; did you mean pg?\n" },
		{ TCP("  kind: tcp\n  listen: tls\n"), "m:5: services.listen: listener 'tls' has tls, and a service without host would take "
		    "all of its connections; expected host, or a listener without tls\n" },
		{ TCP("  kind: tcp\n  listen: pg\n  path: /x\n  response: 1s\n  idle: 1s\n  health: { path: /up }\n"),
		    "m:9: services.path: a service of kind tcp has no requests\n"
		    "m:10: services.response: a service of kind tcp has no responses that are known as such\n"
		    "m:11: services.idle: a service of kind tcp has no bodies; expected tunnel, which is for all of a connection\n"
		    "m:12: services.health.path: a service of kind tcp has no requests; expected health.connect\n" },
		{ TCP("  kind: tcp\n  listen: pg\n  scheme: https\n  task_tls: { verify: false, ca: system, name: a.org, cert: none }\n"),
		    "m:9: services.scheme: a service of kind tcp connects to its tasks without TLS, and knows no protocol of theirs\n"
		    "m:10: services.task_tls.verify: a service of kind tcp has no TLS to its tasks\n"
		    "m:10: services.task_tls.ca: a service of kind tcp has no TLS to its tasks\n"
		    "m:10: services.task_tls.name: a service of kind tcp has no TLS to its tasks\n"
		    "m:10: services.task_tls.cert: a service of kind tcp has no TLS to its tasks\n" },
		{ TCP("  kind: tcp\n  listen: pg\n  alpn: postgresql\n"), "m:5: services.alpn: set without tls; expected tls: terminate or acme, "
		    "as Mola does not take part in TLS that is passed through\n" },
		{ TCP("  kind: tcp\n  listen: pg\n  tls: terminate\n  alpn: 'a, b'\n"), "m:10: services.alpn: 'a, b' is not a list of protocols; "
		    "expected names with commas and no blanks between them, such as postgresql, or none\n" },
		{ TCP("  kind: tcp\n  listen: pg\n  tls: acme\nacme: { ca: letsencrypt }\n"), "m:5: services.tls: acme without host; expected "
		    "the names that certificates are ordered for\n" },
		{ TCP("  kind: tcp\n  listen: pg\n  tls: yes\n"), "m:9: services.tls: 'yes' is not known; expected none, acme or terminate\n" },
		{ TCP("  alpn: h2\n"), "m:7: services.alpn: a service of kind http is offered as HTTP/1.1 and, where the listener has http2, HTTP/2\n" },
		{ "listen: { address: ':1', name: pg }\nnodes: [ { name: a } ]\nservices: [ { name: b, kind: tcp, listen: pg, tls: terminate, tasks: [ { node: a, address: '10.0.0.1:2' } ] } ]\n",
		    "m:3: services.tls: there is no certificate; expected some in tls.certificates, or a section acme\n" },
		{ TCP("  listen: pg\n  proxy_protocol: v1\n  health: { connect: true }\n"),
		    "m:8: services.proxy_protocol: a service of kind http identifies clients by X-Forwarded-For\n"
		    "m:9: services.health.connect: a service of kind http is checked by health.path\n" },
		{ TCP("  kind: tcp\n  listen: pg\n- { name: b, kind: tcp, listen: pg, tasks: [ { node: a, address: '10.0.0.1:2' } ] }\n"),
		    "m:9: services: any connection on listener 'pg' goes since line 5 to 'db'; expected another host or listener\n" },
		{ TCP("  kind: tcp\n  host: a.org\n- { name: b, kind: tcp, listen: tls, host: a.org, "
		    "tasks: [ { node: a, address: '10.0.0.1:2' } ] }\n"),
		    "m:9: services: a.org on listener 'tls' goes since line 5 to 'db'; expected another host or listener\n" },
		{ TCP("defaults: { kind: tcp }\n"), "m:5: services.listen: missing: a service of kind tcp gets the connections of a listener; expected its "
		    "name, or host for TLS connections by the server that they name\n"
		    "m:7: defaults.kind: of no use here; expected kind in each service of kind tcp\n" },
		{ L "nodes: [ { name: a } ]\nservices: [ { name: b, kind: tcp, host: a.org, tasks: [ { node: a, address: '10.0.0.1:2' } ] } ]\n",
		    "m:3: services.listen: missing: no listener has tls; expected the name of the listener whose connections go to the service\n" },
	};
	char says[4096];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_null(parse(wrong[i].yaml, says, sizeof says));
		assert_string_equal(says, wrong[i].says);
	}
}

#define GROUP(more) L "nodes: [ { name: n } ]\nservices:\n- { name: a, tasks: [ { node: n, address: '10.0.0.1:1' } ] }\n" \
    "- { name: b, host: b.org, tasks: [ { node: n, address: '10.0.0.1:2' } ] }\n" more
#define WEIGHTED "- { name: w, host: w.org, weighted: [ { service: a, weight: 3 }, { service: b } ]"

static void
test_overload(void **state)
{
	struct conf *c = parse_right(L "nodes: [ { name: n } ]\ndefaults: { overload: { wait: 1s, priority: low } }\nservices:\n"
	    "- { name: a, overload: false, tasks: [ { node: n, address: '10.0.0.1:1' } ] }\n"
	    "- { name: b, overload: { bound: 8, priority: high }, max_inflight: 9, host: b, tasks: [ { node: n, address: '10.0.0.1:2' } ] }\n");
	const struct service_conf *a = &c->service[0].conf, *b = &c->service[1].conf;

	(void)state;
	assert_true(!a->overload && b->overload);
	assert_true(a->overload_wait_usec == 1000000 && b->overload_wait_usec == 1000000);
	assert_true(a->overload_bound == 4 && b->overload_bound == 8);
	assert_true(a->overload_priority == PRECEDENCE_LOW && b->overload_priority == PRECEDENCE_HIGH);
	assert_true(a->max_inflight == 0 && b->max_inflight == 9 && b->task_max_inflight == 0);
	conf_free(&c);
}

static void
test_services_that_lead_to_others(void **state)
{
	struct conf *c = parse_right(GROUP("- { name: w, weighted: [ { service: a, weight: 3 }, { service: b } ], "
	    "sticky: { cookie: w }, path: /w, middlewares: m }\n- { name: f, rule: 'Host(`f.org`)', failover: { service: w, fallback: a } }\n"
	    "middlewares: { m: { addprefix: { prefix: /x } } }\ndefaults: { sticky: { cookie: all } }\n"));
	const struct conf_service *a = &c->service[0], *b = &c->service[1], *w = &c->service[2], *f = &c->service[3];

	(void)state;
	assert_null(a->group);
	assert_int_equal(a->nroutes, 0);		/* only others lead to it */
	assert_int_equal(b->nroutes, 1);
	assert_string_equal(a->conf.sticky_cookie, "all");
	assert_int_equal(w->group->kind, GROUP_WEIGHTED);
	assert_int_equal(w->group->n, 2);
	assert_string_equal(w->group->child[0].service, "a");
	assert_int_equal(w->group->child[0].weight, 3);
	assert_int_equal(w->group->child[1].weight, 1);
	assert_string_equal(w->conf.sticky_cookie, "w");
	assert_int_equal(w->nroutes, 1);
	assert_non_null(w->route[0].chain);
	assert_int_equal(f->group->kind, GROUP_FAILOVER);
	assert_string_equal(f->group->child[0].service, "w");
	assert_string_equal(f->group->child[1].service, "a");
	assert_null(f->conf.sticky_cookie);
	conf_free(&c);
	c = parse_right(GROUP("- { name: m, host: m.org, mirroring: { service: b, body_max: 2k, mirrors: [ { service: a }, { service: w, percent: 5 } ] } }\n"
	    "- { name: w, weighted: [ { service: a } ] }\n- { name: n, host: n.org, mirroring: { service: m, body: false, mirrors: [ { service: a } ] } }\n"));
	assert_int_equal(c->service[0].nroutes, 0);		/* a mirror needs no address of its own */
	assert_int_equal(c->service[2].group->kind, GROUP_MIRRORING);
	assert_int_equal(c->service[2].group->n, 3);
	assert_string_equal(c->service[2].group->child[0].service, "b");
	assert_int_equal(c->service[2].group->child[1].weight, 100);
	assert_int_equal(c->service[2].group->child[2].weight, 5);
	assert_int_equal(c->service[2].group->body_most, 2048);
	assert_false(c->service[2].group->bodiless);
	assert_true(c->service[4].group->bodiless);
	conf_free(&c);
	/* of a Swarm, it may come */
	c = parse_right(GROUP("- { name: w, weighted: [ { service: later } ], host: w.org }\nswarm: {}\n"));
	assert_string_equal(c->service[2].group->child[0].service, "later");
	conf_free(&c);
}

static void
test_services_that_lead_nowhere(void **state)
{
	static const struct {
		const char	*yaml, *says;
	} wrong[] = {
		{ GROUP("- { name: w, host: w.org, weighted: [ { service: c } ] }\n"),
		    "m:6: services.weighted.service: there is no service 'c'; expected the name of one\n" },
		{ GROUP("- name: w\n  host: w.org\n  failover: { service: a, fallback: bb }\n"),
		    "m:6: services.failover: there is no service 'bb'; expected the name of one\n" },
		{ GROUP("- { name: w, host: w.org, weighted: [] }\n"), "m:6: services.weighted: 0 services; expected 1 to 64\n" },
		{ GROUP("- { name: w, host: w.org, weighted: [ { service: a, weight: 0 } ] }\n"),
		    "m:6: services.weighted: all weights are 0; expected one that is not\n" },
		{ GROUP("- { name: w, host: w.org, weighted: [ { service: a, weight: -1 } ] }\n"),
		    "m:6: services.weighted.weight: '-1' is not a whole number; expected 0 to 1000000\n"
		    "m:6: services.weighted: all weights are 0; expected one that is not\n" },
		{ GROUP("- name: w\n  host: w.org\n  weighted:\n  - service: a\n  - service: a\n"),
		    "m:10: services.weighted.service: 'a' is there since line 9; expected each service once\n" },
		{ GROUP("- { name: w, host: w.org, weighted: [ { weight: 2 } ] }\n"), "m:6: services.weighted.service: missing. The name of a "
		    "service of kind http, of this file or of the Swarm.\n" },
		{ GROUP("- { name: w, host: w.org, failover: { service: a } }\n"),
		    "m:6: services.failover.fallback: missing; expected the name of a service\n" },
		{ GROUP("- { name: w, host: w.org, failover: { service: a, fallback: a } }\n"),
		    "m:6: services.failover.fallback: 'a' is the service itself; expected another one\n" },
		{ GROUP(WEIGHTED ", failover: { service: a, fallback: b } }\n"), "m:6: services.failover: set together with weighted; "
		    "expected one of them, and the other one in a service that it leads to\n" },
		{ GROUP(WEIGHTED ", policy: marginal, tasks: [ { node: n, address: '10.0.0.1:3' } ] }\n"),
		    "m:6: services.policy: a service that leads to others has no tasks for it; expected it in these\n"
		    "m:6: services.tasks: a service that leads to others has no tasks for it; expected it in these\n" },
		{ GROUP("- { name: w, host: w.org, failover: { service: a, fallback: b }, sticky: { cookie: x } }\n"), "m:6: services.sticky: "
		    "a service that leads to others has no tasks for it; expected it in these, or weighted\n" },
		{ GROUP("- { name: w, host: w.org, mirroring: { service: a } }\n"), "m:6: services.mirroring.mirrors: 0 services; expected 1 to 63\n" },
		{ GROUP("- { name: w, host: w.org, mirroring: { mirrors: [ { service: a } ] } }\n"),
		    "m:6: services.mirroring.service: missing; expected the name of a service\n" },
		{ GROUP("- { name: w, host: w.org, mirroring: { service: a, mirrors: [ { service: bb } ] } }\n"),
		    "m:6: services.mirroring: there is no service 'bb'; expected the name of one\n" },
		{ GROUP("- { name: w, host: w.org, mirroring: { service: a, mirrors: [ { service: b, percent: 101 } ] } }\n"),
		    "m:6: services.mirroring.mirrors.percent: '101' is out of range; expected 0 to 100\n" },
		{ GROUP("- { name: w, host: w.org, mirroring: { service: a, mirrors: [ { service: w } ] } }\n"),
		    "m:6: services.mirroring: 'w' leads to itself; expected services that do not lead back\n" },
		{ GROUP("- { name: w, host: w.org, mirroring: { service: a, mirrors: [ { service: b } ] }, sticky: { cookie: x } }\n"), "m:6: services.sticky: "
		    "a service that leads to others has no tasks for it; expected it in these, or weighted\n" },
		{ GROUP("- { name: w, host: w.org, weighted: [ { service: w } ] }\n"),
		    "m:6: services.weighted: 'w' leads to itself; expected services that do not lead back\n" },
		{ GROUP(WEIGHTED " }\n- { name: v, host: v.org, failover: { service: u, fallback: a } }\n"
		    "- { name: u, weighted: [ { service: v } ] }\n"),
		    "m:7: services.failover: 'v' leads to itself; expected services that do not lead back\n"
		    "m:8: services.weighted: 'u' leads to itself; expected services that do not lead back\n" },
		{ GROUP("- { name: g1, host: g, weighted: [ { service: g2 } ] }\n- { name: g2, weighted: [ { service: g3 } ] }\n"
		    "- { name: g3, weighted: [ { service: g4 } ] }\n- { name: g4, weighted: [ { service: g5 } ] }\n"
		    "- { name: g5, weighted: [ { service: a } ] }\n"),
		    "m:6: services.weighted: more than 4 services lead to each other in a row; expected fewer\n" },
		/* a middleware that no request would pass */
		{ GROUP("- { name: c, middlewares: m, tasks: [ { node: n, address: '10.0.0.1:3' } ] }\n"
		    "- { name: w, host: w.org, weighted: [ { service: c } ] }\nmiddlewares: { m: { addprefix: { prefix: /x } } }\n"),
		    "m:6: services.middlewares: requests come to 'c' by other services alone; expected its middlewares there\n" },
		{ GROUP("- { name: c, sticky: { cookie: x }, tasks: [ { node: n, address: '10.0.0.1:3' } ] }\n"
		    "- { name: w, host: w.org, weighted: [ { service: c } ], sticky: { cookie: x } }\n"),
		    "m:7: services.weighted.service: 'c' has the same sticky.cookie, 'x'; expected another one\n" },
	};
	char says[4096];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_null(parse(wrong[i].yaml, says, sizeof says));
		assert_string_equal(says, wrong[i].says);
	}
}

static void
test_services_take_defaults(void **state)
{
	struct conf *c = parse_right(whole);
	const struct conf_service *web = &c->service[0], *api = &c->service[1];

	(void)state;
	assert_int_equal(web->conf.policy, POLICY_LEAST_CONN);
	assert_int_equal(api->conf.policy, POLICY_RANDOM_TWO);
	assert_true(web->conf.profile.weight[RESOURCE_RAM] == 0.75 && web->conf.profile.limit[RESOURCE_RAM].soft == 0.5);
	assert_string_equal(profile_name(&web->conf.profile), "own");
	assert_string_equal(profile_name(&api->conf.profile), "io");
	assert_int_equal(web->conf.connect_usec, 1500000);
	assert_string_equal(web->conf.health_path, "/up");
	assert_int_equal(web->conf.health_interval_usec, 250000);
	assert_int_equal(api->conf.health_interval_usec, 2000000);
	assert_int_equal(web->conf.health_fall, 5);
	assert_null(api->conf.health_path);
	conf_free(&c);
}

static void
test_routes_and_tasks(void **state)
{
	struct conf *c = parse_right(whole);
	const struct conf_service *web = &c->service[0], *api = &c->service[1];
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(web->nroutes, 4);
	assert_string_equal(web->route[0].host, "www.example.org");
	assert_string_equal(web->route[1].path, "/b/");
	assert_string_equal(web->route[3].host, "example.org");
	assert_int_equal(api->nroutes, 1);
	assert_string_equal(api->route[0].host, "");
	assert_string_equal(api->route[0].path, "/api");
	assert_string_equal(web->task[0].name, "web.1");
	assert_string_equal(web->task[1].name, "other");
	assert_string_equal(web->task[1].node, "beta");
	assert_string_equal(addr_text((struct addr[]){ addr_of_ip(&web->task[1].addr) }, text), "[::1]:80");
	assert_int_equal(web->line, 2);
	conf_free(&c);
}

static void
test_urls_for_short(void **state)
{
	struct conf *c = parse_right(whole);

	(void)state;
	assert_string_equal(c->node[0].node_exporter, "http://10.0.0.1:9100/metrics");
	assert_null(c->node[0].agent);
	assert_true(c->node[0].cores == 2.5);
	assert_string_equal(c->node[1].agent, "http://b.local:9101/stream?x");
	assert_string_equal(c->node[1].node_exporter, "https://b.local/metrics");
	assert_string_equal(c->node[1].address, "b.local");
	conf_free(&c);
}

static void
test_token_file(void **state)
{
	char path[] = "/tmp/mola-token-XXXXXX", yaml[200];
	int fd = mkstemp(path);
	struct conf *c;

	(void)state;
	assert_true(write(fd, "a-token-of-some-length \nmore\n", 29) == 29);
	snprintf(yaml, sizeof yaml, L "admin: { token_file: %s }\n", path);
	c = parse_right(yaml);
	assert_string_equal(c->admin_token, "a-token-of-some-length");
	conf_free(&c);
	close(fd);
	unlink(path);
}

static void
test_who_may_log_in(void **state)
{
	char path[] = "/tmp/mola-users-XXXXXX", yaml[500], expected[200];
	static const char users[] = "# of the team\n\nbob:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc= \r\nann:hunter2\n";
	int fd = mkstemp(path);
	struct conf *c;
	struct buf errors;

	(void)state;
	assert_true(write(fd, users, 55) == 55);
	snprintf(yaml, sizeof yaml, L "admin:\n  users: [ 'ann:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=' ]\n  users_file: %s\n"
	    "  tokens:\n  - { name: shown, token: 0123456789abcdef }\n  - { name: all, token: fedcba9876543210, scopes: [ read, write ] }\n", path);
	c = parse_right(yaml);
	assert_int_equal(c->admin_users.n, 2);
	assert_string_equal(c->admin_users.item[1], "bob:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=");
	assert_int_equal(c->nadmin_tokens, 2);
	assert_string_equal(c->admin_tokens[0].name, "shown");
	assert_int_equal(c->admin_tokens[0].scopes.n, 1);
	assert_string_equal(c->admin_tokens[0].scopes.item[0], "read");
	assert_int_equal(c->admin_tokens[1].scopes.n, 2);
	conf_free(&c);
	assert_true(write(fd, users + 55, sizeof users - 56) == (ssize_t)sizeof users - 56);
	buf_init(&errors, 4096);
	assert_null(conf_parse(str_of(yaml), "m", &errors));
	buf_add(&errors, "", 1);
	snprintf(expected, sizeof expected, "m:4: admin.users_file: '%s', line 4: the hash of user 3 is not understood; ", path);
	assert_int_equal(strncmp(errors.p, expected, strlen(expected)), 0);
	assert_null(strstr(errors.p, "hunter2"));
	buf_fini(&errors);
	close(fd);
	unlink(path);
}

static void
test_queries(void **state)
{
	static const char text[] = P "defaults:\n  promql: 'max by (instance) (a)'\n"
	    "services:\n"
	    "- { name: like, host: a, tasks: [ { node: n, address: '10.0.0.1:80' } ] }\n"
	    "- { name: none, host: b, promql: [], tasks: [ { node: n, address: '10.0.0.1:81' } ] }\n"
	    "- name: own\n"
	    "  promql:\n"
	    "  - { name: gpu, query: g, weight: 0.5, limits: [0.7, 0.9], full: 100, period: 15s }\n"
	    "  - b\n"
	    "  tasks: [ { node: n, address: '10.0.0.1:82' } ]\n"
	    "nodes: [ { name: n } ]\n";
	struct buf errors;
	struct conf *c;
	const struct terms *t;

	(void)state;
	buf_init(&errors, 4096);
	c = conf_parse(str_of(text), "m", &errors);
	assert_non_null(c);
	t = &c->service[0].conf.terms;
	assert_int_equal(t->n, 1);
	assert_string_equal(t->term[0].name, "promql");
	assert_string_equal(t->term[0].query, "max by (instance) (a)");
	assert_true(t->term[0].weight == TERM_WEIGHT && t->term[0].full == 1 && t->term[0].limit.hard == 0);
	assert_int_equal(t->term[0].period_usec, TERM_PERIOD_USEC);
	assert_int_equal(c->service[1].conf.terms.n, 0);
	t = &c->service[2].conf.terms;
	assert_int_equal(t->n, 2);
	assert_true(t->term[0].weight == 0.5 && t->term[0].full == 100 && t->term[0].limit.soft == 0.7 && t->term[0].limit.hard == 0.9);
	assert_int_equal(t->term[0].period_usec, 15000000);
	assert_string_equal(t->term[1].name, "promql.2");
	conf_free(&c);
	buf_fini(&errors);
}

static void
test_files(void **state)
{
	struct buf text, errors;

	(void)state;
	buf_init(&text, 64);
	buf_init(&errors, 1000);
	assert_false(conf_read("/nowhere/m.yaml", &text, &errors));
	assert_false(conf_read("/dev/zero", &text, &errors));
	buf_add(&errors, "", 1);
	assert_string_equal(errors.p, "/nowhere/m.yaml: cannot be read: No such file or directory\n"
	    "/dev/zero: cannot be read: larger than 64 bytes\n");
	buf_fini(&text);
	buf_fini(&errors);
}

/* A service has the keys of defaults beside its own: no two may have one name. */
static void
test_keys_of_services_and_of_defaults_differ(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++)
		for (unsigned j = 0; j < KEY_COUNT && conf_keys[i].section == SECTION_SERVICE; j++)
			if (conf_keys[j].section == SECTION_DEFAULTS)
				assert_string_not_equal(conf_keys[i].name, conf_keys[j].name);
}

/* Every default is one that a user could have written. */
static void
test_table_is_sound(void **state)
{
	char problem[CONF_PROBLEM_MAX];
	struct buf out;
	char member[512];

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		struct conf_key k = conf_keys[i];
		assert_true(strlen(k.help) > 10 && k.help[strlen(k.help) - 1] == '.');
		if (k.fallback == NULL || k.fallback == conf_required)
			continue;
		k.at = 0;
		memset(member, 0, sizeof member);
		assert_true(value_read(&k, str_of(k.fallback), member, problem));
		buf_clear(&out);
		if (value_write(&k, member, &out))
			assert_true(value_read(&k, buf_str(&out), member, problem));
		value_free(&k, member);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_rules_make_routes), cmocka_unit_test(test_middlewares_are_on_every_route),
		cmocka_unit_test(test_all_faults_are_told_in_the_order_of_lines),
		cmocka_unit_test(test_many_faults_are_counted),
		cmocka_unit_test(test_long_and_strange_values_are_quoted_short),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_what_is_sent_again),
		cmocka_unit_test(test_traefik_is_a_switch_or_a_mapping),
		cmocka_unit_test(test_listeners_have_modes),
		cmocka_unit_test(test_tcp_services),
		cmocka_unit_test(test_tcp_services_are_sound),
		cmocka_unit_test(test_acme),
		cmocka_unit_test(test_what_a_ca_cannot_reach_is_doubted),
		cmocka_unit_test(test_leasttime_wants_health_checks),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_services_that_lead_to_others),
		cmocka_unit_test(test_services_that_lead_nowhere),
		cmocka_unit_test(test_services_take_defaults),
		cmocka_unit_test(test_routes_and_tasks),
		cmocka_unit_test(test_urls_for_short),
		cmocka_unit_test(test_token_file),
		cmocka_unit_test(test_who_may_log_in),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_keys_of_services_and_of_defaults_differ),
		cmocka_unit_test(test_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
