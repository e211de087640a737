/*
 * discover_conf: what the configuration says of services of a Swarm, for a pass over it.
 */
#include <string.h>

#include "base/buf.h"
#include "base/bug.h"
#include "conf/conf_value.h"
#include "discovery/constraint.h"
#include "engine/discover.h"

static struct traefik_names
names_of(const struct conf_list *l)
{
	return (struct traefik_names){ (const char *const *)l->item, l->n };
}

/* The configuration has been checked, so that constraints are understood. */
static const struct constraint *
parse_constraint(struct arena *a, const char *text)
{
	char problem[CONSTRAINT_PROBLEM];
	const struct constraint *c = text == NULL ? NULL : constraint_parse(a, str_of(text), problem);

	ASSERT((text == NULL) == (c == NULL));
	return c;
}

static struct traefik_rules *
traefik_of(struct arena *a, const struct conf *c)
{
	struct traefik_rules *t = arena_zalloc(a, sizeof *t);
	struct traefik_entry_point *e;

	*t = traefik_rules_default;
	t->enable = c->swarm_traefik;
	t->ignore_middlewares = names_of(&c->traefik_ignore);
	t->default_rule = c->traefik_default_rule;
	if (c->traefik_exposed != MAYBE_ABSENT)
		t->exposed_by_default = c->traefik_exposed == MAYBE_YES;
	e = arena_zalloc(a, (c->traefik_entry_points.n + 1) * sizeof *e);
	for (unsigned i = 0; i < c->traefik_entry_points.n; i++)
		e[i] = (struct traefik_entry_point){ .name = c->traefik_entry_points.item[i],
		    .served = true, .as_default = true };
	t->entry_point = e;
	t->nentry_points = c->traefik_entry_points.n;
	return t;
}

static struct swarm_tls
tls_of(const struct conf *c)
{
	const char *ca = NULL;
	bool all = true, any = false;

	for (unsigned i = 0; i < c->nlisten; i++) {
		const struct conf_listen *l = &c->listen[i];
		if (!l->tls)
			continue;
		any |= l->client_cert != CLIENT_CERT_NONE;
		all = all && l->client_cert == CLIENT_CERT_REQUIRE && l->client_ca != NULL &&
		    (ca == NULL || strcmp(ca, l->client_ca) == 0);
		ca = l->client_ca;
	}
	return (struct swarm_tls){ .min_version = c->tls_min_version,
	    .suites = conf_tls_suites(c), .client_ca = all ? ca : NULL, .client_certs = any,
	    .strict = c->tls_default != NULL && strcmp(c->tls_default, CONF_TLS_NONE) == 0 };
}

/* Those of clients, and how long Mola takes to stop. */
static void
add_settings(struct arena *a, const struct conf *c, struct swarm_conf *out)
{
	struct buf value;
	unsigned n = 0;

	buf_init(&value, 4096);
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct conf_key *k = &conf_keys[i];
		bool clients = k->section == SECTION_CLIENTS;
		if (!clients && (k->section != SECTION_TOP || strcmp(k->name, "stop") != 0))
			continue;
		buf_clear(&value);
		if (value_is_list(k) || !value_write(k, c, &value))
			continue;
		ASSERT(n < SWARM_SETTINGS);
		out->setting[n].key = arena_printf(a, "%s%s", clients ? "clients." : "", k->name);
		out->setting[n++].value = arena_text(a, buf_str(&value));
	}
	buf_fini(&value);
}

struct swarm_conf
discover_conf(struct arena *a, const struct conf *c)
{
	struct swarm_conf sc;
	struct swarm_listener *listener = arena_zalloc(a, (c->nlisten + 1) * sizeof *listener);

	for (unsigned i = 0; i < c->nlisten; i++)
		listener[i] = (struct swarm_listener){ .name = c->listen[i].name, .tls = c->listen[i].tls,
		    .proxy_protocol = c->listen[i].proxy_protocol };
	sc = (struct swarm_conf){ .listener = listener, .nlisteners = c->nlisten,
	    .defaults = &c->defaults, .middlewares = c->middlewares, .agent_template = c->swarm_agent,
	    .exporter_template = c->swarm_node_exporter,
	    .constraint = parse_constraint(a, c->swarm_constraint), .traefik = traefik_of(a, c),
	    .traefik_constraint = parse_constraint(a, c->traefik_constraint),
	    .traefik_exposed_configured = c->traefik_exposed != MAYBE_ABSENT,
	    .routeless = c->ntargets > 0, .tls = tls_of(c),
	    .trusted = names_of(&c->clients_trusted) };
	add_settings(a, c, &sc);
	return sc;
}
