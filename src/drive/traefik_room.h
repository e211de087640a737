/*
 * traefik_room: names and rules that traefik.c writes and traefik_read.c expects to find. Nobody else's.
 */
#ifndef DRIVE_TRAEFIK_ROOM_H
#define DRIVE_TRAEFIK_ROOM_H

#include "drive/traefik.h"

#define TRAEFIK_NAME_MAX	256
#define TRAEFIK_API_ROUTER	"mola~api"	/* no name of a service has a "~" in it */

void	 traefik_rule(const struct route_conf *, struct buf *rule);
unsigned traefik_priority(const struct route_conf *);
void	 traefik_name(const struct traefik_words *, const char *service, char out[TRAEFIK_NAME_MAX]);
void	 traefik_router_name(const struct traefik_words *, const struct plan_service *, unsigned route, char out[TRAEFIK_NAME_MAX]);
bool	 traefik_names(const struct plan_service *, const struct plan_server *);		/* that server is among those written */
bool	 traefik_falls_back(const struct traefik_words *, const struct plan_service *);	/* to the fallback */
void	 traefik_url(const struct plan_server *, char out[TRAEFIK_NAME_MAX]);

static inline unsigned
traefik_weight(const struct plan_server *v)
{
	return v->weight > 0 ? v->weight : 1;
}

#endif
