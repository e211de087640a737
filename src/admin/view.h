/*
 * view: the world as JSON, for the admin API (doc/api.md). The caller owns what is returned.
 */
#ifndef ADMIN_VIEW_H
#define ADMIN_VIEW_H

#include <jansson.h>

#include "admin/events.h"
#include "admin/rates.h"
#include "conf/conf.h"
#include "net/loop.h"
#include "score/explain_steps.h"

struct certs;
struct discover;
struct mover;
struct report_service;
struct prometheus;
struct user_queries;
struct targets;
struct prom_nodes;
struct warnings;
struct history;

struct admin_view {
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
	const struct certs	*certs;		/* the same */
	const struct prom_nodes	*prom_nodes;	/* the same */
	const struct warnings	*warnings;	/* the same */
	const struct history	*history;	/* the same */
	const char		*brain;		/* its ID, another one after each start */
	struct loop_pause	 pause;		/* the brain's longest */
};

#define VIEW_JSON	(JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10))

json_t	*view_refused(const struct live *, int64_t now_usec);	/* handshakes of clients that failed */

struct view_traffic;

/*
 * What there may be thousands of, one by one, as text: tasks of all services, or of one, then with
 * everything of /api/v1/why if `reasons`; nodes; services. A walk holds pointers into the world: it
 * is invalid after the next pass (world.passes). `next` returns false when it has closed the text.
 */
struct view_walk {
	const struct world_service *service;
	const struct world_task *task;
	const struct world_node *node;
	bool		 all;			/* services */
	int64_t		 step;			/* the last one of a history */
	uint64_t	 window;		/* requests of the service, or of all nodes */
	unsigned	 *rank, of, at;		/* rank: NULL without reasons; at: written */
	struct explain_field field;		/* with reasons */
	struct view_traffic *traffic;		/* by node slot; NULL: not of nodes */
};
void	 view_tasks_start(struct view_walk *, const struct admin_view *, struct buf *);
void	 view_tasks_start_of(struct view_walk *, const struct admin_view *,
    const struct world_service *, bool reasons, struct buf *);
bool	 view_tasks_next(struct view_walk *, const struct admin_view *, struct buf *);
void	 view_services_start(struct view_walk *, const struct admin_view *, struct buf *);
bool	 view_services_next(struct view_walk *, const struct admin_view *, struct buf *);
/* view_node.c */
void	 view_nodes_start(struct view_walk *, const struct admin_view *, struct buf *);
bool	 view_nodes_next(struct view_walk *, const struct admin_view *, struct buf *);
void	 view_walk_end(struct view_walk *);	/* also of one that is zeroed */

/* view_steps.c */
json_t	*view_steps(const struct admin_view *, const struct world_task *,
	    const struct explain_field *, const struct explain_got *);
/* view_rates.c: adds durations and errors */
void	 view_rates(json_t *, const struct rates_state *);
/* view_route.c */
json_t	*view_routes(const struct admin_view *, const struct world_service *);
json_t	*view_routes_refused(const struct admin_view *);
json_t	*view_why_unserved(const struct report_service *);	/* view_swarm.c; the same fields */
/* At most so many; *last: the last one that it has, or that there is. */
json_t	*view_events(const struct admin_view *, uint64_t after, unsigned most, uint64_t *last);
json_t	*view_text(const char *);		/* null: NULL, and what is not UTF-8 */
json_t	*view_sentence(const struct buf *);	/* the same */
json_t	*view_number(double);			/* null: not finite */
json_t	*view_number_if(bool known, double);
json_t	*view_share(uint64_t part, uint64_t all);	/* null: of nothing */
void	 view_put(struct buf *, json_t *);	/* as text; ends the caller's hold of it */
json_t	*view_targets(const struct admin_view *);
json_t	*view_certs(const struct admin_view *);
const char *view_source_name(enum sample_source);
json_t	*view_conf(const struct conf *);
/* The same as `config`; `defaults` and `secrets` are paths such as "services.0.policy": where a
 * value is that without the key, and where one is set that is not shown. */
json_t	*view_conf_marked(const struct conf *);
/* view_swarm.c */
json_t	*view_swarm(const struct admin_view *);
/* Adds a service's origin and the report of its labels; NULL: it comes from the file. */
void	 view_origin(json_t *service, const struct report_service *);
/* Appends the services of the Swarm that are meant to be served and are not. */
void	 view_unserved(const struct admin_view *, json_t *list);

#endif
