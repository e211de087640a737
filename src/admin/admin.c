/*
 * admin: which question goes where. Who may ask is gate.c's affair, what the answers say is view.c's and metrics.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/gate.h"
#include "admin/pages.h"
#include "admin/view.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/prom_nodes.h"
#include "engine/discover.h"
#include "http/server.h"
#include "targets/target.h"

#define BODY_MAX	(256u << 10)	/* Envoy lists its extensions in each question: 77 KiB */
#define REFUSED_USEC	(60 * USEC_PER_SEC)	/* between two lines on requests by a wrong name */

struct admin {
	struct admin_conf conf;
	struct loop	*loop;
	struct server	*server;
	struct rates	*rates;
	struct pages	*pages;
	int64_t		 refused_usec;		/* when it was last told of a name that is not ours; 0: never */
};

static const char by_tcp[] = "tcp", by_unix[] = "unix";		/* tags of the listeners */

/* --- answers --- */

static void
reply(struct request *req, int status, const char *type, struct str body, const char *fields)
{
	char all[256];

	snprintf(all, sizeof all, PAGES_FIELDS "%s", fields == NULL ? "" : fields);
	request_reply(req, status, type, body, all);
}

static void
reply_json(struct request *req, int status, json_t *j, const char *fields)
{
	char *text = json_dumps(j, VIEW_JSON);

	ASSERT(text != NULL);
	reply(req, status, "application/json", str_of(text), fields);
	free(text);
	json_decref(j);
}

static void
reply_error(struct request *req, int status, const char *error, const char *fields)
{
	reply_json(req, status, json_pack("{s:s}", "error", error), fields);
}

/* The name is the client's: whatever bytes it likes. */
static void
reply_absent(struct request *req, const char *what, const char *name)
{
	char error[400];
	bool fit = strlen(name) < 256;

	for (const char *c = name; *c != '\0'; c++)
		fit &= *c >= ' ' && *c < 0x7f;
	if (fit)
		snprintf(error, sizeof error, "there is no %s '%s'", what, name);
	else
		snprintf(error, sizeof error, "there is no such %s", what);
	reply_error(req, 404, error, NULL);
}

static struct view
view_of(const void *arg)
{
	const struct admin *a = arg;

	return (struct view){ a->conf.world, a->rates, a->conf.events, a->conf.conf, loop_now(a->loop), a->conf.mover, a->conf.discover,
	    a->conf.targets, a->conf.user_queries, a->conf.prometheus, loop_longest_pause(a->loop) };
}

/* The service that `?service=` names. False: answered. */
static bool
service_named(struct admin *a, struct request *req, bool must, struct world_service **s)
{
	char name[256];

	*s = NULL;
	if (!request_query(req, "service", name, sizeof name)) {
		if (must)
			reply_error(req, 400, "name a service: ?service=NAME", NULL);
		return !must;
	}
	*s = world_service(a->conf.world, str_of(name));
	if (*s == NULL)
		reply_absent(req, "service", name);
	return *s != NULL;
}

static void
get_root(struct admin *a, struct request *req)
{
	(void)a;
	reply(req, 200, "text/plain; charset=utf-8", STR("Mola " MOLA_VERSION "\n\n"
	    "/healthz           ok, when a routing table is in force\n"
	    "/metrics           Prometheus text\n"
	    "/api/v1/nodes      the nodes, their state and their share of the requests\n"
	    "/api/v1/services   the services and their traffic\n"
	    "/api/v1/tasks      the tasks; ?service=NAME\n"
	    "/api/v1/why        why each task got its share; ?service=NAME\n"
	    "/api/v1/events     what happened; ?after=ID\n"
	    "/api/v1/config     the configuration in force\n"
	    "/api/v1/swarm      the Docker Swarm that is watched\n"
	    "/api/v1/prometheus the Prometheus servers and the state of the queries\n"
	    "/api/v1/targets    the external proxies that Mola configures\n"
	    "/api/v1/drain      POST {\"node\": NAME, \"drain\": true}\n"
	    "/api/v1/targets/withdraw       POST {\"target\": NAME}\n"
	    "/api/v1/targets/resume         the same\n"
	    "/traefik           for Traefik's HTTP provider; ?target=NAME\n"
	    "/v3/discovery:endpoints        POST, for Envoy's EDS by REST\n"
	    "/envoy/v3/discovery:endpoints  the same\n"), NULL);
}

/* Nothing to serve, and a Swarm that nobody has seen yet: an update of Mola that ends here should be taken back. A
 * picture that has grown old is no illness. */
static bool
has_seen_nothing(const struct admin *a)
{
	return a->conf.discover != NULL && !discover_is_ready(a->conf.discover) && !a->conf.inherited && a->conf.world->nservices == 0;
}

static void
get_healthz(struct admin *a, struct request *req)
{
	const char *ill = NULL;

	if (a->conf.world->serial == 0)
		ill = WHY_NO_TABLE->text;
	else if (has_seen_nothing(a))
		ill = "the Swarm has not been seen yet, and nothing else is served";
	reply(req, ill == NULL ? 200 : 503, "text/plain; charset=utf-8", ill == NULL ? STR("ok\n") : str_of(ill), NULL);
}

