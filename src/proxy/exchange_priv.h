/*
 * exchange_priv: what the steps of an exchange share: its state, and which file takes which step.
 * exchange.c has the table that puts them in order, exchange_head.c reads the request's head,
 * exchange_reach.c connects it to a task, relay.c carries the bytes, exchange_report.c counts and
 * logs how it ended.
 */
#ifndef PROXY_EXCHANGE_PRIV_H
#define PROXY_EXCHANGE_PRIV_H

#include "filter/filter_run.h"
#include "http/flow.h"
#include "http/h1_write.h"
#include "proxy/answer.h"
#include "proxy/attempt.h"
#include "proxy/exchange.h"
#include "proxy/groups.h"
#include "proxy/mirroring.h"
#include "proxy/service_load.h"
#include "proxy/trace.h"

enum state {
	HEAD,		/* the request head arrives */
	FILTER,		/* the filters of its route have it; one of them may wait */
	PICK,		/* which task? (never waits) */
	QUEUE,		/* every node is full: the request waits for room */
	CONNECT,	/* to the task */
	RETRY,		/* a moment, before a task is tried once more */
	AWAIT,		/* the request goes up; the response head has not come yet */
	INTERIM,	/* a 1xx goes down before the final response */
	RELAY,		/* the response goes down, the request's rest goes up */
	TUNNEL,		/* 101: both ways, until both sides end */
	REPORT,		/* the response is ours, and goes on: load reports */
	ANSWER,		/* the response is ours */
	END,		/* the exchange is over, the connection may go on (never waits) */
	CUT,		/* the client must see that something is missing (never waits) */
	OVER,		/* the exchange is gone */
	STAY
};

struct exchange {
	struct exchange	*unused;	/* the slab's, once this one is over */
	struct client	*client;
	struct proxy	*proxy;
	struct timer	*timer;		/* of the state's wait: lent by the session, which has no other exchange */
	enum state	 state;
	const struct why *why;		/* what ended it */
	int64_t		 began_usec;
	unsigned	 in_row;	/* exchanges without an idle moment */

	/* the request; its head is read in place and stays in up.page until all of it is sent */
	bool		 has_head;	/* there was a whole one */
	bool		 is_head, idempotent, upgrade, expects_continue;
	bool		 streams;	/* its response is to be server-sent events */
	int		 minor;
	bool		 keep;		/* the client's connection may live on */
	bool		 last;		/* the client has announced that it will not */
	bool		 paged;		/* a page takes the place of the response (errors) */
	struct ip	 from;		/* the client, also one behind a trusted proxy */
	char		 from_text[IP_TEXT_MAX];	/* as far as a field needs it */
	char		 here[ADDR_TEXT_MAX];		/* the same: where the client connected to */
	bool		 subscribes;	/* to load reports, which are ours to send */
	bool		 names_task;	/* the head that goes up has the task's address as Host, which is in: */
	char		 task_host[ADDR_TEXT_MAX];

	struct attempt	 attempt;	/* where it goes */
	struct filter_run *filters;	/* that the request passes; NULL: its route has none */
	struct table	*filters_of;	/* the table that they are in: our reference */
	size_t		 collects;	/* its part of proxy.collected */

	/* what goes back */
	int		 status;	/* 0 until a final response, ours or a task's, begins to go down */
	uint64_t	 bytes_before;	/* of the client's stream, before this exchange */
	struct flow	 up, down;
	struct timer	 again;
	struct share_waiter yielded;
	struct keys_wait hold;		/* for the answer to a challenge */
	struct waiter	 waiter;	/* for room */
	bool		 waited;
	struct hedge	*hedge;		/* a second task has the request, too; NULL: none */
	bool		 hedged;	/* one had it: once is enough */
	bool		 no_room;	/* refused for want of it, whatever page the client got for that */
	bool		 is_counted;	/* its tries are, in a field: a call of gRPC that has none yet */
	unsigned	 counted;	/* bytes of that field, at the end of its head */
	size_t		 keeps_body;	/* its part of proxy.collected, for a body to be sent again */
	char		*cookie;	/* that binds the client to the task; stands in down.head */
	struct group_cookies group_cookies;	/* the same, of groups that led there */
	struct group_passed mirrored_by;	/* until the request has passed its filters */
	struct mirroring *mirroring;	/* copies of the request, for when it is over; NULL: none */
	char		 answer[ANSWER_MAX];
	size_t		 own_content;	/* bytes of the body, where the response is ours */
	struct {
		int64_t	interval_usec, due_usec;
		struct service_load_since since;
		bool	ends;		/* no report follows */
	} orca;				/* of a client that subscribes */
	struct access_request log;
	struct trace	*trace;		/* its ID, and its trace; NULL: neither is wanted */
};

