/*
 * history: what nodes, services and tasks did in the last 15 minutes, a point for every five
 * seconds, and what nodes did in the last half minute. In memory: 1.5 KB for each node, 1.9 KB for
 * each service, 0.2 KB for each task that is there (0.4 KB once it got 50 requests per second), and
 * what is left of nodes and services that went less than 15 minutes ago.
 */
#ifndef ADMIN_HISTORY_H
#define ADMIN_HISTORY_H

#include "admin/view.h"

struct history;

#define HISTORY_POINTS	180

struct history	*history_new(void);
void		 history_free(struct history **);
/* Some times a second, after rates_tick. */
void		 history_tick(struct history *, const struct world *, const struct rates *,
    int64_t now_usec);

/* Of a node, from its last samples. */
struct history_recent {
	double		 ours, others;	/* cores in use by Mola's requests, and by others; NAN: not known */
	const char	*trend;		/* of the cores in use: rising, falling, steady; NULL: not known */
};
struct history_recent history_recent(const struct history *, const struct world_node *);

/*
 * /api/v1/history as text, part by part, as in view.h: of all nodes and services; of one node; of
 * one service and its tasks.
 */
void		 history_start(struct view_walk *, const struct admin_view *,
    const struct world_node *, const struct world_service *, struct buf *);
bool		 history_next(struct view_walk *, const struct admin_view *, struct buf *);

#endif
