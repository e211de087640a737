/*
 * mover: twice a second it takes in what was sampled, and score decides what should move or
 * scale. Before it acts, and every so often, it reads nodes and services from the Swarm
 * (mover_read.c). How a change is made is in change.c, what people are shown in mover_view.c.
 *
 * Every verdict is logged once, when it changes, and so becomes an event.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/mover_priv.h"

#define TICK_USEC	(500 * USEC_PER_MSEC)
#define EXCLUDE_MAX	64

/* ---- the log ---- */

static enum log_level
verdict_level(enum refusal r)
{
	switch (r) {
	case REFUSAL_UNSEEN:
	case REFUSAL_NOT_HOT:
	case REFUSAL_NOT_LONG:
	case REFUSAL_STEADY:
	case REFUSAL_ONE_AT_A_TIME:
	case REFUSAL_COOL_SERVICE:
	case REFUSAL_COOL_NODE:
		return LOG_DEBUG;
	default:
		return LOG_INFO;
	}
}

static void
log_verdict(enum log_level level, const char *event, const struct world_service *s, enum refusal r,
    const struct buf *words)
{
	log_event(level, event, "service", s->name, "why", refusal_name(r), "text", words->p, NULL);
}

static void
log_move(struct mover *m, const struct world_service *s, const struct move *v, int64_t now)
{
	struct heat_service *e = heat_service(m->heat, s);
	struct buf words;

	if (e->logged == v->refusal)
		return;
	e->logged = v->refusal;
	if (v->refusal == REFUSAL_NONE)		/* it is about to move, and that is logged then */
		return;
	buf_init(&words, 1024);
	move_explain(m->heat, v, now, &words);
	buf_add(&words, "", 1);
	log_verdict(verdict_level(v->refusal), v->refusal == REFUSAL_DRY_RUN ? "mover.would_move" :
	    "mover.stays", s, v->refusal, &words);
	buf_fini(&words);
}

static void
log_scale(struct mover *m, const struct world_service *s, const struct scale *v)
{
	struct heat_service *e = heat_service(m->heat, s);
	struct buf words;

	if (e->scale_logged == v->refusal)
		return;
	e->scale_logged = v->refusal;
	if (v->refusal == REFUSAL_NONE)
		return;
	buf_init(&words, 1024);
	scale_explain(v, &words);
	buf_add(&words, "", 1);
	log_verdict(verdict_level(v->refusal), v->refusal == REFUSAL_DRY_RUN ?
	    "scaler.would_scale" : "scaler.stays", s, v->refusal, &words);
	buf_fini(&words);
}

/* What score decides may still have to wait. */
static enum refusal
hold_reason(const struct mover *m)
{
	if (!m->conf.enable)
		return REFUSAL_DISABLED;
	if (m->engine == NULL)
		return REFUSAL_UNSEEN;
	if (m->change != NULL || m->other_active)
		return REFUSAL_ONE_AT_A_TIME;
	return m->conf.dry_run ? REFUSAL_DRY_RUN : REFUSAL_NONE;
}

struct move
mover_evaluate_move(const struct mover *m, const struct world_service *s, int64_t now)
{
	struct move v;

	move_evaluate(m->heat, m->world, &m->conf.rules, s, now, &v);
	if (v.refusal == REFUSAL_NONE)
		v.refusal = hold_reason(m);
	return v;
}

struct scale
mover_evaluate_scale(const struct mover *m, const struct world_service *s, int64_t now)
{
	struct scale v;

	scale_evaluate(m->heat, m->world, &m->conf.rules.heat, s, now, &v);
	if (v.refusal == REFUSAL_NONE)
		v.refusal = hold_reason(m);
	return v;
}

static void
log_verdicts(struct mover *m, int64_t now)
{
	const struct world_service *s;

	LIST_FOREACH(s, &m->world->services, link) {
		if (s->conf.migrate) {
			struct move v = mover_evaluate_move(m, s, now);
			log_move(m, s, &v, now);
		}
		if (s->conf.scale_max > 0) {
			struct scale v = mover_evaluate_scale(m, s, now);
			log_scale(m, s, &v);
		}
	}
}

