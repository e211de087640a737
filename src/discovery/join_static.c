/*
 * join_static: what of the static configuration of a Traefik does not hold for Mola, and what is to
 * be written instead, for people; and whom Mola believes, beside whom an entry point does.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/join.h"
#include "discovery/traefik_static.h"
#include "world/filter.h"

/* ---- trust ---- */

struct net {
	uint8_t		 ip[16];
	unsigned	 bits;
	bool		 v4;
};

/* "10.0.0.0/8", "10.0.0.1"; false: it is no network. */
static bool
net_read(const char *text, struct net *out)
{
	struct str s = str_of(text);
	const char *slash = memchr(s.p, '/', s.len);
	struct str ip = { s.p, slash == NULL ? s.len : (size_t)(slash - s.p) };
	unsigned long bits;
	char *end = NULL;

	out->v4 = memchr(ip.p, ':', ip.len) == NULL;
	bits = slash == NULL ? (out->v4 ? 32 : 128) : strtoul(slash + 1, &end, 10);
	if (!filter_ip_parse(ip, out->ip) || (end != NULL && *end != '\0') ||
	    bits > (out->v4 ? 32 : 128))
		return false;
	out->bits = (unsigned)bits + (out->v4 ? 96 : 0);
	filter_ip_mask(out->ip, out->bits);
	return true;
}

/* What cannot be read is in none. */
static bool
net_is_in(const char *text, const struct traefik_names *nets)
{
	struct net net, other;

	if (!net_read(text, &net))
		return false;
	for (unsigned i = 0; i < nets->n; i++) {
		uint8_t ip[16];
		if (!net_read(nets->name[i], &other) || other.v4 != net.v4 || other.bits > net.bits)
			continue;
		memcpy(ip, net.ip, sizeof ip);
		filter_ip_mask(ip, other.bits);
		if (memcmp(ip, other.ip, sizeof ip) == 0)
			return true;
	}
	return false;
}

/* All of them, one by one: two that are one together do not count. */
static bool
nets_are_in(const struct traefik_names *nets, const struct traefik_names *others)
{
	for (unsigned i = 0; i < nets->n; i++)
		if (!net_is_in(nets->name[i], others))
			return false;
	return true;
}

bool
join_trust_is_wider(const struct join *j, const struct traefik_entry_point *e)
{
	return !e->trusts_all && !nets_are_in(&j->conf->trusted, &e->trusted);
}

static const char *
names_text(struct arena *a, const struct traefik_names *names, bool all)
{
	const char *text = all ? "all clients" : names->n == 0 ? "nobody" : "";

	for (unsigned i = 0; i < names->n && !all; i++)
		text = arena_printf(a, "%s%s%s", text, i == 0 ? "" : ", ", names->name[i]);
	return text;
}

static void
compare_trust(struct join *j, const struct traefik_entry_point *e)
{
	const char *theirs = names_text(j->arena, &e->trusted, e->trusts_all),
	    *ours = names_text(j->arena, &j->conf->trusted, false);
	bool wider = join_trust_is_wider(j, e);

	if (!wider && !e->trusts_all && nets_are_in(&e->trusted, &j->conf->trusted))
		return;
	join_add_trouble(j, NULL, WHY_ENTRY_POINT, arena_printf(j->arena,
	    "entry point %s of Traefik %s believes X-Forwarded-... of %s, and clients.trusted has %s; %s",
	    e->name, e->owner, theirs, ours, wider ?
	    "what depends on these fields is not served; clients.trusted should have no others" :
	    e->trusts_all ? "expected the proxies in front of Mola in clients.trusted" :
	    "expected the same in clients.trusted, as far as they are in front of Mola"));
}

static const struct swarm_listener *
listener_of(const struct join *j, const char *name)
{
	for (unsigned i = 0; i < j->conf->nlisteners; i++)
		if (strcasecmp(j->conf->listener[i].name, name) == 0)
			return &j->conf->listener[i];
	return NULL;
}

/* Of an entry point without a listener of its name no other stands for it alone. */
static void
compare_proxies(struct join *j, const struct traefik_entry_point *e)
{
	const struct swarm_listener *l = listener_of(j, e->name);
	bool takes = e->proxies.n > 0 || e->proxies_all;

	if (takes == (l != NULL && l->proxy_protocol))
		return;
	join_add_trouble(j, NULL, WHY_ENTRY_POINT, takes ? arena_printf(j->arena,
	    "entry point %s of Traefik %s takes the PROXY protocol of %s, and %s; expected a listener %s "
	    "with proxy_protocol: true, and these in clients.trusted", e->name, e->owner,
	    names_text(j->arena, &e->proxies, e->proxies_all), l == NULL ?
	    "no listener has its name" : "its listener does not", e->name) : arena_printf(j->arena,
	    "listener %s has proxy_protocol, and entry point %s of Traefik %s does not take it",
	    l->name, e->name, e->owner));
}

/* ---- notes ---- */

static const char *
setting_of(const struct join *j, const char *key)
{
	for (unsigned i = 0; i < SWARM_SETTINGS && j->conf->setting[i].key != NULL; i++)
		if (strcmp(j->conf->setting[i].key, key) == 0)
			return j->conf->setting[i].value;
	return NULL;
}

static void
add_note(struct join *j, struct report_service *r, const struct static_note *n)
{
	const char *value = *n->key->setting == '\0' ? NULL : setting_of(j, n->key->setting);

	r->label[r->nlabels++] = (struct report_label){ arena_text(j->arena, str_of(n->name)),
	    arena_text(j->arena, str_of(n->value)), n->key->state, value == NULL ?
	    arena_text(j->arena, str_of(n->key->text)) : arena_printf(j->arena, "%s: %s is %s",
	    n->key->text, n->key->setting, value) };
}

static void
add_notes(struct join *j, const struct join_traefik *t)
{
	struct join_service *js = map_get(j->services, str_of(t->from->id));
	struct report_label *all;
	struct report_service *r;

	if (js == NULL || t->config->nnotes == 0)
		return;
	r = js->labels.report;
	all = arena_zalloc(j->arena, (r->nlabels + t->config->nnotes) * sizeof *all);
	if (r->nlabels > 0)
		memcpy(all, r->label, r->nlabels * sizeof *all);
	r->label = all;
	for (unsigned i = 0; i < t->config->nnotes; i++)
		add_note(j, r, &t->config->note[i]);
}

void
join_static(struct join *j)
{
	ASSERT(j->ntraefiks == 0 || j->traefik != NULL);
	for (unsigned i = 0; i < j->ntraefiks && j->conf->traefik->enable; i++) {
		const struct traefik_static *t = j->traefik[i].config;
		add_notes(j, &j->traefik[i]);
		for (unsigned k = 0; k < t->nentry_points; k++) {
			compare_trust(j, &t->entry_point[k]);
			compare_proxies(j, &t->entry_point[k]);
		}
	}
}
