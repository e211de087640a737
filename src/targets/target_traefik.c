/*
 * target_traefik: Traefik, configured by a file that it watches or by an endpoint that it polls,
 * and read back through its API. drive/traefik.c makes the documents.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "drive/traefik.h"
#include "targets/atomic_file.h"
#include "targets/target.h"

#define TEXT_MAX	(16u << 20)
#define RESPONSE_MAX	(64u << 20)
#define PAGE_THINGS	"100000"		/* per page: Traefik has no limit of its own */
#define API_USEC	(5 * USEC_PER_SEC)
/* Traefik may be behind for so long, and some intervals of the target: from a file it applies one
 * change in 2 s, unless configured otherwise; over HTTP it polls every 5 s. */
#define FILE_GRACE_USEC	(3 * USEC_PER_SEC)
#define HTTP_GRACE_USEC	(10 * USEC_PER_SEC)
#define GRACE_INTERVALS	3
/*
 * leasttime uses the average of the last 100 responses, and sends no more requests to a server
 * whose first ones were slow, as those of one that has just started are, unless all others are as
 * slow because they have many in flight. It forgets when its configuration changes: so there is a
 * change this many intervals after a server has joined.
 */
#define RESET_INTERVALS	6

struct traefik_target {
	struct target	*target;
	const struct conf_target *conf;
	struct traefik_options options;
	const char	*provider;		/* "file" or "http" */
	struct buf	 text;			/* the document that was published last */
	struct atomic_file_id id;		/* of the file, */
	bool		 written;		/* which has that document */
	int64_t		 reset_usec;		/* the join that was followed by a reset */
	bool		 withdrawn;		/* nothing is published until the next plan */
	int64_t		 published_usec;	/* 0: there was nothing */
	int64_t		 polled_usec;		/* by Traefik; 0: never */
	/* reading back: services, then routers */
	int64_t		 due_usec;
	int64_t		 differs_usec;		/* since when it has something else; 0: it has not */
	struct fetch	*fetch;
	struct buf	 services;
	char		 url[1200];
};

/* ---- publishing ---- */

static void
document_make(struct traefik_target *t, const struct plan *p)
{
	t->withdrawn = false;
	buf_clear(&t->text);
	traefik_write(p, &t->options, &t->text);
	t->published_usec = loop_now(target_loop(t->target));
}

static void
file_write(struct traefik_target *t)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why = WHY_NO_MEMORY;

	ASSERT(!t->withdrawn && t->text.len > 0);
	if (!t->text.full)
		why = atomic_file_write(t->conf->file, buf_str(&t->text), &t->id, detail);
	t->written = why == NULL;
	if (why != NULL) {
		target_failed(t->target, why, detail);
		return;
	}
	if (t->conf->best_node)
		log_event(LOG_INFO, "best_node.updated", "target", t->conf->name, "file", t->conf->file, NULL);
	target_published(t->target);
}

static void
file_publish(void *arg, const struct plan *p)
{
	struct traefik_target *t = arg;

	document_make(t, p);
	file_write(t);
}

static void
http_publish(void *arg, const struct plan *p)
{
	struct traefik_target *t = arg;

	document_make(t, p);
	if (t->text.full)
		target_failed(t->target, WHY_NO_MEMORY, "");
	else
		target_published(t->target);
}

static bool
is_reset_due(const struct traefik_target *t, int64_t now)
{
	int64_t joined = target_joined_usec(t->target);

	if (t->conf->strategy == NULL || strcmp(t->conf->strategy, "leasttime") != 0)
		return false;
	return joined != 0 && joined != t->reset_usec &&
	    now - joined >= RESET_INTERVALS * t->conf->interval_usec;
}

/* Publishes the same plan as another document. */
static void
reset(struct traefik_target *t)
{
	ASSERT(t->published_usec != 0 && target_plan(t->target) != NULL);
	t->reset_usec = target_joined_usec(t->target);
	t->options.vary_weight = !t->options.vary_weight;
	log_event(LOG_INFO, "target.reset", "target", t->conf->name, "text",
	    "leasttime forgets how slow the first responses were", NULL);
	document_make(t, target_plan(t->target));
	if (t->conf->file != NULL)
		file_write(t);
}

static void
http_respond(void *arg, struct request *req)
{
	struct traefik_target *t = arg;

	if (t->published_usec == 0 || t->text.full) {	/* Traefik keeps what it has */
		request_reply(req, 503, "application/json",
		    STR("{\"error\":\"nothing is known yet\"}"), "Cache-Control: no-store\r\n");
		return;
	}
	t->polled_usec = loop_now(target_loop(t->target));
	request_reply(req, 200, "application/yaml", buf_str(&t->text), "Cache-Control: no-store\r\n");
}

