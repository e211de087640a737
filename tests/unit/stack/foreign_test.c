/* Labels for other proxies in Mola's words: what is said, what is refused by name, and that nothing
 * is served more openly than it was meant. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bug.h"
#include "stack/foreign.h"

#define HASH "$$apr1$$pTlf9rOR$$bMIXqRQFZmkcKPkJKtMJx/"

static struct variables *variables;
static char written[40000];

static void
on_say(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

static struct conf *
usual_conf(void)
{
	static const char text[] = "listen:\n- { address: \"0.0.0.0:80\" }\n"
	    "- { address: \"0.0.0.0:443\", tls: true }\nacme: { email: any@example.org }\nswarm: {}\n";
	struct buf errors;
	struct conf *c;

	buf_init(&errors, 4096);
	c = conf_parse(STR(text), "test", &errors);
	assert_int_equal(errors.len, 0);
	buf_fini(&errors);
	return c;
}

/* What is written of a stack in file F. */
static void
writes(const char *text)
{
	const char *const files[] = { "F" };
	struct str texts[] = { str_of(text) };
	struct stack_reading how = { .file = files, .text = texts, .nfiles = 1, .variables = variables,
	    .warn = on_say, .fail = on_say };
	struct conf *c = usual_conf();
	struct stack *s = stack_read(&how);
	struct foreign *all[1];
	struct buf out;

	assert_non_null(s);
	buf_init(&out, sizeof written - 1);
	stack_foreign_all(&s, 1, c, all);
	foreign_print(s, all[0], &out);
	snprintf(written, sizeof written, "%.*s", (int)out.len, out.p);
	buf_fini(&out);
	stack_free(&s);
	conf_free(&c);
}

/* Of one service "web" with these labels, one a line. */
static void
labels(const char *lines)
{
	char text[8000] = "services:\n  web:\n    image: x\n    deploy:\n      labels:\n";

	for (const char *end; *lines != '\0'; lines = end + (*end != '\0')) {
		end = lines + strcspn(lines, "\n");
		snprintf(text + strlen(text), sizeof text - strlen(text), "      - '%.*s'\n",
		    (int)(end - lines), lines);
	}
	writes(text);
}

static void
environment(const char *lines)
{
	char text[8000];

	snprintf(text, sizeof text, "services:\n  web:\n    image: x\n    environment:\n%s", lines);
	writes(text);
}

static void
has(const char *what)
{
	if (strstr(written, what) == NULL)
		fail_msg("no %s in\n%s", what, written);
}

static void
lacks(const char *what)
{
	if (strstr(written, what) != NULL)
		fail_msg("%s in\n%s", what, written);
}

/* Nothing is said of the service but why. */
static void
refuses(const char *why)
{
	has(why);
	has("# web: not translated");
	has("  {}\n");
	lacks("mola.");
	lacks("deploy");
}

/* ---- Traefik 1 ---- */

static void
a_host_and_a_port_of_traefik_1(void **state)
{
	(void)state;
	labels("traefik.port=8080\ntraefik.frontend.rule=Host:a.test, b.test\ntraefik.backend=x");
	has("# for Traefik 1, F:6\n");
	has("mola.host: \"a.test, b.test\"\n        mola.port: \"8080\"\n");
	lacks("mola.rule");
}

/* What an entry point requires of all requests is in no label. */
static void
entry_points_of_traefik_1(void **state)
{
	static const char *const proxies[] = {
		"command: [ \"--entryPoints=Name:https Address::443 TLS Auth.Basic.Users:a:b\" ]",
		"command: --entrypoints.http.whitelist.sourcerange=10.0.0.0/8",
		"environment: [ TRAEFIK_ENTRYPOINTS_HTTP_AUTH_BASIC_USERS=a ]",
		"configs: [ { source: c, target: /etc/traefik/traefik.toml } ]",
		"volumes: [ \"./traefik.toml:/traefik.toml\" ]" };
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
		snprintf(text, sizeof text, "services:\n  proxy: { image: \"traefik:1.7\", %s }\n  web:\n    deploy:\n      labels:\n"
		    "        - traefik.port=80\n        - traefik.frontend.rule=Host:a.test\n", proxies[i]);
		writes(text);
		refuses(i < 3 ? "entry point" : "passwords or lists");
	}
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test");
	has("mola.host: \"a.test\"");
	has("look before you switch");
}

