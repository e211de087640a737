/*
 * admin: which endpoint a request goes to. access_check.c decides who may send it, view.c and
 * metrics.c write the responses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/access_check.h"
#include "admin/admin.h"
#include "admin/pages.h"
#include "admin/pending.h"
#include "admin/view.h"
#include "base/bug.h"
#include "base/clock.h"
#include "certs/certs.h"
#include "collect/prom_nodes.h"
#include "engine/discover.h"
#include "http/server.h"
#include "targets/target.h"

#define BODY_MAX	(256u << 10)	/* Envoy lists its extensions in each request: 77 KiB */
#define LOG_GAP_USEC	(60 * USEC_PER_SEC)	/* between two log lines on requests with a wrong Host */

struct admin {
	struct admin_conf conf;
	struct loop	*loop;
	struct server	*server;
	struct rates	*rates;
	struct pages	*pages;
	struct pending	*pending;
	int64_t		 logged_usec;		/* a request with a wrong Host was last logged; 0: never */
};

static const char by_tcp[] = "tcp", by_unix[] = "unix";		/* tags of the listeners */

/* ---- responses ---- */

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

/* The name is the client's: any bytes. */
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

static struct admin_view
view_of(const void *arg)
{
	const struct admin *a = arg;

	return (struct admin_view){
		.world = a->conf.world, .rates = a->rates, .events = a->conf.events, .conf = a->conf.conf,
		.now_usec = loop_now(a->loop), .mover = a->conf.mover, .discover = a->conf.discover,
		.targets = a->conf.targets, .user_queries = a->conf.user_queries,
		.prometheus = a->conf.prometheus, .certs = a->conf.certs, .pause = loop_longest_pause(a->loop)
	};
}

/* The service that `?service=` names; NULL: none is named, which it must be if `must`. False: an
 * error was sent. */
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
	    "/healthz           ok, when workers have a routing table in force\n"
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
	    "/api/v1/certs      the certificates, where they come from, and when they expire\n"
	    "/api/v1/drain      POST {\"node\": NAME, \"drain\": true}\n"
	    "/api/v1/targets/withdraw       POST {\"target\": NAME}\n"
	    "/api/v1/targets/resume         the same\n"
	    "/api/v1/certs/renew            POST {\"certificate\": NAME}\n"
	    "/api/v1/certs/remove           the same\n"
	    "/traefik           for Traefik's HTTP provider; ?target=NAME\n"
	    "/v3/discovery:endpoints        POST, for Envoy's EDS by REST\n"
	    "/envoy/v3/discovery:endpoints  the same\n"), NULL);
}

/* Has it no service yet, because the Swarm could not be read even once? Then an update of Mola
 * should be rolled back. A snapshot that has grown old is no reason for that. */
static bool
is_without_services(const struct admin *a)
{
	return a->conf.discover != NULL && !discover_is_ready(a->conf.discover) &&
	    !a->conf.inherited && a->conf.world->nservices == 0;
}

static void
get_healthz(struct admin *a, struct request *req)
{
	const char *trouble = NULL;

	if (!live_table_reached_any(a->conf.world->live))
		trouble = WHY_NO_TABLE->text;
	else if (is_without_services(a))
		trouble = "the Swarm has not been seen yet, and nothing else is served";
	reply(req, trouble == NULL ? 200 : 503, "text/plain; charset=utf-8",
	    trouble == NULL ? STR("ok\n") : str_of(trouble), NULL);
}

static void
get_tasks(struct admin *a, struct request *req)
{
	struct world_service *s;

	if (service_named(a, req, false, &s))
		pages_request(a->pages, req, PAGE_TASKS, s == NULL ? "" : s->name);
}

/* A service of the Swarm that is not served has reasons for that, too; and one whose tasks serve
 * under another name is to be seen there. */
static void
get_why(struct admin *a, struct request *req)
{
	const struct swarm_report *swarm = a->conf.discover == NULL ? NULL :
	    discover_report(a->conf.discover);
	const struct report_service *unserved = NULL;
	struct world_service *s;
	char name[256];

	if (swarm != NULL && request_query(req, "service", name, sizeof name)) {
		s = world_service(a->conf.world, str_of(name));
		unserved = s == NULL || s->nroutes == 0 ? swarm_report_find(swarm, str_of(name)) : NULL;
	}
	s = unserved == NULL || unserved->with == NULL ? NULL :
	    world_service(a->conf.world, str_of(unserved->with));
	if (s != NULL)
		pages_request(a->pages, req, PAGE_WHY, s->name);
	else if (unserved != NULL)
		reply_json(req, 200, view_why_unserved(unserved), NULL);
	else if (service_named(a, req, true, &s))
		pages_request(a->pages, req, PAGE_WHY, s->name);
}

static void
get_events(struct admin *a, struct request *req)
{
	struct admin_view v = view_of(a);
	uint64_t after = 0;
	char text[32];

	if (request_query(req, "after", text, sizeof text) && !str_to_u64(str_of(text), &after))
		reply_error(req, 400, "after must be the id of an event", NULL);
	else
		reply_json(req, 200, view_events(&v, after), NULL);
}

