/*
 * admin: which endpoint a request goes to. access_check.c decides who may send it; admin_reads.c,
 * admin_writes.c, view.c and metrics.c write the responses, and assets.c sends the page's files.
 */
#include <stdlib.h>

#include "admin/access_check.h"
#include "admin/admin_priv.h"
#include "admin/assets.h"
#include "admin/pending.h"
#include "admin/reply.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "net/ip.h"

#define BODY_MAX	(256u << 10)	/* Envoy lists its extensions in each request: 77 KiB */
#define LOG_GAP_USEC	(60 * USEC_PER_SEC)	/* between two log lines on requests with a wrong Host */

static const char by_tcp[] = "tcp", by_unix[] = "unix";		/* tags of the listeners */

struct admin_view
admin_view_of(const void *arg)
{
	const struct admin *a = arg;

	return (struct admin_view){
		.world = a->conf.world, .rates = a->rates, .events = a->conf.events, .conf = a->conf.conf,
		.now_usec = loop_now(a->loop), .mover = a->conf.mover, .discover = a->conf.discover,
		.targets = a->conf.targets, .user_queries = a->conf.user_queries,
		.prometheus = a->conf.prometheus, .certs = a->conf.certs,
		.prom_nodes = a->conf.prom_nodes, .warnings = a->warnings, .history = a->history,
		.brain = streams_brain(a->streams), .pause = loop_longest_pause(a->loop)
	};
}

/* ---- endpoints ---- */

enum endpoint_access {
	ACCESS_OPEN,		/* GET and HEAD, for everyone */
	ACCESS_SESSION,		/* the same; its response is about who asks */
	ACCESS_READ,		/* GET and HEAD, from elsewhere with a login */
	ACCESS_POLL,		/* POST, for everyone */
	ACCESS_WRITE		/* POST with a token */
};

