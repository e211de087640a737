/*
 * plan_priv: how what is drawn is drawn, for the files of plans.
 */
#ifndef SIM_PLAN_PRIV_H
#define SIM_PLAN_PRIV_H

#include "plan.h"

extern struct rng own;				/* of what the last choice is followed by */

/* What is drawn has random numbers of its own: one draw more of one changes no other. */
enum plan_stream {
	OF_CLIENTS = 1, OF_SERVICES, OF_REST, OF_WORKERS, OF_LIMITS, OF_STORMS, OF_RELAYS, OF_BRAIN, OF_H2, OF_RETRY, OF_CHAIN_CALLS,
	OF_LOG, OF_FRONT, OF_MIRROR, OF_CHAIN, OF_CROWD, OF_UPGRADES, OF_STORM, OF_TCP, OF_ODD, OF_TLS, OF_RUSH, OF_PINGS,
	OF_RPC, OF_RPC_CALLS, OF_PATIENCE, OF_AUTH, OF_PARTS, OF_RESETS,
};
struct rng	 plan_stream(uint64_t seed, enum plan_stream, uint64_t which);
bool		 allowed(void);			/* a choice */
bool		 may(struct rng *, unsigned percent);	/* one of so many percent; a choice. Draws as much in either case */
int64_t		 between(struct rng *, int64_t least, int64_t most);
uint64_t	 size(struct rng *, uint64_t most);	/* mostly small, sometimes as large as that */
struct weather	 draw_weather(struct rng *);

/* plan_relay.c: TCP and HTTP/2 */
void		 draw_relay(struct plan_relay *, struct rng);
void		 draw_tcp(struct plan_service *, struct rng);	/* what a service of it has besides */
void		 draw_h2(struct plan_client *, struct rng);	/* may make it one of HTTP/2 */
void		 h2_settle(struct plan_client *, struct rng *);	/* makes it one */
void		 print_relay(unsigned number, const struct plan_relay *);

/* plan_upgrade.c */
void		 upgrades_settle(struct plan *, struct rng);

/* plan_parts.c */
void		 parts_settle(struct plan *, uint64_t seed);

/* plan_retry.c */
#define RETRY_UNAVAILABLE_FIRST	6	/* what calls of gRPC alone are tried again for: two of those */
void		 draw_retry(struct plan_retry *, struct rng, bool tcp);
void		 calm_settle(struct plan *);	/* nothing happens to s0, nor to Mola */
void		 crowd_settle(struct plan *, struct rng);
void		 plan_repeat_calls(struct plan *);	/* the first ones of each client, until it has as many as one may */
void		 print_retry(const struct plan_service *);

/* plan_tls.c */
void		 tls_draw(struct plan *, struct rng);	/* and whose connections have it */
void		 tls_print(const struct plan *);
void		 secure_print(const struct plan_secure *);

/* plan_check.c */
/* How often a first request waits for the network, there and back: for the connection, its handshake, the response. */
int64_t		 plan_trips(const struct plan *, const struct plan_service *);
void		 checks_settle(struct plan *);	/* none that the network is too slow for */

/* plan_brain.c */
void		 brain_draw(struct plan_brain *, struct rng);
void		 brain_print(const struct plan_brain *);

#endif
