/*
 * client: a simulated client: its calls one after another, over one connection after another.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "plan.h"

struct client;

struct client	*client_new(const struct plan *, unsigned number, const struct addr *proxy);
bool		 client_is_done(const struct client *);
void		 client_stop(struct client *);		/* it hangs up */

#endif