static void
segments_whose_names_are_one(void **state)
{
	(void)state;
	labels("traefik.a.b.frontend.rule=Host:a.test\ntraefik.a.b.port=80\ntraefik.a-b.frontend.rule=Host:b.test\ntraefik.a-b.port=80");
	refuses("a.b and a-b are one name");
	labels("traefik.x.frontend.rule=Host:a.test\ntraefik.x.port=80\ntraefik.x-plain.frontend.rule=Host:b.test\ntraefik.x-plain.port=80");
	refuses("x and x-plain are one name");
}

static void
labels_have_a_bound(void **state)
{
	static char line[6000] = "traefik.port=80\ntraefik.frontend.rule=Host:a";

	(void)state;
	for (size_t n = strlen(line); n + 3 < sizeof line; n += 2)
		memcpy(line + n, ",a", 3);
	labels(line);
	refuses("traefik.frontend.rule: expected up to 1000 items");
}

static void
rules_of_traefik_1(void **state)
{
	static const struct { const char *v1, *v3; } rules[] = {
		{ "Host:a.test;PathPrefix:/a,/b", "Host(`a.test`) && (PathPrefix(`/a`) || PathPrefix(`/b`))" },
		{ "HostRegexp:{x:[a-z]{1,3}}.a.test", NULL },	/* Traefik 1 itself ends it at the comma */
		{ "HostRegexp:{x:[a-z]{3}}.a.test", "HostRegexp(`^(?:[a-z]{3})\\\\.a\\\\.test$$`)" },
		{ "HostRegexp:{x}.a.test", "HostRegexp(`^[^.]+\\\\.a\\\\.test$$`)" },
		{ "Path:/a/{id:[0-9]+}", "PathRegexp(`^/a/(?:[0-9]+)$$`)" },
		{ "PathPrefix:/a/{id}", "PathRegexp(`^/a/[^/]+`)" },
		{ "Host:a.test;Method:GET,POST", "Host(`a.test`) && (Method(`GET`) || Method(`POST`))" },
		{ "Headers: X-A, b", "Header(`X-A`, `b`)" },
		{ "Host:a.test;Query:a=b", "Host(`a.test`) && Query(`a`, `b`)" },
		{ "Query:a=b,c=d", NULL },
		{ "PathPrefixStripRegex:/a/{id}", NULL },
		{ "Hosts:a.test", NULL },
		{ "Host", NULL },
		{ "Host:", NULL },
		{ "HostRegexp:{x.a.test", NULL },
		{ "AddPrefix:/a", NULL },		/* it matches nothing */
		{ "Path:/a`) || Path(`/b", NULL },
	};
	char line[200];

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		snprintf(line, sizeof line, "traefik.port=80\ntraefik.frontend.rule=%s", rules[i].v1);
		labels(line);
		if (rules[i].v3 == NULL)
			refuses("F:7: ");
		else {
			snprintf(line, sizeof line, "mola.rule: \"%s\"\n", rules[i].v3);
			has(line);
		}
	}
}

static void
what_rules_of_traefik_1_do_to_paths(void **state)
{
	(void)state;
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test;PathPrefixStrip:/a,/a/long;AddPrefix:/x");
	has("mola.rule: \"Host(`a.test`) && (PathPrefix(`/a`) || PathPrefix(`/a/long`))\"");
	has("stripprefix.prefixes: \"/a/long,/a\"");
	has("mola.middlewares: \"web-stripprefix,web-addprefix\"");
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test;ReplacePathRegex: ^/a/(.*) /b/$$1");
	has("replacepathregex.regex: \"^/a/(.*)\"");
	has("replacepathregex.replacement: \"/b/$$1\"");
}

