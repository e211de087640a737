/*
 * traefik_priv: names and rules that traefik.c writes and traefik_compare.c expects to find. Nobody else's.
 */
#ifndef DRIVE_TRAEFIK_PRIV_H
#define DRIVE_TRAEFIK_PRIV_H

#include "drive/traefik.h"

#define TRAEFIK_NAME_MAX	256
#define TRAEFIK_MARK		"~mola"		/* of two routers with one name in a folder, Traefik drops one: no one else's is called so */
#define TRAEFIK_API_ROUTER	"mola~api"	/* no name of a service has a "~" in it */
#define TRAEFIK_WEIGHT_MOST	1000
#define TRAEFIK_PRIORITY	(-2000000)	/* of our lowest router; our highest is a million above it */

void	 traefik_rule(const struct route_conf *, struct buf *rule);
int	 traefik_priority(const struct route_conf *);
void	 traefik_name(const struct traefik_options *, const char *service, char out[TRAEFIK_NAME_MAX]);
void	 traefik_router_name(const struct traefik_options *, const struct plan_service *, unsigned route, char out[TRAEFIK_NAME_MAX]);
/* As Molas up to 0.1.0 called them. */
void	 traefik_old_name(const struct traefik_options *, const struct plan_service *, unsigned route, char out[TRAEFIK_NAME_MAX]);
bool	 traefik_is_listed(const struct plan_service *, const struct plan_server *);		/* that server is among those written */
bool	 traefik_uses_fallback(const struct traefik_options *, const struct plan_service *);	/* to the fallback */
unsigned traefik_routers(const struct traefik_options *, const struct plan_service *);	/* how many are written for it */
void	 traefik_url(const struct plan_server *, char out[TRAEFIK_NAME_MAX]);

static inline unsigned
traefik_weight(const struct traefik_options *w, const struct plan_server *v)
{
	if (w->nudge && v->weight == TRAEFIK_WEIGHT_MOST)
		return TRAEFIK_WEIGHT_MOST - 1;
	return v->weight > 0 ? v->weight : 1;
}

#endif
