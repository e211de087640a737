/*
 * target_traefik: Traefik, told by a file that it watches or by a door that it asks, and read back through its API.
 * What is said is drive/traefik.c's affair.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "drive/traefik.h"
#include "targets/atomic_file.h"
#include "targets/target.h"

#define TEXT_MAX	(16u << 20)
#define ANSWER_MAX	(64u << 20)
#define PAGE_THINGS	"100000"		/* it has no limit of its own */
#define API_USEC	(5 * USEC_PER_SEC)
/* It may have something else for so long, and some intervals of ours. */
#define FILE_GRACE_USEC	(3 * USEC_PER_SEC)	/* it takes no more than one change in 2 s, unless told otherwise */
#define HTTP_GRACE_USEC	(10 * USEC_PER_SEC)	/* it asks every 5 s */
#define GRACE_INTERVALS	3
/*
 * leasttime goes by the average of the last 100 responses, and asks no more of a server whose first ones were slow, as those of one
 * that has just started are, unless all others are as slow for having many in flight. A change of its configuration makes it
 * forget: one is made so many intervals after a server has come.
 */
#define RESET_INTERVALS	6

struct traefik {
	struct target	*target;
	const struct conf_target *conf;
	struct traefik_options options;
	const char	*provider;
	struct buf	 text;			/* what was said last */
	struct atomic_file_id mark;			/* of the file, */
	bool		 written;		/* which is as it was said last */
	int64_t		 reset_usec;		/* the join that was followed by a reset */
	bool		 withdrawn;		/* nothing is to be said, until the next publication */
	int64_t		 published_usec;		/* it was, 0: nothing was */
	int64_t		 asked_usec;		/* for the text, by Traefik; 0: never */
	/* reading back: services, then routers */
	int64_t		 due_usec;
	int64_t		 differs_usec;		/* it has something else since then, 0: it has not */
	struct fetch	*fetch;
	struct buf	 services;
	char		 url[1200];
};

static void	read_back(struct traefik *);

/* ---- saying it ---- */

static void
text_make(struct traefik *t, const struct plan *p)
{
	t->withdrawn = false;
	buf_clear(&t->text);
	traefik_write(p, &t->options, &t->text);
	t->published_usec = loop_now(target_loop(t->target));
}

static void
file_write(struct traefik *t)
{
	char detail[FILE_DETAIL_MAX];
	const struct why *why = t->text.full ? WHY_NO_MEMORY : atomic_file_write(t->conf->file, buf_str(&t->text), &t->mark, detail);

	t->written = why == NULL;
	if (why != NULL) {
		target_failed(t->target, why, why == WHY_PROXY_FILE ? detail : "");
		return;
	}
	if (t->conf->best_node)
		log_event(LOG_INFO, "best_node.updated", "target", t->conf->name, "file", t->conf->file, NULL);
	target_published(t->target);
}

static void
file_publish(void *arg, const struct plan *p)
{
	struct traefik *t = arg;

	text_make(t, p);
	file_write(t);
}

static void
http_publish(void *arg, const struct plan *p)
{
	struct traefik *t = arg;

	text_make(t, p);
	if (t->text.full)
		target_failed(t->target, WHY_NO_MEMORY, "");
	else
		target_published(t->target);
}

static bool
is_reset_due(const struct traefik *t, int64_t now)
{
	int64_t joined = target_joined_usec(t->target);

	return t->conf->strategy != NULL && strcmp(t->conf->strategy, "leasttime") == 0 && joined != 0 && joined != t->reset_usec &&
	    now - joined >= RESET_INTERVALS * t->conf->interval_usec;
}

/* The same plan in another text. */
static void
reset(struct traefik *t)
{
	t->reset_usec = target_joined_usec(t->target);
	t->options.vary_weight = !t->options.vary_weight;
	log_event(LOG_INFO, "target.reset", "target", t->conf->name, "text", "leasttime forgets how slow the first responses were", NULL);
	text_make(t, target_plan(t->target));
	if (t->conf->file != NULL)
		file_write(t);
}

static void
http_answer(void *arg, struct request *req)
{
	struct traefik *t = arg;

	if (t->published_usec == 0 || t->text.full) {	/* what it has stays in force */
		request_reply(req, 503, "application/json", STR("{\"error\":\"nothing is known yet\"}"), "Cache-Control: no-store\r\n");
		return;
	}
	t->asked_usec = loop_now(target_loop(t->target));
	request_reply(req, 200, "application/yaml", buf_str(&t->text), "Cache-Control: no-store\r\n");
}

