/*
 * What workers are to have, item by item, each under the name that its secret has. An item changes
 * in two places: item_read for files, certs_put for sources; both only ever put something in the
 * place of what is worse. Which files there are to be is in certs_want.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "certs/certs_priv.h"

static const char *const challenge_prefix[CERTS_CHALLENGES] = {
	[CERTS_HTTP_01] = "challenge/http-01/", [CERTS_TLS_ALPN_01] = "challenge/tls-alpn-01/" };

struct challenge {
	struct pem	 value;
	bool		 inherited;	/* and not put since */
};

/* ---- items ---- */

const char *
item_id(const struct item *i)
{
	return item_is_served(i) ? i->name + sizeof CERT_PREFIX - 1 : i->name;
}

bool
item_is_served(const struct item *i)
{
	return str_starts(str_of(i->name), STR(CERT_PREFIX));
}

bool
item_is_file(const struct item *i)
{
	return str_starts(str_of(i->name), STR(FILE_PREFIX)) ||
	    str_starts(str_of(i->name), STR(CLIENT_CA_PREFIX)) ||
	    str_starts(str_of(i->name), STR(TASK_CA_PREFIX)) ||
	    str_starts(str_of(i->name), STR(TASK_CERT_PREFIX));
}

static struct item *
item_find(const struct certs *c, const char *name)
{
	return map_get(c->by_name, str_of(name));
}

static struct item *
item_find_id(const struct certs *c, const char *id)
{
	char name[SECRETS_NAME_MAX];

	ASSERT(strlen(id) < CERTS_ID_MAX);
	snprintf(name, sizeof name, "%s%s", CERT_PREFIX, id);
	return item_find(c, name);
}

struct item *
item_take(struct certs *c, struct str name, enum item_kind kind)
{
	struct item *i = map_get(c->by_name, name);

	ASSERT(name.len > 0 && name.len < SECRETS_NAME_MAX);
	if (i != NULL) {
		ASSERT(i->kind == kind);
		return i;
	}
	i = must_zalloc(sizeof *i);
	i->name = str_dup(name);
	i->kind = kind;
	i->state = STATE_GOOD;
	TAILQ_INSERT_TAIL(&c->items, i, link);
	map_put(c->by_name, name, i);
	return i;
}

static void
item_free(struct certs *c, struct item *i)
{
	TAILQ_REMOVE(&c->items, i, link);
	map_remove(c->by_name, str_of(i->name));
	content_free(&i->now);
	free(i->file);
	free(i->key_file);
	free(i->name);
	free(i);
}

void
item_drop(struct certs *c, struct item *i)
{
	if (i->now.pem.p != NULL) {
		log_event(LOG_INFO, "certificate.removed", "id", item_id(i), NULL);
		certs_touch(c);
	}
	item_free(c, i);
}

/* ---- the owner is notified ---- */

static void
on_tell(void *arg)
{
	struct certs *c = arg;

	c->changed(c->arg);
}

void
certs_touch(struct certs *c)
{
	if (c->tell.node.at == 0)
		timer_set(c->loop, &c->tell, loop_now(c->loop), on_tell, c);
}

/* ---- one takes the place of another ---- */

/* The first few of its names. */
static void
names_text(const struct cert *c, char *out, size_t cap)
{
	unsigned n = c == NULL ? 0 : cert_count_names(c), shown = n < 4 ? n : 3;
	size_t len = 0;

	*out = '\0';
	for (unsigned i = 0; i < shown && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%.60s", i > 0 ? " " : "",
		    cert_name(c, i).p);
	if (n > shown && len < cap)
		snprintf(out + len, cap - len, " and %u more", n - shown);
}

static void
log_taken(const struct item *i)
{
	char names[300];

	names_text(i->now.cert, names, sizeof names);
	log_event(LOG_INFO, "certificate.taken", "id", item_id(i), "names", names, "issuer",
	    i->now.cert != NULL ? cert_issuer(i->now.cert) : "", "serial",
	    i->now.cert != NULL ? cert_serial(i->now.cert) : "", NULL);
}

/* Takes over *next, whatever comes of it. NULL: it is in force. */
static const struct why *
item_offer(struct certs *c, struct item *i, struct content *next)
{
	const struct why *why = content_better(&i->now, next, clock_wall_usec() / USEC_PER_SEC);

	ASSERT(next->pem.p != NULL);
	if (why != NULL || (i->now.pem.p != NULL && str_eq(pem_str(&i->now.pem), pem_str(&next->pem)))) {
		content_free(next);
		return why;
	}
	content_free(&i->now);
	i->now = *next;
	*next = (struct content){ 0 };
	log_taken(i);
	certs_touch(c);
	return NULL;
}

/* ---- files ---- */

