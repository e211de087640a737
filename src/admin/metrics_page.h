/*
 * metrics_page: the page that the files of metrics write together, and nobody else. Families stand in the order of
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

struct page {
	const struct view *v;
	struct buf	*out;
	const char	*name;		/* of the family that is being written */
};

/* A series: page_open, page_label for each label, page_close. What is not a number is left out by the caller. */
void	page_open(struct page *);
void	page_label(struct page *, const char *key, const char *value);
void	page_close(struct page *, double x);
void	page_plain(struct page *, double x);		/* a series without labels */

void	metrics_nodes(struct page *, enum family);	/* metrics_node.c */
void	metrics_tasks(struct page *, enum family);	/* metrics_task.c: services too */
void	metrics_processes(struct page *, enum family);	/* metrics_process.c */
void	metrics_prometheus(struct page *, enum family);	/* metrics_prometheus.c */
void	metrics_queries(struct page *, enum family);	/* metrics_query.c */
void	metrics_targets(struct page *, enum family);	/* metrics_target.c */

#endif
