/*
 * gate: who may ask the admin interface, and who may change something through it.
 */
#ifndef ADMIN_GATE_H
#define ADMIN_GATE_H

#include "conf/conf.h"
#include "http/server.h"

struct refusal {
	int		 status;
	const char	*text;
	const char	*fields;	/* header lines, or NULL */
	char		 said[240];	/* where `text` may point to */
};

/* False: *no says why. `ours`: names besides localhost and IP addresses. For requests over TCP. */
bool	gate_host(const struct request *, const struct conf_list *ours, struct refusal *no);
/* A request that writes. `token` NULL: none is configured. */
bool	gate_write(const struct request *, bool tcp, const char *token, struct refusal *no);

#endif
