/*
 * client_priv: a client, for the files that make it: client.c has its connections and what it receives, client_send.c what it sends.
 */
#ifndef SIM_CLIENT_PRIV_H
#define SIM_CLIENT_PRIV_H

#include "client.h"
#include "handshake.h"
#include "response.h"

struct client {
	const struct plan *plan;
	const struct plan_client *how;
	unsigned	 number;
	struct host	 host;
	const struct addr *proxy;

	struct end	*end;			/* NULL: there is no connection */
	struct handshake handshake;
	uint64_t	 life;			/* of it: timers of others mean nothing */
	bool		 connected, served, is_reset;
	unsigned	 dials;			/* since something was served */
	unsigned	 first;			/* call of this connection */
	unsigned	 sending, waiting;	/* which call is sent; whose response is next */

	/* the call that is sent */
	bool		 begun, stalled, continued, switched;	/* continued: has begun to wait for 100, or has got it; switched: it has got a 101 */
	char		 head[24000];
	size_t		 head_len, head_sent;
	struct writing	 body;
	char		 out[8192];
	size_t		 out_len, out_sent;
	uint64_t	 sent, all;
	int64_t		 due_usec;		/* no byte before */

	struct reading	 in;
	uint64_t	 read;			/* bytes of this response */
	int64_t		 read_due_usec;
	int64_t		 idle_usec;		/* when the last response was complete, and nothing was sent since; 0: otherwise */
	bool		 paused, stays;
	bool		 was_ours, ending;	/* the last response said so */
	struct bound	 bound[SERVICES];
};

static inline const struct call *
call(const struct client *c, unsigned i)
{
	return &c->how->call[i];
}

static inline struct entry *
entry(const struct client *c, unsigned i)
{
	return ledger_of(call(c, i)->id);
}

#define GRACE_USEC	(60 * USEC_PER_SEC)	/* no response takes so long */

/* client.c */
void	client_at(struct client *, int64_t usec);	/* it looks at everything then */
/* The connection is over, for all calls that were begun on it. */
void	client_hang_up(struct client *, bool reset, enum fate);
/* Its connection was open all that time, and nothing was on it; or it is closed now. */
void	client_check_idle(const struct client *, bool closed);
/* A response has come to a call that is to be upgraded: it is, or there is nothing more to send. */
void	client_upgraded(struct client *, bool yes);
/* A 100 has come. */
void	client_go_on(struct client *);
/* client_send.c: sends as much as may be sent now. */
void	client_send(struct client *);

#endif
