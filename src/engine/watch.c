/*
 * watch: when rounds of requests begin (watch_round.c), and what their results mean for the
 * snapshot.
 *
 *	poll, event --> round --all there, all plausible--> read what changed --> on_change
 *	                  `--anything else--> lost: the snapshot stays, the next round comes
 *
 * Events are not data, they only bring the next round forward and make rounds frequent for a
 * while: Mola must know that a task is about to stop before it stops responding. So do changes,
 * and updates under way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/log.h"
#include "engine/watch_priv.h"

#define GAP_USEC	(100 * USEC_PER_MSEC)	/* between the beginnings of two rounds, at least */
#define UPDATE_USEC	(250 * USEC_PER_MSEC)	/* the same while a service is being updated, at most */
#define LOCAL_BURST_USEC (1 * USEC_PER_SEC)	/* after an event of a container of that Engine's */
#define RETRY_USEC	(1 * USEC_PER_SEC)	/* while lost, at most */
#define RESPONSE_USEC	(5 * USEC_PER_SEC)	/* for an Engine; one without a leader does not respond */

/* ---- when ---- */

void
round_at(struct watch *w, int64_t usec)
{
	int64_t least = w->began_usec + GAP_USEC;

	timer_set(w->loop, &w->timer, usec < least ? least : usec, round_start, w);
}

void
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

void
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

void
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

/* ---- events ---- */

static void
on_event(void *arg, enum engine_event of)
{
	struct watch *w = arg;

	if (of == ENGINE_EVENT_NETWORK)
		w->part[NETWORKS].requested_usec = 0;
	poll_soon(w, of == ENGINE_EVENT_CONTAINER ? LOCAL_BURST_USEC : BURST_USEC);
}

static void
on_events_ended(void *arg)
{
	struct watch *w = arg;

	if (w->pending == 0 && w->state == WATCH_GOOD)
		round_at(w, loop_now(w->loop));	/* it may be gone */
}

void
watch_on_configs(struct watch *w, watch_change_f *fn, void *arg)
{
	engine_events_on_configs(w->events, fn, arg);
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
	engine_events_use(w->events, NULL);
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
	engine_events_use(w->events, w->engine);
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
	w->expected = c->expected;
	w->fn = fn;
	w->arg = arg;
	w->since_usec = loop_now(l);
	w->conf_text = conf_text_of(c);
	w->events = engine_events_new(l, on_event, on_events_ended, w);
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
	engine_events_free(&w->events);
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
