/*
 * proxy_priv: what the files of this room share. One struct proxy per worker; each file has its
 * own part of it.
 */
#ifndef PROXY_PRIV_H
#define PROXY_PRIV_H

#include <sys/queue.h>

#include "filter/filter_means.h"
#include "http/encode.h"
#include "http/message.h"
#include "http/orca.h"
#include "http/session.h"
#include "http/share.h"
#include "http/slab.h"
#include "http/tap.h"
#include "proxy/access.h"
#include "proxy/budget.h"
#include "proxy/groups.h"
#include "proxy/health.h"
#include "proxy/keys.h"
#include "proxy/pace.h"
#include "pick/pick.h"
#include "proxy/sticky.h"
#include "proxy/proxy.h"
#include "proxy/tally.h"
#include "proxy/trace.h"
#include "proxy/upstream.h"
#include "proxy/waiting.h"

struct outcalls;
struct task_tls;

LIST_HEAD(listener_list, listener);

SLIST_HEAD(text_list, kept_text);

LIST_HEAD(copy_list, copy);

struct failures {			/* handshakes that failed in one way */
	struct proxy_failed	 seen;	/* since they were last taken */
	int64_t			 taken_usec;	/* 0: never */
};

#define LOAD_VIEWS	16

struct load_view {			/* how busy a service is; its rates are each subscriber's own */
	uint32_t	 slot;		/* 0: none */
	int64_t		 usec;
	struct orca_report load;
};

#define PROXY_NAMES_MAX	256		/* number 0 is none */

struct proxy {
	struct loop	*loop;
	struct proxy_conf conf;
	struct table	*table;			/* in force, NULL until the first arrives */
	struct pick	*pick;
	struct sticky	*sticky;
	struct groups	*groups;
	struct budget	*budget;
	struct task_tls	*tls;
	struct upstream	*upstream;
	struct health	*health;
	struct access	*access;
	struct tracer	 tracer;
	/* listener.c */
	struct listener_list listeners;
	struct str	 listener_names[PROXY_NAMES_MAX];	/* that there ever were: clients have their numbers */
	/* client.c */
	struct sessions	 sessions;
	struct sessions	 streams;		/* of HTTP/2 connections: a session for each */
	struct h2	*h2;
	struct tally	*tally;			/* of clients that are not trusted */
	struct keys	*keys;
	struct failures	 failures[TLS_FAULTS];
	struct outcalls	*outcalls;
	struct filter_means *means;
	struct io	 means_io;
	const char	*hsts;			/* the value of Strict-Transport-Security; NULL: none */
	struct text_list texts;			/* that heads of messages point at, also after a reload */
	/* memory */
	struct slab	*clients, *exchanges, *relays, *relay_flows, *pages;
	int64_t		 tidy_usec;		/* when unused memory is looked for next */
	size_t		 loose;			/* bytes that were freed and may still be in the heap */
	struct share	 share;
	struct waiting	 waiting;		/* requests for which no node has room */
	struct encode_budget encoders;		/* of bodies that are compressed */
	size_t		 collected;		/* bytes of bodies that filters wait for, or have */
	/* mirroring.c */
	struct copy_list copies;		/* that are under way */
	unsigned	 ncopies;		/* the same, and those that wait for their requests */
	struct tap_room	 copied;		/* bytes of their bodies */
	struct message	 head;			/* of whatever message is being parsed: used within one step, never kept */
	struct pace	*pace[LIVE_SERVICES];	/* by slot; NULL: nothing is known. For retry.hedge */
	struct load_view load_view[LOAD_VIEWS];	/* service_load.c; by slot */
	/* proxy.c */
	proxy_empty_f	*empty;
	void		*empty_arg;
	struct timer	 empty_timer;
};

/* A client or a listener has gone: was it the last one that a drain waits for? */
void		proxy_gone(struct proxy *);

static inline void
proxy_count(struct proxy *p, const struct why *why)
{
	live_count_why(p->conf.live, p->conf.worker, why);
}

#endif
