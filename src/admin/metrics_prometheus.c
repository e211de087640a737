/*
 * metrics_prometheus: families of the Prometheus servers that Mola queries.
 */
#include "admin/metrics_page.h"
#include "collect/prometheus.h"

void
metrics_prometheus(struct metrics_page *p, enum family family)
{
	struct prom_facts f;
	unsigned at = 0;

	_Static_assert(FAMILY_PROM_FAILURES - FAMILY_PROM_UP == 2,
	    "tbl/metrics.h: a new row of servers needs its value below");
	while (p->v->prometheus != NULL && prometheus_next(p->v->prometheus, &at, &f)) {
		if (family == FAMILY_PROM_UP && !f.used)
			continue;
		page_open(p);
		page_label(p, "server", f.name);
		if (family == FAMILY_PROM_UP)
			page_close(p, f.good);
		else
			page_close(p, (double)(family == FAMILY_PROM_QUERIES ? f.queries : f.failures));
	}
}
