/*
 * traefik_priv: names and rules that traefik.c writes, traefik_compare.c expects to find and
 * traefik_migrate.c knows.
 */
#ifndef DRIVE_TRAEFIK_PRIV_H
#define DRIVE_TRAEFIK_PRIV_H

#include "base/bug.h"
#include "drive/traefik.h"

#define TRAEFIK_NAME_MAX	256
/* Ends the names of routers: of two with one name in a folder Traefik drops one, and no other
 * file has names like this. */
#define TRAEFIK_MARK		"~mola"
#define TRAEFIK_API_ROUTER	"mola~api"	/* no name of a service has a "~" in it */
#define TRAEFIK_WEIGHT_MOST	1000
#define TRAEFIK_PRIORITY	(-2000000)	/* of the lowest router */
#define TRAEFIK_PRIORITIES	1000901		/* of all of them: TRAEFIK_PRIORITY and so many above it */

void	 traefik_rule(const struct route_conf *, struct buf *rule);
int	 traefik_priority(const struct route_conf *);
void	 traefik_name(const struct traefik_options *, const char *service, char out[TRAEFIK_NAME_MAX]);
void	 traefik_router_name(const struct traefik_options *, const struct plan_service *,
	    unsigned route, char out[TRAEFIK_NAME_MAX]);
/* As Mola up to 0.1.0 named it. */
void	 traefik_old_name(const struct traefik_options *, const struct plan_service *, unsigned route,
	    char out[TRAEFIK_NAME_MAX]);
/* Is the server written? */
bool	 traefik_is_listed(const struct plan_service *, const struct plan_server *);
/* Is the fallback written instead of the service's servers? */
bool	 traefik_uses_fallback(const struct traefik_options *, const struct plan_service *);
/* How many routers are written for it. */
unsigned traefik_routers(const struct traefik_options *, const struct plan_service *);
void	 traefik_url(const struct plan_service *, const struct plan_server *,
	     char out[TRAEFIK_NAME_MAX]);

static inline unsigned
traefik_weight(const struct traefik_options *o, const struct plan_server *v)
{
	ASSERT(v->weight <= TRAEFIK_WEIGHT_MOST);
	if (o->vary_weight && v->weight == TRAEFIK_WEIGHT_MOST)
		return TRAEFIK_WEIGHT_MOST - 1;
	return v->weight > 0 ? v->weight : 1;
}

#endif
