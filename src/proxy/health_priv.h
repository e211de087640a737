/*
 * health_priv: the probes of health. health.c keeps one for each task that is checked,
 * health_probe.c runs its checks and counts what they come to, health_http.c has the request and
 * its response, health_h2.c what is different over HTTP/2. Private to these.
 */
#ifndef PROXY_HEALTH_PRIV_H
#define PROXY_HEALTH_PRIV_H

#include "base/buf.h"
#include "base/rng.h"
#include "http/h2_up.h"
#include "net/stream.h"
#include "proxy/health.h"
#include "proxy/health_read.h"
#include "proxy/task_tls.h"

#define REQUEST_MAX	16384
#define RESPONSE_BYTES	16384		/* the head; of the body only what comes along with it */
#define REQUESTS_MOST	10		/* of one check: redirects are followed */
#define FIELDS_MAX	256

struct probe {
	struct health	*health;
	struct deferred	 deferred;
	bool		 kept;			/* mark while a new table is compared */
	/* what is sent, as the table has it */
	unsigned	 slot;
	struct addr	 addr, other[TASK_ADDRS - 1];
	unsigned	 nothers;
	unsigned	 at;			/* which address is next: 0 `addr`, 1 the first of `other` */
	unsigned	 tried;			/* that could not be reached, in this round */
	const struct table_service *service;	/* of the health's table */
	enum scheme	 scheme;
	uint32_t	 port;			/* 0: that of the addresses */
	bool		 connects;		/* no request: that it accepts, and what is sent first */
	bool		 grpc;
	struct buf	 request;
	struct buf	 expect;		/* what the task must send first; empty: nothing */
	/* what is known */
	enum live_health state;
	uint32_t	 in_row;		/* results in a row that are against the state */
	struct live_cause cause;		/* of the last bad one */
	/* the check under way */
	int64_t		 deadline;
	unsigned	 requests;		/* so far, this one included */
	char		*target;		/* where a redirect led; NULL: none did */
	bool		 gets;			/* by a method that is GET since then */
	struct buf	 redirected;		/* the request for that */
	size_t		 sent, got;
	struct stream	 stream;
	struct h2_up_conn *h2;			/* on it, where it speaks HTTP/2 */
	struct stream	 exchange;		/* of that */
	struct timer	 look;			/* at it, outside of the calls of h2 */
	bool		 ready;			/* all that lies below the request is there */
	struct timer	 timer;			/* until the next check, or until a response is too late */
	char		*response;		/* RESPONSE_BYTES, during a check */
};

struct health {
	struct loop	*loop;
	struct live	*live;
	unsigned	 worker;		/* that we run in */
	struct rng	 rng;
	struct slab	*responses;
	struct task_tls	*tls;
	struct h2_up	*h2;
	struct table	*table;			/* our reference; NULL: none yet */
	struct message	 head;			/* of the response being read: used at once */
	struct field	 field[FIELDS_MAX];	/* the head's */
	struct probe	*probe[TASKS_MAX];	/* by task slot */
};

/* health.c. Writes the state into live, unless another worker probes. */
void	health_set_slot(const struct health *, unsigned slot, enum live_health);

/* health_probe.c. Waits for the next check: for the interval, spread by a tenth so that many probes
 * do not keep step. */
void	probe_wait(struct probe *);
timer_f	probe_start;			/* with the probe, which has no check under way */
timer_f	probe_connect;			/* the same; the check goes on with another request */
void	probe_stop(struct probe *);	/* ends the check under way, if there is one */
/* The check is over: the task is well, if `degraded` not quite, or it failed. `status`: of
 * WHY_UPSTREAM_STATUS, else 0. */
void	probe_passes(struct probe *, bool degraded);
void	probe_fails(struct probe *, const struct why *, int status);

/* health_request.c. What to send, to which port and by which protocol, as the table has it: false
 * when it is too long. A check under way begins again when it differs. */
bool	probe_set_request(struct probe *, const struct table *, const struct table_service *);
/* What to send next, when the response whose head is read leads to another path of the task.
 * ELSEWHERE: it does not, and counts as it is. BAD: it leads nowhere, or too often. */
enum redirect	probe_redirect(struct probe *, const struct message *head);
void	probe_forget_redirect(struct probe *);

/* health_http.c. The stream has an event, or had one before it was looked at: goes on with the
 * request and its response. */
timer_f	probe_exchange;			/* with the probe, which is ready */

/* health_h2.c. The task speaks HTTP/2: the request gets a stream of its own. False: the check is
 * over. */
bool	probe_begin_h2(struct probe *);
extern const struct h2_up_ops health_h2_ops;

#endif
