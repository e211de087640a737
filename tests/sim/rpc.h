/*
 * rpc: calls of gRPC: bodies of messages, each behind its length, that one side may wait for before it sends its next one; a status
 * in trailers, or in a head that is all of the response; deadlines. And what gRPC's clients must be able to rely on: only a response
 * that is whole has a status, and what Mola itself responds is a head alone, with the status that is due.
 */
#ifndef SIM_RPC_H
#define SIM_RPC_H

#include <nghttp2/nghttp2.h>

#include "ledger.h"
#include "plan_priv.h"

#define RPC_PREFIX		5		/* of a message: whether it is compressed, and its length */
#define RPC_DEADLINE_EXCEEDED	4
#define RPC_UNAVAILABLE		14

/* ---- the plan ---- */

void		 rpc_draw(struct plan *, struct rng);	/* whether there is a service of it, and who calls that */
void		 rpc_settle(struct plan *, struct rng);	/* those calls, once all else is drawn */
void		 rpc_print(const struct call *);

/* ---- bodies; also of other calls ---- */

uint8_t		 rpc_byte(const struct call *, enum side, uint64_t at);
/* So many bytes may have been sent by one side when so many of the other's have come to it. */
uint64_t	 rpc_may_send(const struct call *, enum side, uint64_t heard);

/* ---- what is said and seen ---- */

#define RPC_FIELDS	5
#define RPC_ROOM	24
/* Fields of requests, and of a response that ends with that status (trailers, or a head that is all of it): how many. */
unsigned	 rpc_asks(const struct call *, nghttp2_nv out[RPC_FIELDS], char room[RPC_ROOM]);
unsigned	 rpc_status_fields(int status, uint32_t exchange, nghttp2_nv out[RPC_FIELDS], char room[2][RPC_ROOM]);

/* A field of a response; `headed`: of its trailers. */
void		 rpc_see(struct rpc_seen *, bool headed, const char *name, const char *value);
/* What its task, or Mola, says with the head; `ends`: that is all. */
void		 rpc_check_head(struct entry *, bool ours, const char *why, bool ends);
/* The status that its line has: of what Mola itself responds, that of the reason. */
int		 rpc_logged_status(const struct call *, bool ours, int status, const char *why);
/* A response without its end is all of it, as it seems: the bytes that are due then. */
uint64_t	 rpc_due(const struct entry *, uint64_t body);
/* A head has come to a task, with this field about earlier tries; NULL: without. */
void		 rpc_note_tries(struct entry *, const char *value);
/* How its stream is reset by its task, as often as it does that. */
uint32_t	 rpc_reset_code(struct entry *);

/* ---- in the end ---- */

/* It may have come to so many tasks, whatever it is. */
unsigned	 rpc_heads_most(const struct entry *);
/* It failed for its client, and could have been tried again. */
bool		 rpc_is_undeserved(const struct entry *);
void		 rpc_check(const struct entry *);

#endif
