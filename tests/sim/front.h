/*
 * front: whom Mola takes a client for: the other end of its connection, or whom a proxy in front names, by the PROXY protocol or by
 * X-Forwarded-For.
 */
#ifndef SIM_FRONT_H
#define SIM_FRONT_H

#include "ledger.h"
#include "plan_priv.h"
#include "proxy/proxy.h"

/* How clients of a world with a proxy in front begin: a header of version 1, or 2, or one of version 2 that names nobody. */
enum front_kind { FRONT_TEXT, FRONT_BINARY, FRONT_LOCAL, FRONT_KINDS };

#define FRONT_LIST	"198.51.100.9"	/* that odd calls claim to be sent on for */
#define FRONT_TEXT_MOST	24

void	front_draw(struct plan *, struct rng);
void	front_conf(const struct plan *, struct proxy_conf *);
/* What its connections begin with. */
size_t	front_header(const struct plan *, unsigned client, unsigned port, char out[128]);
/* The other end, as Mola knows it. */
void	front_name(const struct plan *, unsigned client, char out[FRONT_TEXT_MOST]);
/* What it sends about others is believed. */
bool	front_is_trusted(const struct plan *, unsigned client);
/* An address of those of a middleware's list. */
void	front_nets(unsigned pair, char *out, size_t cap);
void	front_request(const struct plan *, const struct call *, const struct chain_seen *);
void	front_line(const struct plan *, const struct entry *, const char *line);

#endif
