/*
 * join_tls: whose handshakes have which TLS options. A handshake shows a name, not a router: where
 * routers of one name and entry point name different ones, the default ones count, as in Traefik,
 * unless one of them demands certificates of clients: that would open what is meant to be closed.
 * Where several entry points have the same listener here and different options for a name, nobody
 * can say which are meant: there are no handshakes for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/join.h"

#define DEFAULT	"default"
#define BROKEN	"-"				/* of which nothing is known but that it is not to be */

struct tls_join {
	struct join	*j;
	const struct labels_tls **use;		/* by host, then by entry point */
	unsigned	 n;
	struct tls_options *options;
	struct tls_host	*host;
	unsigned	 noptions, nhosts, room;
	bool		 all_idle;	/* of the host that is being joined */
};

static int
use_order(const void *a, const void *b)
{
	const struct labels_tls *x = *(const struct labels_tls *const *)a,
	    *y = *(const struct labels_tls *const *)b;
	int c = strcmp(x->host, y->host);

	if (c == 0)
		c = strcmp(x->entry, y->entry);
	return c != 0 ? c : strcmp(x->options, y->options);
}

static void
gather(struct tls_join *t, struct join_service *js, unsigned n)
{
	unsigned all = 0;

	for (unsigned i = 0; i < n; i++)
		all += js[i].labels.enabled ? js[i].labels.ntls : 0;
	t->use = arena_zalloc(t->j->arena, (all + 1) * sizeof(struct labels_tls *));
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < js[i].labels.ntls && js[i].labels.enabled; k++) {
			js[i].labels.tls[k].idle = !join_is_read(t->j, &js[i]);
			t->use[t->n++] = &js[i].labels.tls[k];
		}
	ASSERT(t->n == all);
	if (all > 0)
		qsort(t->use, all, sizeof *t->use, use_order);
}

/* ---- which options ---- */

/* Their number; names that Mola cannot have are one. */
static unsigned
options_number(struct tls_join *t, const char *name)
{
	const char *problem;
	const struct tls_options *o = strcmp(name, BROKEN) == 0 ? NULL :
	    files_tls(t->j->files, t->j->arena, name, &problem);
	struct arena *a = t->j->arena;

	name = o == NULL ? BROKEN : name;
	for (unsigned i = 0; i < t->noptions; i++)
		if (strcmp(t->options[i].name, name) == 0)
			return i;
	t->options[t->noptions] = o != NULL ? *o : (struct tls_options){ .broken = true,
	    .ca = arena_text(a, STR("")), .protocols = arena_text(a, STR("")) };
	t->options[t->noptions].name = arena_text(a, str_of(name));
	return t->noptions++;
}

static void
report_differing(struct tls_join *t, const struct labels_tls *a, const struct labels_tls *b,
    const char *instead)
{
	join_add_trouble(t->j, a->report, WHY_TLS_OPTIONS_DIFFER, arena_printf(t->j->arena,
	    "routers %s and %s have different TLS options for %s (%s, %s): %s", a->router, b->router,
	    a->host, a->options, b->options, instead));
}

/* What Traefik does not have differs from nothing; where there is nothing else, it counts. */
static bool
is_on(const struct tls_join *t, const struct labels_tls *u, int listener)
{
	if (u->idle && !t->all_idle)
		return false;
	return u->on == 0 || listener < 0 || (u->on >> listener & 1) != 0;
}

static bool
demands_certs(const struct tls_join *t, const struct labels_tls *u)
{
	const char *problem;
	const struct tls_options *o = strcmp(u->options, DEFAULT) == 0 ? NULL :
	    files_tls(t->j->files, t->j->arena, u->options, &problem);

	return o != NULL && (o->auth == TLS_AUTH_VERIFY || o->auth == TLS_AUTH_ANY);
}

/* What counts of two that differ. */
static const char *
settle(struct tls_join *t, const struct labels_tls *a, const struct labels_tls *b, bool report)
{
	bool demand = demands_certs(t, a) || demands_certs(t, b);

	if (report)
		report_differing(t, a, b, demand ? "one of them demands certificates of clients, and there are "
		    "no handshakes for it; in Traefik the default ones would count" :
		    "the default ones count, as in Traefik");
	return demand ? BROKEN : DEFAULT;
}

