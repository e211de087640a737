/*
 * watch_round: a round requests nodes, services, tasks and networks; only when all responses are
 * there is any of them read, else the round is cancelled. What did not change since the last round
 * is not read again.
 *
 * An Engine that has just come up may report no nodes, or no services, where there were some, also
 * before this process began: that needs confirmation by several rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "engine/watch_priv.h"

#define SLOW_USEC	(5 * USEC_PER_SEC)	/* between two requests for what hardly changes */
#define SELF_USEC	(30 * USEC_PER_SEC)
#define CONFIRMATIONS	3			/* rounds that must report that all is gone */
#define CONFIRM_USEC	(2 * USEC_PER_SEC)	/* and for so long */

typedef const struct why *part_read_f(struct swarm *, struct str, char detail[SWARM_DETAIL]);

/* Filters are JSON, escaped for a query. */
static const struct {
	const char	*path;
	part_read_f	*read;
	bool		 slow;		/* need not be requested in every round */
	bool		 never_empty;	/* unless it was before, or that is confirmed */
	bool		 optional;	/* an Engine, or a proxy before it, may refuse it */
} parts[PARTS] = {
	[NODES] = { "/nodes", swarm_read_nodes, false, true, false },
	[NETWORKS] = { "/networks?filters=%7B%22scope%22%3A%5B%22swarm%22%5D%7D",
	    swarm_read_networks, true, false, true },
	[SERVICES] = { "/services", swarm_read_services, false, true, false },
	[TASKS] = { "/tasks?filters=%7B%22desired-state%22%3A%5B%22running%22%5D%7D",
	    swarm_read_tasks, false, false, false },
};

static void
part_discard(struct watch_part *p)
{
	free(p->body);
	p->body = NULL;
	p->fresh = false;
}

void
round_cancel(struct watch *w)
{
	for (unsigned i = 0; i < PARTS; i++) {
		if (w->part[i].call != NULL)
			engine_cancel(w->part[i].call);
		w->part[i].call = NULL;
		part_discard(&w->part[i]);
	}
	if (w->self_call != NULL)
		engine_cancel(w->self_call);
	w->self_call = NULL;
	if (w->config_call != NULL)
		engine_cancel(w->config_call);
	w->config_call = NULL;
	w->pending = 0;
}

static void
round_fail(struct watch *w, const struct why *why, const char *detail)
{
	round_cancel(w);
	mark_lost(w, why, detail);
	round_next(w, false);
}

/* ---- all of it is there ---- */

/* Whether all nodes or all services are gone, which is hardly possible: then it needs
 * confirmation. */
static bool
round_needs_confirmation(struct watch *w)
{
	int64_t now = loop_now(w->loop);
	bool odd = false;

	for (unsigned i = 0; i < PARTS; i++) {
		const struct watch_part *p = &w->part[i];
		bool was_there = p->read ? !p->empty : w->expected;
		odd |= parts[i].never_empty && p->fresh && p->empty_new && was_there;
	}
	if (!odd) {
		w->nunconfirmed = 0;
		return false;
	}
	if (w->nunconfirmed++ == 0) {
		w->unconfirmed_usec = now;
		log_event(LOG_WARN, "swarm.doubted", "text",
		    "the Engine reports that all nodes or all services are gone", NULL);
	}
	return w->nunconfirmed < CONFIRMATIONS || now - w->unconfirmed_usec < CONFIRM_USEC;
}

static bool
part_apply(struct watch_part *p, const struct why **why, char detail[SWARM_DETAIL])
{
	struct watch *w = p->watch;

	ASSERT(p->fresh && p->body != NULL && p->call == NULL && w->pending == 0);
	*why = parts[p->id].read(w->swarm, (struct str){ p->body, p->len }, detail);
	if (*why != NULL)
		return false;
	if (p->id == TASKS) {
		p->unsettled = p->hash != p->hash_new;
		if (!w->self.known)
			self_read_tasks(&w->self, (struct str){ p->body, p->len });
	}
	if (p->id == SERVICES)
		w->updating = memmem(p->body, p->len, "\"State\":\"updating\"", 18) != NULL;
	if (p->id != NETWORKS && p->read && p->hash != p->hash_new &&
	    w->burst_usec < loop_now(w->loop) + BURST_USEC)
		w->burst_usec = loop_now(w->loop) + BURST_USEC;
	p->hash = p->hash_new;
	p->empty = p->empty_new;
	p->read = true;
	part_discard(p);
	return true;
}

static void
attach_networks(struct watch *w)
{
	swarm_detach(w->swarm);
	for (unsigned i = 0; i < w->nnetworks; i++)
		swarm_attach(w->swarm, w->network[i]);
	for (unsigned i = 0; w->nnetworks == 0 && i < w->self.nnetworks; i++)
		swarm_attach(w->swarm, w->self.network[i]);
}

static void
log_skipped(struct watch *w)
{
	char skipped[SWARM_SKIPPED_MAX];
	unsigned n = swarm_skipped(w->swarm, skipped, sizeof skipped);

	if (strcmp(skipped, w->skipped) == 0)
		return;
	memcpy(w->skipped, skipped, sizeof skipped);
	if (n > 0)
		log_event(LOG_WARN, "swarm.odd", "left_out", LOG_N(n), "detail", skipped, NULL);
	else
		log_event(LOG_INFO, "swarm.sound", "text", "no object of the Engine is left out any more", NULL);
}

