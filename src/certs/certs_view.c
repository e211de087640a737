/*
 * certs_view: what the API, metrics and `mola certs` get to see. Never a key, nor what a challenge
 * is answered with.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "certs/certs_priv.h"

static json_t *
text_or_null(const char *s)
{
	json_t *j = s == NULL || *s == '\0' ? NULL : json_string(s);

	return j == NULL ? json_null() : j;
}

static json_t *
date_or_null(int64_t sec)
{
	time_t t = (time_t)sec;
	char text[32];
	struct tm tm;

	if (sec == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

/* "acme" of acme:example.org. */
static json_t *
source_view(const struct item *i)
{
	const char *id = item_id(i), *colon = strchr(id, ':');

	return colon == NULL ? json_string("file") : json_stringn(id, (size_t)(colon - id));
}

static json_t *
names_view(const struct cert *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; c != NULL && i < cert_count_names(c); i++)
		json_array_append_new(list, json_stringn(cert_name(c, i).p, cert_name(c, i).len));
	return list;
}

static void
put_cert(json_t *j, const struct cert *c, int64_t now)
{
	json_object_set_new(j, "names", names_view(c));
	json_object_set_new(j, "subject", text_or_null(c == NULL ? NULL : cert_subject(c)));
	json_object_set_new(j, "issuer", text_or_null(c == NULL ? NULL : cert_issuer(c)));
	json_object_set_new(j, "serial", text_or_null(c == NULL ? NULL : cert_serial(c)));
	json_object_set_new(j, "key", c == NULL ? json_null() : json_sprintf("%s-%u",
	    cert_kind_name(cert_kind(c)), cert_key_bits(c)));
	json_object_set_new(j, "chain", c == NULL ? json_null() : json_integer(cert_chain_len(c)));
	json_object_set_new(j, "not_before", c == NULL ? json_null() : date_or_null(cert_not_before(c)));
	json_object_set_new(j, "not_after", c == NULL ? json_null() : date_or_null(cert_not_after(c)));
	json_object_set_new(j, "expires_seconds", c == NULL ? json_null() :
	    json_integer(cert_not_after(c) - now));
}

static json_t *
item_view(const struct certs *c, const struct item *i, int64_t now)
{
	const struct cert *cert = i->now.cert;
	json_t *j = json_object();

	json_object_set_new(j, "id", json_string(item_id(i)));
	json_object_set_new(j, "source", source_view(i));
	json_object_set_new(j, "state", json_string(state_name(state_of(i, now))));
	json_object_set_new(j, "default", json_boolean(i == certs_default(c)));
	if (i->kind == ITEM_CERT)
		put_cert(j, cert, now);
	else
		json_object_set_new(j, "certificates", json_integer(i->now.ncas));
	json_object_set_new(j, "renew", date_or_null(i->renew_at));
	json_object_set_new(j, "file", text_or_null(i->file));
	json_object_set_new(j, "key_file", text_or_null(i->key_file));
	json_object_set_new(j, "why", text_or_null(i->why == NULL ? NULL : why_name(i->why)));
	json_object_set_new(j, "text", text_or_null(i->why == NULL ? NULL : i->why->text));
	json_object_set_new(j, "detail", text_or_null(i->detail));
	json_object_set_new(j, "warning", text_or_null(cert == NULL ? NULL : cert_warning(cert)));
	json_object_set_new(j, "failures", json_integer((json_int_t)i->failures));
	return j;
}

json_t *
certs_view(const struct certs *c)
{
	int64_t now = clock_wall_usec() / USEC_PER_SEC;
	json_t *certificates = json_array(), *authorities = json_array();
	const struct item *i;

	TAILQ_FOREACH(i, &c->items, link)
		json_array_append_new(i->kind == ITEM_CERT ? certificates : authorities,
		    item_view(c, i, now));
	return json_pack("{s:o, s:o, s:{s:i, s:b, s:o}, s:i, s:b}",
	    "certificates", certificates, "authorities", authorities,
	    "tickets", "keys", (int)(c->tickets.nshared > 0 ? c->tickets.nshared : c->tickets.nown),
	    "shared", c->tickets.nshared > 0, "rotated", date_or_null(c->tickets.made_usec / USEC_PER_SEC),
	    "challenges", (int)map_count(c->challenge), "clock_wrong", now < CLOCK_LEAST);
}

