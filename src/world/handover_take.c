/*
 * handover_take: reads all of it twice: first whether it can be read, then for good. Times are
 * those of this machine's monotonic clock, and none may be beyond it but the end of an ejection.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "world/handover.h"
#include "world/handover_priv.h"
#include "world/world_index.h"

#define EJECTED_MOST	(24 * 3600 * USEC_PER_SEC)	/* further in the future none ends */
#define NUMBER_MOST	1e15
#define CORES_MOST	1e6

struct taking {
	struct world	*w;
	struct str	 rest;			/* of the line */
	bool		 apply, counts_only;
	int64_t		 now;
	struct map	*totals;		/* of live, by name; while they are applied */
	/* whose lines follow; -1: nobody's, or of one that is not here */
	int		 node, service, task;
	struct phys_row	 row;
	bool		 has_row;
	struct live_kept kept;
};

/* ---- fields ---- */

static struct str
field(struct taking *t)
{
	struct str f = { "", 0 };

	str_split(&t->rest, ' ', &f);
	return f;
}

static bool
take_count(struct taking *t, uint64_t most, uint64_t *out)
{
	return str_to_u64(field(t), out) && *out <= most;
}

static bool
take_u32(struct taking *t, uint32_t *out)
{
	uint64_t n;

	if (!take_count(t, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool
take_bool(struct taking *t, bool *out)
{
	uint64_t n;

	if (!take_count(t, 1, &n))
		return false;
	*out = n == 1;
	return true;
}

static bool
take_time(struct taking *t, int64_t most, int64_t *out)
{
	uint64_t n;

	if (!take_count(t, (uint64_t)most, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool
take_number(struct taking *t, double least, double most, double *out)
{
	double x;

	if (!str_to_double(field(t), &x) || !isfinite(x) || x < least || x > most)
		return false;
	*out = x;
	return true;
}

/* One that this Mola does not have is as none. */
static bool
take_cause(struct taking *t, struct live_cause *out)
{
	struct str name = field(t);
	uint64_t status;

	if (name.len == 0 || !take_count(t, 999, &status))
		return false;
	*out = (struct live_cause){ NULL, 0 };
	for (unsigned i = 0; i < WHY_COUNT; i++)
		if (str_eq(name, str_of(why_all[i].name)))
			*out = (struct live_cause){ &why_all[i], (int)status };
	return true;
}

/* ---- whose lines follow ---- */

static void
block_end(struct taking *t)
{
	struct world *w = t->w;

	if (t->apply && !t->counts_only && t->node >= 0 && t->has_row)
		phys_write(w->phys, (unsigned)t->node, &t->row);
	if (t->apply && !t->counts_only && t->task >= 0)
		live_restore(w->live, (unsigned)t->task, &t->kept, t->now);
	t->node = t->service = t->task = -1;
	t->has_row = false;
	t->kept = (struct live_kept){ 0 };
}

/* That of a name; where nobody has one of the kind yet, it gets one, which rests. */
static int
slot_of(struct taking *t, struct slots *slots, struct str name)
{
	unsigned slot;
	bool fresh;

	if (slots_find(slots, name, &slot))
		return (int)slot;
	if (t->counts_only || !slots_take(slots, name, t->now, &slot, &fresh))
		return -1;
	slots_give(slots, slot, t->now);
	return (int)slot;
}

static bool
read_node(struct taking *t)
{
	bool drained;

	block_end(t);
	if (!take_bool(t, &drained) || t->rest.len == 0)
		return false;
	if (!t->apply || t->counts_only)
		return true;
	if ((t->node = slot_of(t, t->w->index->node_slots, t->rest)) >= 0)
		t->w->index->node_drained[t->node] = drained;
	return true;
}

static bool
read_service(struct taking *t)
{
	int slot;

	block_end(t);
	if (t->rest.len == 0)
		return false;
	if (!t->apply)
		return true;
	slot = slot_of(t, t->w->index->service_slots, t->rest);
	t->service = str_eq(t->rest, STR(HANDOVER_OTHER)) ? 0 : slot < 0 ? -1 : slot + 1;
	return true;
}

static bool
read_task(struct taking *t)
{
	bool drained;

	block_end(t);
	if (!take_bool(t, &drained) || t->rest.len == 0)
		return false;
	if (!t->apply)
		return true;
	t->task = slot_of(t, t->w->index->task_slots, t->rest);
	if (t->task >= 0 && !t->counts_only)
		t->w->index->task_drained[t->task] = drained;
	return true;
}

/* ---- lines ---- */

static bool
read_total(struct taking *t)
{
	struct str name = field(t);
	_Atomic uint64_t *before;
	uint64_t n;

	if (name.len == 0 || !take_count(t, UINT64_MAX / 2, &n))
		return false;
	if (t->apply && (before = map_get(t->totals, name)) != NULL)
		live_set_before(before, n);
	return true;
}

static bool
read_law(struct taking *t)
{
	struct law_node *l = &t->row.law;

	t->row = (struct phys_row){ .score = 0 };
	t->has_row = take_number(t, 1e-6, CORES_MOST, &l->cores) &&
	    take_number(t, -NUMBER_MOST, NUMBER_MOST, &l->others) &&
	    take_number(t, -NUMBER_MOST, NUMBER_MOST, &l->neutral) &&
	    take_time(t, t->now, &l->sampled_usec) &&
	    take_time(t, EJECTED_MOST, &l->period_usec) && l->period_usec > 0 &&
	    take_number(t, 1, CORES_MOST, &l->balancers) && take_number(t, 0, 1, &l->held) &&
	    take_number(t, 0, 1, &l->lasting) && take_number(t, 0, 1, &l->unusual);
	return t->has_row;
}

static bool
read_state(struct taking *t)
{
	return take_number(t, 0, 100, &t->row.score) && take_number(t, 0, 1, &t->row.memory) &&
	    take_number(t, 0, NUMBER_MOST, &t->row.wanted);
}

static bool
read_ramp(struct taking *t)
{
	return take_time(t, t->now, &t->row.ramp_usec);
}

static bool
read_durations(struct taking *t)
{
	uint64_t step[LATENCY_STEPS] = { 0 }, usec, begin, n;
	struct str one, from;

	if (!take_count(t, UINT64_MAX / 2, &usec))
		return false;
	while (t->rest.len > 0) {
		one = field(t);
		if (!str_split(&one, ':', &from) || !str_to_u64(from, &begin) || begin > INT64_MAX ||
		    !str_to_u64(one, &n) || n > UINT64_MAX / 2)
			return false;
		step[latency_step((int64_t)begin)] += n;
	}
	if (t->apply && t->service >= 0)
		live_set_service_before(t->w->live, (unsigned)t->service, step, usec);
	return true;
}

static bool
read_error(struct taking *t)
{
	struct live_cause cause;
	uint32_t n;

	if (!take_u32(t, &n) || !take_cause(t, &cause))
		return false;
	if (t->apply && t->service >= 0)
		live_set_service_error_before(t->w->live, (unsigned)t->service, cause, n);
	return true;
}

/* NAME:N */
static bool
take_named(struct taking *t, struct str *name, uint64_t *n)
{
	struct str one = field(t);

	return str_split(&one, ':', name) && str_to_u64(one, n) && *n <= UINT64_MAX / 2;
}

static bool
read_retries(struct taking *t)
{
	uint64_t count[RETRY_REASONS] = { 0 }, n;
	struct str name;

	while (t->rest.len > 0) {
		if (!take_named(t, &name, &n))
			return false;
		for (unsigned r = 0; r < RETRY_REASONS; r++)
			if (str_eq(name, str_of(retry_reason_name(r))))
				count[r] = n;
	}
	if (t->apply && t->service >= 0)
		live_set_retries_before(t->w->live, (unsigned)t->service, count);
	return true;
}

static bool
read_counts(struct taking *t)
{
	uint64_t count[LIVE_COUNTS] = { 0 }, n;
	struct str name;

	while (t->rest.len > 0) {
		if (!take_named(t, &name, &n))
			return false;
		for (unsigned i = 0; i < LIVE_COUNTS; i++)
			if (str_eq(name, str_of(handover_counts[i])))
				count[i] = n;
	}
	if (t->apply && t->task >= 0)
		live_set_counts_before(t->w->live, (unsigned)t->task, count);
	return true;
}

static bool
read_failed(struct taking *t)
{
	return take_time(t, t->now, &t->kept.failed_usec) && take_cause(t, &t->kept.failure);
}

static bool
read_health(struct taking *t)
{
	struct str word = field(t);

	t->kept.health = str_eq(word, STR("down")) ? HEALTH_DOWN : HEALTH_UP;
	return (t->kept.health == HEALTH_DOWN || str_eq(word, STR("up"))) &&
	    take_cause(t, &t->kept.health_cause);
}

/* Below `health up`. */
static bool
read_degraded(struct taking *t)
{
	t->kept.health = HEALTH_DEGRADED;
	return t->rest.len == 0;
}

static bool
read_since(struct taking *t)
{
	return take_time(t, t->now, &t->kept.since_usec);
}

static bool
read_ejected(struct taking *t)
{
	return take_time(t, t->now + EJECTED_MOST, &t->kept.ejected_until_usec) &&
	    take_u32(t, &t->kept.outlier.level) && take_bool(t, &t->kept.outlier.by_rule) &&
	    take_cause(t, &t->kept.ejected_cause);
}

static bool
read_failing(struct taking *t)
{
	struct outlier_kept *o = &t->kept.outlier;

	return take_u32(t, &o->row) && take_u32(t, &o->row_unprovoked) && take_u32(t, &o->strikes) &&
	    take_number(t, 0, NUMBER_MOST, &o->penalty);
}

static bool
read_load(struct taking *t)
{
	struct live_load *l = &t->kept.load;

	return take_time(t, t->now, &l->noted_usec) && take_number(t, 0, NUMBER_MOST, &l->utilization) &&
	    take_number(t, 0, NUMBER_MOST, &l->memory) && take_number(t, 0, NUMBER_MOST, &l->rps) &&
	    take_number(t, 0, NUMBER_MOST, &l->eps);
}

static bool
read_available(struct taking *t)
{
	double cores;

	if (!take_number(t, 0, CORES_MOST, &cores))
		return false;
	if (t->apply && !t->counts_only && t->task >= 0)
		phys_set_available(t->w->phys, (unsigned)t->task, cores);
	return true;
}

static const struct kind {
	const char	*name;
	bool		(*read)(struct taking *);
} kinds[] = { { "total", read_total }, { "node", read_node }, { "law", read_law },
    { "state", read_state }, { "ramp", read_ramp }, { "service", read_service },
    { "durations", read_durations }, { "retries", read_retries }, { "error", read_error },
    { "task", read_task }, { "counts", read_counts }, { "failed", read_failed },
    { "health", read_health }, { "degraded", read_degraded }, { "since", read_since },
    { "ejected", read_ejected }, { "failing", read_failing }, { "load", read_load },
    { "available", read_available } };

/* ---- all of it ---- */

static bool
line_read(struct taking *t)
{
	struct str name = field(t);

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_eq(name, str_of(kinds[i].name)))
			return kinds[i].read(t);
	return true;
}

static bool
head_read(struct taking *t)
{
	uint64_t version;
	int64_t written;

	return str_eq(field(t), STR(HANDOVER_MAGIC)) && take_count(t, UINT32_MAX, &version) &&
	    version == HANDOVER_VERSION && take_time(t, t->now, &written);
}

static bool
text_read(struct taking *t, struct str text)
{
	/* a name with a NUL in it is nobody's */
	if (text.len == 0 || memchr(text.p, '\0', text.len) != NULL)
		return false;
	if (!str_split(&text, '\n', &t->rest) || !head_read(t))
		return false;
	while (str_split(&text, '\n', &t->rest)) {
		if (str_eq(t->rest, STR("end"))) {
			block_end(t);
			return text.len == 0;
		}
		if (!line_read(t))
			return false;
	}
	return false;
}

static void
note_total(void *arg, const char *name, uint64_t n, _Atomic uint64_t *before)
{
	(void)n;
	map_put(arg, str_of(name), before);
}

static const struct why *
take(struct world *w, struct str text, bool counts_only, int64_t now)
{
	struct taking t = { .w = w, .counts_only = counts_only, .now = now, .node = -1, .service = -1,
	    .task = -1 };

	if (!text_read(&t, text))
		return WHY_HANDOVER_UNREADABLE;
	t.apply = true;
	t.totals = map_new();
	live_totals(w->live, note_total, t.totals);
	if (!text_read(&t, text))
		BUG("a text that could be read cannot be read again");
	map_free(&t.totals);
	return NULL;
}

const struct why *
handover_take(struct world *w, struct str text, int64_t now)
{
	const struct why *why;

	ASSERT(w->nnodes == 0 && w->nservices == 0 && w->passes == 0);
	if ((why = take(w, text, false, now)) == NULL)
		live_set_continued(w->live);
	return why;
}

const struct why *
handover_take_counts(struct world *w, struct str text, int64_t now)
{
	/* counters that begin at 0 must not jump later: whoever reads them takes that for requests */
	return live_is_continued(w->live) ? take(w, text, true, now) : WHY_HANDOVER_UNREADABLE;
}
