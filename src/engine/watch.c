/*
 * watch: rounds of requests. A round requests nodes, services, tasks and networks; only when
 * all responses are there is any of them read, else the round is cancelled. What did not change
 * since the last round is not read again.
 *
 *	poll, event --> round --all there, all plausible--> read what changed --> on_change
 *	                  `--anything else--> lost: the snapshot stays, the next round comes
 *
 * Events are not data, they only bring the next round forward and make rounds frequent for a
 * while: Mola must know that a task is about to stop before it stops responding. So do changes,
 * and updates under way.
 *
 * An Engine that has just come up may report no nodes, or no services, where there were some:
 * that needs confirmation by several rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_events.h"
#include "engine/self.h"
#include "engine/watch.h"

#define GAP_USEC	(100 * USEC_PER_MSEC)	/* between the beginnings of two rounds, at least */
#define UPDATE_USEC	(250 * USEC_PER_MSEC)	/* the same while a service is being updated, at most */
#define BURST_USEC	(10 * USEC_PER_SEC)	/* of frequent rounds, after an event or a change */
#define LOCAL_BURST_USEC (1 * USEC_PER_SEC)	/* after an event of a container of that Engine's */
#define RETRY_USEC	(1 * USEC_PER_SEC)	/* while lost, at most */
#define SLOW_USEC	(5 * USEC_PER_SEC)	/* between two requests for what hardly changes */
#define SELF_USEC	(30 * USEC_PER_SEC)
#define CONFIRMATIONS	3			/* rounds that must report that all is gone */
#define CONFIRM_USEC	(2 * USEC_PER_SEC)	/* and for so long */
#define RESPONSE_USEC	(5 * USEC_PER_SEC)	/* for an Engine; one without a leader does not respond */

enum part_id { NODES, NETWORKS, SERVICES, TASKS, PARTS };

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

struct watch_part {
	struct watch	*watch;
	enum part_id	 id;
	struct engine_call *call;	/* under way, or NULL */
	bool		 fresh;		/* `body` came in this round, and is new or unsettled */
	char		*body;
	size_t		 len;
	uint64_t	 hash, hash_new;	/* of what was read last, and of what came */
	bool		 read;		/* ever */
	bool		 empty;		/* what was read last */
	bool		 empty_new;
	bool		 unsettled;	/* the same bytes have news: what left the list is draining, then gone */
	bool		 refused;	/* and optional; that is logged */
	int64_t		 requested_usec;
};

struct watch {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct engine	*engine;
	struct swarm	*swarm;
	char		*conf_text;	/* what it was made with, to see whether it changed */
	char		**network;	/* of the configuration */
	unsigned	 nnetworks;
	int64_t		 poll_usec;
	watch_change_f	*fn;
	void		*arg;
	watch_change_f	*configs_fn;	/* NULL: nobody wants to know */
	void		*configs_arg;

	struct timer	 timer;		/* the next round */
	struct watch_part part[PARTS];
	struct engine_call *self_call;
	struct engine_call *config_call;	/* once all parts are there */
	int64_t		 configs_usec;	/* those that failed were last requested again */
	bool		 changed;	/* the snapshot, since the last round that was finished */
	struct self	 self;
	int64_t		 self_usec;	/* last requested */
	unsigned	 pending;	/* responses of the round under way */
	int64_t		 began_usec;	/* the last round */
	bool		 rerun;		/* an event came during the round */
	int64_t		 burst_usec;	/* rounds are frequent until then */
	bool		 updating;	/* a service is */
	unsigned	 nunconfirmed;	/* rounds that reported that all is gone */
	int64_t		 unconfirmed_usec;	/* the first of them */

	struct engine_events *events;

	enum watch_state state;
	int64_t		 since_usec, good_usec;
	const struct why *why;
	char		 detail[256];
	char		 endpoint[300];	/* as last logged */
	char		 version[16];
	char		 skipped[SWARM_SKIPPED_MAX];	/* left out, as last logged */
};

static void	round_start(void *);

/* ---- when ---- */

static void
round_at(struct watch *w, int64_t usec)
{
	int64_t least = w->began_usec + GAP_USEC;

	timer_set(w->loop, &w->timer, usec < least ? least : usec, round_start, w);
}

static void
round_next(struct watch *w, bool good)
{
	int64_t now = clock_mono_usec(), took = now - w->began_usec, work = now - loop_now(w->loop),
	    wait = w->poll_usec;

	if (w->updating && wait > UPDATE_USEC)
		wait = UPDATE_USEC;
	if (good && now < w->burst_usec)
		wait = GAP_USEC;
	if ((!good || w->nunconfirmed > 0) && wait > RETRY_USEC)
		wait = RETRY_USEC;
	if (wait < 2 * took)		/* an Engine that is slow gets time */
		wait = 2 * took;
	if (wait < 5 * work)		/* and so does the brain, of a large Swarm */
		wait = 5 * work;
	round_at(w, good && w->rerun ? now : w->began_usec + wait);
	w->rerun = false;
}