static void
protection_of_traefik_1(void **state)
{
	(void)state;
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test\ntraefik.frontend.entryPoints=https\n"
	    "traefik.frontend.auth.basic.users=joe:" HASH "\ntraefik.frontend.auth.headerField=X-User\n"
	    "traefik.frontend.whiteList.sourceRange=10.0.0.0/8\ntraefik.frontend.headers.frameDeny=true\n"
	    "traefik.frontend.headers.browserXSSFilter=false\n"
	    "traefik.frontend.headers.customRequestHeaders=X-Token:letmein||X-B:c:d");
	has("mola.middlewares: \"web-to-https,web-ipallowlist,web-headers,web-basicauth\"");
	has("# not shown: F:9 has it\n");
	has("web-basicauth.basicauth.users: \"<F:9>\"");
	has("web-basicauth.basicauth.headerfield: \"X-User\"");
	has("web-headers.headers.customrequestheaders.X-Token: \"<F:14>\"");
	has("ipallowlist.sourcerange: \"10.0.0.0/8\"");
	lacks("apr1");
	lacks("letmein");
	lacks("xss");
}

/* "false" is a switch that is off, but a user, a file, an address or a host are none. */
static void
what_traefik_1_has_off(void **state)
{
	static const char *const kept[] = { "auth.basic", "auth.basic.users", "auth.basic.usersFile",
		"auth.digest.users", "auth.forward.address", "whiteList.sourceRange", "headers.allowedHosts",
		"redirect.regex", "headers.contentSecurityPolicy" };
	static const char *const off[] = { "headers.frameDeny", "headers.STSPreload",
		"auth.forward.trustForwardHeader", "passTLSCert", "passTLSClientCert.pem" };
	char line[200];

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		snprintf(line, sizeof line, "traefik.port=80\ntraefik.frontend.rule=Host:a.test\n"
		    "traefik.frontend.%s=false", kept[i]);
		labels(line);
		has("mola.middlewares: ");
	}
	for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
		snprintf(line, sizeof line, "traefik.port=80\ntraefik.frontend.rule=Host:a.test\n"
		    "traefik.frontend.%s=false", off[i]);
		labels(line);
		has("mola.host: ");
		lacks("mola.middlewares");
	}
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test\ntraefik.backend.maxconn.amount=0\n"
	    "traefik.frontend.headers.STSSeconds=0");
	lacks("mola.middlewares");
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test\ntraefik.portName=0");
	refuses("portName");
}

static void
segments_of_traefik_1(void **state)
{
	(void)state;
	labels("traefik.frontend.auth.basic=joe:" HASH "\ntraefik.one.port=80\ntraefik.one.frontend.rule=Host:a.test\n"
	    "traefik.two.port=81\ntraefik.two.frontend.rule=Host:b.test\ntraefik.two.frontend.entryPoints=https");
	has("traefik.http.routers.web-one.middlewares: \"web-one-basicauth\"");
	has("traefik.http.routers.web-one-plain.middlewares: \"web-one-basicauth\"");
	has("traefik.http.routers.web-two.middlewares: \"web-two-basicauth\"");
	has("traefik.http.services.web-two.loadbalancer.server.port: \"81\"");
	lacks("web-two-plain");
	lacks("mola.host");
}

static void
settings_of_traefik_1(void **state)
{
	(void)state;
	labels("traefik.port=80\ntraefik.protocol=https\ntraefik.frontend.rule=Host:a.test\n"
	    "traefik.backend.loadbalancer.stickiness=true\ntraefik.backend.loadbalancer.stickiness.cookieName=s\n"
	    "traefik.backend.healthcheck.path=/up\ntraefik.backend.healthcheck.interval=5\n"
	    "traefik.frontend.rateLimit.extractorFunc=request.header.X-A\n"
	    "traefik.frontend.rateLimit.rateSet.one.average=5\ntraefik.frontend.rateLimit.rateSet.one.period=10s\n"
	    "traefik.backend.maxconn.amount=7\ntraefik.weight=3");
	has("mola.scheme: \"https\"");
	has("mola.sticky.cookie: \"s\"");
	has("mola.health.path: \"/up\"");
	has("mola.health.interval: \"5s\"");
	has("ratelimit.average: \"5\"");
	has("ratelimit.sourcecriterion.requestheadername: \"X-A\"");
	has("inflightreq.sourcecriterion.requesthost: \"true\"");
	has("# left out: weights");
}

