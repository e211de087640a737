/*
 * target: the life of targets: they come and go with the configuration, and keep what their drivers
 * report: publications, failures, what the proxy has applied, and its servers.
 * Must not know how any proxy is spoken to, nor when it is time to publish (target_publish.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "conf/conf_section.h"
#include "score/guard.h"
#include "targets/target_priv.h"

/* The first publication waits so long for samples, and longer for those of Prometheus, which are
 * rare. */
#define SETTLE_USEC		(3 * USEC_PER_SEC)
#define BACKOFF_LEAST_USEC	USEC_PER_SEC
#define BACKOFF_MOST_USEC	(30 * USEC_PER_SEC)

const struct target_kind target_kinds[TARGET_COUNT] = {
#define TARGET(id, driver, name, least, most, interval, zero, drain, how) \
	{ name, least, most, zero, drain, how },
#include "tbl/targets.h"
#undef TARGET
};

static const struct target_driver *const drivers[TARGET_COUNT] = {
#define TARGET(id, driver, ...) &target_driver_##driver,
#include "tbl/targets.h"
#undef TARGET
};

/* ---- what drivers use ---- */

struct loop *
target_loop(const struct target *t)
{
	return t->all->loop;
}

struct fetcher *
target_fetcher(const struct target *t)
{
	return t->all->fetcher;
}

const struct conf_target *
target_conf(const struct target *t)
{
	return &t->conf;
}

const char *
target_name(const struct target *t)
{
	return t->conf.name;
}

bool
target_is_standalone(const struct target *t)
{
	return t->all->world == NULL;
}

const struct plan *
target_plan(const struct target *t)
{
	return t->plan;
}

int64_t
target_joined_usec(const struct target *t)
{
	return t->joined_usec;
}

/* ---- what drivers report ---- */

bool
target_fault_set(struct target_fault *f, const struct why *why, const char *detail)
{
	bool other = f->why != why || strncmp(f->detail, detail, TARGET_DETAIL_MAX - 1) != 0;

	ASSERT(why != NULL || detail[0] == '\0');
	f->why = why;
	snprintf(f->detail, sizeof f->detail, "%s", detail);
	return other;
}

void
target_set_phase(struct target *t, enum target_phase phase)
{
	ASSERT(phase != TARGET_WITHDRAWN || t->phase == TARGET_WITHDRAWING);
	ASSERT(phase != TARGET_WITHDRAWING || t->phase != TARGET_WITHDRAWN);
	t->phase = phase;
}

void
target_published(struct target *t)
{
	bool mended = t->fault.why != NULL;

	ASSERT(t->phase == TARGET_PUBLISHING && t->plan != NULL);
	t->in_progress = t->retry = false;
	t->backoff_usec = 0;
	t->publications++;
	t->published_usec = loop_now(t->all->loop);
	target_fault_set(&t->fault, NULL, "");
	log_event(LOG_INFO, "target.published", "target", t->conf.name, "change",
	    plan_change_name(t->change), "services", LOG_N(t->plan->nservices), NULL);
	if (mended)
		log_event(LOG_INFO, "target.mended", "target", t->conf.name, NULL);
}

void
target_hold(struct target *t, const struct why *why, const char *detail)
{
	ASSERT(why != NULL);
	if (target_fault_set(&t->fault, why, detail))
		log_event(LOG_WARN, "target.failed", "target", t->conf.name, "why", why_name(why),
		    "text", why->text, "detail", t->fault.detail, NULL);
}

void
target_failed(struct target *t, const struct why *why, const char *detail)
{
	t->in_progress = false;
	t->retry = true;
	t->failures++;
	t->backoff_usec = t->backoff_usec == 0 ? BACKOFF_LEAST_USEC : t->backoff_usec * 2;
	if (t->backoff_usec > BACKOFF_MOST_USEC)
		t->backoff_usec = BACKOFF_MOST_USEC;
	ASSERT(t->backoff_usec >= BACKOFF_LEAST_USEC);
	target_hold(t, why, detail);
}

void
target_withdrawn(struct target *t)
{
	if (t->phase == TARGET_PUBLISHING)	/* it was resumed meanwhile: the next look publishes */
		return;
	t->in_progress = t->retry = false;
	t->backoff_usec = 0;
	target_fault_set(&t->fault, NULL, "");
	target_fault_set(&t->applied_fault, NULL, "");
	t->applied = APPLIED_UNKNOWN;
	target_forget_reported(t);
	log_event(LOG_WARN, "target.withdrawn", "target", t->conf.name, NULL);
	target_set_phase(t, TARGET_WITHDRAWN);
}

void
target_applied(struct target *t)
{
	bool news = t->applied != APPLIED_YES;

	ASSERT(t->phase == TARGET_PUBLISHING && t->plan != NULL);
	t->applied = APPLIED_YES;
	t->read_back_usec = loop_now(t->all->loop);
	target_fault_set(&t->applied_fault, NULL, "");
	if (news)
		log_event(LOG_INFO, "target.taken", "target", t->conf.name, NULL);
}

