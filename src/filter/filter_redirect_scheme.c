/*
 * redirectScheme: the same URL with another scheme, and without its port or with another one. A
 * request that has come by that URL already passes.
 */
#include <ctype.h>
#include <string.h>

#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/url.h"

/* X-Forwarded-Proto is what the proxy knows, or a trusted one before it has said. */
static struct str
scheme_of(const struct filter_run *r)
{
	struct str proto = fields_last(&r->request, STR("X-Forwarded-Proto"));

	if (str_eq_nocase(proto, STR("http")) || str_eq_nocase(proto, STR("ws")))
		return STR("http");
	if (str_eq_nocase(proto, STR("https")) || str_eq_nocase(proto, STR("wss")))
		return STR("https");
	return r->facts.tls ? STR("https") : STR("http");
}

static bool
is_of(char c, const char *others)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr(others, c) != NULL);
}

/* What may be a host, at the front of `s`: [v6], or letters, digits and "._-". */
static struct str
host_at(struct str s)
{
	size_t n = 0;

	if (s.len > 0 && s.p[0] == '[') {
		for (n = 1; n < s.len && is_of(s.p[n], "_:."); )
			n++;
		return (struct str){ s.p, n > 1 && n < s.len && s.p[n] == ']' ? n + 1 : 0 };
	}
	while (n < s.len && is_of(s.p[n], "._-"))
		n++;
	return (struct str){ s.p, n };
}

/* ":80" at the front of `s`; empty: there is none. */
static struct str
port_at(struct str s)
{
	size_t n = 1;

	if (s.len == 0 || s.p[0] != ':')
		return (struct str){ s.p, 0 };
	while (n < s.len && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return (struct str){ s.p, n > 1 ? n : 0 };
}

static bool
is_usual_port(struct str scheme, struct str port)
{
	return (str_eq(scheme, STR("http")) && str_eq(port, STR("80")))
	    || (str_eq(scheme, STR("https")) && str_eq(port, STR("443")));
}

/* The URL that the client wanted, without the usual port of its scheme. */
static struct str
client_url(struct filter_run *r, struct str *behind_scheme)
{
	struct str scheme = scheme_of(r), authority = r->request.authority, target = run_target(r);
	struct str host = authority, url;
	const char *colon = memrchr(authority.p, ':', authority.len);

	if (colon != NULL) {
		size_t n = (size_t)(colon - authority.p);
		struct str port = { colon + 1, authority.len - n - 1 };
		if (is_usual_port(scheme, port))
			host.len = n;
	}
	url = run_text(r, "%.*s://%.*s%.*s", STR_ARG(scheme), STR_ARG(host), STR_ARG(target));
	*behind_scheme = (struct str){ url.p + (url.len < scheme.len + 3 ? 0 : scheme.len + 3),
	    url.len < scheme.len + 3 ? 0 : url.len - scheme.len - 3 };
	return url;
}

enum filter_verdict
redirect_scheme_request(struct filter_run *r, const struct filter_redirect_scheme *s, uint8_t *note)
{
	struct str rest, from = client_url(r, &rest), host = host_at(rest), to, port;
	bool own_port = s->port.len > 0 && !is_usual_port(s->scheme, s->port);

	(void)note;
	rest = (struct str){ rest.p + host.len, rest.len - host.len };
	port = port_at(rest);
	rest = (struct str){ rest.p + port.len, rest.len - port.len };
	to = run_text(r, "%.*s://%.*s%s%.*s%.*s", STR_ARG(s->scheme), STR_ARG(host), own_port ? ":" : "",
	    own_port ? (int)s->port.len : 0, s->port.p, STR_ARG(rest));
	if (str_eq(from, to))
		return FILTER_PASS;
	run_redirect(r, s->permanent, to);
	return FILTER_RESPOND;
}