static const struct admin_endpoint {
	const char	*path;
	enum endpoint_access access;
	void		(*respond)(struct admin *, struct request *);	/* NULL: with a page */
	enum page_kind	 page;
} endpoints[] = {
	{ "/", ACCESS_OPEN, get_root, 0 },
	{ "/api", ACCESS_OPEN, get_paths, 0 },
	{ "/healthz", ACCESS_OPEN, get_healthz, 0 },
	{ "/metrics", ACCESS_OPEN, NULL, PAGE_METRICS },
	{ "/api/v1/session", ACCESS_SESSION, NULL, 0 },
	{ "/api/v1/nodes", ACCESS_READ, NULL, PAGE_NODES },
	{ "/api/v1/services", ACCESS_READ, NULL, PAGE_SERVICES },
	{ "/api/v1/tasks", ACCESS_READ, get_tasks, 0 },
	{ "/api/v1/why", ACCESS_READ, get_why, 0 },
	{ "/api/v1/events", ACCESS_READ, get_events, 0 },
	{ "/api/v1/stream", ACCESS_READ, get_stream, 0 },
	{ "/api/v1/warnings", ACCESS_READ, NULL, PAGE_WARNINGS },
	{ "/api/v1/history", ACCESS_READ, get_history, 0 },
	{ "/api/v1/record", ACCESS_READ, get_record, 0 },
	{ "/api/v1/config", ACCESS_READ, NULL, PAGE_CONFIG },
	{ "/api/v1/config/defaults", ACCESS_READ, NULL, PAGE_CONFIG_MARKED },
	{ "/api/v1/swarm", ACCESS_READ, NULL, PAGE_SWARM },
	{ "/api/v1/prometheus", ACCESS_READ, get_prometheus, 0 },
	{ "/api/v1/targets", ACCESS_READ, NULL, PAGE_TARGETS },
	{ "/api/v1/certs", ACCESS_READ, NULL, PAGE_CERTS },
	{ "/api/v1/certs/renew", ACCESS_WRITE, post_renew, 0 },
	{ "/api/v1/certs/remove", ACCESS_WRITE, post_remove, 0 },
	{ "/api/v1/drain", ACCESS_WRITE, post_drain, 0 },
	{ "/api/v1/targets/withdraw", ACCESS_WRITE, post_withdraw, 0 },
	{ "/api/v1/targets/resume", ACCESS_WRITE, post_resume, 0 },
	{ "/traefik", ACCESS_OPEN, get_traefik, 0 },
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
is_post(const struct admin_endpoint *e)
{
	return e->access == ACCESS_POLL || e->access == ACCESS_WRITE;
}

static bool
method_matches(const struct admin_endpoint *e, const struct message *h)
{
	return is_post(e) ? str_eq(h->method, STR("POST")) : h->is_head || str_eq(h->method, STR("GET"));
}

/* Logged, because a proxy that polls with such a name does not show the response to its users; and
 * because somebody may be guessing. */
static void
error_log(struct admin *a, const struct request *req, const struct access_error *error)
{
	struct ip ip = ip_of(request_peer(req));
	char client[IP_TEXT_MAX];
	int64_t now = loop_now(a->loop);

	if (a->logged_usec != 0 && now - a->logged_usec < LOG_GAP_USEC)
		return;
	a->logged_usec = now;
	log_event(LOG_WARN, "admin.refused", "status", LOG_N(error->status), "client",
	    ip_text(&ip, client).p, "text", error->text, NULL);
}

/* A file of the page, or nothing. */
static void
file_reply(struct request *req)
{
	const struct web_file *f = asset_find(request_path(req));
	const struct message *h = request_head(req);

	if (f == NULL)
		reply_error(req, 404, "there is nothing here; /api lists what there is", NULL);
	else if (!h->is_head && !str_eq(h->method, STR("GET")))
		reply_error(req, 405, "only GET", "Allow: GET, HEAD\r\n");
	else
		asset_reply(req, f);
}

static void
respond(struct admin *a, struct request *req, const struct admin_endpoint *e)
{
	if (e->respond != NULL)
		e->respond(a, req);
	else
		pages_request(a->pages, req, e->page, "");
}

/* What a page may do, before it tries: always 200, and no data. */
static void
session_reply(struct admin *a, struct request *req, bool local, const struct login *login)
{
	const struct conf *c = a->conf.conf;
	bool read = local || login->read;
	json_t *ways = json_array();

	if (logins_has_token(c, "read") || logins_has_token(c, "write"))
		json_array_append_new(ways, json_string("token"));
	if (c->admin_users.n > 0)
		json_array_append_new(ways, json_string("users"));
	reply_json(req, 200, json_pack("{s:o, s:b, s:b, s:b, s:o, s:o}",
	    "version", read ? json_string(MOLA_VERSION) : json_null(), "read", read,
	    "write", login->write, "local", local,
	    "user", login->state == LOGIN_FITS && *login->user != '\0' ? json_string(login->user) :
	    json_null(), "login", ways), NULL);
}

/* Who sends it is known. */
static void
admit(void *arg, struct request *req, const struct login *login)
{
	struct admin *a = arg;
	const struct admin_endpoint *e = endpoint_find(request_path(req));
	bool tcp = request_tag(req) == by_tcp, local = !tcp || access_is_local(req), good = true;
	struct access_error error = { 0 };

	ASSERT(e != NULL);
	if (e->access == ACCESS_SESSION) {
		session_reply(a, req, local, login);
		return;
	}
	if (e->access == ACCESS_WRITE)
		good = access_check_json(req, &error) &&
		    (!tcp || access_check_write(req, a->conf.conf, login, &error));
	else if (tcp)
		good = access_check_read(req, local, a->conf.conf, login, &error);
	if (good) {
		respond(a, req, e);
		return;
	}
	if (error.guess)
		error_log(a, req, &error);
	reply_error(req, error.status, error.text, error.fields);
}

/* Passwords are looked at only where they matter: they take long. */
static void
identify(struct admin *a, struct request *req, const struct admin_endpoint *e)
{
	bool tcp = request_tag(req) == by_tcp, needed = e->access == ACCESS_SESSION ||
	    (e->access == ACCESS_READ && !access_is_local(req));
	struct login login = { .state = LOGIN_FITS, .read = true, .write = true };

	if (!tcp || logins_check(a->logins, a->conf.conf, req, needed, &login))
		admit(a, req, &login);
}

static void
on_request(void *arg, struct request *req)
{
	struct admin *a = arg;
	const struct admin_endpoint *e = endpoint_find(request_path(req));
	struct access_error error = { 0 };

	if (request_tag(req) == by_tcp &&
	    !access_check_host(req, &a->conf.conf->admin_hosts, &error)) {
		error_log(a, req, &error);
		reply_error(req, error.status, error.text, error.fields);
	} else if (e == NULL)
		file_reply(req);
	else if (!method_matches(e, request_head(req)))
		reply_error(req, 405, is_post(e) ? "only POST" : "only GET",
		    is_post(e) ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n");
	else if (e->access == ACCESS_OPEN || e->access == ACCESS_POLL)
		respond(a, req, e);
	else
		identify(a, req, e);
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
	a->warnings = warnings_new();
	a->history = history_new();
	a->pages = pages_new(l, admin_view_of, a);
	a->streams = streams_new(l, a->pages, admin_view_of, a);
	a->records = records_new(l, conf->world);
	a->pending = pending_new(l, conf->world->live);
	a->logins = logins_new(l, admit, a);
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
	streams_free(&a->streams);
	records_free(&a->records);
	pending_free(&a->pending);
	logins_free(&a->logins);
	warnings_free(&a->warnings);
	history_free(&a->history);
	rates_free(&a->rates);
	free(a);
	*ap = NULL;
}

void
admin_reconf(struct admin *a, const struct conf *conf)
{
	a->conf.conf = conf;
	streams_end(a->streams);	/* who may read may have changed */
	records_end(a->records);
}

void
admin_tick(struct admin *a, int64_t now)
{
	rates_tick(a->rates, a->conf.world, now);
	history_tick(a->history, a->conf.world, a->rates, now);
	warnings_tick(a->warnings, a->conf.world, now);
	streams_tick(a->streams, now);
}

void
admin_record_sample(struct admin *a, const struct world_node *n, const struct sample *s,
    double inflight)
{
	records_sample(a->records, n, s, inflight);
}

void
admin_record_tick(struct admin *a, const struct recorded_law *law)
{
	records_tick(a->records, law);
}
