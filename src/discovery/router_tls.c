/*
 * router_tls: the TLS options of a router: whether it can have them, and for which names they hold.
 * Must not know what others of these names have.
 */
#include <string.h>

#include "discovery/files.h"
#include "discovery/traefik_priv.h"

static void
refuse_tls(struct traefik_reading *r, struct router *router, const struct entry_tls *t,
    const char *problem)
{
	if (router->tls_options != NULL)
		router_refuse(r, router, true, WHY_TLS_OPTIONS, "%s names TLS options %s: %s",
		    reading_key(r, router->tls_options), t->options, problem);
	else if (strcmp(t->options, "default") == 0)
		router_refuse(r, router, true, WHY_TLS_OPTIONS, "it has the default TLS options: %s", problem);
	else
		router_refuse(r, router, true, WHY_TLS_OPTIONS, "entry point %s has the TLS options %s: %s",
		    t->entry, t->options, problem);
}

/* Of a router without TLS there are none. One that may have it has none where the default ones
 * cannot be had. */
void
router_check_tls(struct traefik_reading *r, struct router *router)
{
	struct entry_groups *e = router->entries;
	const struct tls_options *o;
	const char *problem;

	if (e->tls_lost)
		router_refuse(r, router, true, WHY_TLS_OPTIONS, "it has more than %d entry points",
		    ENTRY_GROUPS_MAX);
	for (unsigned i = 0; i < e->ntls; i++) {
		o = files_tls(r->l->files, r->l->arena, e->tls[i].options, &problem);
		if (problem != NULL)
			refuse_tls(r, router, &e->tls[i], problem);
		router->authenticates |= o != NULL && strcmp(e->tls[i].options, "default") != 0 &&
		    (o->auth == TLS_AUTH_VERIFY || o->auth == TLS_AUTH_ANY);
	}
	files_tls(r->l->files, r->l->arena, "default", &problem);
	for (unsigned i = 0; i < e->n && problem != NULL; i++)
		if (e->group[i].by == BY_UNSAID)
			e->group[i].by = BY_PLAIN;
}

/* Whether it is one of those whose handshakes have its options. */
static bool
is_named(const struct rule *rule, const char *host)
{
	for (const struct rule_host *h = rule->hosts; h != NULL && host != NULL; h = h->next)
		if (*host != '+' && strcmp(h->name, host) == 0)
			return true;
	return false;
}

/* A handshake shows a name, and nothing else of a request. */
static void
check_names(struct traefik_reading *r, struct router *router, const struct rule *rule)
{
	for (unsigned i = 0; i < rule->n && router->authenticates; i++)
		if (!is_named(rule, rule->term[i].host))
			router_refuse(r, router, true, WHY_TLS_OPTIONS, "its TLS options demand certificates of "
			    "clients, and a handshake has a host's name alone; expected Host in all of its rule");
}

/* The names whose handshakes have its TLS options: also of one that is not served. */
void
router_add_tls(struct traefik_reading *r, struct router *router, const struct rule *rule)
{
	check_names(r, router, rule);
	for (unsigned i = 0; i < router->entries->ntls; i++)
		for (const struct rule_host *h = rule->hosts; h != NULL; h = h->next)
			labels_add_tls(r->l, &(struct labels_tls){ .host = h->name,
			    .router = arena_text(r->l->arena, router->name),
			    .entry = router->entries->tls[i].entry, .options = router->entries->tls[i].options,
			    .on = router->entries->tls[i].on });
}