static void
poll_soon(struct watch *w, int64_t burst_usec)
{
	int64_t now = loop_now(w->loop);

	if (w->burst_usec < now + burst_usec)
		w->burst_usec = now + burst_usec;
	w->rerun = w->pending > 0;
	if (w->pending == 0 && w->state != WATCH_LOST)
		round_at(w, now);
}

/* ---- state ---- */

static void
set_state(struct watch *w, enum watch_state to)
{
	ASSERT(to == WATCH_GOOD || (to == WATCH_LOST && w->state != WATCH_WAITING));
	if (w->state == to)
		return;
	w->state = to;
	w->since_usec = loop_now(w->loop);
}

static void
mark_good(struct watch *w)
{
	const char *endpoint = engine_endpoint(w->engine), *version = engine_version(w->engine);
	int64_t now = loop_now(w->loop);

	if (w->state == WATCH_WAITING)
		log_event(LOG_INFO, "swarm.found", "endpoint", endpoint, "api", version, NULL);
	else if (w->state == WATCH_LOST)
		log_event(LOG_INFO, "swarm.back", "endpoint", endpoint, "lost_seconds",
		    LOG_F((double)(now - w->since_usec) / (double)USEC_PER_SEC, 1), NULL);
	if (w->state != WATCH_WAITING && strcmp(w->endpoint, endpoint) != 0) {
		log_event(LOG_INFO, "swarm.moved", "from", w->endpoint, "to", endpoint, NULL);
		engine_events_stop(w->events);
	}
	snprintf(w->endpoint, sizeof w->endpoint, "%s", endpoint);
	if (engine_is_untried(w->engine) && strcmp(w->version, version) != 0)
		log_event(LOG_WARN, "swarm.untried", "endpoint", endpoint, "api", version, "text",
		    "the Engine supports no API version as old as those that Mola has been tested "
		    "with: its own is used", NULL);
	snprintf(w->version, sizeof w->version, "%s", version);
	w->why = NULL;
	w->detail[0] = '\0';
	w->good_usec = now;
	set_state(w, WATCH_GOOD);
}

static void
mark_lost(struct watch *w, const struct why *why, const char *detail)
{
	bool is_new = w->why != why || strcmp(w->detail, detail) != 0;

	w->why = why;
	snprintf(w->detail, sizeof w->detail, "%s", detail);
	if (w->state != WATCH_WAITING)
		set_state(w, WATCH_LOST);
	if (is_new)
		log_event(LOG_WARN, "swarm.lost", "why", why_name(why), "text", why->text, "detail",
		    detail, "kept", swarm_is_complete(w->swarm) ? "the last good snapshot" :
		    "nothing yet", NULL);
}

/* ---- a round ---- */

static void
part_discard(struct watch_part *p)
{
	free(p->body);
	p->body = NULL;
	p->fresh = false;
}

static void
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

/* Whether all nodes or all services are gone, which is hardly possible: then it needs
 * confirmation. */