/* ---- acting ---- */

/* Whatever became of it: not again at once. Only a change that was never begun, for a reason
 * that is visible, need not wait. */
static void
record_end(struct mover *m, struct heat_service *h, const struct change_end *e)
{
	h->altered |= e->refusal == REFUSAL_ALTERED;
	if (e->refusal != REFUSAL_NONE)
		h->refusal = h->scale_refusal = e->refusal;
	if (e->refusal == REFUSAL_NONE || e->refusal == REFUSAL_ALTERED ||
	    e->refusal == REFUSAL_OLD_ENGINE)
		h->changed_usec = loop_now(m->loop);
}

void
mover_on_ended(void *arg, const struct change_end *e)
{
	const struct world_service *s;
	struct mover *m = arg;

	ASSERT(m->change != NULL && strcmp(change_service(m->change), e->service) == 0);
	log_event(e->moved ? LOG_INFO : LOG_WARN, e->moved ? "mover.done" : "mover.given_up",
	    "service", e->service, "text", e->text, "seconds", LOG_F(e->seconds, 1), NULL);
	s = world_service(m->world, str_of(e->service));
	if (s != NULL)
		record_end(m, heat_service(m->heat, s), e);
	m->read_due_usec = loop_now(m->loop);
	change_free(&m->change);
}

/* Hot nodes are excluded first, should there be more than fit. */
static unsigned
list_exclusions(const struct mover *m, const struct move *v, const char *id[EXCLUDE_MAX])
{
	const struct world_node *n;
	unsigned count = 0;

	id[count++] = v->from->swarm_id;
	LIST_FOREACH(n, &m->world->nodes, link)
		if (n != v->from && n->swarm_id != NULL && count < EXCLUDE_MAX &&
		    heat_node(m->heat, n)->hot_usec != 0)
			id[count++] = n->swarm_id;
	LIST_FOREACH(n, &m->world->nodes, link)
		if (n != v->from && n->swarm_id != NULL && count < EXCLUDE_MAX &&
		    heat_node(m->heat, n)->hot_usec == 0 && move_avoids(m->heat, v, n))
			id[count++] = n->swarm_id;
	return count;
}

static void
start_move(struct mover *m, const struct world_service *s, const struct move *v)
{
	int64_t now = loop_now(m->loop), wall = clock_wall_usec() / USEC_PER_SEC;
	const char *id[EXCLUDE_MAX];
	struct change_move c = { .service = s->name, .exclude = id, .nexclude = list_exclusions(m, v, id),
	    .mark = { .since = wall, .until = wall + m->conf.patience_usec / USEC_PER_SEC } };

	str_copy(c.mark.by, sizeof c.mark.by, str_of(m->by));
	str_copy(c.mark.from, sizeof c.mark.from, str_of(v->from->swarm_id));
	str_copy(c.mark.to, sizeof c.mark.to, str_of(v->to->swarm_id));
	ASSERT(m->change == NULL && m->engine != NULL && v->refusal == REFUSAL_NONE && v->from != v->to);
	log_event(LOG_INFO, "mover.moving", "service", s->name, "from", v->from->name, "to",
	    v->to->name, "before", LOG_F(v->before, 2), "after", LOG_F(v->after, 2), "gain",
	    LOG_F(v->gain, 2), "previous_image", previous_image(m->previous, s->name), NULL);
	heat_record_move(m->heat, v->from, now);
	heat_record_move(m->heat, v->to, now);
	m->change = change_move_new(m->loop, m->engine, m->world, &c, mover_on_ended, m);
}

