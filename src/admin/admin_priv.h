/*
 * admin_priv: what admin.c, which dispatches, shares with what responds: admin_reads.c and
 * admin_writes.c.
 */
#ifndef ADMIN_ADMIN_PRIV_H
#define ADMIN_ADMIN_PRIV_H

#include "admin/admin.h"
#include "admin/history.h"
#include "admin/pages.h"
#include "admin/records.h"
#include "admin/stream.h"
#include "admin/warnings.h"

struct admin {
	struct admin_conf conf;
	struct loop	*loop;
	struct server	*server;
	struct rates	*rates;
	struct pages	*pages;
	struct streams	*streams;
	struct records	*records;
	struct pending	*pending;
	struct logins	*logins;
	struct warnings	*warnings;
	struct history	*history;
	int64_t		 logged_usec;		/* a request with a wrong Host was last logged; 0: never */
};

struct admin_view	admin_view_of(const void *admin);	/* of this moment */

/* admin_reads.c */
void	get_root(struct admin *, struct request *);
void	get_paths(struct admin *, struct request *);
void	get_healthz(struct admin *, struct request *);
void	get_tasks(struct admin *, struct request *);
void	get_why(struct admin *, struct request *);
void	get_events(struct admin *, struct request *);
void	get_history(struct admin *, struct request *);
void	get_stream(struct admin *, struct request *);
void	get_record(struct admin *, struct request *);
void	get_prometheus(struct admin *, struct request *);
void	get_traefik(struct admin *, struct request *);
void	post_envoy(struct admin *, struct request *);

/* admin_writes.c */
void	post_drain(struct admin *, struct request *);
void	post_withdraw(struct admin *, struct request *);
void	post_resume(struct admin *, struct request *);
void	post_renew(struct admin *, struct request *);
void	post_remove(struct admin *, struct request *);

#endif
