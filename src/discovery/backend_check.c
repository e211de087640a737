/*
 * backend_check: Traefik's labels of a health check, of HTTP and of TCP. All of a check is done or
 * none: a task must not be taken out for a response that its author did not want.
 */
#include <stddef.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/go.h"
#include "discovery/traefik_priv.h"

#define HEADERS_MOST	32

/* What Traefik calls it, the row that reads it, and the member that it is. */
enum form { FORM_PATH, FORM_DURATION, FORM_SWITCH, FORM_SCHEME, FORM_MODE, FORM_NUMBER,
	FORM_TEXT, FORM_BYTES };
enum { OF_HTTP = 1, OF_TCP = 2, OF_BOTH = 3 };
static const struct option {
	const char	*key, *row;
	enum form	 form;
	unsigned	 of;		/* services of which kind have it */
} options[] = {
	{ "path", "mola.health.path", FORM_PATH, OF_HTTP },
	{ "interval", "mola.health.interval", FORM_DURATION, OF_BOTH },
	{ "timeout", "mola.health.timeout", FORM_DURATION, OF_BOTH },
	{ "unhealthyinterval", "mola.health.unhealthy_interval", FORM_DURATION, OF_BOTH },
	{ "method", "mola.health.method", FORM_TEXT, OF_HTTP },
	{ "status", "mola.health.status", FORM_NUMBER, OF_HTTP },
	{ "hostname", "mola.health.hostname", FORM_TEXT, OF_HTTP },
	{ "port", "mola.health.port", FORM_NUMBER, OF_BOTH },
	{ "scheme", "mola.health.scheme", FORM_SCHEME, OF_HTTP },
	{ "followredirects", "mola.health.follow_redirects", FORM_SWITCH, OF_HTTP },
	{ "mode", "mola.health.mode", FORM_MODE, OF_HTTP },
	{ "send", "mola.health.send", FORM_BYTES, OF_TCP },
	{ "expect", "mola.health.expect", FORM_BYTES, OF_TCP },
};
#define OPTIONS	(sizeof options / sizeof *options)

struct backend_check {
	const struct swarm_label *label[OPTIONS];
	const struct swarm_label *header[HEADERS_MOST];
	struct str	 header_name[HEADERS_MOST];
	unsigned	 nheaders;
	bool		 tcp;			/* of connections */
	/* what is made of it */
	const struct swarm_label *wrong;	/* the first that cannot be done: nothing of it is */
	struct service_conf conf;
};

static void
check_wrong(struct traefik_reading *r, struct backend_check *c, const struct swarm_label *label,
    enum label_state state, const char *text)
{
	c->wrong = c->wrong == NULL ? label : c->wrong;
	reading_report(r, label, state, text);
}

/* ---- one label ---- */

/* Go writes these itself, whatever is set. */
static bool
has_no_effect(struct str name)
{
	return word_is(name, "host") || word_is(name, "content-length") ||
	    word_is(name, "transfer-encoding") || word_is(name, "trailer");
}

static void
gather_header(struct traefik_reading *r, struct backend_check *c, const struct swarm_label *label,
    struct str name)
{
	for (unsigned i = 0; i < c->nheaders; i++)
		if (str_eq_nocase(c->header_name[i], name)) {
			check_wrong(r, c, label, LABEL_UNSUPPORTED, "it is set twice");
			return;
		}
	if (has_no_effect(name))
		reading_report(r, label, LABEL_UNUSED, "without an effect, as in Traefik; hostname sets Host");
	else if (c->nheaders == HEADERS_MOST)
		check_wrong(r, c, label, LABEL_UNSUPPORTED, "more than 32 headers");
	else {
		c->header_name[c->nheaders] = name;
		c->header[c->nheaders++] = label;
	}
}

