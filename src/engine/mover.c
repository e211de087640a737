/*
 * mover: twice a second it takes in what was sampled, and score decides what should move or
 * scale. Before it acts, and every so often, it reads nodes and services from the Swarm: what
 * prevents a move is mostly in their specifications. How a change is made is in change.c.
 *
 * Every verdict is logged once, when it changes, and so becomes an event.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "discovery/spec.h"
#include "engine/change.h"
#include "engine/mover.h"
#include "engine/previous.h"
#include "score/scale.h"

#define TICK_USEC	(500 * USEC_PER_MSEC)
#define READ_USEC	(30 * USEC_PER_SEC)
#define RETRY_USEC	(5 * USEC_PER_SEC)	/* after a failure */
#define EXCLUDE_MAX	64
#define ABANDONED_SECONDS 10	/* another Mola's move that is overdue by so much is abandoned */

struct mover {
	struct loop	*loop;
	struct world	*world;
	struct engine	*engine;
	struct mover_conf conf;
	char		*by;
	struct heat	*heat;
	struct previous	*previous;
	struct timer	 tick;
	struct change	*change;	/* under way, or NULL */
	/* reading the Swarm */
	struct engine_call *call;
	json_t		*nodes;		/* of the read under way */
	int64_t		 read_due_usec;
	int64_t		 read_usec;	/* when the last good read began; 0: never */
	int64_t		 began_usec;	/* of the one under way */
	bool		 lost;		/* the last read failed, and that was logged */
	bool		 other_active;	/* another Mola is moving something */
	int64_t		 wanted_usec;	/* since when a service should move or scale; 0: none */
};

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

static struct move
evaluate_move(const struct mover *m, const struct world_service *s, int64_t now)
{
	struct move v;

	move_evaluate(m->heat, m->world, &m->conf.rules, s, now, &v);
	if (v.refusal == REFUSAL_NONE)
		v.refusal = hold_reason(m);
	return v;
}

