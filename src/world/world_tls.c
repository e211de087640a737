/*
 * world_tls: the TLS options of a world, and their way into the table.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "world/world_index.h"

static bool
options_same(const struct tls_options *a, const struct tls_options *b)
{
	return strcmp(a->name, b->name) == 0 && a->min_version == b->min_version &&
	    a->max_version == b->max_version && a->suites == b->suites && a->groups == b->groups &&
	    a->auth == b->auth && strcmp(a->ca, b->ca) == 0 && strcmp(a->protocols, b->protocols) == 0 &&
	    a->strict == b->strict && a->no_tickets == b->no_tickets && a->broken == b->broken;
}

static bool
tls_same(const struct world *w, const struct tls_options *o, unsigned n, const struct tls_host *h,
    unsigned nhosts)
{
	if (w->ntls != n || w->ntls_hosts != nhosts)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!options_same(&w->tls[i], &o[i]))
			return false;
	for (unsigned i = 0; i < nhosts; i++)
		if (strcmp(w->tls_host[i].host, h[i].host) != 0 || w->tls_host[i].on != h[i].on ||
		    w->tls_host[i].options != h[i].options)
			return false;
	return true;
}

void
world_tls_free(struct world *w)
{
	for (unsigned i = 0; i < w->ntls; i++) {
		free(w->tls[i].name);
		free(w->tls[i].ca);
		free(w->tls[i].protocols);
	}
	for (unsigned i = 0; i < w->ntls_hosts; i++)
		free(w->tls_host[i].host);
	free(w->tls);
	free(w->tls_host);
	w->tls = NULL;
	w->tls_host = NULL;
	w->ntls = w->ntls_hosts = 0;
}

void
world_pass_tls(struct world *w, const struct tls_options *o, unsigned n, const struct tls_host *h,
    unsigned nhosts)
{
	ASSERT(w->index->passing && (n > 0 || nhosts == 0));
	if (tls_same(w, o, n, h, nhosts))
		return;
	world_tls_free(w);
	w->tls = must_zalloc((n + 1) * sizeof *w->tls);
	w->tls_host = must_zalloc((nhosts + 1) * sizeof *w->tls_host);
	for (unsigned i = 0; i < n; i++) {
		w->tls[i] = o[i];
		w->tls[i].name = must_strdup(o[i].name);
		w->tls[i].ca = must_strdup(o[i].ca);
		w->tls[i].protocols = must_strdup(o[i].protocols);
	}
	for (unsigned i = 0; i < nhosts; i++) {
		ASSERT(h[i].options < n);
		w->tls_host[i] = h[i];
		w->tls_host[i].host = must_strdup(h[i].host);
	}
	w->ntls = n;
	w->ntls_hosts = nhosts;
	w->index->changed = true;
}

uint32_t
world_tls_number(const struct world *w, const char *name)
{
	for (unsigned i = 0; name != NULL && i < w->ntls; i++)
		if (strcmp(w->tls[i].name, name) == 0)
			return i + 1;
	return 0;
}

void
world_tls_table(const struct world *w, struct table_maker *m)
{
	uint32_t first = 0, at;

	for (unsigned i = 0; i < w->ntls; i++) {
		const struct tls_options *o = &w->tls[i];
		at = table_maker_tls(m, &(struct table_tls){ .name = table_maker_text(m, str_of(o->name)),
		    .ca = table_maker_text(m, str_of(o->ca)),
		    .protocols = table_maker_text(m, str_of(o->protocols)), .min_version = o->min_version,
		    .max_version = o->max_version, .suites = o->suites, .groups = o->groups, .auth = o->auth,
		    .strict = o->strict, .no_tickets = o->no_tickets, .broken = o->broken });
		first = i == 0 ? at : first;
	}
	for (unsigned i = 0; i < w->ntls_hosts; i++)
		table_maker_tls_host(m, &(struct table_tls_host){
			.host = table_maker_text(m, str_of(w->tls_host[i].host)), .on = w->tls_host[i].on,
			.options = first + w->tls_host[i].options });
}
