/*
 * tcp_middlewares: both kinds that there are become filters of HTTP that do the same by the other
 * end of the connection: ipAllowList, and inFlightConn as an inFlightReq of each address.
 * A name is looked up without case; what is defined in several ways, or by more than one option,
 * counts as not understood.
 * And the ports that labels define for connections, by the names of Traefik's services.
 * Must not know which routers use them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/map.h"
#include "discovery/labels.h"
#include "discovery/middlewares.h"
#include "discovery/tcp_middlewares.h"
#include "world/table.h"

#define MIDDLEWARES	"traefik.tcp.middlewares."
#define SERVICES	"traefik.tcp.services."

struct tcp_middleware {
	struct str	 name;		/* as it was written first */
	const char	*provider;
	const void	*of;		/* who: a service, or a file */
	struct str	 path;		/* KIND.OPTION */
	const char	*value;
	bool		 several;	/* options, or definitions that differ */
};

struct tcp_page {			/* where a router of another provider leads */
	const struct swarm_service *of;
	unsigned	 port;
	bool		 several;
};

struct tcp_middlewares {
	struct map	*by_name;
	struct map	*pages;		/* by name, without case */
	struct arena	*arena;
};

struct tcp_middlewares *
tcp_middlewares_new(void)
{
	struct tcp_middlewares *t = must_zalloc(sizeof *t);

	t->by_name = map_new();
	t->pages = map_new();
	t->arena = arena_new();
	return t;
}

void
tcp_middlewares_free(struct tcp_middlewares **tp)
{
	struct tcp_middlewares *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	map_free(&t->by_name);
	map_free(&t->pages);
	arena_free(&t->arena);
	free(t);
}

static struct str
key_of(struct arena *a, struct str name, const char *provider)
{
	char *text = arena_printf(a, "%.*s%s", STR_ARG(name), provider);

	for (char *p = text; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return str_of(text);
}

void
tcp_middlewares_put(struct tcp_middlewares *t, const char *provider, const void *of,
    struct str path, const char *value)
{
	struct tcp_middleware *known;
	struct str name, key;

	if (!str_split(&path, '.', &name))
		return;
	path = path.p == NULL ? STR("") : path;
	key = key_of(t->arena, name, provider);
	if ((known = map_get(t->by_name, key)) != NULL) {
		known->several |= known->of == of || !str_eq_nocase(known->path, path) ||
		    strcmp(known->value, value) != 0;
		return;
	}
	known = arena_zalloc(t->arena, sizeof *known);
	*known = (struct tcp_middleware){ name, provider, of, path, value, false };
	map_put(t->by_name, key, known);
}

/* "x.loadbalancer.server.port" */
static void
read_port(struct tcp_middlewares *t, const struct swarm_service *s, struct str path,
    const char *value)
{
	struct str name = STR(""), key;
	struct tcp_page *known;
	unsigned port;

	if (!str_split(&path, '.', &name) || !str_eq_nocase(path, STR("loadbalancer.server.port")) ||
	    !label_port(str_trim(str_of(value)), &port))
		return;
	key = key_of(t->arena, name, "");
	if ((known = map_get(t->pages, key)) != NULL) {
		known->several = true;
		return;
	}
	known = arena_zalloc(t->arena, sizeof *known);
	*known = (struct tcp_page){ s, port, false };
	map_put(t->pages, key, known);
}

void
tcp_middlewares_read(struct tcp_middlewares *t, const struct swarm_service *s)
{
	for (unsigned i = 0; i < s->nlabels; i++) {
		const char *name = s->label[i].name, *value = s->label[i].value;
		if (strncasecmp(name, MIDDLEWARES, strlen(MIDDLEWARES)) == 0)
			tcp_middlewares_put(t, "", s, str_of(name + strlen(MIDDLEWARES)), value);
		else if (strncasecmp(name, SERVICES, strlen(SERVICES)) == 0)
			read_port(t, s, str_of(name + strlen(SERVICES)), value);
	}
}

const struct swarm_service *
tcp_middlewares_page(const struct tcp_middlewares *t, struct str name, unsigned *port)
{
	const struct tcp_page *page = map_get(t->pages, key_of(t->arena, name, ""));

	if (page == NULL || page->several)
		return NULL;
	*port = page->port;
	return page->of;
}

/* Names in Traefik's files are of one spelling, unlike those of labels. */
static const struct tcp_middleware *
find(const struct tcp_middlewares *t, struct str name)
{
	const struct tcp_middleware *is = map_get(t->by_name, key_of(t->arena, name, ""));

	return is == NULL || *is->provider == '\0' || (name.len >= is->name.len &&
	    str_eq((struct str){ name.p, is->name.len }, is->name)) ? is : NULL;
}

static bool
is_amount(const char *value)
{
	uint64_t n;

	return str_to_u64(str_trim(str_of(value)), &n) && n <= INT64_MAX;
}

const char *
tcp_middlewares_add(const struct tcp_middlewares *t, struct arena *a, const char *chain,
    struct str reference, const char **problem)
{
	struct str name = middlewares_name(reference);
	const struct tcp_middleware *is = middlewares_is_name(name) ? find(t, name) : NULL;
	struct filter_setting s[2] = { { STR("sourceRange"), STR("") } };
	enum filter_kind kind = FILTER_IP_ALLOW_LIST;
	char wrong[FILTER_PROBLEM];
	struct filter filter;
	unsigned n = 1;

	*problem = is == NULL ? "which nothing defines that Mola reads" :
	    is->several ? "which is defined in several ways, or has more than one option" : NULL;
	if (*problem != NULL)
		return NULL;
	s[0].value = str_of(is->value);
	if (str_eq_nocase(is->path, STR("inflightconn.amount")) && is_amount(is->value)) {
		kind = FILTER_IN_FLIGHT_REQ;
		s[n++] = (struct filter_setting){ STR("sourceCriterion.ipStrategy.depth"), STR("0") };
		s[0].path = STR("amount");
	} else if (!str_eq_nocase(is->path, STR("ipallowlist.sourcerange")) &&
	    !str_eq_nocase(is->path, STR("ipwhitelist.sourcerange"))) {
		*problem = "which Mola does not have: expected ipAllowList.sourceRange, or "
		    "inFlightConn.amount";
		return NULL;
	}
	if (!filter_read(a, kind, s, n, &filter, wrong)) {
		*problem = arena_printf(a, "which is not understood: %s", wrong);
		return NULL;
	}
	chain = filter_chain_add(a, chain, name, kind, s, n);
	if (chain == NULL)
		*problem = "with which its middlewares are too many";
	return chain;
}

bool
tcp_chain_fits(struct arena *a, const char *chain)
{
	const struct filter_chain *filters = *chain == '\0' ? NULL :
	    filter_chain_parse(a, str_of(chain));
	unsigned n = 0;

	for (unsigned i = 0; filters != NULL && i < filters->n; i++)
		n += filters->filter[i].kind == FILTER_IN_FLIGHT_REQ;
	return n <= TCP_COUNTED;
}