static void
get_prometheus(struct admin *a, struct request *req)
{
	bool there = a->conf.prometheus != NULL && a->conf.prom_nodes != NULL;

	reply_json(req, 200, json_pack("{s:o, s:o}",
	    "servers", there ? prometheus_view(a->conf.prometheus) : json_array(),
	    "queries", there ? prom_nodes_view(a->conf.prom_nodes) : json_array()), NULL);
}

static void
get_targets(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_json(req, 200, json_pack("{s:[]}", "targets"), NULL);
	else
		reply_json(req, 200, targets_view(a->conf.targets, loop_now(a->loop)), NULL);
}

static void
get_certs(struct admin *a, struct request *req)
{
	json_t *response;

	if (a->conf.certs == NULL)
		response = json_pack("{s:[], s:[]}", "certificates", "authorities");
	else
		response = certs_view(a->conf.certs);
	json_object_set_new(response, "handshakes_failed",
	    view_refused(a->conf.world->live, loop_now(a->loop)));
	reply_json(req, 200, response, NULL);
}

/* ---- proxies that poll ---- */

static void
get_traefik(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_error(req, 404, "there are no targets", NULL);
	else
		targets_respond(a->conf.targets, "traefik-http", req);
}

/* Envoy polls by POST, which changes nothing. */
static void
post_envoy(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_error(req, 404, "there are no targets", NULL);
	else
		targets_respond(a->conf.targets, "envoy-rest", req);
}

/* ---- writes ---- */

static void
post_target(struct admin *a, struct request *req, bool withdraw)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *done = NULL;
	const char *name = json_string_value(json_object_get(j, "target"));
	const json_t *dry = json_object_get(j, "dry_run");

	if (name == NULL || (dry != NULL && !(withdraw && json_is_boolean(dry)))) {
		reply_error(req, 400, withdraw ?
		    "expected {\"target\": NAME}, and dry_run: true or false if it matters" :
		    "expected {\"target\": NAME}", NULL);
		json_decref(j);
		return;
	}
	if (a->conf.targets != NULL)
		done = withdraw ? targets_withdraw(a->conf.targets, name, json_is_true(dry)) :
		    targets_resume(a->conf.targets, name);
	if (done == NULL)
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

/* What is asked for takes as long as a CA does: the response says that it has begun. */
static void
post_certificate(struct admin *a, struct request *req, bool renew)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(j, "certificate"));
	char detail[CERTS_DETAIL_MAX] = "";
	int status;

	if (name == NULL)
		reply_error(req, 400, "expected {\"certificate\": NAME}", NULL);
	else if (a->conf.certs == NULL)
		reply_absent(req, "certificate", name);
	else {
		status = renew ? certs_renew(a->conf.certs, name, detail) :
		    certs_act_remove(a->conf.certs, name, detail);
		if (status == 404)
			reply_absent(req, "certificate", name);
		else if (status != 0)
			reply_error(req, status, detail, NULL);
		else
			reply_json(req, 202, json_pack("{s:s, s:s}", "certificate", name, "state",
			    renew ? "renewing" : "removing"), NULL);
	}
	json_decref(j);
}

static void
post_renew(struct admin *a, struct request *req)
{
	post_certificate(a, req, true);
}

static void
post_remove(struct admin *a, struct request *req)
{
	post_certificate(a, req, false);
}

static void
drain_node(struct admin *a, struct request *req, const char *name, bool drain)
{
	struct world_node *n = world_node(a->conf.world, str_of(name));
	uint64_t serial;

	if (n == NULL) {
		reply_absent(req, "node", name);
		return;
	}
	serial = a->conf.drain_node(a->conf.arg, n, drain);
	pending_reply(a->pending, req, serial,
	    json_pack("{s:s, s:b}", "node", n->name, "drain", n->drained));
}

static void
drain_task(struct admin *a, struct request *req, const char *name, bool drain)
{
	struct world_task *t = world_task(a->conf.world, str_of(name));
	uint64_t serial;

	if (t == NULL)
		reply_absent(req, "task", name);
	else if (a->conf.drain_task == NULL)
		reply_error(req, 501, "tasks cannot be drained here", NULL);
	else {
		serial = a->conf.drain_task(a->conf.arg, t, drain);
		pending_reply(a->pending, req, serial,
		    json_pack("{s:s, s:b}", "task", t->name, "drain", t->drained));
	}
}

static void
post_drain(struct admin *a, struct request *req)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *node = json_string_value(json_object_get(j, "node"));
	const char *task = json_string_value(json_object_get(j, "task"));
	const json_t *drain = json_object_get(j, "drain");

	if (!json_is_boolean(drain) || (node == NULL) == (task == NULL))
		reply_error(req, 400, "expected {\"node\": NAME, \"drain\": true or false}, "
		    "or the same with \"task\"", NULL);
	else if (node != NULL)
		drain_node(a, req, node, json_is_true(drain));
	else
		drain_task(a, req, task, json_is_true(drain));
	json_decref(j);
}

