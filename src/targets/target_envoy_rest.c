/*
 * target_envoy_rest: the door at which Envoys ask for endpoints, and what their questions tell of what they have: each
 * names the version that it took last. One that keeps on naming another than it was given has refused that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "targets/target_envoy_priv.h"

#define ANSWER_MAX	(32u << 20)
#define SUBSCRIBERS_MAX	256			/* the one that was silent for longest makes room */
#define SILENT_USEC	(30 * USEC_PER_SEC)	/* such a one is not there any more */
#define UNLIKE_MANY	2			/* one that starts anew has nothing; of two with one name one may be behind */

struct subscriber {				/* one Envoy, as far as one cluster is concerned */
	char	 name[96];		/* its node id, at its address */
	char	 cluster[128];
	char	 given[ENVOY_VERSION];	/* by the last answer */
	char	 has[ENVOY_VERSION];	/* by its last question */
	unsigned unlike;		/* questions in a row that did not name what was given */
	int64_t	 asked_usec;
	char	 host[ADDR_TEXT_MAX];
	uint64_t question;		/* its last one, hashed; 0: it cannot be known again */
};

struct envoy_subscribers {
	struct subscriber	 one[SUBSCRIBERS_MAX];
	unsigned	 n;
};

struct envoy_subscribers *
envoy_subscribers_new(void)
{
	return must_zalloc(sizeof(struct envoy_subscribers));
}

void
envoy_subscribers_free(struct envoy_subscribers **ap)
{
	free(*ap);
	*ap = NULL;
}

/* --- who asks --- */

static struct subscriber *
subscriber_find(struct envoy_subscribers *all, const char *name, const char *cluster)
{
	struct subscriber *a, *oldest = all->one;

	for (unsigned i = 0; i < all->n; i++) {
		a = &all->one[i];
		if (strcmp(a->name, name) == 0 && strcmp(a->cluster, cluster) == 0)
			return a;
		if (a->asked_usec < oldest->asked_usec)
			oldest = a;
	}
	a = all->n < SUBSCRIBERS_MAX ? &all->one[all->n++] : oldest;
	*a = (struct subscriber){ 0 };
	snprintf(a->name, sizeof a->name, "%s", name);
	snprintf(a->cluster, sizeof a->cluster, "%s", cluster);
	return a;
}

static void
subscriber_update(struct envoy *e, struct subscriber *a, const char *has, const char *given)
{
	if (has != a->has)
		snprintf(a->has, sizeof a->has, "%s", has);
	a->unlike = *a->given == '\0' || strcmp(a->has, a->given) == 0 ? 0 : a->unlike + 1;
	snprintf(a->given, sizeof a->given, "%s", given);
	a->asked_usec = loop_now(target_loop(e->target));
}

static struct subscriber *
subscriber_identify(struct envoy *e, struct request *req, const struct envoy_request *q, const char *cluster)
{
	char name[sizeof e->subscribers->one->name], host[ADDR_TEXT_MAX], short_cluster[sizeof e->subscribers->one->cluster];
	struct subscriber *a;

	addr_host_text(request_peer(req), host);
	snprintf(name, sizeof name, "%.60s at %.30s", *q->node != '\0' ? q->node : "an Envoy", host);
	snprintf(short_cluster, sizeof short_cluster, "%s", cluster);
	a = subscriber_find(e->subscribers, name, short_cluster);
	memcpy(a->host, host, sizeof a->host);
	a->question = strlen(cluster) < sizeof a->cluster && strlen(q->version) < sizeof a->has ? str_hash(request_body(req)) : 0;
	return a;
}

/* The same words from the same address: a question is long, and most are asked again and again. */
static struct subscriber *
subscriber_repeat(const struct envoy *e, struct request *req)
{
	uint64_t question = str_hash(request_body(req));
	char host[ADDR_TEXT_MAX];

	addr_host_text(request_peer(req), host);
	for (unsigned i = 0; i < e->subscribers->n; i++) {
		struct subscriber *a = &e->subscribers->one[i];
		if (question != 0 && a->question == question && strcmp(a->host, host) == 0)
			return a;
	}
	return NULL;
}

/* --- the door --- */

static void
reply(struct request *req, int status, struct str body)
{
	request_reply(req, status, "application/json", body, "Cache-Control: no-store\r\n");
}

static void
reply_error(struct request *req, int status, const char *error)
{
	json_t *j = json_pack("{s:s}", "error", error);
	char *text = json_dumps(j, JSON_COMPACT);

	reply(req, status, str_of(text));
	free(text);
	json_decref(j);
}

/* What is asked for by name, as far as there is something current to be said; by no name, all that there is. No question:
 * nothing. */
static json_t *
resources(const struct envoy *e, const struct envoy_request *q)
{
	json_t *list = json_array();
	const json_t *name;
	size_t i;

	if (q == NULL)
		return list;
	if (json_array_size(q->names) == 0)
		for (i = 0; i < e->nresources; i++)
			if (e->resource[i].current)
				json_array_append(list, e->resource[i].assignment);
	json_array_foreach(q->names, i, name) {
		const struct envoy_resource *s = envoy_find_resource(e, json_string_value(name));
		if (s != NULL && s->current)
			json_array_append(list, s->assignment);
	}
	return list;
}

