/*
 * view: the world as the admin API tells it (doc/api.md). The caller owns what is returned.
 */
#ifndef ADMIN_VIEW_H
#define ADMIN_VIEW_H

#include <jansson.h>

#include "admin/events.h"
#include "admin/rates.h"
#include "conf/conf.h"

struct discover;
struct mover;
struct report_service;
struct prometheus;
struct rules;
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
	const struct rules	*rules;		/* the same */
	const struct prometheus	*prometheus;	/* the same */
};

json_t	*view_nodes(const struct view *);
json_t	*view_services(const struct view *);
json_t	*view_tasks(const struct view *, const struct world_service *only);	/* NULL: of all services */
json_t	*view_why(const struct view *, const struct world_service *);
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
