/*
 * metrics_page: the page that metrics*.c write together. Families are in the order of
 * tbl/metrics.h.
 */
#ifndef ADMIN_METRICS_PAGE_H
#define ADMIN_METRICS_PAGE_H

#include "admin/metrics.h"

enum family {
#define METRIC(id, name, type, help) FAMILY_##id,
#include "tbl/metrics.h"
#undef METRIC
	FAMILIES
};
/* Two rows of one name do not compile. */
enum {
#define METRIC(id, name, type, help) FAMILY_NAME_##name,
#include "tbl/metrics.h"
#undef METRIC
};

struct metrics_page {
	const struct admin_view *v;
	struct buf	*out;
	const char	*name;		/* of the family that is being written */
	bool		 openmetrics;	/* else in the plain text format */
	bool		 open;		/* a series has been opened */
};

/* A series: page_open, page_label for each label, page_close. The caller leaves out what is not a
 * number. */
void	page_open(struct metrics_page *);
void	page_open_of(struct metrics_page *, const char *suffix);	/* of a histogram: "_bucket", ... */
void	page_label(struct metrics_page *, const char *key, const char *value);
void	page_bound(struct metrics_page *, double le);	/* as label le */
void	page_close(struct metrics_page *, double x);
void	page_plain(struct metrics_page *, double x);		/* a series without labels */

void	metrics_nodes(struct metrics_page *, enum family);	/* metrics_node.c */
void	metrics_tasks(struct metrics_page *, enum family);	/* metrics_task.c: services too */
void	metrics_services(struct metrics_page *, enum family);	/* metrics_service.c */
void	metrics_processes(struct metrics_page *, enum family);	/* metrics_process.c */
void	metrics_prometheus(struct metrics_page *, enum family);	/* metrics_prometheus.c */
void	metrics_queries(struct metrics_page *, enum family);	/* metrics_query.c */
void	metrics_targets(struct metrics_page *, enum family);	/* metrics_target.c */
void	metrics_certs(struct metrics_page *, enum family);	/* metrics_cert.c */

#endif