/* Until when a state waits, and what has gone wrong if nothing came. */
struct wait {
	int64_t		 until_usec;
	const struct why *why;
};

static inline struct wait
sooner(struct wait a, struct wait b)
{
	return a.until_usec <= b.until_usec ? a : b;
}

typedef enum state	step_f(struct exchange *);
typedef enum state	late_f(struct exchange *, const struct why *);
typedef struct wait	wait_f(const struct exchange *);

/* exchange.c */
stream_f	exchange_on_client;	/* for the stream of the client's connection */
stream_f	exchange_on_second;	/* for the stream of a hedge, also when it has taken over */
void		exchange_go_on(void *x);	/* what its state's first step waits for has come */
void		exchange_pick(void *x);		/* it waited for room, and there may be some: PICK again */
late_f		exchange_fail;		/* responds with the reason if that is still possible, else breaks off */
bool		exchange_client_left(const struct exchange *);	/* before its response began */
/* STAY, and come back in the next turn: others wait */
enum state	exchange_again(struct exchange *);
/* the same, when there is share for it: others move bytes, too */
enum state	exchange_yield(struct exchange *);
/* OVER: no request is here, nor comes */
enum state	exchange_leave(struct exchange *, enum io_result);
int64_t		exchange_now(const struct exchange *);

/* exchange_reach.c: a task, room on its node, and a connection to it. */
step_f		reach_pick;
late_f		reach_queue_late;
wait_f		reach_queue_wait;
step_f		reach_connect;		/* to the task that was taken, by the same or by another attempt */
step_f		reach_check, reach_watch;
late_f		reach_late;
wait_f		reach_wait;

/* exchange_retry.c: the request goes to a task once more. */
late_f		exchange_try_other;	/* nothing of a response went down: another task may take it */
/* The request goes to another task, and `next` is how; false: it does not, and nothing has
 * changed for it. */
bool		exchange_retry(struct exchange *, const struct why *, enum state *next);
step_f		exchange_task_lost;	/* the task ended the connection before it sent anything */
/* The same for a response of which nothing has gone down, with a head of `used` bytes: it is
 * dropped, if the service's requests are sent again for such a one. */
bool		retry_response(struct exchange *, const struct message *, size_t used, enum state *next);
late_f		retry_late;
wait_f		retry_wait;
/* retry.per_try_timeout: when another task is to have it; never, where none may. */
wait_f		retry_try_wait;
step_f		retry_try_late;
/* A task has not responded yet, and may still; false: it goes on there, as no other may have it. */
bool		retry_elsewhere(struct exchange *, const struct why *, enum state *next);
/* A second time does no harm, or its service says so. */
bool		retry_is_harmless(const struct exchange *);
/* How much of the request is kept, now that its service and its head are known. */
void		retry_keep(struct exchange *, const struct message *);
void		retry_end(struct exchange *);		/* nothing of it is needed any more */
/* A call of gRPC learns how often it was tried before. False: there is no memory. */
bool		retry_count_tries(struct exchange *);

/* The service's requests are sent again for such a response. */
bool		retry_is_wanted(const struct exchange *, const struct message *);

/* exchange_hedge.c: a second task while the first one does not respond. */
void		hedge_note_response(struct exchange *);	/* it begins: how long that took */
wait_f		hedge_wait;		/* when a second task is to have the request; never, where none may */
step_f		hedge_begin;
step_f		hedge_turn;		/* the second one has moved: STAY, or it has the request now */
/* The first one has failed, or was slower. */
late_f		hedge_take_over;
void		hedge_drop(struct exchange *, const struct why *);	/* the second one, if there is one */

