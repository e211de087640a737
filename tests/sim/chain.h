/*
 * chain: the middlewares of a service's router that work on one exchange alone, what each call asks of them, and what becomes of it
 * by that. What they promise is worked out here from the plan, without the product's help.
 */
#ifndef SIM_CHAIN_H
#define SIM_CHAIN_H

#include "ledger.h"
#include "plan_priv.h"
#include "world/filter.h"

/* ---- the plan ---- */

void		 chain_draw(struct plan_service *, struct rng);
void		 chain_draw_call(struct call *, struct rng);
void		 chain_settle(struct plan *);		/* once all is drawn */
void		 chain_print(const struct plan_service *, unsigned service);
bool		 chain_has(const struct plan_service *, enum chain_kind);
/* The next kind of the chain behind *at, of which the first is 0. False: there is none. */
bool		 chain_next(const struct plan_service *, unsigned *at, enum chain_kind *);
/* A body of a response of that service may be encoded. */
bool		 chain_encodes(const struct plan_service *);

/* What libraries keep of the first password is there. */
void		 chain_warm_up(void);

/* ---- the table ---- */

struct arena;
/* The text of a chain (world/filter.h) grows by those of the service. */
void		 chain_write(struct arena *, char **text, const struct plan_service *);

/* ---- what is said and seen ---- */

#define ORIGIN		"http://a.example"
#define GOOD_LOGIN	"Basic YW5uOnNlY3JldA=="
#define WRONG_LOGIN	"Basic YW5uOndyb25n"
#define CHAIN_ASKS	8
/* Fields that a call has for its middlewares, in lower case: how many. */
unsigned	 chain_asks(const struct plan *, const struct call *, struct chain_ask out[CHAIN_ASKS]);

/* Fields that middlewares set, as they have come; also of HTTP/2. */
void		 chain_see(struct chain_seen *, const char *name, const char *value);

/* What becomes of a call: it passes, with this target; or it is responded to. */
struct chain_fate {
	bool		 passes;
	bool		 may_be_large;		/* its body is, which shows on the way only */
	bool		 response_large;	/* that of its response: refused in place of it, */
	bool		 response_cut;		/* or that shows on the way */
	char		 target[40];
	/* it does not pass */
	int		 status;
	const char	*why, *middleware;
	char		 location[64];
	bool		 knows_user;		/* that it names one was seen */
};
struct chain_fate chain_fate(const struct plan *, const struct call *);

/* A request has come to its task with that target and those fields. */
void		 chain_check_request(const struct plan *, const struct call *, const char *target, const struct chain_seen *);
/* A response's head has come; `ours`: it is Mola's, for that reason. */
void		 chain_check_response(const struct plan *, const struct call *, bool ours, int status, const char *why,
		    const struct chain_seen *);
/* In the end: its type is missing only where its body was cut in the bytes that it is guessed by. */
void		 chain_check_type(const struct entry *);
/* In the end, of one that lacks nothing: false: it was to be responded to as it was. */
bool		 chain_should_serve(const struct plan *, const struct entry *);
void		 chain_check_line(const struct plan *, const struct entry *, const char *line);

#endif
