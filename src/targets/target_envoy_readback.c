/*
 * target_envoy_readback: fetches from Envoy's admin interface what it has: the endpoints of its
 * clusters, then its counters of updates, and now and then its configuration. Must not know how
 * Envoy gets its endpoints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "targets/target_envoy_priv.h"

#define TIMEOUT_USEC	(5 * USEC_PER_SEC)	/* of a fetch */
/* Envoy watches its file, and batches changes of weights for a second. */
#define FILE_GRACE_USEC	(5 * USEC_PER_SEC)
#define REST_GRACE_USEC	(30 * USEC_PER_SEC)	/* it polls at an interval of its own */
#define CONFIG_USEC	(60 * USEC_PER_SEC)	/* between two fetches of its configuration */

struct envoy_readback {
	struct envoy_target *envoy;
	struct envoy_admin admin;	/* of the last response */
	struct fetch	*fetch;
	int64_t		 due_usec;
	int64_t		 began_usec;	/* the response shows a later moment */
	int64_t		 config_usec;	/* of the next fetch of its configuration */
	char		 url[1200];
};

/* ---- comparing ---- */

static void
hosts_report(const struct envoy_target *e, const struct envoy_cluster *c,
    const struct plan_service *p)
{
	for (unsigned i = 0; i < p->nservers; i++) {
		const struct envoy_host *h = envoy_find_host(c, &p->server[i].addr);
		if (h == NULL)
			target_server_reported(e->target, p->server[i].name, -1, "absent");
		else
			target_server_reported(e->target, p->server[i].name,
			    (int)h->weight, h->unhealthy != NULL ? h->unhealthy : h->health);
	}
}

/* False: `detail` says how it differs. */
static bool
cluster_check(struct envoy_target *e, struct envoy_resource *s, const struct envoy_cluster *c,
    const struct why **why, char *detail)
{
	const struct plan_service *p = plan_find_service(target_plan(e->target), s->service);

	if (p == NULL || p->nservers == 0)
		return true;
	hosts_report(e, c, p);
	if (envoy_cluster_matches(c, p, detail)) {
		if (c->has_stats)
			s->rejected = c->rejected;
		return true;
	}
	*why = WHY_PROXY_DIFFERS;
	if (c->has_stats && s->rejected >= 0 && c->rejected > s->rejected) {
		*why = WHY_PROXY_REFUSED;
		snprintf(detail, ENVOY_DETAIL,
		    "cluster %.60s: update_rejected is %.0f; Envoy's log has the reason", c->name,
		    c->rejected);
	} else if (c->nhosts == 0 && c->has_stats && c->stale > 0)
		snprintf(detail, ENVOY_DETAIL, "cluster %.60s has no endpoints: they grew stale", c->name);
	return false;
}

/* Several clusters of Envoy may have the same endpoints. */
static bool
resource_check(struct envoy_readback *l, struct envoy_resource *s, const struct why **why,
    char *detail)
{
	unsigned found = 0;

	for (unsigned i = 0; i < l->admin.nclusters; i++) {
		const struct envoy_cluster *c = &l->admin.cluster[i];
		if (strcmp(c->eds, s->cluster) != 0)
			continue;
		found++;
		if (!cluster_check(l->envoy, s, c, why, detail))
			return false;
	}
	if (found > 0)
		return true;
	*why = WHY_PROXY_DIFFERS;
	snprintf(detail, ENVOY_DETAIL, "Envoy has no cluster whose EDS name is %.60s", s->cluster);
	return false;
}

static void
publication_check(struct envoy_readback *l)
{
	struct envoy_target *e = l->envoy;
	int64_t grace = e->subscribers == NULL ? FILE_GRACE_USEC : REST_GRACE_USEC;
	char detail[ENVOY_DETAIL] = "";
	const struct why *why = NULL;

	ASSERT(!e->withdrawn);
	/* A look that began before the publication shows what was there before. */
	if (l->began_usec <= e->published_usec || target_plan(e->target) == NULL)
		return;
	for (unsigned i = 0; i < e->nresources; i++)
		if (e->resource[i].current && !resource_check(l, &e->resource[i], &why, detail))
			break;
	/* An Envoy that does not poll cannot have it. */
	if (why == WHY_PROXY_DIFFERS && e->subscribers != NULL && !envoy_has_subscribers(e))
		snprintf(detail, sizeof detail,
		    "Envoy does not poll for endpoints; is it configured to poll here, "
		    "with a name that is in admin.hosts?");
	if (why == NULL)
		target_applied(e->target);
	else if (why == WHY_PROXY_REFUSED || loop_now(target_loop(e->target)) - e->published_usec > grace)
		target_not_applied(e->target, why, detail);
}