/* exchange_head.c */
step_f		head_read;
/* The head as the service's tasks are to have it; head_name_task, when a task is known, completes
 * it. False: there is no memory. */
bool		head_write(struct exchange *, const struct message *, const struct edits *,
    enum h1_connection);
bool		head_name_task(struct exchange *);
/* Where the request goes whose route, or page, leads to this service. NULL: nowhere. */
const struct table_service *head_service(struct exchange *, const struct table_service *,
    const struct message *);
/* No task gets the request any more: its copies are sent, if it was one that tasks get whole. */
void		head_send_copies(struct exchange *);
wait_f		head_wait;
/* How long the client may be waited for, given how many bytes it has sent or taken so far:
 * clients.min_rate. */
struct wait	head_rate_wait(const struct exchange *, const struct flow *, uint64_t bytes,
    const struct why *);
struct wait	head_whole_wait(const struct exchange *);	/* for all of the request: clients.request */

/*
 * exchange_front.c: what is decided before a route is looked for. The message is that of the head
 * that was read in this step.
 */
/* to us, or to a trusted proxy before us */
bool		front_came_by_https(const struct exchange *, const struct message *);
bool		front_holds(struct exchange *, const struct message *);	/* it is read again later */
/* NULL: it goes on. Else exchange_fail is next, in the same step. */
const struct why *front_judge(const struct exchange *, const struct message *);
/* The whole response for x->why, in down.head; own_content is that of its body. */
void		front_answer(struct exchange *);

/*
 * exchange_filter.c: the filters of the route. filters_begin gives them the request, for FILTER,
 * which writes its head when it has passed them; false: there is no memory. filters_answer writes a
 * response of our own, when the request has filters; false: it has none.
 */
bool		filters_begin(struct exchange *, const struct table_route *, const struct filter_chain *,
    const struct message *, const struct edits *);
step_f		filters_enter, filters_watch;
late_f		filters_late;
wait_f		filters_wait;
bool		filters_answer(struct exchange *);
/* A task's response as they leave it, to be written with no other edits than those of its framing;
 * NULL: there is no memory. filter_run_bodies says what becomes of its body. */
/* The start of a response's body, if a filter looks at it. False: more of it is to come. */
bool		filters_see_start(struct exchange *, const struct message *, size_t head_bytes);
const struct message *filters_head(struct exchange *, const struct message *, const struct edits *);
/* A response with this status, a task's or one of ours, is dropped, and `next` gets a page in its
 * place; `why`: of the attempt that is over. False: it goes on, and nothing has changed. */
bool		filters_catch(struct exchange *, int status, const struct why *why, enum state *next);
void		filters_end(struct exchange *);		/* nothing is written of them any more */

/* The head of a response of ours, as filters leave it, in down.head; what is added there follows
 * it. False: there is no memory. */
bool		filters_begin_answer(struct exchange *, struct str head);
/* The data of a chunked body. False: there is no memory. */
bool		filters_unchunk(struct str raw, struct buf *out);

/* exchange_orca.c: whether a request is a subscription to load reports of this service, and what
 * becomes of it. */
bool		orca_is_asked(const struct exchange *, const struct table_service *,
    const struct message *);
step_f		orca_enter, orca_watch;
late_f		orca_late;
wait_f		orca_wait;

/* relay.c */
step_f		relay_await, relay_interim, relay_both;
late_f		relay_await_late;
wait_f		relay_await_wait, relay_wait, relay_write_wait;
/* The task has all that there is of the request, and more of it is to come. */
bool		relay_waits_for_client(const struct exchange *);

/* A client that is not bound to the task yet gets the cookie. False: there is no memory. */
bool		relay_bind(struct exchange *, struct edits *);

/* relay_tunnel.c: the head of a 101 is in proxy.head, and `used` bytes long. */
enum state	relay_enter_tunnel(struct exchange *, size_t used);
step_f		relay_tunnel;
late_f		relay_tunnel_late;
wait_f		relay_tunnel_wait;

/* exchange_report.c: once, when it is over. */
void		exchange_report(struct exchange *);

#endif