static void
answer(struct envoy *e, struct request *req, const struct envoy_request *q)
{
	json_t *list = resources(e, q);
	char version[ENVOY_VERSION];
	struct buf out;

	buf_init(&out, ANSWER_MAX);
	envoy_response_write(list, &out, version);
	if (out.full)
		reply_error(req, 500, "the response would be too large");
	else
		reply(req, 200, buf_str(&out));
	buf_fini(&out);
	json_decref(list);
}

/* Envoy asks for one cluster at a time. */
static void
answer_one(struct envoy *e, struct request *req, struct subscriber *a, const char *has, const char *cluster)
{
	const struct envoy_resource *s = envoy_find_resource(e, cluster);
	bool known = s != NULL && s->current;

	subscriber_update(e, a, has, known ? s->version : "");
	if (known)
		reply(req, 200, buf_str(&s->text));
	else
		answer(e, req, NULL);
}

static void
answer_all(struct envoy *e, struct request *req, const struct envoy_request *q)
{
	const char *cluster;

	if (json_array_size(q->names) != 1) {
		answer(e, req, q);
		return;
	}
	cluster = json_string_value(json_array_get(q->names, 0));
	answer_one(e, req, subscriber_identify(e, req, q, cluster), q->version, cluster);
}

/* Before anything is known, an answer would say that there is nobody: none at all leaves Envoy with what it has. */
void
envoy_respond(struct envoy *e, struct request *req)
{
	struct subscriber *again = e->published_usec == 0 ? NULL : subscriber_repeat(e, req);
	struct envoy_request q;
	char detail[ENVOY_DETAIL];

	if (again != NULL) {
		answer_one(e, req, again, again->has, again->cluster);
		return;
	}
	if (!envoy_request_parse(request_body(req), &q, detail)) {
		reply_error(req, 400, detail);
		return;
	}
	if (e->published_usec == 0)
		reply_error(req, 503, "nothing is known yet");
	else
		answer_all(e, req, &q);
	envoy_request_free(&q);
}

/* --- what they have taken --- */

static bool
is_there(const struct subscriber *a, int64_t now)
{
	return now - a->asked_usec <= SILENT_USEC;
}

/* One of this name and cluster has something old, or nothing that we said of late. */
static bool
has_it(const struct envoy *e, const struct subscriber *a)
{
	const struct envoy_resource *s = envoy_find_resource(e, a->cluster);

	return s == NULL || !s->current || strcmp(a->has, s->version) == 0;
}

static void
refused_tell(struct envoy *e, const struct subscriber *a)
{
	char detail[ENVOY_DETAIL];

	snprintf(detail, sizeof detail, "%s has %s of cluster %.60s, and was sent another version; its log has the reason", a->name,
	    *a->has == '\0' ? "nothing" : a->has, a->cluster);
	target_not_applied(e->target, WHY_PROXY_REFUSED, detail);
}

/* With what was said lately there is nothing to tell yet: they will ask. */
void
envoy_subscribers_check(struct envoy *e, int64_t now)
{
	const struct envoy_subscribers *all = e->subscribers;
	bool taken = true;
	unsigned there = 0;

	for (unsigned i = 0; i < all->n; i++) {
		const struct subscriber *a = &all->one[i];
		if (!is_there(a, now))
			continue;
		there++;
		taken &= has_it(e, a);
		if (a->unlike >= UNLIKE_MANY) {
			refused_tell(e, a);
			return;
		}
	}
	if (there > 0 && taken)
		target_applied(e->target);
	else if (there == 0 && e->published_usec != 0 && now - e->published_usec > SILENT_USEC)
		target_not_applied(e->target, WHY_PROXY_GONE, "no Envoy polls for endpoints");
}

bool
envoy_has_subscribers(const struct envoy *e)
{
	int64_t now = loop_now(target_loop(e->target));

	for (unsigned i = 0; i < e->subscribers->n; i++)
		if (is_there(&e->subscribers->one[i], now))
			return true;
	return false;
}

void
envoy_subscribers_view(const struct envoy *e, json_t *j)
{
	int64_t now = loop_now(target_loop(e->target));
	json_t *list = json_array();

	for (unsigned i = 0; i < e->subscribers->n; i++) {
		const struct subscriber *a = &e->subscribers->one[i];
		const struct envoy_resource *s = envoy_find_resource(e, a->cluster);
		if (is_there(a, now))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:b, s:f}", "envoy", a->name, "cluster", a->cluster,
			    "version", a->has, "known", s != NULL, "taken", s != NULL && strcmp(a->has, s->version) == 0,
			    "asked_seconds", (double)(now - a->asked_usec) / (double)USEC_PER_SEC));
	}
	json_object_set_new(j, "askers", list);
}
