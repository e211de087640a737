/* mover_view: what the mover thinks of a service, for /api/v1/why. */
#include <math.h>
#include <string.h>

#include "engine/mover_priv.h"

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
	struct scale v = mover_evaluate_scale(m, s, now);
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
	v = mover_evaluate_move(m, s, loop_now(m->loop));
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
