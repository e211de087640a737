/*
 * discover: the file's nodes and services first, then the Swarm's, which may neither take their
 * names nor their routes. What is new in the labels' report is logged: a wrong label once, not
 * with every pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/log.h"
#include "discovery/upgrade.h"
#include "engine/discover.h"
#include "engine/hosts.h"
#include "engine/traefik_files.h"
#include "engine/user_files.h"

#define NAMES_SHOWN	450

struct discover {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct world	*world;
	const struct conf *conf;
	struct watch	*watch;
	struct swarm_report *report;
	bool		 upgrade_logged;
	struct arena	*arena;			/* of what follows, made again with each configuration */
	struct swarm_conf swarm;
	struct user_files *files;
	struct hosts	*hosts;
	struct traefik_files *provided;
	discover_change_f *fn;
	void		*arg;
};

/* ---- the file's ---- */

static const char *
read_file(void *arg, const char *path, const char **problem)
{
	struct discover *d = arg;

	return user_files_read(d->files, path, problem);
}

static bool
find_host(void *arg, const char *host, unsigned port, struct addr *out)
{
	struct discover *d = arg;

	return hosts_find(d->hosts, host, port, out);
}

static void
make_swarm_conf(struct discover *d)
{
	arena_free(&d->arena);
	d->arena = arena_new();
	d->swarm = discover_conf(d->arena, d->conf);
	d->swarm.file = read_file;
	d->swarm.host = find_host;
	d->swarm.file_arg = d;
}

/* The configuration has been checked, so names are unique and known: what is left is a full
 * table. */
static void
log_table_full(const char *what, const char *name)
{
	log_event(LOG_ERROR, "table.full", "refused", what, "name", name, "text",
	    WHY_TABLE_LARGE->text, NULL);
}

static void
publish_node(struct discover *d, const struct conf_node *n)
{
	struct world_node like = { .name = n->name, .address = n->address, .cores_declared = n->cores,
	    .exporter_url = n->node_exporter, .agent_url = n->agent };
	struct swarm_urls urls;

	if (d->watch != NULL)
		swarm_fill_node(watch_swarm(d->watch), &d->swarm, &like, &urls);
	if (world_pass_node(d->world, &like) == NULL)
		log_table_full("node", n->name);
}

static void
publish_service(struct discover *d, const struct conf_service *s)
{
	struct world_service *ws = world_pass_service(d->world, s->name, &s->conf, s->route, s->nroutes);
	struct world_task *t;

	if (ws == NULL)
		log_table_full("service", s->name);
	else if (s->group != NULL)
		world_pass_group(d->world, ws, s->group);
	for (unsigned i = 0; ws != NULL && i < s->ntasks; i++) {
		const struct conf_task *c = &s->task[i];
		struct addr a = addr_of_ip(&c->addr);
		if ((t = world_pass_task(d->world, ws, c->name, c->node, &a, false)) == NULL) {
			log_table_full("task", c->name);
			continue;
		}
		world_pass_task_container(d->world, t, c->container);
		world_pass_task_limit(d->world, t, c->limit);
	}
}

/* ---- the Swarm's ---- */

static void
log_service(const struct report_service *s)
{
	for (unsigned i = 0; i < s->nlabels; i++) {
		const struct report_label *l = &s->label[i];
		if (l->state == LABEL_INVALID || l->state == LABEL_UNKNOWN || l->state == LABEL_UNSUPPORTED)
			log_event(LOG_WARN, "label.refused", "service", s->name, "label", l->name,
			    "value", l->value, "as", label_state_name(l->state), "text",
			    l->text == NULL ? "" : l->text, NULL);
	}
	for (unsigned i = 0; i < s->ntroubles; i++)
		log_event(LOG_WARN, s->served ? "service.trouble" : "service.unserved", "service", s->name, "why",
		    why_name(s->trouble[i].why), "text", s->trouble[i].text, NULL);
	if (s->ntroubles == 0 && s->served)
		log_event(LOG_INFO, "service.served", "service", s->name, NULL);
}

static bool
has_trouble(const struct swarm_report *r, const char *text)
{
	for (unsigned i = 0; r != NULL && i < r->ntroubles; i++)
		if (strcmp(r->trouble[i].text, text) == 0)
			return true;
	return false;
}

static void
log_changes(const struct swarm_report *old, const struct swarm_report *new)
{
	const struct report_service *s, *before;

	for (unsigned i = 0; i < new->nservices; i++) {
		s = &new->service[i];
		before = old == NULL ? NULL : swarm_report_find(old, str_of(s->name));
		if ((s->enabled || s->nlabels > 0 || s->ntroubles > 0) && !report_service_same(s, before))
			log_service(s);
	}
	for (unsigned i = 0; i < new->ntroubles; i++)
		if (!has_trouble(old, new->trouble[i].text))
			log_event(LOG_WARN, "swarm.trouble", "why", why_name(new->trouble[i].why),
			    "text", new->trouble[i].text, NULL);
}

/* Names on as few lines as possible: a line shows only so much of a value. */
static void
log_names(const char *names)
{
	log_event(LOG_WARN, "upgrade.unserved", "services", names, "text",
	    "Mola 0.1.0 served these by their labels, and they, or parts of them, are not served "
	    "now: mola why NAME shows the reason", NULL);
}