static double
left_ratio(const struct cert *c, int64_t now)
{
	double life = c == NULL ? 0 : (double)(cert_not_after(c) - cert_not_before(c));
	double left = c == NULL ? 0 : (double)(cert_not_after(c) - now);

	return life <= 0 || left <= 0 ? 0 : left >= life ? 1 : left / life;
}

static const char *
status_detail(const struct item *i)
{
	const char *doubt = i->now.cert == NULL ? NULL : cert_warning(i->now.cert);

	return i->why == NULL && doubt != NULL ? doubt : i->detail;
}

bool
certs_clock_is_wrong(void)
{
	return clock_wall_usec() / USEC_PER_SEC < CLOCK_LEAST;
}

bool
certs_status(const struct certs *c, size_t *at, struct certs_status *out)
{
	int64_t now = clock_wall_usec() / USEC_PER_SEC;
	const struct item *i;
	size_t k = 0;

	TAILQ_FOREACH(i, &c->items, link) {
		if (k++ < *at)
			continue;
		*at = k;
		*out = (struct certs_status){ .id = item_id(i), .state = state_name(state_of(i, now)),
		    .text = state_text(state_of(i, now)), .why = i->why, .detail = status_detail(i),
		    .file = i->file != NULL, .there = i->now.pem.p != NULL,
		    .good = i->now.pem.p != NULL && i->why == NULL,
		    .not_after = i->now.cert != NULL ? cert_not_after(i->now.cert) : 0,
		    .left = left_ratio(i->now.cert, now), .failures = i->failures };
		return true;
	}
	return false;
}

/* ---- what people ask of a source ---- */

/* By ID, or by a name that only one certificate has. */
static const struct item *
item_named(const struct certs *c, const char *name, int *status, char *detail)
{
	const struct item *i, *found = NULL;
	unsigned n = 0;

	TAILQ_FOREACH(i, &c->items, link) {
		const struct cert *cert = i->now.cert;
		const char *colon = strchr(item_id(i), ':');
		bool has = colon != NULL && i->file == NULL && strcmp(colon + 1, name) == 0;

		if (strcmp(item_id(i), name) == 0)
			return i;
		for (unsigned k = 0; cert != NULL && item_is_served(i) && k < cert_count_names(cert); k++)
			has |= str_eq_nocase(cert_name(cert, k), str_of(name));
		n += has;
		if (has)
			found = i;
	}
	*status = n == 0 ? 404 : 409;
	if (n == 0)
		snprintf(detail, CERTS_DETAIL_MAX, "there is no such certificate");
	else
		snprintf(detail, CERTS_DETAIL_MAX,
		    "%u certificates have this name; expected an id, as `mola certs` shows it", n);
	return n == 1 ? found : NULL;
}

static int
source_act(struct certs *c, const char *name, bool renew, char detail[CERTS_DETAIL_MAX])
{
	const struct certs_source *s = c->source;
	const struct item *i;
	certs_act_f *act;
	int status;

	if ((i = item_named(c, name, &status, detail)) == NULL)
		return status;
	if (i->file != NULL) {
		snprintf(detail, CERTS_DETAIL_MAX, "it is a file: %s", renew ?
		    "replace the file, and the new certificate takes effect by itself" :
		    "take it out of the configuration and reload");
		return 409;
	}
	act = s == NULL ? NULL : renew ? s->renew : s->remove;
	if (act == NULL) {
		snprintf(detail, CERTS_DETAIL_MAX, "nothing here can do that: is ACME configured?");
		return 409;
	}
	return act(s->arg, item_id(i), detail) ? 0 : 409;
}

int
certs_renew(struct certs *c, const char *name, char detail[CERTS_DETAIL_MAX])
{
	return source_act(c, name, true, detail);
}

int
certs_act_remove(struct certs *c, const char *name, char detail[CERTS_DETAIL_MAX])
{
	return source_act(c, name, false, detail);
}
