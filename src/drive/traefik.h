/*
 * traefik: a plan as Traefik's dynamic configuration (v3), and a comparison of what its API
 * reports with the plan.
 *
 * Services are written; the user's own routers lead to them (web@file). If routers are
 * configured, each route becomes a router of its own, with a priority below all routers of
 * others, in an order that makes Traefik choose among them as Mola does: an exact host before
 * "*.suffix" before any host, the longest path first; a prefix ends at a slash or at the end of
 * the path. Servers that drain are left out: Traefik has no other way to drain. Weights are at
 * least 1, because 0 would drop a server.
 */
#ifndef DRIVE_TRAEFIK_H
#define DRIVE_TRAEFIK_H

#include "base/buf.h"
#include "drive/plan.h"

/* How each document begins. */
#define TRAEFIK_HEAD	"# Written by Mola, and again with the next change.\n"

/* The document after a withdrawal. Traefik rejects an empty section ("http: {}"), and with it the
 * whole folder; an empty document is valid. */
#define TRAEFIK_WITHDRAWN "# Withdrawn by Mola; `mola targets resume` writes it again.\n"

struct traefik_options {
	const char	*backend;		/* a service's name, with {service} in it */
	bool		 routers;		/* are written, too */
	char *const	*entry_point;		/* of the routers; none: Traefik's default */
	unsigned	 nentry_points;
	const char	*strategy;		/* of load balancing; NULL: Traefik's default */
	bool		 vary_weight;		/* write the largest weight as one less: another document for the same plan */
	const char	*api_entry_point;	/* of a router to api@internal; NULL: none */
	/* URL for a service without a server that takes requests; NULL: those that drain */
	const char	*fallback;
};

/* YAML. The file provider runs it through a template: there is no "{{" in it. */
void	traefik_write(const struct plan *, const struct traefik_options *, struct buf *out);

/* Why a service gets no router although routers are written: its own would do what Mola's would
 * not. NULL: it gets them. */
const char *traefik_withheld_reason(const struct traefik_options *, const struct plan_service *);

/* The document of an older Mola, with its routers below all others, or without them if none are
 * configured. False: it needs no change, or is not of Mola; `out` is then of no use. */
bool	traefik_migrate(struct str text, const struct traefik_options *, struct buf *out);

/* Called for each planned server with what Traefik has: its weight (-1: no such server), and its
 * status or NULL. */
typedef void	traefik_server_f(void *arg, const char *service, const char *server, int weight,
		    const char *state);

/*
 * Compares the plan with the bodies of GET /api/http/services and /api/http/routers (all pages).
 * `provider` is "file" or "http". NULL: all is as planned. PROXY_SYNTAX, PROXY_REFUSED (Traefik
 * reports an error of its own), PROXY_DIFFERS; `detail` says where.
 */
const struct why *traefik_compare(const struct plan *, const struct traefik_options *,
		    const char *provider, struct str services, struct str routers,
		    traefik_server_f *, void *arg, char *detail, size_t cap);

#endif