static void
what_traefik_1_has_alone(void **state)
{
	static const char *const not[] = { "frontend.passTLSCert=true", "frontend.passHostHeader=false",
		"frontend.whiteList.useXForwardedFor=true", "frontend.entryPoints=internal", "frontend.guard=x",
		"frontend.auth.other.users=x", "frontend.redirect.entryPoint=other", "one=x", "protocol=fcgi",
		"frontend.headers.SSLHost=b.test", "frontend.headers.customResponseHeaders=x", "portName=x",
		"frontend.rateLimit.extractorFunc=other\ntraefik.frontend.rateLimit.rateSet.a.average=1" };
	char line[300];

	(void)state;
	for (size_t i = 0; i < sizeof not / sizeof *not; i++) {
		snprintf(line, sizeof line, "traefik.port=80\ntraefik.frontend.rule=Host:a.test\ntraefik.%s", not[i]);
		labels(line);
		refuses("F:8: ");
	}
	labels("traefik.port=80\ntraefik.backend=x");
	refuses("it has no traefik.frontend.rule");
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test\ntraefik.enable=false");
	lacks("mola.");
	lacks("not translated");
	labels("traefik.port=80\ntraefik.frontend.rule=Host:a.test\ntraefik.frontend.headers.SSLRedirect=true\n"
	    "traefik.frontend.headers.SSLHost=a.test");
	has("web-to-https.redirectscheme.permanent: \"true\"");
}

/* ---- caddy-docker-proxy ---- */

static void
a_site_of_caddy(void **state)
{
	(void)state;
	labels("caddy=a.test\ncaddy.reverse_proxy={{upstreams 3000}}\ncaddy.encode=gzip zstd\ncaddy.log=");
	has("# for caddy-docker-proxy, F:6\n");
	has("mola.host: \"a.test\"\n        mola.port: \"3000\"\n        mola.tls: \"acme\"\n"
	    "        mola.middlewares: \"web-to-https,web-compress\"\n");
	has("web-compress.compress: \"true\"");
	labels("caddy=http://a.test\ncaddy.reverse_proxy={{upstreams https 443}}\n"
	    "caddy.reverse_proxy.transport=http\ncaddy.reverse_proxy.transport.tls_insecure_skip_verify=");
	has("mola.scheme: \"https\"");
	has("mola.task_tls.verify: \"false\"");
	lacks("to-https");
	lacks("acme");
	labels("caddy_1=*.a.test\ncaddy_1.reverse_proxy=web:80\ncaddy_1.tls=internal");
	has("mola.rule: \"Host(`*.a.test`)\"");
	lacks("mola.tls");
}

static void
protection_of_caddy(void **state)
{
	(void)state;
	labels("caddy=a.test\ncaddy.0_handle=/api/*\ncaddy.0_handle.reverse_proxy={{upstreams 80}}\n"
	    "caddy.1_handle_path=/b*\ncaddy.1_handle_path.reverse_proxy={{upstreams 81}}\n"
	    "caddy.basicauth.joe=JDJ5JDA1JGM0V29NUG8zU1hzYWZrdmEuSEhhNnVYUVpXcjdvYm9QaUMyYlQvcjdxMUJCOEkyczBCUnFD");
	has("routers.web.rule: \"Host(`a.test`) && PathRegexp(`(?i)^/api/`)\"");
	has("routers.web.middlewares: \"web-basicauth\"");
	has("routers.web-1.rule: \"Host(`a.test`) && PathRegexp(`(?i)^/b`)\"");
	has("routers.web-1.middlewares: \"web-1-basicauth,web-1-stripprefix\"");
	has("routers.web-1-plain.middlewares: \"web-1-to-https\"");
	has("web-1-stripprefix.stripprefix.prefixes: \"/b\"");
	lacks("JDJ5");
	lacks("with these, Mola reports");		/* it has the hash of old Caddys, too */
	labels("caddy=a.test\ncaddy.reverse_proxy={{upstreams}}\ncaddy.forward_auth=auth:9091\n"
	    "caddy.forward_auth.uri=/verify\ncaddy.forward_auth.copy_headers=Remote-User Remote-Name");
	has("forwardauth.address: \"http://auth:9091/verify\"");
	has("forwardauth.authresponseheaders: \"Remote-User,Remote-Name\"");
}

