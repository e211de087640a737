/*
 * router_service: which service a router leads to: one of the same labels, of other ones, of a
 * file, or of Traefik's own.
 * Must not know what else a router requires.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/traefik_priv.h"

/* Of Traefik's own services all but noop@internal have nothing to do with the Swarm's. */
static const char *
internal_problem(const struct traefik_reading *r, struct str name)
{
	static const struct {
		const char	*name, *instead;
	} known[] = {
#define INTERNAL(name, instead) { name "@internal", instead },
#include "tbl/internal.h"
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(name, str_of(known[i].name)))
			return arena_printf(r->l->arena, "it leads to %s, a service of Traefik's own; %s",
			    known[i].name, known[i].instead);
	return "it leads to a service of Traefik's own, and there is none of this name";
}

/* The service that it leads to; NULL with `text` when there is none. Without a name it is
 * the only one, or none where the port is known from elsewhere. */
const struct backend *
router_backend(struct traefik_reading *r, const struct router *router, const char **text)
{
	struct str name = router->service == NULL ? STR("") :
	    middlewares_name(str_trim(str_of(router->service->value)));

	ASSERT(r->nbackends <= ROUTERS_MAX);
	*text = NULL;
	if (r->service->provided && str_ends(name, STR(FILE_PROVIDER)))
		name.len -= strlen(FILE_PROVIDER);
	if (name.len == 0 && r->nbackends <= 1)
		return r->nbackends == 1 ? &r->backend[0] : NULL;
	for (unsigned i = 0; i < r->nbackends; i++)
		if (str_eq_nocase(r->backend[i].name, name))
			return &r->backend[i];
	*text = str_ends_nocase(name, STR("@internal")) ? internal_problem(r, name) :
	    name.len == 0 ? "there are several services, and no label names the router's" :
	    memchr(name.p, '@', name.len) != NULL ? "it leads to a service that another provider "
	    "of Traefik's knows" : r->service->provided ?
	    "it leads to a service that no file of swarm.traefik.files defines" :
	    "it leads to a service that no label here defines";
	return NULL;
}

/* One that other labels define, as far as it is known yet (join_shared.c). */
static const struct swarm_service *
find_other(const struct traefik_reading *r, const struct router *router, unsigned *port)
{
	struct str name = router->service == NULL ? STR("") :
	    middlewares_name(str_trim(str_of(router->service->value)));

	for (unsigned i = 0; i < r->nbackends; i++)
		if (str_eq_nocase(r->backend[i].name, name))
			return NULL;
	return name.len == 0 || memchr(name.p, '@', name.len) != NULL ? NULL :
	    middlewares_page_first(r->middlewares, name, port);
}

/* That of a service of labels, from a file, and the other way round, or of other labels. False: it
 * leads to one of the same ones. */
static bool
find_elsewhere(struct traefik_reading *r, struct router *router, const char **text)
{
	struct str name = router->service == NULL ? STR("") : str_trim(str_of(router->service->value));
	bool provided = r->service->provided, labels = middlewares_name(name).len < name.len;

	*text = NULL;
	if (!provided && (router->to = find_other(r, router, &router->to_port)) != NULL)
		return true;
	if (!(provided ? labels : str_ends(name, STR(FILE_PROVIDER)))) {
		if (provided && name.len == 0)
			*text = "it names no service";
		return provided && name.len == 0;
	}
	router->to = !labels ? files_service(r->l->files, name) :
	    middlewares_page_first(r->middlewares, middlewares_name(name), &router->to_port);
	if (router->to == NULL)
		*text = arena_printf(r->l->arena, labels ? "it leads to %.*s, whose port no label defines" :
		    "it leads to %.*s, which no file of swarm.traefik.files defines",
		    STR_ARG(name));
	return true;
}

/* Traefik takes nothing of a service without a port, whatever its routers need. */
static const char *
noop_problem(const struct traefik_reading *r)
{
	bool known = r->service->provided || reading_has_label(r, "mola.port");

	for (unsigned i = 0; i < r->nbackends && !known; i++)
		known = backend_port(&r->backend[i]) != 0;
	return known ? NULL : "no label sets a port (loadbalancer.server.port of a service of any name), "
	    "and without one Traefik reads no router";
}

void
router_find_service(struct traefik_reading *r, struct router *router)
{
	const char *text;
	const struct backend *b = NULL;

	router->noop = router->service != NULL &&
	    str_eq(str_trim(str_of(router->service->value)), STR(NOOP_SERVICE));
	if (router->noop)
		text = noop_problem(r);
	else if (!find_elsewhere(r, router, &text))
		b = router->backend = router_backend(r, router, &text);
	if (text != NULL)
		router_refuse(r, router, true, WHY_ROUTER_SERVICE, "%s", text);
	if (router->service != NULL)
		reading_report(r, router->service, text == NULL ? LABEL_VALID : LABEL_INVALID, text);
	if (b == NULL)
		return;
	if (b->unknown != NULL)
		router_refuse(r, router, true, WHY_ROUTER_SERVICE, "%s of its service is not understood",
		    reading_key(r, b->unknown));
	if (b->unspoken != NULL)
		router_refuse(r, router, true, WHY_SERVER_SCHEME, "%s: %s",
		    reading_key(r, b->scheme != NULL ? b->scheme : b->nurls > 0 ? b->url[0] :
		    b->transport), b->unspoken);
	if (!reading_has_label(r, "mola.port") && backend_port(b) == 0 &&
	    (b->port != NULL || r->nbackends > 1))
		router_refuse(r, router, true, WHY_SERVICE_NO_PORT,
		    "no label sets the port of its service %.*s", STR_ARG(b->name));
}

/* What Traefik calls the service that it leads to. */
const char *
router_service_name(struct traefik_reading *r, const struct router *router)
{
	struct str name = router->backend != NULL ? router->backend->name :
	    router->service != NULL ? str_trim(str_of(router->service->value)) :
	    str_of(r->service->name);

	if (router->to != NULL && !router->to->provided)
		name = middlewares_name(name);
	return arena_printf(r->l->arena, "%.*s%s", STR_ARG(name),
	    memchr(name.p, '@', name.len) != NULL ? "" :
	    router->to != NULL && !router->to->provided ? "@swarm" : reading_provider(r));
}