/* Of the routers [from, to) of one name, those on a listener (-1: all there are): NULL: there are
 * none. `report`: of what differs. */
static const char *
options_on(struct tls_join *t, unsigned from, unsigned to, int listener, bool report)
{
	const struct labels_tls *first = NULL;	/* of its entry point */
	const char *all = NULL, *one = NULL;

	for (unsigned i = from; i <= to; i++) {
		const struct labels_tls *u = i < to ? t->use[i] : NULL;
		if (u != NULL && !is_on(t, u, listener))
			continue;
		if (first != NULL && (u == NULL || strcmp(u->entry, first->entry) != 0)) {
			if (all != NULL && strcmp(all, one) != 0) {
				if (report)
					report_differing(t, first, t->use[from], "by entry points that the same "
					    "listener stands for, and there are no handshakes for it");
				return BROKEN;
			}
			all = one;
			first = NULL;
		}
		if (u != NULL && first == NULL) {
			first = u;
			one = u->options;
		} else if (u != NULL && strcmp(u->options, first->options) != 0) {
			const char *both = settle(t, u, first, report);
			report = false;
			one = strcmp(one, BROKEN) == 0 ? one : both;
		}
	}
	return all;
}

/* ---- whose ---- */

static void
add_host(struct tls_join *t, const char *host, uint64_t on, unsigned options)
{
	ASSERT(t->nhosts < t->room);
	for (unsigned i = t->nhosts; i-- > 0 && strcmp(t->host[i].host, host) == 0;)
		if (t->host[i].options == options) {
			t->host[i].on |= on;
			return;
		}
	t->host[t->nhosts++] = (struct tls_host){ arena_text(t->j->arena, str_of(host)), on, options };
}

/* The routers [from, to) have one name. One that has the default ones has what is left to all. */
static void
join_host(struct tls_join *t, unsigned from, unsigned to)
{
	int nlisteners = (int)t->j->conf->nlisteners;
	bool reported = false;
	const char *name;

	t->all_idle = true;
	for (unsigned i = from; i < to; i++)
		t->all_idle &= t->use[i]->idle;
	for (int i = nlisteners == 0 ? -1 : 0; i < nlisteners; i++) {
		if (i >= 0 && !t->j->listener[i].tls)
			continue;
		name = options_on(t, from, to, i, !reported);
		reported |= name != NULL;
		if (name == NULL || strcmp(name, DEFAULT) == 0)
			continue;
		add_host(t, t->use[from]->host, i < 0 ? 0 : UINT64_C(1) << i, options_number(t, name));
	}
}

/* Connections that are relayed have those of their router; they are known by name. */
static void
join_tcp(struct tls_join *t, const struct labels *l)
{
	for (unsigned i = 0; i < l->nroutes; i++)
		if (l->route[i].at.tls != NULL)
			options_number(t, l->route[i].at.tls);
}

/* The default ones count for all names that have no others, whoever serves them. */
static void
join_rest(struct tls_join *t)
{
	const char *problem;

	if (files_tls(t->j->files, t->j->arena, DEFAULT, &problem) != NULL)
		add_host(t, "", 0, options_number(t, DEFAULT));
}

void
join_tls(struct join *j, struct join_service *js, unsigned n)
{
	struct tls_join t = { .j = j };
	unsigned end, nroutes = 0;

	gather(&t, js, n);
	for (unsigned i = 0; i < n; i++)
		nroutes += js[i].labels.nroutes;
	t.options = arena_zalloc(j->arena, (t.n + nroutes + 2) * sizeof *t.options);
	t.room = t.n * (j->conf->nlisteners + 1) + 1;
	t.host = arena_zalloc(j->arena, t.room * sizeof *t.host);
	for (unsigned at = 0; at < t.n; at = end) {
		for (end = at + 1; end < t.n && strcmp(t.use[end]->host, t.use[at]->host) == 0; )
			end++;
		join_host(&t, at, end);
	}
	for (unsigned i = 0; i < n; i++)
		join_tcp(&t, &js[i].labels);
	join_rest(&t);
	/* without any options there is nothing to be said */
	world_pass_tls(j->world, t.options, t.noptions, t.host, t.nhosts);
}
