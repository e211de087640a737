/*
 * view: the world as the admin API tells it (doc/api.md). The caller owns what is returned.
 */
#ifndef ADMIN_VIEW_H
#define ADMIN_VIEW_H

#include <jansson.h>

#include "admin/events.h"
#include "admin/rates.h"
#include "conf/conf.h"
#include "net/loop.h"

struct discover;
struct mover;
struct report_service;
struct prometheus;
struct user_queries;
struct targets;

struct view {
	const struct world	*world;
	const struct rates	*rates;
	const struct events	*events;
	const struct conf	*conf;
	int64_t			 now_usec;	/* monotonic */
	const struct mover	*mover;		/* NULL: none */
	const struct discover	*discover;	/* the same */
	const struct targets	*targets;	/* the same */
	const struct user_queries	*user_queries;		/* the same */
	const struct prometheus	*prometheus;	/* the same */
	struct loop_pause	 pause;		/* the brain's longest */
};

#define VIEW_JSON	(JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10))

json_t	*view_nodes(const struct view *);
json_t	*view_services(const struct view *);

/* Tasks, one by one, as text: of all services, or of one, then with all that /api/v1/why says if `reasons`. A walk holds pointers
 * into the world: it is worth nothing after the next pass (world.passes). `next` is false when it has closed the text. */
struct view_walk {
	const struct world_service *service;
	const struct world_task *task;
	bool		 all;			/* services */
	uint64_t	 window;		/* requests of the service */
	unsigned	 *rank, of, at;		/* rank: NULL without reasons; at: tasks written */
};
void	 view_tasks_begin(struct view_walk *, const struct view *, struct buf *);
void	 view_tasks_begin_of(struct view_walk *, const struct view *, const struct world_service *, bool reasons, struct buf *);
bool	 view_tasks_next(struct view_walk *, const struct view *, struct buf *);
void	 view_tasks_end(struct view_walk *);

json_t	*view_why_unserved(const struct report_service *);	/* view_swarm.c; the same fields */
json_t	*view_events(const struct view *, uint64_t after);
const char *view_source_name(enum sample_source);
json_t	*view_conf(const struct conf *);
/* view_swarm.c */
json_t	*view_swarm(const struct view *);
/* Adds what the labels' report says of a service; NULL: it is the file's. */
void	 view_origin(json_t *service, const struct report_service *);
/* Adds to `list` those services of the Swarm that would be served if something were not wrong. */
void	 view_unserved(const struct view *, json_t *list);

#endif