static bool
round_needs_confirmation(struct watch *w)
{
	int64_t now = loop_now(w->loop);
	bool odd = false;

	for (unsigned i = 0; i < PARTS; i++)
		odd |= parts[i].never_empty && w->part[i].fresh && w->part[i].read &&
		    w->part[i].empty_new && !w->part[i].empty;
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
configs_changed(struct watch *w)
{
	if (w->configs_fn != NULL)
		w->configs_fn(w->configs_arg);
}

/* What happened while no stream was open is not reported by the next one. */
static void
open_events(struct watch *w)
{
	bool was_open = engine_events_is_open(w->events);

	engine_events_open(w->events);
	if (!was_open)
		configs_changed(w);
}

static void
round_finish(struct watch *w)
{
	mark_good(w);
	log_skipped(w);
	open_events(w);
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

static void
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

/* ---- events ---- */

void
watch_on_configs(struct watch *w, watch_change_f *fn, void *arg)
{
	w->configs_fn = fn;
	w->configs_arg = arg;
}

static void
on_event(void *arg, enum engine_event of)
{
	struct watch *w = arg;

	if (of == ENGINE_EVENT_CONFIG) {	/* no part of the snapshot */
		configs_changed(w);
		return;
	}
	if (of == ENGINE_EVENT_NETWORK)
		w->part[NETWORKS].requested_usec = 0;
	poll_soon(w, of == ENGINE_EVENT_CONTAINER ? LOCAL_BURST_USEC : BURST_USEC);
}

static void
on_events_ended(void *arg)
{
	struct watch *w = arg;

	configs_changed(w);
	if (w->pending == 0 && w->state == WATCH_GOOD)
		round_at(w, loop_now(w->loop));	/* it may be gone */
}

/* ---- life ---- */

static void
add_text(struct buf *b, const char *s)
{
	buf_printf(b, "%s\n", s == NULL ? "" : s);
}

static char *
conf_text_of(const struct watch_conf *c)
{
	struct buf b;
	char *text;

	buf_init(&b, 1u << 20);
	for (unsigned i = 0; i < c->engine.nendpoints; i++)
		add_text(&b, c->engine.endpoint[i]);
	add_text(&b, c->engine.ca);
	add_text(&b, c->engine.cert);
	add_text(&b, c->engine.key);
	for (unsigned i = 0; i < c->nnetworks; i++)
		add_text(&b, c->network[i]);
	text = str_dup(buf_str(&b));
	buf_fini(&b);
	return text;
}

static void
networks_free(struct watch *w)
{
	for (unsigned i = 0; i < w->nnetworks; i++)
		free(w->network[i]);
	free(w->network);
	w->network = NULL;
	w->nnetworks = 0;
}

static void
watch_end(struct watch *w)
{
	timer_clear(w->loop, &w->timer);
	round_cancel(w);
	engine_events_free(&w->events);
	engine_free(&w->engine);
	networks_free(w);
}

/* From another Engine, everything is new. */
static void
watch_begin(struct watch *w, const struct watch_conf *c)
{
	struct engine_conf ec = c->engine;

	ASSERT(w->engine == NULL && w->nnetworks == 0 && w->pending == 0);
	if (ec.timeout_usec == 0)
		ec.timeout_usec = RESPONSE_USEC;
	w->engine = engine_new(w->loop, w->fetcher, &ec);
	w->events = engine_events_new(w->loop, w->engine, on_event, on_events_ended, w);
	w->network = must_zalloc((c->nnetworks + 1) * sizeof *w->network);
	while (w->nnetworks < c->nnetworks) {
		w->network[w->nnetworks] = must_strdup(c->network[w->nnetworks]);
		w->nnetworks++;
	}
	for (unsigned i = 0; i < PARTS; i++)
		w->part[i] = (struct watch_part){ .watch = w, .id = i };
	timer_set(w->loop, &w->timer, loop_now(w->loop), round_start, w);
}

bool
watch_same(const struct watch *w, const struct watch_conf *c)
{
	char *text = conf_text_of(c);
	bool same = strcmp(text, w->conf_text) == 0;

	free(text);
	return same;
}

void
watch_reconf(struct watch *w, const struct watch_conf *c)
{
	w->poll_usec = c->poll_usec;
	if (watch_same(w, c))
		return;
	free(w->conf_text);
	w->conf_text = conf_text_of(c);
	watch_end(w);
	watch_begin(w, c);
}

struct watch *
watch_new(struct loop *l, struct fetcher *f, const struct watch_conf *c, watch_change_f *fn,
    void *arg)
{
	struct watch *w = must_zalloc(sizeof *w);

	ASSERT(c->poll_usec > 0);
	w->loop = l;
	w->fetcher = f;
	w->swarm = swarm_new();
	w->poll_usec = c->poll_usec;
	w->fn = fn;
	w->arg = arg;
	w->since_usec = loop_now(l);
	w->conf_text = conf_text_of(c);
	self_init(&w->self);
	watch_begin(w, c);
	return w;
}

void
watch_free(struct watch **wp)
{
	struct watch *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	watch_end(w);
	self_fini(&w->self);
	swarm_free(&w->swarm);
	free(w->conf_text);
	free(w);
}

const struct swarm *
watch_swarm(const struct watch *w)
{
	return w->swarm;
}

struct engine *
watch_engine(struct watch *w)
{
	return w->engine;
}

struct watch_status
watch_status(const struct watch *w)
{
	return (struct watch_status){ .state = w->state, .since_usec = w->since_usec,
	    .good_usec = w->good_usec, .why = w->why, .detail = w->detail,
	    .endpoint = engine_endpoint(w->engine), .version = engine_version(w->engine),
	    .untried = engine_is_untried(w->engine), .events = engine_events_is_open(w->events),
	    .service = w->self.service, .container = w->self.container };
}

const char *
watch_state_name(enum watch_state s)
{
	static const char *const names[] = { "waiting", "good", "lost" };

	return names[s];
}
