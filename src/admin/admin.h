/*
 * admin: the HTTP interface of doc/api.md, on the brain's loop. Reads what the brain has; changes
 * that are requested go through the callbacks of admin_conf.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "admin/events.h"
#include "conf/conf.h"
#include "net/loop.h"
#include "world/world.h"

struct admin;
struct certs;
struct discover;
struct mover;
struct prom_nodes;
struct prometheus;
struct recorded_law;
struct user_queries;
struct targets;

/* Return the serial of the table that has the change, published or still to come. */
typedef uint64_t	admin_drain_node_f(void *arg, struct world_node *, bool drained);
typedef uint64_t	admin_drain_task_f(void *arg, struct world_task *, bool drained);

struct admin_conf {
	const struct conf *conf;		/* in force; see admin_reconf */
	struct world	*world;
	const struct events *events;
	const struct discover *discover;	/* NULL: none */
	bool		 inherited;		/* a table was in force before this process started */
	const struct mover *mover;		/* the same */
	struct targets	*targets;		/* the same */
	struct certs	*certs;			/* the same */
	const struct prometheus *prometheus;	/* the same */
	const struct prom_nodes *prom_nodes;	/* the same */
	const struct user_queries *user_queries;	/* the same */
	int		 tcp_fd, unix_fd;	/* already listening, taken over; -1: none */
	admin_drain_node_f *drain_node;
	admin_drain_task_f *drain_task;		/* NULL: tasks cannot be drained */
	void		*arg;
};

struct admin	*admin_new(struct loop *, const struct admin_conf *);
void		 admin_free(struct admin **);
/* The configuration before may be freed afterwards. */
void		 admin_reconf(struct admin *, const struct conf *);
/* Once a second or more often, for rates. */
void		 admin_tick(struct admin *, int64_t now_usec);
/* After each steer_sample and steer_tick, for those who record. */
void		 admin_record_sample(struct admin *, const struct world_node *, const struct sample *,
    double inflight);
void		 admin_record_tick(struct admin *, const struct recorded_law *);

#endif