/* ---- withdrawing ---- */

static void
describe_withdraw(const void *arg, json_t *sentences)
{
	const struct traefik_target *t = arg;
	const struct plan *p = target_plan(t->target);
	char text[400];

	if (t->conf->file != NULL)
		snprintf(text, sizeof text,
		    "empty %.200s, if it is Mola's: an empty document takes its place",
		    t->conf->file);
	else
		snprintf(text, sizeof text, "serve an empty document at /traefik?target=%.100s", t->conf->name);
	json_array_append_new(sentences, json_string(text));
	for (unsigned i = 0; p != NULL && i < p->nservices; i++) {
		snprintf(text, sizeof text, "the service %.150s@%s is removed; Traefik then responds with "
		    "404 where a router still names it", p->service[i].name, t->provider);
		json_array_append_new(sentences, json_string(text));
	}
}

static void
withdraw_begin(struct traefik_target *t)
{
	t->withdrawn = true;
	t->differs_usec = 0;
	if (t->fetch != NULL)
		fetch_cancel(t->fetch);
	t->fetch = NULL;
	buf_clear(&t->text);
	buf_adds(&t->text, STR(TRAEFIK_WITHDRAWN));
}

/* A file that is not Mola's, or no file, needs no withdrawal. */
static void
file_withdraw(void *arg)
{
	struct traefik_target *t = arg;
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
		why = atomic_file_write(t->conf->file, buf_str(&t->text), &t->id, detail);
	buf_fini(&old);
	if (why != NULL)
		target_failed(t->target, why, detail);
	else
		target_withdrawn(t->target);
}

static void
http_withdraw(void *arg)
{
	struct traefik_target *t = arg;

	withdraw_begin(t);
	t->published_usec = loop_now(target_loop(t->target));
	target_withdrawn(t->target);
}

/* ---- reading back ---- */

static void
on_server(void *arg, const char *service, const char *server, int weight, const char *state)
{
	struct traefik_target *t = arg;

	(void)service;			/* names of servers are unique in a plan */
	target_server_reported(t->target, server, weight, state);
}

/* It has differed for a short time only: Traefik may be about to apply what was published. */
static bool
is_within_grace(struct traefik_target *t)
{
	int64_t grace = t->conf->file != NULL ? FILE_GRACE_USEC : HTTP_GRACE_USEC;
	int64_t now = loop_now(target_loop(t->target));

	if (t->differs_usec == 0)
		t->differs_usec = now;
	return now - t->differs_usec <= grace + GRACE_INTERVALS * t->conf->interval_usec;
}

static bool
fetch_check(struct traefik_target *t, const struct fetch_result *r)
{
	t->fetch = NULL;
	if (r->why == NULL)
		return true;
	/* The router to its API is part of what is published. */
	if (r->status == 404 && t->conf->api_entry_point != NULL && is_within_grace(t))
		return false;
	target_unreachable(t->target, t->url, "Traefik's API", r);
	return false;
}

static void
api_fetch(struct traefik_target *t, const char *what, fetch_done_f *done)
{
	const struct fetch_conf conf = {
		.url = t->url, .timeout_usec = API_USEC, .body_max = RESPONSE_MAX
	};
	size_t len = strlen(t->conf->api);

	ASSERT(t->fetch == NULL && !t->withdrawn);
	if (len > 0 && t->conf->api[len - 1] == '/')
		len--;
	snprintf(t->url, sizeof t->url, "%.*s/api/http/%s?per_page=" PAGE_THINGS, (int)len,
	    t->conf->api, what);
	t->fetch = fetch_start(target_fetcher(t->target), &conf, NULL, done, t);
}

static void
on_routers(void *arg, const struct fetch_result *r)
{
	struct traefik_target *t = arg;
	const struct plan *p = target_plan(t->target);
	const struct why *why;
	char detail[240];

	if (!fetch_check(t, r))
		return;
	ASSERT(!t->withdrawn && t->published_usec != 0 && p != NULL);
	why = traefik_compare(p, &t->options, t->provider, buf_str(&t->services), r->body,
	    on_server, t, detail, sizeof detail);
	if (why == NULL) {
		t->differs_usec = 0;
		target_applied(t->target);
		return;
	}
	if (!is_within_grace(t))
		target_not_applied(t->target, why, detail);
}

