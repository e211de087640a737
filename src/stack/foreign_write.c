/*
 * foreign_write: the labels that say what was read: Mola's own where one rule, one port and one
 * chain of middlewares say it; otherwise Traefik 3's, which Mola reads as well.
 */
#include <string.h>

#include "base/bug.h"
#include "stack/foreign_priv.h"
#include "stack/stack_priv.h"

static void
put(struct foreign_reading *r, struct foreign_line line)
{
	struct foreign *f = r->out;

	f->line = stack_grow(r->s, f->line, f->nlines, sizeof *f->line);
	f->line[f->nlines++] = line;
}

static void
say(struct foreign_reading *r, const char *label, const char *value)
{
	if (value != NULL)
		put(r, (struct foreign_line){ label, value, NULL, { NULL, 0 } });
}

static void
comment(struct foreign_reading *r, const char *text)
{
	put(r, (struct foreign_line){ NULL, NULL, text, { NULL, 0 } });
}

static const char *
joined(struct foreign_reading *r, const char *all, const char *between, const char *one)
{
	return all == NULL || *all == '\0' ? one : arena_printf(r->a, "%s%s%s", all, between, one);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- chains ---- */

static const char *
chain_of(struct foreign_reading *r, const struct foreign_route *route)
{
	const char *chain = route->chain == NULL ? "" : route->chain;

	for (unsigned k = 0; k < FOREIGN_KIND_COUNT; k++)
		if ((route->kinds & 1u << k) != 0)
			chain = joined(r, chain, ",", foreign_name(r, route, foreign_kind_name((enum foreign_kind)k)));
	return chain;
}

/* The middleware that sends plain requests to https. */
static const char *
define_to_tls(struct foreign_reading *r, const struct foreign_route *route)
{
	const char *name = foreign_name(r, route, "to-https");
	const char *label = arena_printf(r->a, "traefik.http.middlewares.%s.redirectscheme.", name);

	foreign_define(r, arena_printf(r->a, "%sscheme", label), "https", &r->v->at);
	if (route->to_tls_for_good)
		foreign_define(r, arena_printf(r->a, "%spermanent", label), "true", &r->v->at);
	return name;
}

/* ---- in Mola's words ---- */

/* One rule, one port, one chain: the routes differ in what they match alone. */
static bool
is_one(struct foreign_reading *r)
{
	const struct foreign_route *a = &r->route[0];

	for (unsigned i = 1; i < r->nroutes; i++) {
		const struct foreign_route *b = &r->route[i];
		if (a->port != b->port || a->way != b->way || a->to_tls != b->to_tls || a->acme != b->acme ||
		    a->kinds != 0 || b->kinds != 0 || !same_text(a->chain, b->chain) ||
		    !same_text(a->scheme, b->scheme) || !same_text(a->priority, b->priority))
			return false;
	}
	return true;
}

static void
write_where(struct foreign_reading *r)
{
	const char *hosts = r->route[0].hosts, *rule = r->route[0].rule;

	for (unsigned i = 1; i < r->nroutes; i++) {
		const struct foreign_route *route = &r->route[i];
		hosts = hosts == NULL || route->hosts == NULL ? NULL : joined(r, hosts, ",", route->hosts);
		rule = arena_printf(r->a, i == 1 ? "(%s) || (%s)" : "%s || (%s)", rule, route->rule);
	}
	if (hosts != NULL && r->route[0].priority == NULL)
		say(r, "mola.host", hosts);
	else
		say(r, "mola.rule", rule);
	say(r, "mola.priority", r->route[0].priority);
}

static void
write_own(struct foreign_reading *r)
{
	struct foreign_route *route = &r->route[0];
	const char *chain = chain_of(r, route);

	write_where(r);
	if (route->port != 0)
		say(r, "mola.port", arena_printf(r->a, "%u", route->port));
	say(r, "mola.scheme", route->scheme);
	if (route->acme)
		say(r, "mola.tls", "acme");
	if (route->way == WAY_TLS && !route->to_tls)
		comment(r, "it is for TLS alone: plain requests are sent to https");
	if (route->way == WAY_PLAIN)
		comment(r, "it is for plain requests alone; Mola serves it by TLS as well");
	if (route->way == WAY_TLS || route->to_tls)
		chain = *chain == '\0' ? define_to_tls(r, route) :
		    arena_printf(r->a, "%s,%s", define_to_tls(r, route), chain);
	if (*chain != '\0')
		say(r, "mola.middlewares", chain);
}

/* ---- in Traefik's ---- */

/* One router and what it leads to. */
static void
write_router(struct foreign_reading *r, const struct foreign_route *route, const char *name,
    const char *chain, bool tls)
{
	const char *label = arena_printf(r->a, "traefik.http.routers.%s.", name);

	say(r, arena_printf(r->a, "%srule", label), route->rule);
	if (route->priority != NULL)
		say(r, arena_printf(r->a, "%spriority", label), route->priority);
	if (*chain != '\0')
		say(r, arena_printf(r->a, "%smiddlewares", label), chain);
	if (tls)
		say(r, arena_printf(r->a, "%stls%s", label, route->acme ? ".certresolver" : ""),
		    route->acme ? "acme" : "true");
	say(r, arena_printf(r->a, "%sservice", label), foreign_name(r, route, ""));
}

static void
write_route(struct foreign_reading *r, const struct foreign_route *route)
{
	const char *name = foreign_name(r, route, ""), *chain = chain_of(r, route);
	const char *label = arena_printf(r->a, "traefik.http.services.%s.loadbalancer.server.", name);
	const char *plain = arena_printf(r->a, "%s-plain", name);

	if (route->port == 0) {
		foreign_refuse(r, NULL, "it has several routes; expected a port for each");
		return;
	}
	if (route->to_tls)
		write_router(r, route, plain, define_to_tls(r, route), false);
	else if (route->way != WAY_TLS)
		write_router(r, route, plain, chain, false);
	if (route->way != WAY_PLAIN)
		write_router(r, route, name, chain, true);
	say(r, arena_printf(r->a, "%sport", label), arena_printf(r->a, "%u", route->port));
	if (route->scheme != NULL)
		say(r, arena_printf(r->a, "%sscheme", label), route->scheme);
}

static void
write_traefik(struct foreign_reading *r)
{
	comment(r, "several ports or middlewares: these are labels of Traefik 3, which Mola reads");
	say(r, "traefik.enable", "true");
	for (unsigned i = 0; i < r->nroutes; i++)
		write_route(r, &r->route[i]);
}

void
foreign_write(struct foreign_reading *r)
{
	ASSERT(r->out->nlines == 0);
	for (unsigned i = 0; i < r->nset; i++)
		if (r->set[i].label == NULL)
			put(r, r->set[i]);
	if (r->nroutes > 0 && is_one(r))
		write_own(r);
	else if (r->nroutes > 0)
		write_traefik(r);
	for (unsigned i = 0; i < r->nset; i++)
		if (r->set[i].label != NULL)
			put(r, r->set[i]);
	for (unsigned i = 0; i < r->ndefine; i++)
		put(r, r->define[i]);
	if (r->out->problem.n > 0)
		r->out->nlines = 0;
}
