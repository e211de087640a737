/*
 * backend_transport: how requests go to a service's tasks, as Traefik's servers transports state
 * it: those that files define. While something of one cannot be done, nothing leads to services
 * that name it: it may be what keeps others from being believed.
 */
#include <stddef.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/go.h"
#include "discovery/files.h"
#include "discovery/provided.h"
#include "discovery/traefik_priv.h"

#define KIND	"http.serverstransports"
#define CAS_MOST 16
#define CAS_BYTES 2048

struct transport {
	const char	*name, *ca, *cert;	/* NULL: not given */
	bool		 insecure, http1;
	int64_t		 connect_usec, response_usec;	/* 0: not given */
	const char	*problem;		/* NULL: it can be done */
};

/* ---- one key ---- */

static void
read_switch(struct str value, bool *on, const char **wrong)
{
	if (!go_bool(value, on))
		*wrong = "expected true or false";
}

/* As the row of a label reads it, whose limits apply. */
static void
read_time(struct traefik_reading *r, struct str value, const char *row_name, int64_t *out,
    const char **wrong)
{
	const struct label_row *row = label_row(row_name);
	char problem[PROBLEM_MAX];
	int64_t usec;

	ASSERT(row != NULL);
	if (!go_duration(value, &usec))
		*wrong = "expected a duration such as 500ms, 2s or 1m30s";
	else if (usec == 0)
		*wrong = "Mola has no connections without a time-out";
	else if (!row->read(row, str_of(arena_printf(r->l->arena, "%lld.%03lldms",
	    (long long)(usec / 1000), (long long)(usec % 1000))), out, r->l->arena, problem))
		*wrong = arena_text(r->l->arena, str_of(problem));
}

/* "/etc/ca.pem"; what is none is a certificate itself. */
static const char *
read_path(struct traefik_reading *r, struct str value, const char **wrong)
{
	if (value.len == 0 || *value.p != '/' || memchr(value.p, ',', value.len) != NULL)
		*wrong = "expected one absolute path";
	return arena_printf(r->l->arena, "%s%.*s", PROVIDED_PREFIX, STR_ARG(value));
}

/* All of them count: their names, with commas between them. */
static const char *
read_paths(struct traefik_reading *r, struct str value, const char **wrong)
{
	const char *names = NULL;
	struct str one;
	unsigned n = 0;

	while (str_split(&value, ',', &one)) {
		const char *name = read_path(r, str_trim(one), wrong);
		names = names == NULL ? name : arena_printf(r->l->arena, "%s,%s", names, name);
		n++;
	}
	if (n > CAS_MOST || (names != NULL && strlen(names) > CAS_BYTES))
		*wrong = "expected up to 16 paths, 2048 bytes in all";
	return names;
}

static bool
is_harmless(struct str key)
{
	return word_is(key, "forwardingtimeouts.idleconntimeout") ||
	    word_is(key, "forwardingtimeouts.readidletimeout") ||
	    word_is(key, "forwardingtimeouts.pingtimeout");
}

static void
read_key(struct traefik_reading *r, struct transport *t, struct str key, struct str value,
    const char **wrong)
{
	if (word_is(key, "servername")) {
		t->name = arena_text(r->l->arena, value);
		if (!form_host(value, false))
			*wrong = "expected a host name";
	} else if (word_is(key, "insecureskipverify"))
		read_switch(value, &t->insecure, wrong);
	else if (word_is(key, "disablehttp2"))
		read_switch(value, &t->http1, wrong);
	else if (word_is(key, "rootcas"))
		t->ca = read_paths(r, value, wrong);
	else if (word_is(key, "certificates[0].certfile"))
		t->cert = read_path(r, value, wrong);
	else if (word_is(key, "certificates[0].keyfile"))
		read_path(r, value, wrong);
	else if (word_is(key, "forwardingtimeouts.dialtimeout"))
		read_time(r, value, "mola.connect", &t->connect_usec, wrong);
	else if (word_is(key, "forwardingtimeouts.responseheadertimeout") && !str_eq(value, STR("0")) &&
	    !str_eq(value, STR("0s")))
		read_time(r, value, "mola.response", &t->response_usec, wrong);
	else if (word_is(key, "maxidleconnsperhost")) {
		if (value.len > 0 && *value.p == '-')
			*wrong = "Mola's connections to servers are used again";
	} else if (key.len > 0 && !is_harmless(key) && !word_is(key,
	    "forwardingtimeouts.responseheadertimeout"))
		*wrong = "Mola cannot do this";
}

