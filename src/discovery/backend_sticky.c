/*
 * backend_sticky: labels of Traefik's that bind clients to tasks by a cookie, as settings of the
 * service (mola.sticky.*). One that is not understood keeps all routers of the service away: its
 * clients would lose their sessions.
 */
#include <ctype.h>
#include <openssl/sha.h>
#include <stddef.h>
#include <string.h>

#include "base/bug.h"
#include "base/go.h"
#include "discovery/traefik_priv.h"

struct backend_sticky {
	bool		 on;		/* sticky.cookie, or anything below it */
	struct labels	 of;		/* its settings */
	unsigned	 seen;		/* which labels, as bits by row */
};

static const struct part {
	const char	*word, *row;
	size_t		 at;
} parts[] = {
	{ "name", "mola.sticky.cookie", offsetof(struct labels, conf.sticky_cookie) },
	{ "httponly", "mola.sticky.http_only", offsetof(struct labels, conf.sticky_http_only) },
	{ "secure", "mola.sticky.secure", offsetof(struct labels, conf.sticky_secure) },
	{ "samesite", "mola.sticky.same_site", offsetof(struct labels, conf.sticky_same_site) },
	{ "maxage", "mola.sticky.max_age", offsetof(struct labels, conf.sticky_max_age) },
	{ "path", "mola.sticky.path", offsetof(struct labels, conf.sticky_path) },
	{ "domain", "mola.sticky.domain", offsetof(struct labels, conf.sticky_domain) },
};

#define PARTS	(sizeof parts / sizeof *parts)

static struct backend_sticky *
sticky_of(struct traefik_reading *r, struct backend *b)
{
	if (b->sticky == NULL) {
		b->sticky = arena_zalloc(r->l->arena, sizeof *b->sticky);
		b->sticky->of.conf.sticky_path = arena_text(r->l->arena, STR("/"));
	}
	return b->sticky;
}

/* Traefik writes an underscore for what cannot stand in a name. */
static struct str
cookie_name(struct arena *a, struct str s)
{
	char *name = arena_text(a, s);

	for (char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("!#$%&'*+-.^`|~", *c) == NULL)
			*c = '_';
	return str_of(name);
}

/* The value as the row of mola.sticky.* reads it. */
static struct str
value_of(struct traefik_reading *r, const struct part *p, struct str value)
{
	bool on;

	switch (p - parts) {
	case 0:
		return cookie_name(r->l->arena, value);
	case 1:
	case 2:
		return !go_bool(value, &on) ? value : on ? STR("true") : STR("false");
	case 3:			/* others are the browser's default, as in Traefik */
		return str_eq(value, STR("none")) || str_eq(value, STR("lax")) ||
		    str_eq(value, STR("strict")) ? value : STR("unsaid");
	default:
		return value.len == 0 ? STR("none") : value;
	}
}

static void
read_part(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct part *p)
{
	struct backend_sticky *s = sticky_of(r, b);
	const struct label_row *row = label_row(p->row);
	char problem[PROBLEM_MAX] = "it is set twice";
	struct str value = value_of(r, p, str_trim(str_of(label->value)));
	unsigned bit = 1u << (p - parts);

	ASSERT(row != NULL);
	s->on = true;
	if (reading_has_label(r, p->row)) {
		reading_report(r, label, LABEL_UNUSED, "the mola label of the same meaning has precedence");
		return;
	}
	if ((s->seen & bit) == 0 &&
	    row->read(row, value, (char *)&s->of + p->at, r->l->arena, problem)) {
		s->seen |= bit;
		reading_report(r, label, LABEL_VALID, NULL);
		return;
	}
	if (b->unknown == NULL)
		b->unknown = label;
	reading_report(r, label, LABEL_INVALID, problem);
}

void
sticky_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	if (n == 0) {
		reading_report(r, label, LABEL_UNUSED, "without sticky.cookie nobody is bound, as in Traefik");
		return;
	}
	if (n == 1 && word_is(word[0], "cookie")) {
		if (!str_eq_nocase(str_trim(str_of(label->value)), STR("false")))
			sticky_of(r, b)->on = true;
		reading_report(r, label, LABEL_VALID, NULL);
		return;
	}
	for (size_t i = 0; n == 2 && word_is(word[0], "cookie") && i < PARTS; i++)
		if (word_is(word[1], parts[i].word)) {
			read_part(r, b, label, &parts[i]);
			return;
		}
	if (b->unknown == NULL)
		b->unknown = label;
	reading_report(r, label, LABEL_UNKNOWN, "no option of a sticky cookie");
}

/* As Traefik names a cookie that has no name. */
static char *
default_name(struct arena *a, struct str service, const char *provider)
{
	char *from = arena_printf(a, "_TRAEFIK_BACKEND_%.*s%s", STR_ARG(service), provider);
	unsigned char hash[SHA_DIGEST_LENGTH];

	SHA1((const unsigned char *)from, strlen(from), hash);
	return arena_printf(a, "_%02x%02x%x", hash[0], hash[1], hash[2] >> 4);
}

void
sticky_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	const struct service_conf *from;

	if (b->sticky == NULL || !b->sticky->on)
		return;
	from = &b->sticky->of.conf;
#define TAKE(row, field) (reading_has_label(r, row) ? conf->field : from->field)
	conf->sticky_cookie = TAKE("mola.sticky.cookie", sticky_cookie);
	conf->sticky_http_only = TAKE("mola.sticky.http_only", sticky_http_only);
	conf->sticky_secure = TAKE("mola.sticky.secure", sticky_secure);
	conf->sticky_same_site = TAKE("mola.sticky.same_site", sticky_same_site);
	conf->sticky_max_age = TAKE("mola.sticky.max_age", sticky_max_age);
	conf->sticky_path = TAKE("mola.sticky.path", sticky_path);
	conf->sticky_domain = TAKE("mola.sticky.domain", sticky_domain);
#undef TAKE
	if (conf->sticky_cookie == NULL && !reading_has_label(r, "mola.sticky.cookie"))
		conf->sticky_cookie = default_name(r->l->arena, b->name, reading_provider(r));
}