static struct scale
evaluate_scale(const struct mover *m, const struct world_service *s, int64_t now)
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
			struct move v = evaluate_move(m, s, now);
			log_move(m, s, &v, now);
		}
		if (s->conf.scale_max > 0) {
			struct scale v = evaluate_scale(m, s, now);
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

static void
on_ended(void *arg, const struct change_end *e)
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
	m->change = change_move_new(m->loop, m->engine, m->world, &c, on_ended, m);
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
	m->change = change_scale_new(m->loop, m->engine, m->world, s->name, v->is, v->to, on_ended, m);
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

/* ---- reading the Swarm ---- */

static void
read_finished(struct mover *m, bool good, const char *detail)
{
	int64_t now = loop_now(m->loop);

	ASSERT(m->call == NULL && m->began_usec > 0 && m->began_usec <= now);
	json_decref(m->nodes);
	m->nodes = NULL;
	if (good)
		m->read_usec = m->began_usec;
	if (!good && !m->lost)
		log_event(LOG_WARN, "mover.blind", "detail", detail, NULL);
	m->lost = !good;
	m->read_due_usec = now + (good ? READ_USEC : RETRY_USEC);
}

static int64_t
to_monotonic(int64_t wall_seconds, int64_t now)
{
	int64_t ago = clock_wall_usec() - wall_seconds * USEC_PER_SEC;

	return wall_seconds == 0 ? 0 : ago < 0 ? now : now - ago;
}

static void
update_allowed_nodes(struct mover *m, struct heat_service *e, const json_t *service)
{
	struct world_node *n;
	const json_t *node;
	size_t i;

	LIST_FOREACH(n, &m->world->nodes, link) {
		bool allowed = false;
		json_array_foreach(m->nodes, i, node) {
			const char *id = json_string_value(json_object_get(node, "ID"));
			if (id == NULL || n->swarm_id == NULL || strcmp(id, n->swarm_id) != 0)
				continue;
			allowed = placement_allows(service, node);
			break;
		}
		heat_set_barred(e, n->slot, !allowed);
	}
}

static void
update_service(struct mover *m, const struct world_service *s, const json_t *service, int64_t now)
{
	struct heat_service *e = heat_service(m->heat, s);
	int replicas = placement_replicas(service);
	int64_t changed = to_monotonic(placement_changed(service), now);

	e->refusal = e->altered ? REFUSAL_ALTERED : placement_refusal(service);
	e->scale_refusal = e->altered ? REFUSAL_ALTERED : placement_scale_refusal(service);
	e->replicas = replicas < 0 ? 0 : (unsigned)replicas;
	if (changed > e->changed_usec || e->changed_usec == 0)
		e->changed_usec = changed;
	update_allowed_nodes(m, e, service);
}

/* Finishes a move that is this Mola's, or that its owner has abandoned. */
static void
check_mark(struct mover *m, const char *name, const json_t *service)
{
	struct placement_mark mark;

	if (!placement_mark(service, &mark) || (m->change != NULL &&
	    strcmp(change_service(m->change), name) == 0))
		return;
	if (strcmp(mark.by, m->by) != 0 &&
	    clock_wall_usec() / USEC_PER_SEC - ABANDONED_SECONDS < mark.until)
		m->other_active = true;
	else if (m->change == NULL) {
		log_event(LOG_WARN, "mover.resumed", "service", name, "begun_by", mark.by, "text",
		    "a move that was begun and not ended was found by its label", NULL);
		m->change = change_adopt_new(m->loop, m->engine, m->world, name, &mark, on_ended, m);
	}
}

static void
update_services(struct mover *m, const json_t *services)
{
	int64_t now = loop_now(m->loop);
	const json_t *service;
	size_t i;

	m->other_active = false;
	json_array_foreach(services, i, service) {
		const char *name = json_string_value(json_object_get(json_object_get(service, "Spec"), "Name"));
		const struct world_service *s = name == NULL ? NULL : world_service(m->world, str_of(name));
		if (name == NULL)
			continue;
		if (s != NULL && (s->conf.migrate || s->conf.scale_max > 0)) {
			update_service(m, s, service, now);
			previous_update(m->previous, name, service);
		}
		check_mark(m, name, service);
	}
	previous_sweep(m->previous);
}

static json_t *
list_of(const struct engine_response *a)
{
	json_t *list = a->why != NULL ? NULL : spec_read(a->body);

	if (json_is_array(list))
		return list;
	json_decref(list);
	return NULL;
}

static const char *
detail_of(const struct engine_response *a)
{
	return a->why == NULL ? "the response is not a list" : a->detail[0] != '\0' ? a->detail :
	    a->why->text;
}

static void
on_services(void *arg, const struct engine_response *a)
{
	json_t *list = list_of(a);
	struct mover *m = arg;

	m->call = NULL;
	if (list != NULL)
		update_services(m, list);
	read_finished(m, list != NULL, detail_of(a));
	json_decref(list);
}

static void
on_nodes(void *arg, const struct engine_response *a)
{
	struct mover *m = arg;

	m->nodes = list_of(a);
	m->call = NULL;
	if (m->nodes == NULL)
		read_finished(m, false, detail_of(a));
	else
		m->call = engine_get(m->engine, "/services", on_services, m);
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
	if (m->call == NULL && now >= m->read_due_usec) {
		ASSERT(m->nodes == NULL && m->read_usec <= now);
		m->began_usec = now;
		m->call = engine_get(m->engine, "/nodes", on_nodes, m);
	}
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

/* ---- what people read ---- */

static json_t *
number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static json_t *
text(const char *s)
{
	return s == NULL ? json_null() : json_string(s);
}

static json_t *
sentence(struct buf *b)
{
	json_t *j = json_stringn(b->len > 0 ? b->p : "", b->len);

	buf_fini(b);
	return j == NULL ? json_null() : j;
}

static json_t *
view_scale(const struct mover *m, const struct world_service *s, int64_t now)
{
	struct scale v = evaluate_scale(m, s, now);
	struct buf words;

	buf_init(&words, 1024);
	scale_explain(&v, &words);
	return json_pack("{s:i, s:i, s:i, s:i, s:s, s:o, s:o}", "min", (int)s->conf.scale_min,
	    "max", (int)s->conf.scale_max, "is", (int)v.is, "to", (int)v.to, "refusal",
	    refusal_name(v.refusal), "pressure", number(v.pressure), "text", sentence(&words));
}

static json_t *
view_rollback(const struct mover *m, const struct world_service *s)
{
	struct buf words;

	buf_init(&words, 2048);
	if (previous_explain(m->previous, s->name, &words))
		return sentence(&words);
	buf_fini(&words);
	return json_null();
}

json_t *
mover_view(const struct mover *m, const struct world_service *s)
{
	bool busy = m != NULL && m->change != NULL && strcmp(change_service(m->change), s->name) == 0;
	struct buf words;
	struct move v;

	if (m == NULL || (!s->conf.migrate && s->conf.scale_max == 0))
		return json_null();
	v = evaluate_move(m, s, loop_now(m->loop));
	buf_init(&words, 1024);
	if (busy)
		buf_printf(&words, "being changed: %s", change_phase(m->change));
	else
		move_explain(m->heat, &v, loop_now(m->loop), &words);
	return json_pack("{s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "migrate",
	    s->conf.migrate, "state", busy ? "busy" : "idle", "refusal",
	    refusal_name(busy ? REFUSAL_ONE_AT_A_TIME : v.refusal), "from",
	    text(v.from == NULL ? NULL : v.from->name), "to",
	    text(v.to == NULL ? NULL : v.to->name), "before", number(v.before), "after",
	    number(v.after), "gain", number(v.gain), "text", sentence(&words), "scale",
	    s->conf.scale_max > 0 ? view_scale(m, s, loop_now(m->loop)) : json_null(), "rollback",
	    view_rollback(m, s));
}
