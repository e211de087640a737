/* task_h2, inside: what its two files have in common, and the responses (task_h2_respond.c). */
#ifndef SIM_TASK_H2_PRIV_H
#define SIM_TASK_H2_PRIV_H

#include <nghttp2/nghttp2.h>

#include "chain.h"
#include "door.h"
#include "frames.h"
#include "heads.h"
#include "task_h2.h"
#include "wire.h"

struct task_h2 {
	const struct plan *plan;
	const struct plan_task *how;
	unsigned	 service, number;
	struct door	 door;
	struct conn_h2	*conns;
};

struct conn_h2 {
	struct conn_h2	*next;
	struct task_h2	*task;
	struct end	*end;			/* NULL: it is over */
	nghttp2_session	*session;
	struct served_h2 *served;
	unsigned	 open;
	uint64_t	 idles;
	struct frames	 out;
};

/* An exchange on it. */
struct served_h2 {
	struct served_h2 *next;
	struct conn_h2	*conn;
	int32_t		 id;			/* 0: its stream is closed */
	char		 target[40];
	struct chain_seen seen;
	uint32_t	 exchange;		/* NOBODY: a check */
	const struct call *call;
	struct entry	*entry;
	char		 method[12];
	struct head_text head;
	bool		 added, headed, responds, begun, deferred;
	enum slip	 slip;
	bool		 has_length;
	uint64_t	 body, sent, length;
	int64_t		 due_usec, delay_usec;
	/* of gRPC */
	char		 tries[8];		/* before, as it says; empty: it does not */
	bool		 alone, sick;		/* the head is all of the response; it says that it does not serve */
	int		 status;
	int64_t		 deadline_usec;		/* 0: none */
};

wire_f	task_h2_on_timer;		/* of a connection: something is due */
/* What its call has planned begins now; what is not yet sent follows as its client and the plan let it. */
void	task_h2_respond(struct served_h2 *);
/* To a check of gRPC (grpc.health.v1). */
void	task_h2_respond_health(struct served_h2 *);
void	task_h2_reset(struct served_h2 *, uint32_t code);

#endif