static void
what_caddy_has_alone(void **state)
{
	static const char *const not[] = { "import=secure", "@a.path=/x", "basic_auth=/admin/*\ncaddy.basic_auth.joe=x",
		"respond=/health 200", "file_server=", "abort=@bots", "header=?X-A b", "header=X-A {host}",
		"tls.client_auth.mode=require", "forward_auth=auth\ncaddy.forward_auth.copy_headers=A>B",
		"rewrite=* /x", "redir=/other", "handle=@a", "handle.respond=403", "basic_auth=argon2",
		"reverse_proxy.header_up=X-A {remote_user}", "reverse_proxy.rewrite=/x",
		"handle.basic_auth.a=x\ncaddy.handle.reverse_proxy={{upstreams 80}}\ncaddy.basic_auth.b=x" };
	char line[300];

	(void)state;
	for (size_t i = 0; i < sizeof not / sizeof *not; i++) {
		snprintf(line, sizeof line, "caddy=a.test\ncaddy.reverse_proxy={{upstreams 80}}\ncaddy.%s", not[i]);
		labels(line);
		refuses("caddy.");
	}
	labels("caddy=a.test\ncaddy.reverse_proxy=other:80");
	refuses("F:7: caddy.reverse_proxy: expected {{upstreams PORT}}");
	labels("caddy=a.test:8443\ncaddy.reverse_proxy={{upstreams 80}}");
	refuses("F:6: address a.test:8443");
	labels("caddy=a.test/x\ncaddy.reverse_proxy={{upstreams 80}}");
	refuses("F:6: address");
}

static void
sites_that_services_share(void **state)
{
	(void)state;
	/* one service, two label sets of one address: the password is for both */
	labels("caddy_0=a.test\ncaddy_0.basic_auth.joe=x\ncaddy_1=a.test\ncaddy_1.reverse_proxy={{upstreams 80}}");
	refuses("caddy_0.basic_auth");
	labels("caddy_0=b.test\ncaddy_0.header=X-A b\ncaddy_1=a.test\ncaddy_1.reverse_proxy={{upstreams 80}}");
	refuses("F:6: caddy_0: nothing below it leads anywhere");
	writes("services:\n  web:\n    deploy: { labels: { caddy: \"a.test, b.test\",\n"
	    "      caddy.handle: /x, caddy.handle.reverse_proxy: \"{{upstreams 80}}\" } }\n"
	    "  main:\n    deploy: { labels: { caddy: a.test, caddy.reverse_proxy: \"{{upstreams 80}}\",\n"
	    "      caddy.basic_auth.joe: x } }\n");
	has("# web: not translated");
	has("F:7: caddy.basic_auth of main is for the site of both");
}

static void
redirections_of_caddy(void **state)
{
	(void)state;
	labels("caddy=a.test\ncaddy.redir=https://b.test{uri} permanent");
	has("redirectregex.replacement: \"https://b.test$${1}\"");
	has("redirectregex.permanent: \"true\"");
}

/* ---- nginx-proxy ---- */

static void
variables_of_nginx_proxy(void **state)
{
	(void)state;
	environment("      VIRTUAL_HOST: a.test,b.test\n      VIRTUAL_PORT: 8080\n");
	has("# for nginx-proxy, F:5\n");
	has("mola.host: \"a.test,b.test\"\n        mola.port: \"8080\"\n");
	lacks("acme");
	environment("      - VIRTUAL_HOST=a.test\n      - LETSENCRYPT_HOST=a.test\n      - HSTS=max-age=5; preload\n");
	has("mola.port: \"80\"");
	has("put mola.port right");
	has("mola.tls: \"acme\"");
	has("mola.middlewares: \"web-to-https,web-headers\"");
	has("headers.stsseconds: \"5\"");
	environment("      VIRTUAL_HOST: a.*\n      VIRTUAL_PATH: /b/\n      VIRTUAL_DEST: /c\n      VIRTUAL_PROTO: https\n");
	has("mola.rule: \"HostRegexp(`^a\\\\..+$$`) && PathPrefix(`/b/`)\"");
	has("replacepathregex.regex: \"^/b/(.*)$$\"");
	has("replacepathregex.replacement: \"/c$${1}\"");
	has("mola.task_tls.verify: \"false\"");
	environment("      VIRTUAL_HOST: a.test\n      NETWORK_ACCESS: internal\n      HTTPS_METHOD: nohttp\n");
	has("ipallowlist.sourcerange: \"127.0.0.0/8,10.0.0.0/8,");
	has("mola.middlewares: \"web-to-https,web-ipallowlist\"");
}

