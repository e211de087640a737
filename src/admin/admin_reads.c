/*
 * admin_reads: what GET responds with, where that is not a page of pages.c; and what proxies get
 * that poll.
 */
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/assets.h"
#include "admin/reply.h"
#include "certs/certs.h"
#include "collect/prom_nodes.h"
#include "engine/discover.h"
#include "targets/target.h"

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

/* The page for people, the paths for programs. */
void
get_root(struct admin *a, struct request *req)
{
	if (asset_page_wanted(req))
		asset_reply_page(req);
	else
		get_paths(a, req);
}

void
get_paths(struct admin *a, struct request *req)
{
	(void)a;
	reply_text(req, 200, "text/plain; charset=utf-8", STR("Mola " MOLA_VERSION "\n\n"
	    "/                  the page, for browsers; this list for others, and at /api\n"
	    "/healthz           ok, when workers have a routing table in force\n"
	    "/metrics           Prometheus text\n"
	    "/api/v1/session    what you may do here\n"
	    "/api/v1/nodes      the nodes, their state and their share of the requests\n"
	    "/api/v1/services   the services and their traffic\n"
	    "/api/v1/tasks      the tasks; ?service=NAME\n"
	    "/api/v1/why        why each task got its share; ?service=NAME\n"
	    "/api/v1/events     what happened; ?after=ID\n"
	    "/api/v1/warnings   what needs attention, and what to do about it\n"
	    "/api/v1/history    the last 15 minutes; ?node=NAME or ?service=NAME\n"
	    "/api/v1/stream     all of this as it changes; ?topics=nodes,events,...\n"
	    "/api/v1/record     what steering sees, from now on, for mola replay; ?seconds=N\n"
	    "/api/v1/config     the configuration in force\n"
	    "/api/v1/config/defaults        the same, and which of it are defaults\n"
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

void
get_healthz(struct admin *a, struct request *req)
{
	const char *trouble = NULL;

	if (!live_table_reached_any(a->conf.world->live))
		trouble = WHY_NO_TABLE->text;
	else if (is_without_services(a))
		trouble = "the Swarm has not been seen yet, and nothing else is served";
	reply_text(req, trouble == NULL ? 200 : 503, "text/plain; charset=utf-8",
	    trouble == NULL ? STR("ok\n") : str_of(trouble), NULL);
}

void
get_tasks(struct admin *a, struct request *req)
{
	struct world_service *s;

	if (service_named(a, req, false, &s))
		pages_request(a->pages, req, PAGE_TASKS, s == NULL ? "" : s->name);
}

/* A service of the Swarm that is not served has reasons for that, too; and one whose tasks serve
 * under another name is to be seen there. */
void
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

void
get_events(struct admin *a, struct request *req)
{
	struct admin_view v = admin_view_of(a);
	uint64_t after = 0, last;
	char text[32];

	if (request_query(req, "after", text, sizeof text) && !str_to_u64(str_of(text), &after))
		reply_error(req, 400, "after must be the id of an event", NULL);
	else
		reply_json(req, 200, view_events(&v, after, EVENTS_KEPT, &last), NULL);
}

void
get_history(struct admin *a, struct request *req)
{
	struct world_service *s;
	char name[256];

	if (!request_query(req, "node", name, sizeof name)) {
		if (service_named(a, req, false, &s))
			pages_request(a->pages, req, PAGE_HISTORY, s == NULL ? "" : s->name);
	} else if (request_query(req, "service", name, sizeof name))
		reply_error(req, 400, "name a node or a service, not both", NULL);
	else if (world_node(a->conf.world, str_of(name)) == NULL)
		reply_absent(req, "node", name);
	else
		pages_request(a->pages, req, PAGE_HISTORY_NODE, name);
}

void
get_stream(struct admin *a, struct request *req)
{
	streams_open(a->streams, req);
}

void
get_record(struct admin *a, struct request *req)
{
	records_open(a->records, req);
}

void
get_prometheus(struct admin *a, struct request *req)
{
	bool there = a->conf.prometheus != NULL && a->conf.prom_nodes != NULL;

	reply_json(req, 200, json_pack("{s:o, s:o}",
	    "servers", there ? prometheus_view(a->conf.prometheus) : json_array(),
	    "queries", there ? prom_nodes_view(a->conf.prom_nodes) : json_array()), NULL);
}

/* ---- proxies that poll ---- */

void
get_traefik(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_error(req, 404, "there are no targets", NULL);
	else
		targets_respond(a->conf.targets, "traefik-http", req);
}

/* Envoy polls by POST, which changes nothing. */
void
post_envoy(struct admin *a, struct request *req)
{
	if (a->conf.targets == NULL)
		reply_error(req, 404, "there are no targets", NULL);
	else
		targets_respond(a->conf.targets, "envoy-rest", req);
}
