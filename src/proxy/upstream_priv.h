/*
 * upstream_priv: what upstream.c (connections, idle and busy), upstream_pool.c (what is known of
 * each task) and upstream_link.c (HTTP/2 connections that several requests share) have in common.
 */
#ifndef PROXY_UPSTREAM_PRIV_H
#define PROXY_UPSTREAM_PRIV_H

#include <sys/queue.h>

#include "http/h2_up.h"
#include "http/slab.h"
#include "proxy/task_tls.h"
#include "proxy/upstream.h"

enum place { PLACE_NEW, PLACE_BUSY, PLACE_IDLE, PLACE_DEAD };

TAILQ_HEAD(upconn_list, upconn);
TAILQ_HEAD(link_list, link);

struct upconn {
	TAILQ_ENTRY(upconn) entry;	/* idle: of the pool; busy: of the link; first, as slab.c requires */
	struct upstream	*home;
	struct pool	*pool;
	enum place	 place;
	bool		 reused;
	int64_t		 idle_since_usec;
	int64_t		 age_usec;	/* idle time when it was taken */
	int64_t		 announced_usec;	/* how long the task keeps it idle, as announced; negative: unknown */
	unsigned	 life;		/* of the pool when this was opened */
	unsigned	 at;		/* which of the task's addresses */
	struct stream	 own;
	struct stream	*stream;	/* `own`, or its carrier's; NULL while it waits for a link */
	struct timer	 timer;		/* only of interest while idle: a busy one lets it pass */
	/* of HTTP/2 */
	struct link	*link;		/* that it waits for, or has a stream of */
	struct link	*carrier;	/* whose socket is its own, as the task chose HTTP/1.1 */
	const struct why *why;		/* the link could not be had */
	int64_t		 opened_usec;
	stream_f	*fn;
	void		*arg;
};

struct pool {
	struct addr	   addr;
	unsigned	   naddrs;		/* of the task, the first among them */
	int64_t		   avoid_until_usec[TASK_ADDRS];	/* such as could not be reached */
	struct upconn_list idle;	/* the most recently used first */
	unsigned	   nidle, nbusy;
	unsigned	   peak;	/* most that were busy at once lately */
	struct timer	   recent;	/* set while connections are idle */
	/* idle time after which the task closes, as learnt; 0: nothing is known */
	int64_t		   closes_usec;
	bool		   hasty;	/* the last one that it closed had only just become idle */
	unsigned	   life;	/* counts addresses: a connection of an earlier life is not kept */
	struct addr	   other[TASK_ADDRS - 1];
	/* how the task is spoken to, as in the table of this serial; NULL: not known yet */
	char		  *manner;	/* `how` as a text, its own texts among them */
	struct task_tls_how how;
	uint64_t	   serial;
	bool		   chose_http1;	/* the task, when it had the choice */
	struct tls_resume  resume;
	struct link_list   links;
};

/* An HTTP/2 connection, from its first SYN on. */
struct link {
	TAILQ_ENTRY(link) entry;	/* of the pool; first, as slab.c requires */
	struct upstream	*home;
	struct pool	*pool;
	enum { LINK_CONNECTING, LINK_OPEN, LINK_OVER } state;
	unsigned	 life;		/* of the pool when it was opened */
	unsigned	 at;		/* which of the task's addresses */
	bool		 idle;		/* counted as such */
	struct stream	 stream;
	struct h2_up_conn *h2;
	struct upconn_list waiting;	/* for it to be open */
	struct upconn_list users;	/* with a stream of it */
	struct timer	 timer;		/* while it is idle */
};

/*
 * After a time of many requests at once, the next such time should find as many connections open;
 * but a task may spend a process on each. So more than a few are kept only while as many
 * connections are busy at once now and then.
 */
struct upstream {
	struct loop	*loop;
	struct live	*live;
	unsigned	 worker;
	unsigned	 idle_max;
	int64_t		 idle_usec;
	struct slab	*conns, *links;
	struct h2_up	*h2;
	struct task_tls	*tls;
	struct pool	*pool[TASKS_MAX];	/* by slot, NULL where nothing ever was */
};

/* upstream.c */
/* A connection of its own, for HTTP/1.1. */
const struct why *upconn_connect(struct upconn *);
/* An idle connection ends; no request waits for it, but the reason counts. */
void		 upconn_idle_end(struct upconn *, const struct why *);

/* upstream_pool.c */
/* The pool of the task's slot, emptied if it belonged to another address. */
struct pool	*pool_of(struct upstream *, const struct table *, const struct table_task *);
void		 pool_clear(struct pool *);		/* ends a life of it */
void		 pool_free(struct upstream *, struct pool *);	/* nobody uses any of its connections */
/* Starts to connect to the best of the task's addresses, *at, with TLS if it is to be. `http1`:
 * that and nothing else is offered. */
const struct why *pool_connect(struct upstream *, struct pool *, bool http1, struct stream *,
    stream_f *, void *arg, unsigned *at);
/* The best address, now. */
unsigned	 pool_address(const struct upstream *, const struct pool *);

/* upstream_link.c */
extern const struct h2_up_ops link_ops;
/* It gets a stream on a link of its pool, or waits for a link that is being made. */
const struct why *link_take(struct upconn *);
/* It is over, or its carrier is; `clean`: neither side has anything left to send. */
void		 link_leave(struct upconn *, bool clean);
void		 links_clear(struct pool *);	/* idle ones end, the others when they are idle */
void		 links_end(struct pool *);	/* nobody uses any */

#endif