static void
round_finish(struct watch *w)
{
	mark_good(w);
	log_skipped(w);
	engine_events_open(w->events);
	if (w->changed) {
		attach_networks(w);
		w->changed = false;
		w->fn(w->arg);
	}
	round_next(w, true);
}

static void	request_config(struct watch *);

/* An Engine that is gone ends the round; a refusal is a result. */
static void
config_received(void *arg, const struct engine_response *a)
{
	struct watch *w = arg;
	const char *id = swarm_config_wanted(w->swarm);

	ASSERT(w->pending == 1);
	w->config_call = NULL;
	w->pending--;
	if (a->why == WHY_ENGINE_GONE) {
		round_fail(w, a->why, a->detail);
		return;
	}
	ASSERT(id != NULL);
	w->changed = true;
	if (a->why != NULL)
		swarm_config_failed(w->swarm, id, "is a config that the Engine does not hand out");
	else
		swarm_read_config(w->swarm, id, a->body);
	request_config(w);
}

/* The files of Traefiks, one after the other, before the new snapshot is used: without them,
 * less is served. */
static void
request_config(struct watch *w)
{
	const char *id = swarm_config_wanted(w->swarm);
	char path[128];

	ASSERT(w->pending == 0 && w->config_call == NULL);
	if (id == NULL) {
		round_finish(w);
		return;
	}
	w->pending++;
	snprintf(path, sizeof path, "/configs/%.100s", id);
	w->config_call = engine_get(w->engine, path, config_received, w);
}

static void
round_apply(struct watch *w)
{
	char detail[SWARM_DETAIL] = "";
	const struct why *why;

	if (round_needs_confirmation(w)) {
		round_cancel(w);
		round_next(w, true);
		return;
	}
	for (unsigned i = 0; i < PARTS; i++) {
		if (!w->part[i].fresh)
			continue;
		w->changed = true;
		if (!part_apply(&w->part[i], &why, detail)) {
			round_fail(w, why, detail);
			return;
		}
	}
	if (loop_now(w->loop) - w->configs_usec >= SELF_USEC) {
		swarm_configs_retry(w->swarm);
		w->configs_usec = loop_now(w->loop);
	}
	request_config(w);
}

static void
round_received(struct watch *w)
{
	ASSERT(w->pending > 0);
	if (--w->pending == 0)
		round_apply(w);
}

/* ---- requests ---- */

static void
part_received(void *arg, const struct engine_response *a)
{
	struct watch_part *p = arg;
	struct str text = str_trim(a->body);

	ASSERT(p->watch->pending > 0 && !p->fresh && p->body == NULL);
	p->call = NULL;
	if (a->why == WHY_ENGINE_REFUSED && parts[p->id].optional) {
		if (!p->refused)
			log_event(LOG_WARN, "swarm.refused", "detail", a->detail, "text",
			    "Mola goes on without it", NULL);
		p->refused = true;
		round_received(p->watch);
		return;
	}
	if (a->why != NULL) {
		round_fail(p->watch, a->why, a->detail);
		return;
	}
	p->refused = false;
	p->hash_new = str_hash(a->body);
	p->fresh = !p->read || p->hash != p->hash_new || p->unsettled;
	if (p->fresh) {
		p->body = str_dup(a->body);
		p->len = a->body.len;
		while (text.len > 0 && text.p[text.len - 1] == '\n')
			text.len--;
		p->empty_new = str_eq(text, STR("[]")) || str_eq(text, STR("null"));
	}
	round_received(p->watch);
}

/* A container that this Engine does not know is another machine's; its task has the same facts. */
static void
self_received(void *arg, const struct engine_response *a)
{
	struct watch *w = arg;

	w->self_call = NULL;
	if (a->why == NULL)
		self_read_container(&w->self, a->body);
	round_received(w);
}

static void
request_part(struct watch_part *p, int64_t now)
{
	ASSERT(p->call == NULL && p->body == NULL);
	p->requested_usec = now;
	p->watch->pending++;
	p->call = engine_get(p->watch->engine, parts[p->id].path, part_received, p);
}

static void
request_self(struct watch *w, int64_t now)
{
	char path[128];

	ASSERT(w->self_call == NULL && w->nnetworks == 0);
	w->self_usec = now;
	w->pending++;
	snprintf(path, sizeof path, "/containers/%s/json", w->self.container);
	w->self_call = engine_get(w->engine, path, self_received, w);
}

void
round_start(void *arg)
{
	struct watch *w = arg;
	int64_t now = loop_now(w->loop);

	ASSERT(w->pending == 0);
	w->began_usec = now;
	w->rerun = false;
	for (unsigned i = 0; i < PARTS; i++)
		if (!parts[i].slow || (!w->part[i].read && !w->part[i].refused) ||
		    now - w->part[i].requested_usec >= SLOW_USEC)
			request_part(&w->part[i], now);
	if (w->self.container[0] != '\0' && w->nnetworks == 0 &&
	    (!w->self.known || now - w->self_usec >= SELF_USEC))
		request_self(w, now);
}
