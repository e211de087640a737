/*
 * backend_servers: the servers of a service that Traefik's files define: "http://10.0.0.7:8080".
 * Of a URL the path does not count, as in Traefik, where preservePath does not say so.
 * Must not know how names become addresses.
 */
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/go.h"
#include "discovery/join.h"
#include "discovery/traefik_priv.h"
#include "world/filter.h"

#define SERVERS_MAX	256		/* of one service */

static void
add_url(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    struct str server)
{
	if (b->url == NULL) {
		b->url = arena_zalloc(r->l->arena, SERVERS_MAX * sizeof *b->url);
		b->server = arena_zalloc(r->l->arena, SERVERS_MAX * sizeof *b->server);
	}
	if (b->nurls == SERVERS_MAX)
		reading_mark_unknown(r, &b->unknown, label, "more than 256 servers");
	else {
		b->server[b->nurls] = server;
		b->url[b->nurls++] = label;
	}
}

/* Of more servers than there may be, nothing is served anyway. */
static void
keep_path(struct traefik_reading *r, struct backend *b, struct str server)
{
	if (b->kept == NULL)
		b->kept = arena_zalloc(r->l->arena, SERVERS_MAX * sizeof *b->kept);
	if (b->nkept < SERVERS_MAX)
		b->kept[b->nkept++] = server;
}

void
servers_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    struct str server, struct str key)
{
	struct str value = str_trim(str_of(label->value));
	bool on;

	if (word_is(key, "url"))
		add_url(r, b, label, server);
	else if (word_is(key, "weight") && str_eq(value, STR("0")))
		reading_mark_unknown(r, &b->unknown, label, "expected a weight above 0, or no such server");
	else if (word_is(key, "weight"))
		reading_report(r, label, LABEL_UNSUPPORTED, "not done: mola.yaml's policy chooses servers");
	else if (word_is(key, "preservepath") && go_bool(value, &on)) {
		if (on)
			keep_path(r, b, server);
		reading_report(r, label, LABEL_VALID, NULL);
	} else
		reading_mark_unknown(r, &b->unknown, label,
		    "not understood: nothing leads to this service");
}

/* ---- URLs ---- */

static bool
read_scheme(struct str *rest, enum scheme *scheme, unsigned *port)
{
	static const struct { struct str text; enum scheme is; unsigned port; } known[] = {
		{ STR("http://"), SCHEME_HTTP, 80 }, { STR("https://"), SCHEME_HTTPS, 443 },
		{ STR("h2c://"), SCHEME_H2C, 80 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (rest->len > known[i].text.len &&
		    str_eq_nocase((struct str){ rest->p, known[i].text.len }, known[i].text)) {
			*scheme = known[i].is;
			*port = known[i].port;
			*rest = (struct str){ rest->p + known[i].text.len, rest->len - known[i].text.len };
			return true;
		}
	return false;
}

bool
server_read(struct str at, struct labels_server *out)
{
	struct str host = at, port = { NULL, 0 };
	const char *end = at.len > 0 && *at.p == '[' ? memchr(at.p, ']', at.len) :
	    memchr(at.p, ':', at.len);
	bool six = at.len > 0 && *at.p == '[';

	if (six && end == NULL)
		return false;
	if (end != NULL) {
		end += six;
		host.len = (size_t)(end - at.p);
		port = (struct str){ end, at.len - host.len };
	}
	if (port.len > 0 && (*port.p != ':' ||
	    !label_port((struct str){ port.p + 1, port.len - 1 }, &out->port)))
		return false;
	if (six)
		host = (struct str){ host.p + 1, host.len - 2 };
	out->host = host;
	return host.len > 0 && host.len < 254 && (six || form_host(host, false));
}

static bool
read_url(struct str url, struct labels_server *out, enum scheme *scheme)
{
	size_t n;

	if (!read_scheme(&url, scheme, &out->port))
		return false;
	for (n = 0; n < url.len && strchr("/?#", url.p[n]) == NULL; n++)
		;
	return server_read((struct str){ url.p, n }, out);
}

static bool
keeps_path(const struct backend *b, struct str server)
{
	for (unsigned i = 0; i < b->nkept; i++)
		if (str_eq_nocase(b->kept[i], server))
			return true;
	return false;
}

/* "/base" of "http://10.0.0.7/base/"; empty: there is none. */
static struct str
url_path(struct str url)
{
	const char *at = memmem(url.p, url.len, "://", 3);
	struct str path = STR("");

	if (at != NULL)
		at = memchr(at + 3, '/', url.len - (size_t)(at + 3 - url.p));
	if (at != NULL)
		path = (struct str){ at, url.len - (size_t)(at - url.p) };
	if (path.len > 0 && path.p[path.len - 1] == '/')	/* that of the request follows */
		path.len--;
	return path;
}

/* What the paths of its requests begin with; one for all of them. */
static bool
path_read(struct traefik_reading *r, struct backend *b, unsigned i, bool first)
{
	struct labels *l = r->l;
	struct str path = keeps_path(b, b->server[i]) ? url_path(str_trim(str_of(b->url[i]->value))) :
	    STR("");
	struct filter_setting s = { STR("prefix"), path };
	char problem[FILTER_PROBLEM];
	struct filter filter;

	if (!first)
		return str_eq(path, l->prefix);
	l->prefix = path;
	return path.len == 0 || (filter_read(l->arena, FILTER_ADD_PREFIX, &s, 1, &filter, problem) &&
	    memchr(path.p, '%', path.len) == NULL && memchr(path.p, '?', path.len) == NULL &&
	    memchr(path.p, '#', path.len) == NULL && memmem(path.p, path.len, "//", 2) == NULL);
}

/* A certificate is verified for the name in the URL; NULL: for the address. */
static void
set_name(struct traefik_reading *r, struct backend *b, const struct labels_server *s, bool first)
{
	struct addr at;
	const char *name = arena_text(r->l->arena, s->host);

	if (join_address(name, s->port, &at))
		name = NULL;
	if (!first)
		b->names_differ |= name == NULL || b->tls_name == NULL ? name != b->tls_name :
		    strcmp(name, b->tls_name) != 0;
	else
		b->tls_name = name;
	if (b->names_differ)
		b->tls_name = NULL;
}

void
servers_read(struct traefik_reading *r, struct backend *b)
{
	struct labels *l = r->l;
	enum scheme speaks;

	if (b->nurls == 0)
		return;
	l->server = arena_zalloc(l->arena, b->nurls * sizeof *l->server);
	for (unsigned i = 0; i < b->nurls; i++) {
		struct labels_server s = { .port = 0 };
		if (!read_url(str_trim(str_of(b->url[i]->value)), &s, &speaks))
			reading_mark_unknown(r, &b->unknown, b->url[i],
			    "expected a URL such as http://10.0.0.7:8080 (http, https or "
			    "h2c)");
		else if (i > 0 && speaks != b->speaks)
			reading_mark_unknown(r, &b->unknown, b->url[i],
			    "expected the protocol of the servers before it");
		else if (!path_read(r, b, i, i == 0))
			reading_mark_unknown(r, &b->unknown, b->url[i], "preservePath: expected a path without "
			    "escapes, query or empty parts, the same of all servers");
		else {
			reading_report(r, b->url[i], LABEL_VALID, NULL);
			b->speaks = speaks;
			set_name(r, b, &s, l->nservers == 0);
			l->server[l->nservers++] = s;
		}
	}
	ASSERT(l->nservers <= b->nurls);
}