static void
item_fail(struct certs *c, struct item *i, const struct why *why, const char *detail)
{
	if (i->why != why || strcmp(i->detail, detail) != 0) {
		i->failed_usec = loop_now(c->loop);
		i->reported = false;
	}
	i->why = why;
	snprintf(i->detail, sizeof i->detail, "%s", detail);
}

void
item_read(struct certs *c, struct item *i, bool certain)
{
	struct source_files f = { i->file, i->key_file };
	char detail[CERTS_DETAIL_MAX] = "";
	struct content next = { 0 };
	const struct why *why;

	ASSERT(i->file != NULL);
	i->sign[0] = file_sign(i->file);
	if (i->key_file != NULL)
		i->sign[1] = file_sign(i->key_file);
	why = content_read(&f, i->kind, &next, detail);
	if (why == NULL)
		why = item_offer(c, i, &next);
	if (why != NULL)
		item_fail(c, i, why, detail);
	else {
		i->why = NULL;
		*i->detail = '\0';
	}
	i->unsettled = why != NULL && !certain && !i->reported;
}

/* ---- sources ---- */

void
certs_set_source(struct certs *c, const struct certs_source *s)
{
	bool asked = s != NULL && s->asked != NULL;

	c->source = s;
	watch_asked(c);
	if (asked != c->source_asked)
		certs_touch(c);
	c->source_asked = asked;
}

const struct why *
certs_put(struct certs *c, const char *id, struct str pem, char detail[CERTS_DETAIL_MAX])
{
	char own[CERTS_DETAIL_MAX] = "", name[SECRETS_NAME_MAX];
	struct content next = { 0 };
	const struct why *why = content_parse(pem, ITEM_CERT, &next, own);

	ASSERT(strchr(id, ':') != NULL && strlen(id) < CERTS_ID_MAX);
	snprintf(name, sizeof name, "%s%s", CERT_PREFIX, id);
	ASSERT(!str_starts(str_of(name), STR(FILE_PREFIX)));
	if (why == NULL)
		why = item_offer(c, item_take(c, str_of(name), ITEM_CERT), &next);
	if (why != NULL && detail != NULL)
		snprintf(detail, CERTS_DETAIL_MAX, "%s", own);
	if (why == NULL)
		states_report(c, clock_wall_usec() / USEC_PER_SEC);
	return why;
}

void
certs_remove(struct certs *c, const char *id)
{
	struct item *i = item_find_id(c, id);

	if (i != NULL)
		item_drop(c, i);
}

void
certs_note(struct certs *c, const char *id, int64_t renew_at, const struct why *why,
    const char *detail)
{
	char name[SECRETS_NAME_MAX];
	struct item *i;

	ASSERT(strlen(id) < CERTS_ID_MAX);
	snprintf(name, sizeof name, "%s%s", CERT_PREFIX, id);
	i = item_take(c, str_of(name), ITEM_CERT);
	i->renew_at = renew_at;
	if (why != NULL)
		item_fail(c, i, why, detail != NULL ? detail : "");
	else {
		i->why = NULL;
		*i->detail = '\0';
	}
	states_report(c, clock_wall_usec() / USEC_PER_SEC);
}

const char *
certs_next(const struct certs *c, const char *prefix, size_t *at)
{
	const struct item *i;
	size_t k = 0;

	TAILQ_FOREACH(i, &c->items, link)
		if (k++ >= *at && item_is_served(i) && str_starts(str_of(item_id(i)), str_of(prefix))) {
			*at = k;
			return item_id(i);
		}
	return NULL;
}

struct str
certs_pem(const struct certs *c, const char *id)
{
	const struct item *i = item_find_id(c, id);

	return i == NULL ? STR("") : pem_str(&i->now.pem);
}

/* ---- challenges ---- */

static struct challenge *
challenge_set(struct certs *c, struct str name, struct str value)
{
	struct challenge *ch = map_get(c->challenge, name);

	if (ch != NULL && str_eq(pem_str(&ch->value), value))
		return ch;
	if (ch == NULL) {
		ch = must_zalloc(sizeof *ch);
		map_put(c->challenge, name, ch);
	}
	pem_free(&ch->value);
	ch->value = pem_copy(value);
	certs_touch(c);
	return ch;
}

static void
challenge_free(struct challenge *ch)
{
	pem_free(&ch->value);
	free(ch);
}

void
certs_put_challenge(struct certs *c, enum certs_challenge kind, const char *name, struct str value)
{
	char whole[SECRETS_NAME_MAX];

	ASSERT(kind < CERTS_CHALLENGES && *name != '\0' && strlen(name) <= 256);
	snprintf(whole, sizeof whole, "%s%s", challenge_prefix[kind], name);
	challenge_set(c, str_of(whole), value)->inherited = false;
}