void
check_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n, bool tcp)
{
	struct backend_check *c = b->check;

	ASSERT(n > 0);
	if (c == NULL)
		c = b->check = arena_zalloc(r->l->arena, sizeof *c);
	c->tcp = tcp;
	if (!tcp && n == 2 && word_is(word[0], "headers")) {
		gather_header(r, c, label, word[1]);
		return;
	}
	for (size_t i = 0; n == 1 && i < OPTIONS; i++)
		if ((options[i].of & (c->tcp ? OF_TCP : OF_HTTP)) != 0 && word_is(word[0], options[i].key)) {
			if (c->label[i] == NULL)
				c->label[i] = label;
			else
				check_wrong(r, c, label, LABEL_UNSUPPORTED, "it is set twice");
			return;
		}
	check_wrong(r, c, label, LABEL_UNSUPPORTED, "Mola's checks do not do this");
}

/* ---- all of them ---- */

/* As Mola writes bytes, whatever they are; "none" has a meaning there. */
static const char *
bytes_written(struct arena *a, struct str value)
{
	char *out = arena_zalloc(a, 4 * value.len + 1), *at = out;

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c <= ' ' || c >= 127 || c == '\\' || i == 0)
			at += snprintf(at, 5, "\\x%02x", c);
		else
			*at++ = (char)c;
	}
	return out;
}

/* As Mola's row reads it; empty: what is not set. NULL: it is no such value. */
static const char *
value_of(struct traefik_reading *r, enum form form, struct str value)
{
	struct arena *a = r->l->arena;
	int64_t usec;
	bool on;

	switch (form) {
	case FORM_PATH:			/* in relation to the address of the task */
		return value.len > 0 && *value.p != '/' && memchr(value.p, ':', value.len) == NULL ?
		    arena_printf(a, "/%.*s", STR_ARG(value)) : arena_text(a, value);
	case FORM_DURATION:
		return !go_duration(value, &usec) ? NULL : usec == 0 ? "" :
		    arena_printf(a, "%lld.%03lldms", (long long)(usec / 1000), (long long)(usec % 1000));
	case FORM_SWITCH:
		return !go_bool(value, &on) ? NULL : on ? "true" : "false";
	case FORM_SCHEME:		/* h2 is no scheme of Traefik's */
		return word_is(value, "h2") || word_is(value, "same") ? NULL : arena_text(a, value);
	case FORM_MODE:			/* nor is tcp a mode */
		return word_is(value, "tcp") ? NULL : arena_text(a, value);
	case FORM_NUMBER:
		return str_eq(value, STR("0")) ? "" : arena_text(a, value);
	case FORM_BYTES:
		return bytes_written(a, value);
	case FORM_TEXT:
		break;
	}
	return arena_text(a, value);
}

static void
read_option(struct traefik_reading *r, struct backend_check *c, const struct option *o,
    const struct swarm_label *label)
{
	const struct label_row *row = label_row(o->row);
	const char *value = value_of(r, o->form, o->form == FORM_BYTES ?
	    str_of(label->value) : str_trim(str_of(label->value)));
	struct labels of = { .conf = c->conf };
	char problem[PROBLEM_MAX];

	ASSERT(row != NULL);
	if (reading_has_label(r, o->row))
		reading_report(r, label, LABEL_UNUSED, "the mola label of the same meaning has precedence");
	else if (value == NULL)
		check_wrong(r, c, label, LABEL_INVALID, o->form == FORM_DURATION ?
		    "expected a duration such as 500ms, 2s or 1m30s" : o->form == FORM_SWITCH ?
		    "expected true or false" : o->form == FORM_MODE ? "expected http or grpc" :
		    "expected http, https or h2c");
	else if (*value == '\0')
		reading_report(r, label, LABEL_VALID, NULL);
	else if (!row->read(row, str_of(value), (char *)&of + row->at, r->l->arena, problem))
		check_wrong(r, c, label, LABEL_INVALID, problem);
	else {
		c->conf = of.conf;
		reading_report(r, label, LABEL_VALID, NULL);
	}
}