/* ---- taking it away ---- */

static void
would(const void *arg, json_t *sentences)
{
	const struct traefik *t = arg;
	const struct plan *p = target_plan(t->target);
	char text[400];

	if (t->conf->file != NULL)
		snprintf(text, sizeof text, "empty %.200s, if it is Mola's: an empty document takes its place", t->conf->file);
	else
		snprintf(text, sizeof text, "serve an empty document at /traefik?target=%.100s", t->conf->name);
	json_array_append_new(sentences, json_string(text));
	for (unsigned i = 0; p != NULL && i < p->nservices; i++) {
		snprintf(text, sizeof text, "the service %.150s@%s is removed; Traefik then responds with 404 where a router still names it",
		    p->service[i].name, t->provider);
		json_array_append_new(sentences, json_string(text));
	}
}

static void
withdraw_begin(struct traefik *t)
{
	t->withdrawn = true;
	t->differs_usec = 0;
	if (t->fetch != NULL)
		fetch_cancel(t->fetch);
	t->fetch = NULL;
	buf_clear(&t->text);
	buf_adds(&t->text, STR(TRAEFIK_WITHDRAWN));
}

/* Nothing of ours, or nothing at all, is nothing to take away. */
static void
file_withdraw(void *arg)
{
	struct traefik *t = arg;
	char detail[FILE_DETAIL_MAX];
	const struct why *why = NULL;
	struct buf old;

	withdraw_begin(t);
	t->written = false;
	buf_init(&old, TEXT_MAX);
	if (!atomic_file_read(t->conf->file, &old) && errno != ENOENT) {
		snprintf(detail, sizeof detail, "read %.120s: %.40s", t->conf->file, strerror(errno));
		why = WHY_PROXY_FILE;
	} else if (str_starts(buf_str(&old), STR(TRAEFIK_HEAD)))
		why = atomic_file_write(t->conf->file, buf_str(&t->text), &t->mark, detail);
	buf_fini(&old);
	if (why != NULL)
		target_failed(t->target, why, detail);
	else
		target_withdrawn(t->target);
}

static void
http_withdraw(void *arg)
{
	struct traefik *t = arg;

	withdraw_begin(t);
	t->published_usec = loop_now(target_loop(t->target));
	target_withdrawn(t->target);
}

/* ---- reading it back ---- */

static void
on_seen(void *arg, const char *service, const char *server, int weight, const char *state)
{
	struct traefik *t = arg;

	(void)service;			/* names of servers are unique in a plan */
	target_server_reported(t->target, server, weight, state);
}

/* It has not been so for long: Traefik may still be about to take what it was told. */
static bool
is_early(struct traefik *t)
{
	int64_t grace = GRACE_INTERVALS * t->conf->interval_usec + (t->conf->file != NULL ? FILE_GRACE_USEC : HTTP_GRACE_USEC);
	int64_t now = loop_now(target_loop(t->target));

	if (t->differs_usec == 0)
		t->differs_usec = now;
	return now - t->differs_usec <= grace;
}

static bool
fetch_well(struct traefik *t, const struct fetch_result *r)
{
	t->fetch = NULL;
	if (r->why == NULL)
		return true;
	if (r->status == 404 && t->conf->api_entry_point != NULL && is_early(t))	/* the way to its API is what we told it */
		return false;
	target_unreachable(t->target, t->url, "Traefik's API", r);
	return false;
}

static void
api_ask(struct traefik *t, const char *what, fetch_done_f *done)
{
	size_t len = strlen(t->conf->api);

	snprintf(t->url, sizeof t->url, "%.*s/api/http/%s?per_page=" PAGE_THINGS, (int)(len > 0 && t->conf->api[len - 1] == '/' ? len - 1 : len),
	    t->conf->api, what);
	t->fetch = fetch_start(target_fetcher(t->target), &(struct fetch_conf){ .url = t->url, .timeout_usec = API_USEC,
	    .body_max = ANSWER_MAX }, NULL, done, t);
}

static void
on_routers(void *arg, const struct fetch_result *r)
{
	struct traefik *t = arg;
	const struct plan *p = target_plan(t->target);
	const struct why *why;
	char detail[240];

	if (!fetch_well(t, r))
		return;
	why = traefik_compare(p, &t->options, t->provider, buf_str(&t->services), r->body, on_seen, t, detail, sizeof detail);
	if (why == NULL) {
		t->differs_usec = 0;
		target_applied(t->target);
		return;
	}
	if (!is_early(t))
		target_not_applied(t->target, why, detail);
}