/* Once, for people who upgrade from there. */
static void
log_upgrade(const struct swarm_report *r)
{
	char names[NAMES_SHOWN] = "";
	size_t n = 0;

	for (unsigned i = 0; i < r->nservices; i++) {
		const char *name = r->service[i].name;
		if (!upgrade_lost(&r->service[i]))
			continue;
		if (n > 0 && n + strlen(name) + 3 > sizeof names) {
			log_names(names);
			n = 0;
		}
		ASSERT(n < sizeof names);
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%.200s", n > 0 ? ", " : "", name);
	}
	if (n > 0)
		log_names(names);
}

static void
publish_swarm(struct discover *d)
{
	struct swarm_report *report;

	user_files_begin(d->files);
	hosts_begin(d->hosts);
	d->swarm.provided = traefik_files_all(d->provided, &d->swarm.nprovided);
	swarm_pass(watch_swarm(d->watch), &d->swarm, d->world, &report);
	user_files_end(d->files);
	hosts_end(d->hosts);
	if (swarm_is_complete(watch_swarm(d->watch)))
		log_changes(d->report, report);
	if (swarm_is_complete(watch_swarm(d->watch)) && !d->upgrade_logged) {
		log_upgrade(report);
		d->upgrade_logged = true;
	}
	swarm_report_free(&d->report);
	d->report = report;
}

static void
publish_listeners(struct discover *d)
{
	struct world_listener l[CONF_LISTEN_MAX];

	for (unsigned i = 0; i < d->conf->nlisten; i++)
		l[i] = (struct world_listener){ .name = d->conf->listen[i].name };
	world_pass_listeners(d->world, l, d->conf->nlisten);
}

bool
discover_pass(struct discover *d)
{
	const struct conf *c = d->conf;

	world_pass_begin(d->world);
	for (unsigned i = 0; i < c->nnodes; i++)
		publish_node(d, &c->node[i]);
	for (unsigned i = 0; i < c->nservices; i++)
		publish_service(d, &c->service[i]);
	if (d->watch != NULL)
		publish_swarm(d);
	if (d->watch == NULL)		/* they are of Traefik's files, which are the Swarm's */
		world_pass_tls(d->world, NULL, 0, NULL, 0);
	if (d->watch == NULL || !swarm_is_complete(watch_swarm(d->watch)))
		publish_listeners(d);
	return world_pass_end(d->world);
}

bool
discover_is_ready(const struct discover *d)
{
	const struct swarm *s = d->watch == NULL ? NULL : watch_swarm(d->watch);

	return s == NULL || (swarm_is_complete(s) && swarm_config_wanted(s) == NULL &&
	    hosts_are_known(d->hosts));
}

/* ---- what is known ---- */

const struct swarm_report *
discover_report(const struct discover *d)
{
	return d->report;
}

const struct swarm_file *
discover_provided(const struct discover *d, unsigned *n)
{
	return traefik_files_all(d->provided, n);
}

struct watch *
discover_watch(const struct discover *d)
{
	return d->watch;
}

double
discover_balancers(const struct discover *d)
{
	unsigned n = d->watch == NULL ? 0 : swarm_balancers(watch_swarm(d->watch),
	    watch_status(d->watch).service);

	return n > 1 ? n : 1;
}

/* ---- life ---- */

static void
on_change(void *arg)
{
	struct discover *d = arg;

	d->fn(d->arg);
}

struct discover *
discover_new(struct loop *l, struct fetcher *f, struct world *w, discover_change_f *fn, void *arg)
{
	struct discover *d = must_zalloc(sizeof *d);

	d->loop = l;
	d->fetcher = f;
	d->world = w;
	d->fn = fn;
	d->arg = arg;
	d->files = user_files_new(l, on_change, d);
	d->hosts = hosts_new(l, NULL, on_change, d);
	d->provided = traefik_files_new(l, on_change, d);
	return d;
}

void
discover_free(struct discover **dp)
{
	struct discover *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	watch_free(&d->watch);
	user_files_free(&d->files);
	hosts_free(&d->hosts);
	traefik_files_free(&d->provided);
	swarm_report_free(&d->report);
	arena_free(&d->arena);
	free(d);
}

static struct watch_conf
watch_conf_of(const struct conf *c)
{
	_Static_assert(CONF_ENDPOINTS_MAX <= ENGINE_ENDPOINTS_MAX,
	    "the engine takes what the configuration may have");
	return (struct watch_conf){ .engine = { .endpoint = c->swarm_endpoints.item,
	    .nendpoints = c->swarm_endpoints.n, .ca = c->swarm_ca, .cert = c->swarm_cert,
	    .key = c->swarm_key }, .poll_usec = c->swarm_poll_usec,
	    .network = c->swarm_networks.item, .nnetworks = c->swarm_networks.n };
}

bool
discover_keeps_engine(const struct discover *d, const struct conf *c)
{
	struct watch_conf wc = watch_conf_of(c);

	if (d->watch == NULL || c->swarm_endpoints.n == 0)
		return d->watch == NULL && c->swarm_endpoints.n == 0;
	return watch_same(d->watch, &wc);
}

void
discover_reconf(struct discover *d, const struct conf *c)
{
	struct watch_conf wc = watch_conf_of(c);

	wc.expected = d->world->serial > 0;
	d->conf = c;
	make_swarm_conf(d);
	traefik_files_reconf(d->provided, c->traefik_files.item,
	    c->swarm_endpoints.n > 0 && c->swarm_traefik ? c->traefik_files.n : 0);
	if (c->swarm_endpoints.n == 0) {
		watch_free(&d->watch);
		swarm_report_free(&d->report);
	} else if (d->watch == NULL)
		d->watch = watch_new(d->loop, d->fetcher, &wc, on_change, d);
	else
		watch_reconf(d->watch, &wc);
}