static void
start_scale(struct mover *m, const struct world_service *s, const struct scale *v)
{
	struct buf words;

	ASSERT(m->change == NULL && m->engine != NULL && v->refusal == REFUSAL_NONE && v->is != v->to);
	buf_init(&words, 1024);
	scale_explain(v, &words);
	buf_add(&words, "", 1);
	log_event(LOG_INFO, "scaler.scaling", "service", s->name, "from", LOG_N(v->is), "to",
	    LOG_N(v->to), "previous_image", previous_image(m->previous, s->name), "text", words.p,
	    NULL);
	buf_fini(&words);
	m->change = change_scale_new(m->loop, m->engine, m->world, s->name, v->is, v->to, mover_on_ended,
	    m);
}

static const struct world_service *
scale_first(const struct mover *m, int64_t now, struct scale *v)
{
	const struct world_service *s;

	LIST_FOREACH(s, &m->world->services, link) {
		if (s->conf.scale_max == 0)
			continue;
		scale_evaluate(m->heat, m->world, &m->conf.rules.heat, s, now, v);
		if (v->refusal == REFUSAL_NONE)
			return s;
	}
	return NULL;
}

/* Only on what was read of the Swarm after score's decision. A service that may scale need
 * not move. */
static void
act(struct mover *m, int64_t now)
{
	const struct world_service *scale, *move;
	struct scale sv;
	struct move mv;

	ASSERT(m->call == NULL && m->change == NULL && m->conf.enable && !m->conf.dry_run);
	scale = scale_first(m, now, &sv);
	move = scale != NULL ? NULL : move_first(m->heat, m->world, &m->conf.rules, now, &mv);
	if (scale == NULL && (move == NULL || mv.from->swarm_id == NULL || mv.to->swarm_id == NULL)) {
		m->wanted_usec = 0;
		return;
	}
	if (m->wanted_usec == 0)
		m->wanted_usec = m->read_due_usec = now;
	if (m->read_usec < m->wanted_usec)
		return;
	m->wanted_usec = 0;
	if (scale != NULL)
		start_scale(m, scale, &sv);
	else
		start_move(m, move, &mv);
}

/* ---- life ---- */

static void
on_tick(void *arg)
{
	struct mover *m = arg;
	int64_t now = loop_now(m->loop);

	timer_set(m->loop, &m->tick, now + TICK_USEC, on_tick, m);
	heat_update(m->heat, m->world, &m->conf.rules.heat, now);
	log_verdicts(m, now);
	if (!m->conf.enable || m->engine == NULL)
		return;
	if (m->call == NULL && now >= m->read_due_usec)
		mover_read(m, now);
	if (m->call == NULL && hold_reason(m) == REFUSAL_NONE)
		act(m, now);
}

struct mover *
mover_new(struct loop *l, struct world *w, const struct mover_conf *conf, const char *by)
{
	struct mover *m = must_zalloc(sizeof *m);

	m->loop = l;
	m->world = w;
	m->conf = *conf;
	m->by = must_strdup(by);
	m->heat = heat_new();
	m->previous = previous_new();
	timer_set(l, &m->tick, loop_now(l), on_tick, m);
	return m;
}

static void
reset(struct mover *m)
{
	change_free(&m->change);
	if (m->call != NULL)
		engine_cancel(m->call);
	m->call = NULL;
	json_decref(m->nodes);
	m->nodes = NULL;
	m->other_active = false;
	m->read_due_usec = m->read_usec = m->wanted_usec = 0;
}

void
mover_engine(struct mover *m, struct engine *e)
{
	if (e == m->engine)
		return;
	reset(m);
	m->engine = e;
}

void
mover_free(struct mover **mp)
{
	struct mover *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	mover_engine(m, NULL);
	timer_clear(m->loop, &m->tick);
	heat_free(&m->heat);
	previous_free(&m->previous);
	free(m->by);
	free(m);
}

void
mover_reconf(struct mover *m, const struct mover_conf *c)
{
	bool off = m->conf.enable && !c->enable;

	m->conf = *c;
	if (off)
		reset(m);
}