static void
on_services(void *arg, const struct fetch_result *r)
{
	struct traefik *t = arg;

	if (!fetch_well(t, r))
		return;
	buf_clear(&t->services);
	buf_adds(&t->services, r->body);
	api_ask(t, "routers", on_routers);
}

static void
read_back(struct traefik *t)
{
	if (t->conf->api != NULL && t->fetch == NULL && t->published_usec != 0)
		api_ask(t, "services", on_services);
}

static void
on_tick(void *arg, int64_t now)
{
	struct traefik *t = arg;

	if (t->withdrawn)
		return;
	if (t->published_usec != 0 && is_reset_due(t, now))
		reset(t);
	if (now < t->due_usec)
		return;
	t->due_usec = now + t->conf->poll_usec;
	if (t->written && !atomic_file_is_same(&t->mark, t->conf->file)) {
		log_event(LOG_WARN, "target.file_changed", "target", t->conf->name, "file", t->conf->file, "text",
		    "another program has changed or removed it; it is written again", NULL);
		file_write(t);
	}
	read_back(t);
}

/* Services that have no router of ours, and why. */
static json_t *
withheld_view(const struct traefik *t)
{
	const struct plan *p = target_plan(t->target);
	json_t *list = json_array();

	for (unsigned i = 0; p != NULL && i < p->nservices; i++) {
		const char *text = traefik_withheld_reason(&t->options, &p->service[i]);
		if (text != NULL)
			json_array_append_new(list, json_pack("{s:s, s:s}", "service", p->service[i].name, "text", text));
	}
	return list;
}

static void
on_show(const void *arg, json_t *j)
{
	const struct traefik *t = arg;
	int64_t now = loop_now(target_loop(t->target));

	if (t->conf->file != NULL)
		json_object_set_new(j, "file", json_string(t->conf->file));
	else
		json_object_set_new(j, "asked_seconds",
		    t->asked_usec == 0 ? json_null() : json_real((double)(now - t->asked_usec) / (double)USEC_PER_SEC));
	json_object_set_new(j, "withheld", withheld_view(t));
}

/* ---- life ---- */

/* What stands in the file is in force until the first publication, which may be long. */
static void
old_lower(struct traefik *t)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why = NULL;
	struct atomic_file_id mark;
	struct buf old, text;

	buf_init(&old, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	if (atomic_file_read(t->conf->file, &old) && traefik_migrate(buf_str(&old), &t->options, &text) && !text.full) {
		why = atomic_file_write(t->conf->file, buf_str(&text), &mark, detail);
		log_event(LOG_WARN, "target.routers_lowered", "target", t->conf->name, "file", t->conf->file, "text", why == NULL ?
		    "routers of an older Mola stood before all others: they are below them now, or gone where routers is not true" :
		    "routers of an older Mola stand before all others, and the file cannot be written", "detail", detail, NULL);
	}
	buf_fini(&old);
	buf_fini(&text);
}

static void *
on_open(struct target *target)
{
	const struct conf_target *c = target_conf(target);
	struct traefik *t = must_zalloc(sizeof *t);

	t->target = target;
	t->conf = c;
	t->provider = c->kind == TARGET_TRAEFIK_FILE ? "file" : "http";
	t->options = (struct traefik_options){ .backend = c->backend, .routers = c->routers, .entry_point = c->entry_points.item, .nentry_points = c->entry_points.n,
	    .strategy = c->strategy, .api_entry_point = c->api_entry_point, .fallback = c->fallback };
	buf_init(&t->text, TEXT_MAX);
	buf_init(&t->services, ANSWER_MAX);
	if (c->file != NULL)
		old_lower(t);
	return t;
}

static void
on_close(void *arg)
{
	struct traefik *t = arg;

	if (t->fetch != NULL)
		fetch_cancel(t->fetch);
	buf_fini(&t->text);
	buf_fini(&t->services);
	free(t);
}

const struct target_driver target_driver_traefik_file = {
	.open = on_open, .close = on_close, .publish = file_publish, .withdraw = file_withdraw, .describe_withdraw = would, .tick = on_tick, .view = on_show,
};

const struct target_driver target_driver_traefik_http = {
	.open = on_open, .close = on_close, .publish = http_publish, .withdraw = http_withdraw, .describe_withdraw = would,
	.online_only = "Traefik keeps its configuration until it is restarted, or until it gets another one; take providers.http out of "
	"its configuration", .tick = on_tick, .respond = http_answer, .view = on_show,
};