static void
read_headers(struct traefik_reading *r, struct backend_check *c)
{
	struct arena *a = r->l->arena;
	struct str name, value;

	for (unsigned i = 0; i < c->nheaders; i++) {
		const char *line = arena_printf(a, "%.*s: %s", STR_ARG(c->header_name[i]),
		    c->header[i]->value);
		if (!setting_header_split(str_of(line), &name, &value))
			check_wrong(r, c, c->header[i], LABEL_INVALID, "no header that a check may send");
		else {
			c->conf.health_headers = arena_printf(a, "%s%s\n",
			    c->conf.health_headers != NULL ? c->conf.health_headers : "", line);
			reading_report(r, c->header[i], LABEL_VALID, NULL);
		}
	}
}

static bool
check_has_tls(const struct backend_check *c)
{
	return c->conf.health_scheme == CHECK_SCHEME_FIRST + SCHEME_HTTPS;
}

/* How the certificate of a check by https is verified is defined elsewhere. */
static bool
is_verified_elsewhere(const struct traefik_reading *r, const struct backend *b)
{
	return b->transport != NULL && check_has_tls(b->check) && b->speaks != SCHEME_HTTPS &&
	    !reading_has_label(r, "mola.task_tls.verify") && !reading_has_label(r, "mola.task_tls.ca") &&
	    !reading_has_label(r, "mola.task_tls.name");
}

void
check_read(struct traefik_reading *r, struct backend *b)
{
	static char root[] = "/";
	struct backend_check *c = b->check;

	if (c == NULL)
		return;
	c->conf = (struct service_conf){ .health_path = c->tcp ? NULL : root,
	    .health_interval_usec = 30000000, .health_timeout_usec = 5000000, .health_rise = 1,
	    .health_fall = 1, .health_follow_redirects = true, .health_connect = true };
	for (size_t i = 0; i < OPTIONS; i++)
		if (c->label[i] != NULL)
			read_option(r, c, &options[i], c->label[i]);
	read_headers(r, c);
	/* without TLS then, whatever requests have */
	if (c->conf.health_mode == CHECK_GRPC && c->conf.health_scheme == CHECK_SAME)
		c->conf.health_scheme = CHECK_SCHEME_FIRST + SCHEME_H2C;
	if (c->wrong == NULL && is_verified_elsewhere(r, b))
		c->wrong = b->transport;
	if (c->wrong != NULL && !c->tcp && !reading_has_label(r, "mola.health.path") &&
	    !reading_has_label(r, "mola.health.mode"))
		labels_add_trouble(r->l, WHY_HEALTH_CHECK,
		    arena_printf(r->l->arena, "its tasks are not checked, because %s is nothing "
		    "that Mola's checks do; mola.health.path sets one that they do", reading_key(r, c->wrong)));
}

/* ---- as settings ---- */

void
check_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	const struct backend_check *c = b->check;

	if (c == NULL || (c->tcp && c->wrong != NULL))		/* by connections, as those of defaults */
		return;
	if (c->wrong != NULL) {			/* nor are those of defaults meant */
		if (!reading_has_label(r, "mola.health.path"))
			conf->health_path = NULL;
		if (!reading_has_label(r, "mola.health.mode"))
			conf->health_mode = CHECK_HTTP;
		return;
	}
#define TAKE(name, field) \
	if (!reading_has_label(r, "mola.health." name)) conf->field = c->conf.field
	TAKE("interval", health_interval_usec);
	TAKE("timeout", health_timeout_usec);
	TAKE("unhealthy_interval", health_unhealthy_interval_usec);
	TAKE("rise", health_rise);
	TAKE("fall", health_fall);
	TAKE("port", health_port);
	if (c->tcp) {
		TAKE("connect", health_connect);
		TAKE("send", health_send);
		TAKE("expect", health_expect);
		return;
	}
	TAKE("path", health_path);
	TAKE("method", health_method);
	TAKE("status", health_status);
	TAKE("hostname", health_hostname);
	TAKE("headers", health_headers);
	TAKE("follow_redirects", health_follow_redirects);
	TAKE("mode", health_mode);
	TAKE("scheme", health_scheme);
#undef TAKE
	if (check_has_tls(c) && conf->scheme != SCHEME_HTTPS && conf->scheme != SCHEME_H2 &&
	    !reading_has_label(r, "mola.health.scheme"))
		backend_tls_conf(r, conf);
}