static void
get_metrics(struct admin *a, struct request *req)
{
	pages_ask(a->pages, req, PAGE_METRICS, "");
}

static void
get_nodes(struct admin *a, struct request *req)
{
	pages_ask(a->pages, req, PAGE_NODES, "");
}

static void
get_services(struct admin *a, struct request *req)
{
	pages_ask(a->pages, req, PAGE_SERVICES, "");
}

static void
get_tasks(struct admin *a, struct request *req)
{
	struct world_service *s;

	if (service_named(a, req, false, &s))
		pages_ask(a->pages, req, PAGE_TASKS, s == NULL ? "" : s->name);
}

/* A service of the Swarm that is not served has reasons, too. */
static void
get_why(struct admin *a, struct request *req)
{
	const struct swarm_report *swarm = a->conf.discover == NULL ? NULL : discover_report(a->conf.discover);
	const struct report_service *unserved = NULL;
	struct world_service *s;
	char name[256];

	if (swarm != NULL && request_query(req, "service", name, sizeof name)) {
		s = world_service(a->conf.world, str_of(name));
		unserved = s == NULL || s->nroutes == 0 ? swarm_report_find(swarm, str_of(name)) : NULL;
	}
	if (unserved != NULL)
		reply_json(req, 200, view_why_unserved(unserved), NULL);
	else if (service_named(a, req, true, &s))
		pages_ask(a->pages, req, PAGE_WHY, s->name);
}

static void
get_events(struct admin *a, struct request *req)
{
	struct view v = view_of(a);
	uint64_t after = 0;
	char text[32];

	if (request_query(req, "after", text, sizeof text) && !str_to_u64(str_of(text), &after))
		reply_error(req, 400, "after must be the id of an event", NULL);
	else
		reply_json(req, 200, view_events(&v, after), NULL);
}

static void
get_config(struct admin *a, struct request *req)
{
	pages_ask(a->pages, req, PAGE_CONFIG, "");
}

static void
get_swarm(struct admin *a, struct request *req)
{
	pages_ask(a->pages, req, PAGE_SWARM, "");
}

static void
get_prometheus(struct admin *a, struct request *req)
{
	bool there = a->conf.prometheus != NULL && a->conf.prom_nodes != NULL;

	reply_json(req, 200, json_pack("{s:o, s:o}", "servers", there ? prometheus_view(a->conf.prometheus) : json_array(),
	    "queries", there ? prom_nodes_view(a->conf.prom_nodes) : json_array()), NULL);
}

static void
get_targets(struct admin *a, struct request *req)
{
	json_t *j = a->conf.targets == NULL ? json_pack("{s:[]}", "targets") : targets_view(a->conf.targets, loop_now(a->loop));

	reply_json(req, 200, j, NULL);
}

/* --- proxies that ask --- */

static void
get_traefik(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_error(req, 404, "there are no targets", NULL);
	else
		targets_respond(a->conf.targets, "traefik-http", req);
}

/* Envoy asks by POST, and changes nothing by it. */
static void
post_envoy(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_error(req, 404, "there are no targets", NULL);
	else
		targets_respond(a->conf.targets, "envoy-rest", req);
}

/* --- writes --- */

static void
post_target(struct admin *a, struct request *req, bool withdraw)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL), *done;
	const char *name = json_string_value(json_object_get(j, "target"));
	const json_t *dry = json_object_get(j, "dry_run");

	if (name == NULL || (dry != NULL && !(withdraw && json_is_boolean(dry))))
		reply_error(req, 400, withdraw ? "expected {\"target\": NAME}, and dry_run: true or false if it matters" :
		    "expected {\"target\": NAME}", NULL);
	else if (a->conf.targets == NULL || (done = withdraw ? targets_withdraw(a->conf.targets, name, json_is_true(dry)) :
	    targets_resume(a->conf.targets, name)) == NULL)
		reply_absent(req, "target", name);
	else
		reply_json(req, 200, done, NULL);
	json_decref(j);
}

static void
post_withdraw(struct admin *a, struct request *req)
{
	post_target(a, req, true);
}

static void
post_resume(struct admin *a, struct request *req)
{
	post_target(a, req, false);
}

static void
drain_node(struct admin *a, struct request *req, const char *name, bool drain)
{
	struct world_node *n = world_node(a->conf.world, str_of(name));

	if (n == NULL) {
		reply_absent(req, "node", name);
		return;
	}
	a->conf.drain_node(a->conf.arg, n, drain);
	reply_json(req, 200, json_pack("{s:s, s:b}", "node", n->name, "drain", n->drained), NULL);
}

static void
drain_task(struct admin *a, struct request *req, const char *name, bool drain)
{
	struct world_task *t = world_task(a->conf.world, str_of(name));

	if (t == NULL)
		reply_absent(req, "task", name);
	else if (a->conf.drain_task == NULL)
		reply_error(req, 501, "tasks cannot be drained here", NULL);
	else {
		a->conf.drain_task(a->conf.arg, t, drain);
		reply_json(req, 200, json_pack("{s:s, s:b}", "task", t->name, "drain", t->drained), NULL);
	}
}