static void
what_nginx_proxy_has_alone(void **state)
{
	static const char *const not[] = { "VIRTUAL_PROTO: fastcgi", "NETWORK_ACCESS: vpn", "VIRTUAL_PORT: x",
		"VIRTUAL_HOST_MULTIPORTS: x", "EXTERNAL_HTTPS_PORT: 1", "VIRTUAL_OTHER: x", "HTTPS_METHOD: x",
		"VIRTUAL_PATH: x", "VIRTUAL_PATH: ~*/x", "VIRTUAL_DEST: x" };
	char line[300];

	(void)state;
	for (size_t i = 0; i < sizeof not / sizeof *not; i++) {
		snprintf(line, sizeof line, "      VIRTUAL_HOST: a.test\n      %s\n", not[i]);
		environment(line);
		refuses("F:6: ");
	}
	environment("      VIRTUAL_HOST: a.test\n"
	    "    labels: { com.github.nginx-proxy.nginx-proxy.ssl_verify_client: optional }\n");
	refuses("ssl_verify_client");
	environment("      VIRTUAL_HOST: a.test\n"
	    "  proxy:\n    volumes: [ \"./passwords:/etc/nginx/htpasswd:ro\" ]\n");
	refuses("F:6: /etc/nginx/htpasswd of proxy may have passwords");
}

/* ---- Traefik 3 ---- */

#define T3	"traefik.http.routers.r.rule=Host(`a.test`)\ntraefik.http.services.s.loadbalancer.server.port=80\n"

static void
routers_in_molas_words(void **state)
{
	(void)state;
	labels(T3 "traefik.http.routers.r.entrypoints=websecure\ntraefik.http.routers.r.tls.certresolver=le\n"
	    "traefik.http.routers.r.middlewares=auth\n"
	    "traefik.http.middlewares.auth.basicauth.users=joe:" HASH "\n"
	    "traefik.http.routers.p.rule=Host(`a.test`)\ntraefik.http.routers.p.entrypoints=web\n"
	    "traefik.http.routers.p.middlewares=up\ntraefik.http.middlewares.up.redirectscheme.scheme=https\n"
	    "traefik.http.middlewares.up.redirectscheme.permanent=true");
	has("mola.host: \"a.test\"\n        mola.port: \"80\"\n        mola.tls: \"acme\"\n"
	    "        mola.middlewares: \"web-to-https,auth\"\n");
	has("web-to-https.redirectscheme.permanent: \"true\"");
	lacks("apr1");
}

static void
routers_that_stay(void **state)
{
	static const char *const stays[] = { "traefik.http.routers.r.entrypoints=web",
		"traefik.http.routers.r.entrypoints=admin", "traefik.http.routers.r.tls.options=a@file",
		"traefik.http.routers.r.service=b@file", "traefik.http.routers.r.rulesyntax=v2",
		"traefik.http.routers.q.rule=Host(`b.test`)\ntraefik.http.routers.q.middlewares=x\n"
		"traefik.http.middlewares.x.compress=true", "traefik.tcp.routers.t.rule=HostSNI(`a.test`)" };
	char line[600];

	(void)state;
	for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
		snprintf(line, sizeof line, T3 "%s", stays[i]);
		labels(line);
		has("# web: its labels of Traefik stay, Mola reads them: ");
		lacks("mola.");
	}
}