/* ---- endpoints ---- */

/* GET and HEAD; POST; POST with the token */
enum endpoint_access { ACCESS_READ, ACCESS_POLL, ACCESS_WRITE };

static const struct admin_endpoint {
	const char	*path;
	enum endpoint_access access;
	void		(*respond)(struct admin *, struct request *);	/* NULL: with a page */
	enum page_kind	 page;
} endpoints[] = {
	{ "/", ACCESS_READ, get_root, 0 },
	{ "/healthz", ACCESS_READ, get_healthz, 0 },
	{ "/metrics", ACCESS_READ, NULL, PAGE_METRICS },
	{ "/api/v1/nodes", ACCESS_READ, NULL, PAGE_NODES },
	{ "/api/v1/services", ACCESS_READ, NULL, PAGE_SERVICES },
	{ "/api/v1/tasks", ACCESS_READ, get_tasks, 0 },
	{ "/api/v1/why", ACCESS_READ, get_why, 0 },
	{ "/api/v1/events", ACCESS_READ, get_events, 0 },
	{ "/api/v1/config", ACCESS_READ, NULL, PAGE_CONFIG },
	{ "/api/v1/swarm", ACCESS_READ, NULL, PAGE_SWARM },
	{ "/api/v1/prometheus", ACCESS_READ, get_prometheus, 0 },
	{ "/api/v1/targets", ACCESS_READ, get_targets, 0 },
	{ "/api/v1/certs", ACCESS_READ, get_certs, 0 },
	{ "/api/v1/certs/renew", ACCESS_WRITE, post_renew, 0 },
	{ "/api/v1/certs/remove", ACCESS_WRITE, post_remove, 0 },
	{ "/api/v1/drain", ACCESS_WRITE, post_drain, 0 },
	{ "/api/v1/targets/withdraw", ACCESS_WRITE, post_withdraw, 0 },
	{ "/api/v1/targets/resume", ACCESS_WRITE, post_resume, 0 },
	{ "/traefik", ACCESS_READ, get_traefik, 0 },
	/* this path is Envoy's own, and cannot be configured there */
	{ "/v3/discovery:endpoints", ACCESS_POLL, post_envoy, 0 },
	{ "/envoy/v3/discovery:endpoints", ACCESS_POLL, post_envoy, 0 },
};

static const struct admin_endpoint *
endpoint_find(struct str path)
{
	for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
		if (str_eq(path, str_of(endpoints[i].path)))
			return &endpoints[i];
	return NULL;
}

static bool
method_matches(const struct admin_endpoint *e, const struct message *h)
{
	if (e->access != ACCESS_READ)
		return str_eq(h->method, STR("POST"));
	return h->is_head || str_eq(h->method, STR("GET"));
}

/* Logged, because a proxy that polls with such a name does not show the response to its users. */
static void
error_log(struct admin *a, const struct access_error *error)
{
	int64_t now = loop_now(a->loop);

	if (a->logged_usec != 0 && now - a->logged_usec < LOG_GAP_USEC)
		return;
	a->logged_usec = now;
	log_event(LOG_WARN, "admin.refused", "status", LOG_N(error->status), "text", error->text, NULL);
}

static void
on_request(void *arg, struct request *req)
{
	struct admin *a = arg;
	const struct message *h = request_head(req);
	const struct admin_endpoint *e = endpoint_find(request_path(req));
	bool tcp = request_tag(req) == by_tcp;
	struct access_error error;

	if (tcp && !access_check_host(req, &a->conf.conf->admin_hosts, &error)) {
		error_log(a, &error);
		reply_error(req, error.status, error.text, error.fields);
	} else if (e == NULL)
		reply_error(req, 404, "there is nothing here; / lists what there is", NULL);
	else if (!method_matches(e, h))
		reply_error(req, 405, e->access == ACCESS_READ ? "only GET" : "only POST",
		    e->access == ACCESS_READ ? "Allow: GET, HEAD\r\n" : "Allow: POST\r\n");
	else if (e->access == ACCESS_WRITE &&
	    !access_check_write(req, tcp, a->conf.conf->admin_token, &error))
		reply_error(req, error.status, error.text, error.fields);
	else if (e->respond != NULL)
		e->respond(a, req);
	else
		pages_request(a->pages, req, e->page, "");
}

/* ---- life ---- */

struct admin *
admin_new(struct loop *l, const struct admin_conf *conf)
{
	struct admin *a = must_zalloc(sizeof *a);

	ASSERT(conf->world != NULL && conf->conf != NULL && conf->drain_node != NULL);
	a->conf = *conf;
	a->loop = l;
	loop_longest_pause(l);
	a->rates = rates_new();
	a->pages = pages_new(l, view_of, a);
	a->pending = pending_new(l, conf->world->live);
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
	pending_free(&a->pending);
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
