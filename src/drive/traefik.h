/*
 * traefik: a plan in the words of Traefik's dynamic configuration (v3), and what its API says, set beside the plan.
 *
 * Services are what is written; people's own routers lead to them (web@file). Where routers are asked for, each route is
 * one of its own, at priorities below all that others have, in an order that makes Traefik decide among them as Mola would:
 * an exact host before "*.suffix" before any host, the longest path first; a prefix ends at a slash or at the end of the
 * path. Servers that drain are left out: Traefik has no other word for it. Weights are at least 1, for 0 would drop a server.
 */
#ifndef DRIVE_TRAEFIK_H
#define DRIVE_TRAEFIK_H

#include "base/buf.h"
#include "drive/plan.h"

#define TRAEFIK_HEAD	"# Written by Mola, and again with the next change.\n"	/* how each text begins */

/* What stands there when it was withdrawn. A section without anything in it ("http: {}") is one that Traefik refuses, and with it the
 * whole folder; nothing at all is a valid document of nothing. */
#define TRAEFIK_WITHDRAWN "# Withdrawn by Mola; `mola targets resume` writes it again.\n"

struct traefik_options {
	const char	*backend;		/* "{service}" stands for the service's name */
	bool		 routers;		/* written, too */
	char *const	*entry_point;		/* none: Traefik's default ones */
	unsigned	 nentry_points;
	const char	*strategy;		/* of its balancing, NULL: its default */
	bool		 nudge;			/* another text for the same plan: the largest weight is one less */
	const char	*api_entry_point;	/* NULL: no router for api@internal */
	const char	*fallback;		/* URL for a service that has no server which takes requests; NULL: those that drain */
};

/* YAML, which its file provider takes for a template: there is no "{{" in it. */
void	traefik_write(const struct plan *, const struct traefik_options *, struct buf *out);

/* Why a service gets no router, though routers are written: its own would have what ours would not. NULL: nothing. */
const char *traefik_withheld_reason(const struct traefik_options *, const struct plan_service *);

/* A text of an older Mola, with its routers below all others, or gone if none are asked for. False: it is fine as it is, or not
 * of Mola; `out` is then of no use. */
bool	traefik_migrate(struct str text, const struct traefik_options *, struct buf *out);

/* Called for each server that Traefik has and the plan knows. */
typedef void	traefik_server_f(void *arg, const char *service, const char *server, int weight, const char *state);

/*
 * What GET /api/http/services and /api/http/routers answered (all pages). `provider` is "file" or "http". NULL: all is as
 * the plan has it. PROXY_SYNTAX, PROXY_REFUSED (it has an error of its own), PROXY_DIFFERS; `detail` says where.
 */
const struct why *traefik_compare(const struct plan *, const struct traefik_options *, const char *provider, struct str services,
		    struct str routers, traefik_server_f *, void *arg, char *detail, size_t cap);

#endif