/* ---- all of them ---- */

static struct transport
transport_read(struct traefik_reading *r, struct str name)
{
	struct transport t = { .problem = NULL };
	const struct file_line *at = NULL;
	struct files_key k;

	while (files_next(r->l->files, KIND, name, &at, &k)) {
		const char *wrong = NULL;
		read_key(r, &t, k.key, str_trim(str_of(k.label->value)), &wrong);
		if (wrong != NULL && t.problem == NULL)
			t.problem = arena_printf(r->l->arena, "%s: %s", reading_key(r, k.label), wrong);
	}
	return t;
}

/* "insecure@file"; within a file, "insecure". */
static bool
is_of_file(const struct traefik_reading *r, struct str *name)
{
	if (str_ends(*name, STR(FILE_PROVIDER))) {
		name->len -= strlen(FILE_PROVIDER);
		return true;
	}
	return r->service->provided && memchr(name->p, '@', name->len) == NULL;
}

/* In Go each server is verified by the name in its URL; Mola has one for all of a service. */
static void
check_names(struct backend *b)
{
	if (b->unspoken == NULL && b->speaks == SCHEME_HTTPS && b->names_differ && b->tls_name == NULL)
		b->unspoken = "its servers have different names, and Mola verifies one for all of them; "
		    "serverName of a serversTransport would set it";
}

bool
transport_is_given(const struct traefik_reading *r)
{
	return reading_has_label(r, "mola.scheme") || reading_has_label(r, "mola.task_tls.verify") ||
	    reading_has_label(r, "mola.task_tls.ca") || reading_has_label(r, "mola.task_tls.name");
}

static bool
take(struct traefik_reading *r, struct backend *b)
{
	struct str name = b->transport == NULL ? STR("") : str_trim(str_of(b->transport->value));
	struct transport t;

	if (b->transport == NULL || !is_of_file(r, &name))
		return false;
	if (!files_has(r->l->files, KIND, name)) {
		if (!files_are_there(r->l->files) || transport_is_given(r))
			return false;
		b->unspoken = "no file of swarm.traefik.files defines its serversTransport";
		return true;
	}
	t = transport_read(r, name);
	b->unspoken = b->unspoken != NULL ? b->unspoken : t.problem;
	b->verified = true;
	b->insecure = t.insecure;
	b->http1 = t.http1;
	b->tls_ca = t.ca;
	b->tls_cert = t.cert;
	b->tls_name = t.name != NULL ? t.name : b->tls_name;
	b->connect_usec = t.connect_usec;
	b->response_usec = t.response_usec;
	return true;
}

bool
transport_take(struct traefik_reading *r, struct backend *b)
{
	bool taken = take(r, b);

	check_names(b);
	return taken;
}

static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

void
transport_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	if (b->connect_usec > 0 && !reading_has_label(r, "mola.connect"))
		conf->connect_usec = b->connect_usec;
	if (b->response_usec > 0 && !reading_has_label(r, "mola.response"))
		conf->response_usec = b->response_usec;
	if (b->speaks != SCHEME_HTTPS || reading_has_label(r, "mola.scheme"))
		return;
	if (b->verified && !reading_has_label(r, "mola.task_tls.verify"))
		conf->tls_verify = !b->insecure;
	if (b->http1 && !reading_has_label(r, "mola.task_tls.http1"))
		conf->tls_http1 = true;
	if (b->tls_ca != NULL && !reading_has_label(r, "mola.task_tls.ca"))
		conf->tls_ca = text(b->tls_ca);
	if (b->tls_cert != NULL && !reading_has_label(r, "mola.task_tls.cert"))
		conf->tls_cert = text(b->tls_cert);
	if (b->tls_name != NULL && !reading_has_label(r, "mola.task_tls.name"))
		conf->tls_name = text(b->tls_name);
}