static void
post_drain(struct admin *a, struct request *req)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *node = json_string_value(json_object_get(j, "node")), *task = json_string_value(json_object_get(j, "task"));
	const json_t *drain = json_object_get(j, "drain");

	if (!json_is_boolean(drain) || (node == NULL) == (task == NULL))
		reply_error(req, 400, "expected {\"node\": NAME, \"drain\": true or false}, or the same with \"task\"", NULL);
	else if (node != NULL)
		drain_node(a, req, node, json_is_true(drain));
	else
		drain_task(a, req, task, json_is_true(drain));
	json_decref(j);
}

/* --- doors --- */

static const struct door {
	const char	*path;
	enum door_kind { READS, ASKS, WRITES } kind;	/* GET and HEAD; POST; POST by those who may */
	void		(*answer)(struct admin *, struct request *);
} doors[] = {
	{ "/", READS, get_root },
	{ "/healthz", READS, get_healthz },
	{ "/metrics", READS, get_metrics },
	{ "/api/v1/nodes", READS, get_nodes },
	{ "/api/v1/services", READS, get_services },
	{ "/api/v1/tasks", READS, get_tasks },
	{ "/api/v1/why", READS, get_why },
	{ "/api/v1/events", READS, get_events },
	{ "/api/v1/config", READS, get_config },
	{ "/api/v1/swarm", READS, get_swarm },
	{ "/api/v1/prometheus", READS, get_prometheus },
	{ "/api/v1/targets", READS, get_targets },
	{ "/api/v1/drain", WRITES, post_drain },
	{ "/api/v1/targets/withdraw", WRITES, post_withdraw },
	{ "/api/v1/targets/resume", WRITES, post_resume },
	{ "/traefik", READS, get_traefik },
	{ "/v3/discovery:endpoints", ASKS, post_envoy },	/* the path is Envoy's, and cannot be configured there */
	{ "/envoy/v3/discovery:endpoints", ASKS, post_envoy },
};

static const struct door *
door_of(struct str path)
{
	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
		if (str_eq(path, str_of(doors[i].path)))
			return &doors[i];
	return NULL;
}

static bool
method_fits(const struct door *d, const struct message *h)
{
	if (d->kind != READS)
		return str_eq(h->method, STR("POST"));
	return h->is_head || str_eq(h->method, STR("GET"));
}

/* A proxy that asks by such a name does not show its users what it was answered. */
static void
refusal_tell(struct admin *a, const struct refusal *no)
{
	int64_t now = loop_now(a->loop);

	if (a->refused_usec != 0 && now - a->refused_usec < REFUSED_USEC)
		return;
	a->refused_usec = now;
	log_event(LOG_WARN, "admin.refused", "status", LOG_N(no->status), "text", no->text, NULL);
}

static void
on_request(void *arg, struct request *req)
{
	struct admin *a = arg;
	const struct message *h = request_head(req);
	const struct door *d = door_of(request_path(req));
	bool tcp = request_tag(req) == by_tcp;
	struct refusal no;

	if (tcp && !gate_host(req, &a->conf.conf->admin_hosts, &no)) {
		refusal_tell(a, &no);
		reply_error(req, no.status, no.text, no.fields);
	} else if (d == NULL)
		reply_error(req, 404, "there is nothing here; / lists what there is", NULL);
	else if (!method_fits(d, h))
		reply_error(req, 405, d->kind == READS ? "only GET" : "only POST",
		    d->kind == READS ? "Allow: GET, HEAD\r\n" : "Allow: POST\r\n");
	else if (d->kind == WRITES && !gate_write(req, tcp, a->conf.conf->admin_token, &no))
		reply_error(req, no.status, no.text, no.fields);
	else
		d->answer(a, req);
}

/* --- life --- */

struct admin *
admin_new(struct loop *l, const struct admin_conf *conf)
{
	struct admin *a = must_zalloc(sizeof *a);

	a->conf = *conf;
	a->loop = l;
	loop_longest_pause(l);
	a->rates = rates_new();
	a->pages = pages_new(l, view_of, a);
	a->server = server_new(l, &(struct server_conf){ .body_max = BODY_MAX }, on_request, a);
	if (conf->tcp_fd >= 0)
		server_listen(a->server, conf->tcp_fd, (void *)(uintptr_t)by_tcp);
	if (conf->unix_fd >= 0)
		server_listen(a->server, conf->unix_fd, (void *)(uintptr_t)by_unix);
	return a;
}

void
admin_free(struct admin **ap)
{
	struct admin *a = *ap;

	server_free(&a->server);
	pages_free(&a->pages);
	rates_free(&a->rates);
	free(a);
	*ap = NULL;
}

void
admin_reconf(struct admin *a, const struct conf *conf)
{
	a->conf.conf = conf;
}

void
admin_tick(struct admin *a, int64_t now)
{
	rates_tick(a->rates, a->conf.world, now);
}