void
target_not_applied(struct target *t, const struct why *why, const char *detail)
{
	bool differs = why == WHY_PROXY_DIFFERS || why == WHY_PROXY_REFUSED;

	ASSERT(t->phase == TARGET_PUBLISHING && why != NULL);
	t->applied = differs ? APPLIED_NO : APPLIED_UNKNOWN;
	t->read_back_usec = loop_now(t->all->loop);
	if (target_fault_set(&t->applied_fault, why, detail))
		log_event(LOG_WARN, "target.refused", "target", t->conf.name, "why", why_name(why),
		    "text", why->text, "detail", t->applied_fault.detail, NULL);
}

void
target_server_reported(struct target *t, const char *server, int weight, const char *state)
{
	struct reported_server *r = target_find_reported(t, server);

	ASSERT(server[0] != '\0' && t->plan != NULL);
	if (r == NULL)
		map_put(t->reported, str_of(server), r = must_zalloc(sizeof *r));
	r->weight = weight;
	snprintf(r->state, sizeof r->state, "%s", state == NULL ? "" : state);
}

struct reported_server *
target_find_reported(const struct target *t, const char *server)
{
	return map_get(t->reported, str_of(server));
}

void
target_forget_reported(struct target *t)
{
	struct str key;
	void *value;
	size_t at = 0;

	while (map_next(t->reported, &at, &key, &value))
		free(value);
	map_free(&t->reported);
	t->reported = map_new();
}

/* ---- life ---- */

struct target *
target_find(const struct targets *all, const char *name)
{
	struct target *t;

	LIST_FOREACH(t, &all->list, link)
		if (strcmp(t->conf.name, name) == 0)
			return t;
	return NULL;
}

/* Identifies a target in shared memory: FNV-1a of its name, the same in every process. */
static uint64_t
pause_mark(const struct target *t)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *s = t->conf.name; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h == 0 ? 1 : h;
}

void
target_set_paused(const struct target *t, bool on)
{
	if (t->all->world != NULL)
		live_set_paused(t->all->world->live, pause_mark(t), on);
}

static void
target_new(struct targets *all, const struct conf_target *c)
{
	struct target *t = must_zalloc(sizeof *t);

	ASSERT((unsigned)c->kind < TARGET_COUNT && target_find(all, c->name) == NULL);
	t->all = all;
	t->wanted = true;
	t->conf = *c;
	section_copy(SECTION_TARGET, &t->conf);
	t->weigh = weigh_new();
	t->reported = map_new();
	t->driver = drivers[c->kind];
	t->driver_state = t->driver->open(t);
	LIST_INSERT_HEAD(&all->list, t, link);
	all->count++;
	if (all->configured)		/* a reload has brought or changed it */
		target_set_paused(t, false);
	else if (all->world != NULL && live_is_paused(all->world->live, pause_mark(t)))
		target_set_phase(t, TARGET_WITHDRAWING);
}

static void
target_free(struct target *t)
{
	ASSERT(t->all->count > 0);
	LIST_REMOVE(t, link);
	t->all->count--;
	t->driver->close(t->driver_state);
	plan_free(&t->plan);
	weigh_free(&t->weigh);
	target_forget_reported(t);
	map_free(&t->reported);
	section_free(SECTION_TARGET, &t->conf);
	free(t);
}

struct targets *
targets_new(struct loop *l, struct fetcher *f, const struct world *w)
{
	struct targets *all = must_zalloc(sizeof *all);

	*all = (struct targets){ .loop = l, .fetcher = f, .world = w,
	    .balanced = profile_all[PROFILE_BALANCED] };
	LIST_INIT(&all->list);
	return all;
}

void
targets_free(struct targets **ap)
{
	struct targets *all = *ap;
	struct target *t;

	while ((t = LIST_FIRST(&all->list)) != NULL)
		target_free(t);
	ASSERT(all->count == 0);
	free(all);
	*ap = NULL;
}

static struct target *
target_with_conf(struct targets *all, const struct conf_target *c)
{
	struct target *t;

	LIST_FOREACH(t, &all->list, link)
		if (section_same(SECTION_TARGET, &t->conf, c))
			return t;
	return NULL;
}

void
targets_reconf(struct targets *all, const struct conf *c)
{
	struct target *t, *next;

	all->balanced.weight[RESOURCE_CPU] = c->score_cpu_weight;
	all->balanced.weight[RESOURCE_RAM] = c->score_ram_weight;
	all->due_usec = 0;
	all->has_prometheus = c->prom.servers.n > 0 && c->prom.signals;
	all->settle_usec = SETTLE_USEC + (all->has_prometheus ? GUARD_SAMPLES * c->prom.period_usec : 0);
	LIST_FOREACH(t, &all->list, link)
		t->wanted = false;
	for (unsigned i = 0; i < c->ntargets; i++)
		if ((t = target_with_conf(all, &c->target[i])) != NULL)
			t->wanted = true;
	/* Old ones are closed before new ones open: they may have the same socket or file. */
	for (t = LIST_FIRST(&all->list); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		if (!t->wanted)
			target_free(t);
	}
	/* From the last to the first, each to the head: in the end the list has the file's order. */
	for (unsigned i = c->ntargets; i-- > 0;) {
		if ((t = target_with_conf(all, &c->target[i])) == NULL) {
			target_new(all, &c->target[i]);
			continue;
		}
		LIST_REMOVE(t, link);
		LIST_INSERT_HEAD(&all->list, t, link);
	}
	ASSERT(all->count == c->ntargets);
	all->configured = true;
}