/* ---- fetching ---- */

static void
admin_fetch(struct envoy_readback *l, const char *what, fetch_done_f *done)
{
	const char *api = l->envoy->conf->api;
	size_t len = strlen(api);

	snprintf(l->url, sizeof l->url, "%.*s%s",
	    (int)(len > 0 && api[len - 1] == '/' ? len - 1 : len), api, what);
	ASSERT(l->fetch == NULL);
	l->fetch = fetch_start(target_fetcher(l->envoy->target),
	    &(struct fetch_conf){ .url = l->url, .timeout_usec = TIMEOUT_USEC }, NULL, done, l);
}

/* False: there is nothing to compare. After a withdrawal, what Envoy has is not reported. */
static bool
fetch_check(struct envoy_readback *l, const struct fetch_result *r)
{
	l->fetch = NULL;
	if (l->envoy->withdrawn)
		return false;
	if (r->why == NULL)
		return true;
	target_unreachable(l->envoy->target, l->url, "Envoy's admin", r);
	return false;
}

static void
keeps_removed_note(struct envoy_readback *l)
{
	for (unsigned i = 0; i < l->envoy->nresources; i++) {
		struct envoy_resource *s = &l->envoy->resource[i];
		s->keeps_removed = false;
		for (unsigned k = 0; k < l->admin.nclusters; k++)
			s->keeps_removed |= strcmp(l->admin.cluster[k].eds, s->cluster) == 0 &&
			    l->admin.cluster[k].keeps_removed;
	}
}

/* An admin interface without it is good enough: everything else still works. */
static void
on_config(void *arg, const struct fetch_result *r)
{
	struct envoy_readback *l = arg;
	char detail[ENVOY_DETAIL];

	l->fetch = NULL;
	if (r->why == NULL && envoy_admin_parse_config(r->body, &l->admin, detail))
		keeps_removed_note(l);
}

static void
on_stats(void *arg, const struct fetch_result *r)
{
	struct envoy_readback *l = arg;
	char detail[ENVOY_DETAIL];

	ASSERT(l->admin.json != NULL);		/* on_clusters came first */
	if (!fetch_check(l, r))
		return;
	if (!envoy_admin_parse_stats(r->body, &l->admin, detail)) {
		target_not_applied(l->envoy->target, WHY_PROXY_SYNTAX, detail);
		return;
	}
	publication_check(l);
	if (l->began_usec >= l->config_usec) {
		l->config_usec = l->began_usec + CONFIG_USEC;
		admin_fetch(l, ENVOY_CONFIG, on_config);
	}
}

static void
on_clusters(void *arg, const struct fetch_result *r)
{
	struct envoy_readback *l = arg;
	char detail[ENVOY_DETAIL];

	if (!fetch_check(l, r))
		return;
	envoy_admin_free(&l->admin);
	if (envoy_admin_parse_clusters(r->body, &l->admin, detail))
		admin_fetch(l, ENVOY_STATS, on_stats);
	else
		target_not_applied(l->envoy->target, WHY_PROXY_SYNTAX, detail);
}

void
envoy_readback_tick(struct envoy_readback *l, int64_t now)
{
	if (now < l->due_usec || l->fetch != NULL || l->envoy->published_usec == 0)
		return;
	l->due_usec = now + l->envoy->conf->poll_usec;
	l->began_usec = now;
	admin_fetch(l, "/clusters?format=json", on_clusters);
}

/* ---- life ---- */

struct envoy_readback *
envoy_readback_new(struct envoy_target *e)
{
	struct envoy_readback *l = must_zalloc(sizeof *l);

	l->envoy = e;
	return l;
}

void
envoy_readback_free(struct envoy_readback **lp)
{
	struct envoy_readback *l = *lp;

	if (l->fetch != NULL)
		fetch_cancel(l->fetch);
	envoy_admin_free(&l->admin);
	free(l);
	*lp = NULL;
}