static void
on_services(void *arg, const struct fetch_result *r)
{
	struct traefik_target *t = arg;

	if (!fetch_check(t, r))
		return;
	buf_clear(&t->services);
	buf_adds(&t->services, r->body);
	api_fetch(t, "routers", on_routers);
}

static void
on_tick(void *arg, int64_t now)
{
	struct traefik_target *t = arg;

	if (t->withdrawn)
		return;
	if (t->published_usec != 0 && is_reset_due(t, now))
		reset(t);
	if (now < t->due_usec)
		return;
	t->due_usec = now + t->conf->poll_usec;
	if (t->written && !atomic_file_is_same(&t->id, t->conf->file)) {
		log_event(LOG_WARN, "target.file_changed", "target", t->conf->name, "file", t->conf->file, "text",
		    "another program has changed or removed it; it is written again", NULL);
		file_write(t);
	}
	if (t->conf->api != NULL && t->fetch == NULL && t->published_usec != 0)
		api_fetch(t, "services", on_services);
}

/* Services for which no routers are written, and why. */
static json_t *
withheld_view(const struct traefik_target *t)
{
	const struct plan *p = target_plan(t->target);
	json_t *list = json_array();

	for (unsigned i = 0; p != NULL && i < p->nservices; i++) {
		const char *text = traefik_withheld_reason(&t->options, &p->service[i]);
		if (text != NULL)
			json_array_append_new(list, json_pack("{s:s, s:s}",
			    "service", p->service[i].name, "text", text));
	}
	return list;
}

static void
on_view(const void *arg, json_t *j)
{
	const struct traefik_target *t = arg;
	int64_t now = loop_now(target_loop(t->target));

	if (t->conf->file != NULL)
		json_object_set_new(j, "file", json_string(t->conf->file));
	else
		json_object_set_new(j, "asked_seconds", t->polled_usec == 0 ? json_null() :
		    json_real((double)(now - t->polled_usec) / (double)USEC_PER_SEC));
	json_object_set_new(j, "withheld", withheld_view(t));
}

/* ---- life ---- */

/* The document of a Mola before this one is in force until the first publication, which may take
 * long. */
static void
file_migrate(struct traefik_target *t)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why = NULL;
	struct atomic_file_id mark;
	struct buf old, text;

	buf_init(&old, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	if (atomic_file_read(t->conf->file, &old) &&
	    traefik_migrate(buf_str(&old), &t->options, &text) && !text.full) {
		why = atomic_file_write(t->conf->file, buf_str(&text), &mark, detail);
		log_event(LOG_WARN, "target.routers_lowered", "target", t->conf->name,
		    "file", t->conf->file, "text", why == NULL ?
		    "routers of an older Mola stood before all others: they are below them now, "
		    "or gone where routers is not true" :
		    "routers of an older Mola stand before all others, and the file cannot be written",
		    "detail", detail, NULL);
	}
	buf_fini(&old);
	buf_fini(&text);
}

static void *
on_open(struct target *target)
{
	const struct conf_target *c = target_conf(target);
	struct traefik_target *t = must_zalloc(sizeof *t);

	t->target = target;
	t->conf = c;
	t->provider = c->kind == TARGET_TRAEFIK_FILE ? "file" : "http";
	t->options = (struct traefik_options){
		.backend = c->backend, .routers = c->routers,
		.entry_point = c->entry_points.item, .nentry_points = c->entry_points.n,
		.strategy = c->strategy, .api_entry_point = c->api_entry_point, .fallback = c->fallback
	};
	buf_init(&t->text, TEXT_MAX);
	buf_init(&t->services, RESPONSE_MAX);
	if (c->file != NULL)
		file_migrate(t);
	return t;
}

static void
on_close(void *arg)
{
	struct traefik_target *t = arg;

	if (t->fetch != NULL)
		fetch_cancel(t->fetch);
	buf_fini(&t->text);
	buf_fini(&t->services);
	free(t);
}

const struct target_driver target_driver_traefik_file = {
	.open = on_open, .close = on_close,
	.publish = file_publish, .withdraw = file_withdraw, .describe_withdraw = describe_withdraw,
	.tick = on_tick, .view = on_view,
};

const struct target_driver target_driver_traefik_http = {
	.open = on_open, .close = on_close,
	.publish = http_publish, .withdraw = http_withdraw, .describe_withdraw = describe_withdraw,
	.online_only = "Traefik keeps its configuration until it is restarted, or until it gets "
	    "another one; take providers.http out of its configuration",
	.tick = on_tick, .respond = http_respond, .view = on_view,
};
