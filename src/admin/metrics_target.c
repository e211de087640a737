/*
 * metrics_target: families of the external proxies that Mola configures, and of what was
 * published to them. Counters start again with each brain.
 */
#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/clock.h"
#include "targets/target.h"

/* False: it has no value. */
static bool
target_value(const struct metrics_page *p, enum family family, const struct target_facts *f,
    double *x)
{
	_Static_assert(FAMILY_TARGET_SHARE - FAMILY_TARGET_UP == 6,
	    "tbl/metrics.h: a new row of targets needs its value below");
	switch (family) {
	case FAMILY_TARGET_UP:		*x = f->good; return true;
	case FAMILY_TARGET_TAKEN:	*x = f->applied; return f->applied >= 0;
	case FAMILY_TARGET_PUBLISHED:	*x = (double)f->publications; return true;
	case FAMILY_TARGET_FAILED:	*x = (double)f->failures; return true;
	case FAMILY_TARGET_AGE:
		*x = (double)(p->v->now_usec - f->published_usec) / (double)USEC_PER_SEC;
		return f->published_usec != 0;
	default:			BUG("no family of targets");
	}
}

static void
put_target(struct metrics_page *p, enum family family, const struct target_facts *f)
{
	double x;

	if (!target_value(p, family, f, &x))
		return;
	page_open(p);
	page_label(p, "target", f->name);
	page_label(p, "kind", f->kind);
	page_close(p, x);
}

static void
put_server(struct metrics_page *p, const struct target_facts *f, const struct plan_service *s,
    const struct plan_server *v, double x)
{
	page_open(p);
	page_label(p, "target", f->name);
	page_label(p, "service", s->name);
	page_label(p, "task", v->name);
	page_label(p, "node", v->node);
	page_close(p, x);
}

static void
put_servers(struct metrics_page *p, bool shares, const struct target_facts *f)
{
	for (unsigned i = 0; f->plan != NULL && i < f->plan->nservices; i++) {
		const struct plan_service *s = &f->plan->service[i];
		for (unsigned k = 0; k < s->nservers; k++)
			put_server(p, f, s, &s->server[k], shares ? s->server[k].share : s->server[k].weight);
	}
}

void
metrics_targets(struct metrics_page *p, enum family family)
{
	struct target_facts f;
	unsigned at = 0;

	while (p->v->targets != NULL && targets_next(p->v->targets, &at, &f))
		if (family == FAMILY_TARGET_WEIGHT || family == FAMILY_TARGET_SHARE)
			put_servers(p, family == FAMILY_TARGET_SHARE, &f);
		else
			put_target(p, family, &f);
}
