/*
 * target_envoy_rest: the endpoint that Envoys poll for their resources_list, and what their
 * requests reveal: each names the version that it accepted last. An Envoy that keeps naming
 * another version than it was sent has rejected that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "targets/target_envoy_priv.h"

#define RESPONSE_MAX	(32u << 20)
#define SUBSCRIBERS_MAX	256			/* the one that was silent for longest makes room */
#define IDLE_USEC	(30 * USEC_PER_SEC)	/* a subscriber that was silent for longer is gone */
/* So many mean a rejection, not an Envoy that was restarted and has nothing, nor two of one name,
 * one of which is behind. */
#define MISMATCHES_REJECTED 2

struct subscriber {			/* one Envoy, as far as one cluster is concerned */
	char	 name[96];		/* its node id, at its address */
	char	 cluster[128];
	char	 sent[ENVOY_VERSION];	/* with the last response; "": that was empty */
	char	 accepted[ENVOY_VERSION];	/* according to its last request */
	unsigned mismatches;		/* requests in a row that did not name what was sent */
	int64_t	 requested_usec;
	char	 host[ADDR_TEXT_MAX];
	uint64_t request_hash;		/* of its last request; 0: it must be parsed each time */
};

struct envoy_subscribers {
	struct subscriber one[SUBSCRIBERS_MAX];
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

/* ---- subscribers ---- */

static struct subscriber *
subscriber_find(struct envoy_subscribers *all, const char *name, const char *cluster)
{
	struct subscriber *a, *oldest = all->one;

	for (unsigned i = 0; i < all->n; i++) {
		a = &all->one[i];
		if (strcmp(a->name, name) == 0 && strcmp(a->cluster, cluster) == 0)
			return a;
		if (a->requested_usec < oldest->requested_usec)
			oldest = a;
	}
	a = all->n < SUBSCRIBERS_MAX ? &all->one[all->n++] : oldest;
	*a = (struct subscriber){ 0 };
	snprintf(a->name, sizeof a->name, "%s", name);
	snprintf(a->cluster, sizeof a->cluster, "%s", cluster);
	return a;
}

static void
subscriber_update(struct envoy_target *e, struct subscriber *a, const char *accepted,
    const char *sent)
{
	ASSERT(a >= e->subscribers->one && a < e->subscribers->one + e->subscribers->n);
	if (accepted != a->accepted)
		snprintf(a->accepted, sizeof a->accepted, "%s", accepted);
	a->mismatches = *a->sent == '\0' || strcmp(a->accepted, a->sent) == 0 ? 0 : a->mismatches + 1;
	snprintf(a->sent, sizeof a->sent, "%s", sent);
	a->requested_usec = loop_now(target_loop(e->target));
}

static struct subscriber *
subscriber_identify(struct envoy_target *e, struct request *req, const struct envoy_request *q,
    const char *cluster)
{
	char name[sizeof e->subscribers->one->name], host[ADDR_TEXT_MAX];
	char short_cluster[sizeof e->subscribers->one->cluster];
	struct subscriber *a;
	bool whole;

	addr_host_text(request_peer(req), host);
	snprintf(name, sizeof name, "%.60s at %.30s", *q->node != '\0' ? q->node : "an Envoy", host);
	snprintf(short_cluster, sizeof short_cluster, "%s", cluster);
	a = subscriber_find(e->subscribers, name, short_cluster);
	memcpy(a->host, host, sizeof a->host);
	whole = strlen(cluster) < sizeof a->cluster && strlen(q->version) < sizeof a->accepted;
	a->request_hash = whole ? str_hash(request_body(req)) : 0;
	return a;
}

/* The subscriber that has sent exactly this before, from this address: a request is long, and
 * most of them are repeated. */
static struct subscriber *
subscriber_repeat(const struct envoy_target *e, struct request *req)
{
	uint64_t hash = str_hash(request_body(req));
	char host[ADDR_TEXT_MAX];

	addr_host_text(request_peer(req), host);
	for (unsigned i = 0; i < e->subscribers->n; i++) {
		struct subscriber *a = &e->subscribers->one[i];
		if (hash != 0 && a->request_hash == hash && strcmp(a->host, host) == 0)
			return a;
	}
	return NULL;
}

/* ---- responses ---- */

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

/* The resources that are requested by name, as far as they are current; all that are current, if
 * none are named. No request: none. */
static json_t *
resources_list(const struct envoy_target *e, const struct envoy_request *q)
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
reply_resources(struct envoy_target *e, struct request *req, const struct envoy_request *q)
{
	json_t *list = resources_list(e, q);
	char version[ENVOY_VERSION];
	struct buf out;

	buf_init(&out, RESPONSE_MAX);
	envoy_response_write(list, &out, version);
	if (out.full)
		reply_error(req, 500, "the response would be too large");
	else
		reply(req, 200, buf_str(&out));
	buf_fini(&out);
	json_decref(list);
}

/* Envoy requests one cluster at a time. */
static void
reply_one(struct envoy_target *e, struct request *req, struct subscriber *a, const char *accepted,
    const char *cluster)
{
	const struct envoy_resource *s = envoy_find_resource(e, cluster);
	bool known = s != NULL && s->current;

	subscriber_update(e, a, accepted, known ? s->version : "");
	if (known)
		reply(req, 200, buf_str(&s->text));
	else
		reply_resources(e, req, NULL);
}

static void
reply_all(struct envoy_target *e, struct request *req, const struct envoy_request *q)
{
	const char *cluster;

	if (json_array_size(q->names) != 1) {
		reply_resources(e, req, q);
		return;
	}
	cluster = json_string_value(json_array_get(q->names, 0));
	reply_one(e, req, subscriber_identify(e, req, q, cluster), q->version, cluster);
}

/* Before the first plan a response would be empty, and Envoy would drop its endpoints: an error
 * lets it keep them. */
void
envoy_respond(struct envoy_target *e, struct request *req)
{
	struct subscriber *repeated = e->published_usec == 0 ? NULL : subscriber_repeat(e, req);
	struct envoy_request q;
	char detail[ENVOY_DETAIL];

	ASSERT(e->subscribers->n <= SUBSCRIBERS_MAX);
	if (repeated != NULL) {
		reply_one(e, req, repeated, repeated->accepted, repeated->cluster);
		return;
	}
	if (!envoy_request_parse(request_body(req), &q, detail)) {
		reply_error(req, 400, detail);
		return;
	}
	if (e->published_usec == 0)
		reply_error(req, 503, "nothing is known yet");
	else
		reply_all(e, req, &q);
	envoy_request_free(&q);
}

/* ---- what they have accepted ---- */

static bool
is_active(const struct subscriber *a, int64_t now)
{
	return now - a->requested_usec <= IDLE_USEC;
}

/* Has it accepted what was published last? A cluster that is not published cannot be behind. */
static bool
is_up_to_date(const struct envoy_target *e, const struct subscriber *a)
{
	const struct envoy_resource *s = envoy_find_resource(e, a->cluster);

	return s == NULL || !s->current || strcmp(a->accepted, s->version) == 0;
}

static void
rejection_report(struct envoy_target *e, const struct subscriber *a)
{
	char detail[ENVOY_DETAIL];

	snprintf(detail, sizeof detail, "%.70s has %s of cluster %.38s, and was sent another version; "
	    "its log has the reason", a->name, *a->accepted == '\0' ? "nothing" : a->accepted, a->cluster);
	target_not_applied(e->target, WHY_PROXY_REFUSED, detail);
}

/* Reports nothing for as long as some may still request what was published last. */
void
envoy_subscribers_check(struct envoy_target *e, int64_t now)
{
	const struct envoy_subscribers *all = e->subscribers;
	bool applied = true;
	unsigned active = 0;

	for (unsigned i = 0; i < all->n; i++) {
		const struct subscriber *a = &all->one[i];
		if (!is_active(a, now))
			continue;
		active++;
		applied &= is_up_to_date(e, a);
		if (a->mismatches >= MISMATCHES_REJECTED) {
			rejection_report(e, a);
			return;
		}
	}
	if (active > 0 && applied)
		target_applied(e->target);
	else if (active == 0 && e->published_usec != 0 && now - e->published_usec > IDLE_USEC)
		target_not_applied(e->target, WHY_PROXY_GONE, "no Envoy polls for endpoints");
}

bool
envoy_has_subscribers(const struct envoy_target *e)
{
	int64_t now = loop_now(target_loop(e->target));

	for (unsigned i = 0; i < e->subscribers->n; i++)
		if (is_active(&e->subscribers->one[i], now))
			return true;
	return false;
}

void
envoy_subscribers_view(const struct envoy_target *e, json_t *j)
{
	int64_t now = loop_now(target_loop(e->target));
	json_t *list = json_array();

	for (unsigned i = 0; i < e->subscribers->n; i++) {
		const struct subscriber *a = &e->subscribers->one[i];
		const struct envoy_resource *s = envoy_find_resource(e, a->cluster);
		bool known = s != NULL;
		if (!is_active(a, now))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:b, s:f}",
		    "envoy", a->name, "cluster", a->cluster, "version", a->accepted, "known", known,
		    "taken", known && strcmp(a->accepted, s->version) == 0,
		    "asked_seconds", (double)(now - a->requested_usec) / (double)USEC_PER_SEC));
	}
	json_object_set_new(j, "askers", list);
}