void
certs_remove_challenge(struct certs *c, enum certs_challenge kind, const char *name)
{
	char whole[SECRETS_NAME_MAX];
	struct challenge *ch;

	ASSERT(kind < CERTS_CHALLENGES && strlen(name) <= 256);
	snprintf(whole, sizeof whole, "%s%s", challenge_prefix[kind], name);
	if ((ch = map_remove(c->challenge, str_of(whole))) == NULL)
		return;
	challenge_free(ch);
	certs_touch(c);
}

void
certs_forget_challenges(struct certs *c)
{
	struct str name;
	void *value;
	size_t at = 0;

	while (map_next(c->challenge, &at, &name, &value)) {
		struct challenge *ch = value;

		if (!ch->inherited)
			continue;
		map_remove(c->challenge, name);
		challenge_free(ch);
		certs_touch(c);
		at = 0;			/* the map is another now */
	}
}

void
certs_share_tickets(struct certs *c, const unsigned char (*keys)[CERTS_TICKET_BYTES], unsigned n)
{
	if (tickets_share(&c->tickets, keys, n))
		certs_touch(c);
}

/* ---- all of it ---- */

const struct item *
certs_default(const struct certs *c)
{
	const struct item *i;

	TAILQ_FOREACH(i, &c->items, link)
		if (item_is_served(i) && i->file != NULL && i->now.pem.p != NULL &&
		    (c->fallback == NULL || strcmp(c->fallback, i->file) == 0))
			return i;
	return NULL;
}

void
certs_write(struct certs *c, struct secrets_maker *m)
{
	const struct item *i, *fallback = certs_default(c);
	struct str name;
	void *value;
	size_t at = 0;

	timer_clear(c->loop, &c->tell);
	TAILQ_FOREACH(i, &c->items, link)
		if (i->now.pem.p != NULL)
			secrets_maker_add(m, str_of(i->name), pem_str(&i->now.pem));
	if (fallback != NULL)
		secrets_maker_add(m, STR("default"), str_of(item_id(fallback)));
	if (c->source_asked)
		secrets_maker_add(m, STR("acme"), STR(""));
	while (map_next(c->challenge, &at, &name, &value))
		secrets_maker_add(m, name, pem_str(&((struct challenge *)value)->value));
	tickets_write(&c->tickets, m);
}

/* What a brain of another version wrote and this one does not understand is not taken over. */
static void
inherit_one(struct certs *c, struct str name, struct str value)
{
	bool ca = str_starts(name, STR(CLIENT_CA_PREFIX)) || str_starts(name, STR(TASK_CA_PREFIX));
	enum item_kind kind = ca ? ITEM_CA : ITEM_CERT;
	char detail[CERTS_DETAIL_MAX];
	struct content content = { 0 };

	if (str_starts(name, STR("challenge/"))) {
		challenge_set(c, name, value)->inherited = true;
		return;
	}
	if ((kind == ITEM_CERT && !str_starts(name, STR(CERT_PREFIX)) &&
	    !str_starts(name, STR(TASK_CERT_PREFIX))) ||
	    name.len >= SECRETS_NAME_MAX || content_parse(value, kind, &content, detail) != NULL)
		return;
	item_take(c, name, kind)->now = content;
}

void
certs_inherit(struct certs *c, const struct secrets *s)
{
	struct str name, value;

	ASSERT(TAILQ_EMPTY(&c->items));
	for (unsigned i = 0; i < secrets_count(s); i++) {
		secrets_at(s, i, &name, &value);
		inherit_one(c, name, value);
	}
	tickets_inherit(&c->tickets, s);
}

/* ---- life ---- */

struct certs *
certs_new(struct loop *l, struct live *live, certs_changed_f *changed, void *arg)
{
	struct certs *c = must_zalloc(sizeof *c);

	c->loop = l;
	c->live = live;
	c->changed = changed;
	c->arg = arg;
	c->by_name = map_new();
	c->challenge = map_new();
	TAILQ_INIT(&c->items);
	watch_start(c);
	return c;
}

void
certs_free(struct certs **cp)
{
	struct certs *c = *cp;
	struct str name;
	void *value;
	size_t at = 0;

	*cp = NULL;
	if (c == NULL)
		return;
	watch_stop(c);
	certs_drop_files(c);
	timer_clear(c->loop, &c->tell);
	while (!TAILQ_EMPTY(&c->items))
		item_free(c, TAILQ_FIRST(&c->items));
	while (map_next(c->challenge, &at, &name, &value))
		challenge_free(value);
	map_free(&c->challenge);
	map_free(&c->by_name);
	tickets_wipe(&c->tickets);
	free(c->fallback);
	free(c);
}