/* What no label of the service says must go for it still. */
static void
middlewares_of_entry_points_are_not_lost(void **state)
{
	(void)state;
	writes("services:\n"
	    "  traefik:\n"
	    "    image: traefik:v3\n"
	    "    command:\n"
	    "      - --providers.swarm=true\n"
	    "      - --entrypoints.websecure.address=:443\n"
	    "      - --entrypoints.websecure.http.middlewares=lan@swarm\n"
	    "    deploy: { labels: { traefik.http.middlewares.lan.ipallowlist.sourcerange: 10.0.0.0/8 } }\n"
	    "  web:\n"
	    "    image: x\n"
	    "    deploy:\n"
	    "      labels:\n"
	    "        - traefik.http.routers.r.rule=Host(`a.test`)\n"
	    "        - traefik.http.routers.r.entrypoints=websecure\n"
	    "        - traefik.http.routers.r.tls=true\n"
	    "        - traefik.http.services.s.loadbalancer.server.port=80\n");
	has("# web: its labels of Traefik stay, Mola reads them: more goes for it");
	lacks("mola.");
}

/* Whatever a comment quotes, none of it is read as a label, nor does it end there for YAML. */
static void
comments_are_of_one_line(void **state)
{
	static char other[] = "web\xe2\x80\xa8  x: y";
	struct foreign_line line = { "mola.host", "a.test", "one\ntwo: \xc2\x85three", { "F\r9", 9 } };
	struct foreign f = { .dialect = "Traefik 1", .at = { "F\nG", 1 }, .line = &line, .nlines = 1 };
	struct stack_service v = { .name = other };
	struct stack s = { .service = &v, .nservices = 1 };
	static const char why[] = "F:1: a\nb: c";
	const char *item[] = { why };
	struct buf out;

	(void)state;
	buf_init(&out, sizeof written - 1);
	foreign_print(&s, &f, &out);
	f.nlines = 0;
	f.problem = (struct stack_texts){ item, 1 };
	foreign_print(&s, &f, &out);
	snprintf(written, sizeof written, "%.*s", (int)out.len, out.p);
	buf_fini(&out);
	has("        # for Traefik 1, F?G:1\n");
	has("        # one?two: ??three\n        # not shown: F?9:9 has it\n");
	has("        mola.host: \"<F\\x0d9:9>\"\n");
	has("  # web???  x: y: not translated, labels for Traefik 1 (F?G:1):\n  #   F:1: a?b: c\n");
}

static void
labels_of_molas_own_are_left(void **state)
{
	(void)state;
	labels("mola.host=a.test\nmola.port=80\ncaddy=a.test");
	assert_string_equal(written, "services:\n  {}\n");
	labels("com.example=1");
	assert_string_equal(written, "services:\n  {}\n");
}

static int
begin(void **state)
{
	(void)state;
	variables = variables_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	variables_free(&variables);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_and_a_port_of_traefik_1),
		cmocka_unit_test(entry_points_of_traefik_1), cmocka_unit_test(segments_whose_names_are_one),
		cmocka_unit_test(labels_have_a_bound), cmocka_unit_test(rules_of_traefik_1),
		cmocka_unit_test(what_rules_of_traefik_1_do_to_paths),
		cmocka_unit_test(protection_of_traefik_1),
		cmocka_unit_test(what_traefik_1_has_off), cmocka_unit_test(segments_of_traefik_1),
		cmocka_unit_test(settings_of_traefik_1),
		cmocka_unit_test(what_traefik_1_has_alone),
		cmocka_unit_test(a_site_of_caddy),
		cmocka_unit_test(protection_of_caddy),
		cmocka_unit_test(what_caddy_has_alone),
		cmocka_unit_test(sites_that_services_share),
		cmocka_unit_test(redirections_of_caddy),
		cmocka_unit_test(variables_of_nginx_proxy),
		cmocka_unit_test(what_nginx_proxy_has_alone),
		cmocka_unit_test(routers_in_molas_words),
		cmocka_unit_test(routers_that_stay),
		cmocka_unit_test(middlewares_of_entry_points_are_not_lost),
		cmocka_unit_test(comments_are_of_one_line), cmocka_unit_test(labels_of_molas_own_are_left),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
