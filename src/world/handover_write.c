/*
 * handover_write: by the Mola that is replaced: a process of its own before the other one begins,
 * and its parent at the very end. Nothing is written for what is as it was at the beginning.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "world/handover.h"
#include "world/handover_priv.h"
#include "world/world_index.h"

static void
write_total(void *arg, const char *name, uint64_t n, _Atomic uint64_t *before)
{
	(void)before;
	if (n > 0)
		buf_printf(arg, "total %s %" PRIu64 "\n", name, n);
}

/* Its end is the end of the line. */
static bool
name_is_plain(struct str name)
{
	return name.len > 0 && memchr(name.p, '\n', name.len) == NULL;
}

static void
write_cause(struct live_cause c, struct buf *out)
{
	buf_printf(out, " %s %d\n", c.why == NULL ? "-" : why_name(c.why), c.status);
}

/* ---- nodes ---- */

static void
write_node(const struct phys *phys, const struct table *t, const struct table_node *n,
    struct buf *out)
{
	struct str name = table_text(t, n->name);
	struct phys_row r;
	const struct law_node *l = &r.law;

	if (!name_is_plain(name))
		return;
	buf_printf(out, "node %d %.*s\n", n->drained, STR_ARG(name));
	if (!phys_read(phys, n->slot, &r))
		return;
	buf_printf(out, "law %.17g %.17g %.17g %" PRId64 " %" PRId64 " %.17g %.17g %.17g %.17g\n",
	    l->cores, l->others, l->neutral, l->sampled_usec, l->period_usec, l->balancers, l->held,
	    l->lasting, l->unusual);
	buf_printf(out, "state %.17g %.17g %.17g\n", r.score, r.memory, r.wanted);
	if (r.ramp_usec > 0)
		buf_printf(out, "ramp %" PRId64 "\n", r.ramp_usec);
}

/* ---- services ---- */

static void
write_retries(const struct live *l, unsigned slot, struct buf *out)
{
	bool any = false;
	uint64_t n;

	for (unsigned r = 0; r < RETRY_REASONS; r++)
		if ((n = live_retries_total(l, slot, r)) > 0) {
			buf_printf(out, "%s %s:%" PRIu64, any ? "" : "retries", retry_reason_name(r), n);
			any = true;
		}
	if (any)
		buf_adds(out, STR("\n"));
}

static void
write_service(const struct live *l, struct str name, unsigned slot, struct buf *out)
{
	struct live_traffic t;
	uint64_t n;

	if (!name_is_plain(name))
		return;
	buf_printf(out, "service %.*s\n", STR_ARG(name));
	buf_printf(out, "durations %" PRIu64, live_service_duration_usec(l, slot));
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		if ((n = live_service_step_total(l, slot, i)) > 0)
			buf_printf(out, " %" PRId64 ":%" PRIu64, latency_begin_usec(i), n);
	buf_adds(out, STR("\n"));
	write_retries(l, slot, out);
	live_service_traffic(l, slot, &t);
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		if (t.error[i] > 0) {
			buf_printf(out, "error %" PRIu32, t.error[i]);
			write_cause(t.cause[i], out);
		}
}

/* ---- tasks ---- */

static void
write_counts(const struct live *l, unsigned slot, struct buf *out)
{
	uint64_t n[LIVE_COUNTS];
	bool any = false;

	live_counts(l, slot, n);
	for (unsigned i = 0; i < LIVE_COUNTS; i++)
		if (n[i] > 0) {
			buf_printf(out, "%s %s:%" PRIu64, any ? "" : "counts", handover_counts[i], n[i]);
			any = true;
		}
	if (any)
		buf_adds(out, STR("\n"));
}

static void
write_kept(const struct live *l, unsigned slot, int64_t now, struct buf *out)
{
	struct live_kept k;
	const struct outlier_kept *o = &k.outlier;

	live_keep(l, slot, now, &k);
	if (k.failed_usec > 0) {
		buf_printf(out, "failed %" PRId64, k.failed_usec);
		write_cause(k.failure, out);
	}
	if (k.health != HEALTH_UNKNOWN) {
		buf_printf(out, "health %s", k.health == HEALTH_DOWN ? "down" : "up");
		write_cause(k.health_cause, out);
	}
	if (k.health == HEALTH_DEGRADED)		/* a line of its own: older Molas know two words */
		buf_adds(out, STR("degraded\n"));
	if (k.since_usec > 0)
		buf_printf(out, "since %" PRId64 "\n", k.since_usec);
	if (k.ejected_until_usec > 0) {
		buf_printf(out, "ejected %" PRId64 " %" PRIu32 " %d", k.ejected_until_usec, o->level,
		    o->by_rule);
		write_cause(k.ejected_cause, out);
	}
	if (o->row > 0 || o->strikes > 0 || o->penalty > 0)
		buf_printf(out, "failing %" PRIu32 " %" PRIu32 " %" PRIu32 " %.9g\n", o->row,
		    o->row_unprovoked, o->strikes, o->penalty);
	if (k.load.noted_usec > 0)
		buf_printf(out, "load %" PRId64 " %.9g %.9g %.9g %.9g\n", k.load.noted_usec,
		    k.load.utilization, k.load.memory, k.load.rps, k.load.eps);
}

static void
write_task(const struct live *l, const struct phys *phys, const struct table *t,
    const struct table_task *k, int64_t now, struct buf *out)
{
	const struct table_service *s = table_services(t, &(uint32_t){ 0 });
	char *key = world_task_key(table_text(t, s[k->service].name), table_text(t, k->name), &k->addr);
	double available = phys_available(phys, k->slot);

	if (name_is_plain(str_of(key))) {
		buf_printf(out, "task %d %s\n", k->drained, key);
		write_counts(l, k->slot, out);
		write_kept(l, k->slot, now, out);
		if (!isnan(available))
			buf_printf(out, "available %.17g\n", available);
	}
	free(key);
}

void
handover_write(struct live *l, const struct phys *phys, const struct table *t, int64_t now,
    struct buf *out)
{
	uint32_t nnodes, nservices, ntasks;
	const struct table_node *n = table_nodes(t, &nnodes);
	const struct table_service *s = table_services(t, &nservices);
	const struct table_task *k = table_tasks(t, &ntasks);
	bool others = false;

	ASSERT(now > 0);
	buf_printf(out, HANDOVER_MAGIC " %d %" PRId64 "\n", HANDOVER_VERSION, now);
	live_totals(l, write_total, out);
	for (uint32_t i = 0; i < nnodes; i++)
		write_node(phys, t, &n[i], out);
	for (uint32_t i = 0; i < nservices; i++)
		if (s[i].slot != 0)
			write_service(l, table_text(t, s[i].name), s[i].slot, out);
		else
			others = true;
	if (others)
		write_service(l, STR(HANDOVER_OTHER), 0, out);
	for (uint32_t i = 0; i < ntasks; i++)
		write_task(l, phys, t, &k[i], now, out);
	buf_adds(out, STR("end\n"));
}
