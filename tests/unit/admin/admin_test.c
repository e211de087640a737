/* The admin interface over real sockets: who may ask what, and what is said. */
#include "admin/admin.c"
#include "admin/metrics.c"
#include "admin/metrics_node.c"
#include "admin/metrics_process.c"
#include "admin/pages.c"
#include "admin/pending.c"
#include "certs/certs.h"

#include "../net/make_cert.h"
#include "../until.h"

#define TOKEN "0123456789abcdef"

struct stage {
	struct loop	*loop;
	struct conf	*conf;
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct events	*events;
	struct admin	*admin;
	struct certs	*certs;
	struct addr	 tcp, local;
	int		 drains;
	uint64_t	 serial;		/* of the table that has the last drain; the one worker has 1 in force */
	int		 status;		/* of the last answer */
	char		 head[2048], body[65536];
	json_t		*json;			/* of the body, NULL when it is none */
};

static const char yaml[] = "listen: 127.0.0.1:1\n"
    "admin: { token: " TOKEN ", hosts: [ mola.example.org ] }\n"
    "nodes: [ { name: alpha, cores: 8 }, { name: beta } ]\n"
    "services:\n"
    "- name: web\n"
    "  host: www.example.org\n"
    "  tasks:\n"
    "  - { node: alpha, address: '127.0.0.1:81' }\n"
    "  - { node: beta, address: '127.0.0.1:82' }\n";

static uint64_t
on_drain(void *arg, struct world_node *n, bool drained)
{
	struct stage *s = arg;

	s->drains++;
	world_drain(s->world, n, drained);
	return s->serial;
}

static void
fill_world(struct stage *s)
{
	const struct conf_service *web = &s->conf->service[0];
	struct world_service *ws;

	world_pass_begin(s->world);
	for (unsigned i = 0; i < s->conf->nnodes; i++)
		world_pass_node(s->world, &(struct world_node){ .name = s->conf->node[i].name, .cores_declared = s->conf->node[i].cores });
	ws = world_pass_service(s->world, web->name, &web->conf, web->route, web->nroutes);
	for (unsigned i = 0; i < web->ntasks; i++)
		world_pass_task(s->world, ws, web->task[i].name, web->task[i].node, (struct addr[]){ addr_of_ip(&web->task[i].addr) }, false);
	world_pass_end(s->world);
}

/* Alpha was sampled half a second ago; of beta nothing is known but that its exporter babbles. */
static void
fill_signals(struct stage *s)
{
	struct world_node *a = world_node(s->world, STR("alpha")), *b = world_node(s->world, STR("beta"));
	int64_t now = clock_mono_usec();

	a->observed.samples = 9;
	a->observed.sample = (struct sample){ .taken_usec = now - 500000, .span_usec = 1000000, .source = SOURCE_AGENT, .cores = 4, .busy = 1.5,
	    .running = 2, .load1 = NAN, .memory_total_bytes = 8e9, .memory_available_bytes = 2e9, .psi_cpu_waiting = 0.25,
	    .psi_memory_waiting = NAN, .psi_io_waiting = NAN };
	a->steering.row = (struct phys_row){ .law = { .cores = 4, .others = 2, .sampled_usec = now - 500000, .period_usec = 1000000,
	    .balancers = 1, .lasting = 1, .unusual = 1 }, .score = 61.5 };
	b->steering.row = (struct phys_row){ .law = { .cores = 1, .period_usec = 1000000, .balancers = 1 } };
	b->signal.why = WHY_METRICS_SYNTAX;
	b->signal.wrong_usec = now - 7 * USEC_PER_SEC;
	snprintf(b->signal.detail, sizeof b->signal.detail, "line 3");
}

static void
on_certs_changed(void *arg)
{
	(void)arg;
}

static struct stage *
stage_new(const char *text)
{
	struct stage *s = must_zalloc(sizeof *s);
	char path[64];
	struct buf errors;
	int tcp, local;

	buf_init(&errors, 4096);
	s->conf = conf_parse(str_of(text), "m", &errors);
	assert_non_null(s->conf);
	s->loop = loop_new();
	s->live = live_init(must_zalloc(live_bytes()), 1);
	live_started(s->live, 0, getpid());
	live_set_table(s->live, 0, s->serial = 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->events = events_new();
	fill_world(s);
	fill_signals(s);
	tcp = listen_anywhere(&s->tcp);
	snprintf(path, sizeof path, "unix:/tmp/mola-admin-test-%d", (int)getpid());
	assert_null(addr_parse(str_of(path), &s->local));
	unlink(s->local.sa.un.sun_path);
	assert_null(sock_listen(&s->local, false, &local));
	s->certs = certs_new(s->loop, s->live, on_certs_changed, NULL);
	s->admin = admin_new(s->loop, &(struct admin_conf){ .conf = s->conf, .world = s->world, .events = s->events, .tcp_fd = tcp,
	    .unix_fd = local, .drain_node = on_drain, .certs = s->certs, .arg = s });
	return s;
}

static void
stage_free(struct stage *s)
{
	json_decref(s->json);
	admin_free(&s->admin);
	certs_free(&s->certs);
	events_free(&s->events);
	world_free(&s->world);
	loop_free(&s->loop);
	conf_free(&s->conf);
	unlink(s->local.sa.un.sun_path);
	free(s->live);
	free(s->phys);
	free(s);
}

static void
ask_at(struct stage *s, const struct addr *at, const char *request)
{
	static char all[70000];
	int fd = dial(at);
	char *body;

	all[0] = '\0';
	say(fd, request, strlen(request));
	UNTIL(s->loop, hear(fd, all, sizeof all) <= 0);
	close(fd);
	assert_int_equal(sscanf(all, "HTTP/1.1 %d ", &s->status), 1);
	body = strstr(all, "\r\n\r\n");
	assert_non_null(body);
	*body = '\0';
	str_copy(s->head, sizeof s->head, str_of(all));
	str_copy(s->body, sizeof s->body, str_of(body + 4));
	json_decref(s->json);
	s->json = json_loads(s->body, 0, NULL);
}

static void
get(struct stage *s, const char *path)
{
	char request[512];

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
	ask_at(s, &s->tcp, request);
}

static void
post(struct stage *s, const struct addr *at, const char *fields, const char *body)
{
	char request[1024];

	snprintf(request, sizeof request, "POST /api/v1/drain HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n%s"
	    "Content-Length: %zu\r\n\r\n%s", fields, strlen(body), body);
	ask_at(s, at, request);
}

static const char *
error_of(const struct stage *s)
{
	const char *e = json_string_value(json_object_get(s->json, "error"));

	return e == NULL ? "" : e;
}

static json_t *
item(const struct stage *s, const char *list, size_t i)
{
	return json_array_get(json_object_get(s->json, list), i);
}

static double
real_of(const json_t *j, const char *key)
{
	assert_true(json_is_number(json_object_get(j, key)));
	return json_number_value(json_object_get(j, key));
}

static const char *
text_of(const json_t *j, const char *key)
{
	assert_true(json_is_string(json_object_get(j, key)));
	return json_string_value(json_object_get(j, key));
}

static void
requests(struct stage *s, unsigned task, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		live_take(s->live, 0, task, task);	/* on this stage a task has its node's slot */
		live_give(s->live, 0, task, task);
	}
}

#define JSON_TYPE "Content-Type: application/json\r\n"
#define BEARER "Authorization: Bearer "

static void
test_nodes(void **state)
{
	struct stage *s = stage_new(yaml);
	const json_t *a, *b;

	(void)state;
	get(s, "/api/v1/nodes");
	assert_int_equal(s->status, 200);
	assert_non_null(strstr(s->head, "Content-Type: application/json"));
	a = item(s, "nodes", 0);
	b = item(s, "nodes", 1);
	assert_string_equal(text_of(a, "name"), "alpha");
	assert_string_equal(text_of(a, "state"), "fresh");
	assert_string_equal(text_of(a, "source"), "agent");
	assert_true(real_of(a, "age_seconds") >= 0.5);
	assert_true(real_of(a, "cores") == 4 && real_of(a, "busy") == 1.5 && real_of(a, "others") == 2);
	assert_true(real_of(a, "cost") == 0.875);
	assert_true(real_of(a, "memory_available_bytes") == 2e9);
	assert_true(real_of(json_object_get(a, "pressure"), "cpu") == 0.25);
	assert_true(json_is_null(json_object_get(json_object_get(a, "pressure"), "memory")));
	assert_true(json_is_null(json_object_get(a, "load1")) && json_is_null(json_object_get(a, "why")));
	assert_string_equal(text_of(b, "state"), "blind");
	assert_string_equal(text_of(b, "source"), "none");
	assert_string_equal(text_of(b, "why"), "metrics_syntax");
	assert_non_null(strstr(text_of(b, "detail"), " (line 3), since 7 s"));
	assert_true(json_is_null(json_object_get(b, "cores")) && json_is_null(json_object_get(b, "busy")));
	assert_true(json_is_null(json_object_get(b, "age_seconds")));
	stage_free(s);
}

/* What an earlier brain knew is still steered by, and grows old in full view. */
static void
test_inherited_age(void **state)
{
	struct stage *s = stage_new(yaml);
	struct world_node *b = world_node(s->world, STR("beta"));
	const char *line;

	(void)state;
	b->steering.row.law.sampled_usec = clock_mono_usec() - 40 * USEC_PER_SEC;
	get(s, "/api/v1/nodes");
	assert_true(real_of(item(s, "nodes", 1), "age_seconds") >= 40);
	get(s, "/metrics");
	line = strstr(s->body, "mola_node_sample_age_seconds{node=\"beta\"} ");
	assert_non_null(line);
	assert_true(strtod(strchr(line, ' '), NULL) >= 40);
	stage_free(s);
}

static void
test_shares_and_rates_of_the_last_seconds(void **state)
{
	struct stage *s = stage_new(yaml);
	int64_t now = loop_now(s->loop);
	const json_t *e;

	(void)state;
	requests(s, 0, 1000);			/* long ago */
	for (int i = 7; i > 0; i--)
		admin_tick(s->admin, now - i * USEC_PER_SEC);
	requests(s, 0, 30);
	requests(s, 1, 10);
	world_task_set_available(s->world, world_task(s->world, STR("web.1")), 1.25, now - USEC_PER_SEC / 2);
	get(s, "/api/v1/tasks?service=web");
	assert_true(real_of(item(s, "tasks", 0), "share") == 0.75);
	assert_true(real_of(item(s, "tasks", 0), "available_cores") == 1.25);
	assert_true(real_of(item(s, "tasks", 0), "available_age_seconds") >= 0.5);
	assert_true(json_is_null(json_object_get(item(s, "tasks", 1), "available_cores")));
	assert_true(json_is_null(json_object_get(item(s, "tasks", 1), "available_age_seconds")));
	assert_true(real_of(item(s, "tasks", 1), "share") == 0.25);
	assert_int_equal(real_of(item(s, "tasks", 0), "requests_total"), 1030);
	get(s, "/api/v1/nodes");
	assert_true(real_of(item(s, "nodes", 1), "share") == 0.25);
	get(s, "/api/v1/services");
	assert_true(real_of(item(s, "services", 0), "requests_per_second") > 4);
	assert_true(real_of(item(s, "services", 0), "requests_per_second") < 8);
	assert_true(json_is_null(json_object_get(item(s, "services", 0), "p50_seconds")));	/* none has ended */
	live_observe_service(s->live, 0, 1, 10000);
	live_count_response(s->live, 1, 502, 10000);
	live_count_service_error(s->live, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 502 });
	live_count_task_error(s->live, 1, (struct live_cause){ WHY_UPSTREAM_STATUS, 500 });
	get(s, "/api/v1/services");
	assert_true(fabs(real_of(item(s, "services", 0), "p99_seconds") - 0.01) < 0.00063);
	assert_true(real_of(item(s, "services", 0), "errors_per_second") > 0);
	assert_true(real_of(item(s, "services", 0), "window_seconds") > 4);
	e = json_array_get(json_object_get(item(s, "services", 0), "errors"), 0);
	assert_string_equal(text_of(e, "why"), "connect_refused");
	assert_string_equal(text_of(e, "text"), "the task refused the connection");
	assert_true(real_of(e, "count") == 1 && real_of(e, "per_second") > 0);
	get(s, "/api/v1/tasks?service=web");
	assert_true(json_is_null(json_object_get(item(s, "tasks", 0), "p50_seconds")));
	assert_int_equal(json_array_size(json_object_get(item(s, "tasks", 0), "errors")), 0);
	assert_true(real_of(item(s, "tasks", 1), "p50_seconds") > 0.009);
	assert_true(real_of(item(s, "tasks", 0), "requests_per_second") > 3);
	e = json_array_get(json_object_get(item(s, "tasks", 1), "errors"), 0);
	assert_string_equal(text_of(e, "text"), "the task responded with status 500");
	stage_free(s);
}

static void
test_services_and_tasks(void **state)
{
	struct stage *s = stage_new(yaml);
	json_t *j;

	(void)state;
	live_take(s->live, 0, 1, 1);
	live_count_failure(s->live, 1, (struct live_cause){ WHY_UPSTREAM_TLS_NAME, 0 }, clock_mono_usec());
	live_set_health(s->live, 0, HEALTH_DOWN);
	get(s, "/api/v1/services");
	j = item(s, "services", 0);
	assert_string_equal(text_of(j, "name"), "web");
	assert_string_equal(text_of(j, "policy"), "marginal");
	assert_true(real_of(j, "tasks") == 2 && real_of(j, "usable") == 1 && real_of(j, "inflight") == 1);
	assert_true(real_of(j, "requests_total") == 1 && real_of(j, "failures_total") == 1);
	assert_string_equal(text_of(json_array_get(json_object_get(j, "routes"), 0), "host"), "www.example.org");
	assert_true(json_is_null(json_object_get(j, "requests_per_second")));	/* not observed for long enough */
	get(s, "/api/v1/tasks");
	assert_string_equal(text_of(item(s, "tasks", 0), "state"), "down");
	assert_string_equal(text_of(item(s, "tasks", 1), "state"), "unknown");
	assert_string_equal(text_of(item(s, "tasks", 1), "address"), "127.0.0.1:82");
	assert_true(json_is_null(json_object_get(item(s, "tasks", 1), "share")));
	assert_true(json_is_null(json_object_get(item(s, "tasks", 0), "last_failure")));
	j = json_object_get(item(s, "tasks", 1), "last_failure");
	assert_string_equal(text_of(j, "why"), "upstream_tls_name");
	assert_true(real_of(j, "age_seconds") >= 0 && real_of(j, "age_seconds") < 100);
	get(s, "/metrics");
	assert_non_null(strstr(s->body, "mola_task_last_failure_timestamp_seconds{service=\"web\",task="));
	assert_non_null(strstr(s->body, ",why=\"upstream_tls_name\"} 1"));
	stage_free(s);
}

static void
scrape(struct stage *s, const char *accept)
{
	char request[512];

	snprintf(request, sizeof request, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n%sConnection: close\r\n\r\n", accept);
	ask_at(s, &s->tcp, request);
	assert_int_equal(s->status, 200);
}

static void
test_metrics_in_both_forms(void **state)
{
	struct stage *s = stage_new(yaml);
	size_t len;

	(void)state;
	live_observe_service(s->live, 0, 1, 600);
	live_observe_service(s->live, 0, 1, 40000000);
	live_count_service_error(s->live, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 502 });
	scrape(s, "Accept: */*\r\n");
	assert_non_null(strstr(s->head, "Content-Type: text/plain; version=0.0.4"));
	assert_non_null(strstr(s->body, "\nmola_request_duration_seconds_bucket{le=\"1\"} 0\n"));
	assert_non_null(strstr(s->body, "# TYPE mola_requests_total counter\n"));
	assert_null(strstr(s->body, "# EOF"));
	scrape(s, "Accept: text/plain, application/openmetrics-text;version=1.0.0;q=0.9\r\n");
	assert_non_null(strstr(s->head, "Content-Type: text/plain"));
	scrape(s, "Accept: application/openmetrics-text;version=2.0.0\r\nAccept: text/plain\r\n");
	assert_non_null(strstr(s->head, "Content-Type: text/plain"));
	scrape(s, "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n");
	assert_non_null(strstr(s->head, "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
	assert_non_null(strstr(s->body, "# TYPE mola_requests counter\n"));
	assert_non_null(strstr(s->body, "# UNIT mola_process_cpu_seconds seconds\n"));
	assert_non_null(strstr(s->body, "# TYPE mola_build info\nmola_build_info{version="));
	assert_non_null(strstr(s->body, "\nmola_request_duration_seconds_bucket{le=\"1.0\"} 0\n"));
	assert_non_null(strstr(s->body, "_bucket{service=\"web\",le=\"0.000512\"} 0\n"));
	assert_non_null(strstr(s->body, "_bucket{service=\"web\",le=\"0.000768\"} 1\n"));
	assert_non_null(strstr(s->body, "_bucket{service=\"web\",le=\"33.554432\"} 1\n"));
	assert_non_null(strstr(s->body, "_bucket{service=\"web\",le=\"+Inf\"} 2\n"));
	assert_non_null(strstr(s->body, "_sum{service=\"web\"} 40.0006\n"));
	assert_non_null(strstr(s->body, "_errors_total{service=\"web\",why=\"connect_refused\",status=\"502\"} 1\n"));
	len = strlen(s->body);
	assert_string_equal(s->body + len - 6, "# EOF\n");
	stage_free(s);
}

/* Names and kinds, and nothing of what their options are. */
static void
test_middlewares(void **state)
{
	static const struct filter_setting one = { { "customrequestheaders.X-Secret", 29 }, { "hunter2", 7 } }, two = { { "prefix", 6 }, { "/x", 2 } };
	struct route_rule rule = { .text = (char *)(uintptr_t)"Host(`a`)", .name = (char *)(uintptr_t)"a@swarm" };
	struct route_conf at = { .host = (char *)(uintptr_t)"a", .path = (char *)(uintptr_t)"/", .rule = &rule };
	struct stage *s = stage_new(yaml);
	struct arena *a = arena_new();
	const struct conf_service *web = &s->conf->service[0];
	json_t *j;

	(void)state;
	at.chain = filter_chain_add(a, "", STR("auth"), FILTER_HEADERS, &one, 1);
	at.chain = filter_chain_add(a, at.chain, STR("add"), FILTER_ADD_PREFIX, &two, 1);
	world_pass_begin(s->world);
	world_pass_service(s->world, web->name, &web->conf, &at, 1);
	world_pass_end(s->world);
	live_count_filter(s->live, 0, FILTER_HEADERS, FILTER_PASSED);
	live_count_filter(s->live, 0, FILTER_HEADERS, FILTER_PASSED);
	get(s, "/api/v1/why?service=web");
	assert_null(strstr(s->body, "hunter2"));
	j = json_array_get(json_object_get(s->json, "routes"), 0);
	assert_string_equal(text_of(j, "router"), "a@swarm");
	j = json_object_get(j, "middlewares");
	assert_int_equal(json_array_size(j), 2);
	assert_string_equal(text_of(json_array_get(j, 0), "name"), "auth");
	assert_string_equal(text_of(json_array_get(j, 0), "kind"), "headers");
	assert_string_equal(text_of(json_array_get(j, 1), "kind"), "addprefix");
	get(s, "/api/v1/services");
	assert_null(strstr(s->body, "hunter2"));
	assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(item(s, "services", 0), "routes"), 0), "middlewares")), 2);
	get(s, "/metrics");
	assert_non_null(strstr(s->body, "mola_middleware_requests_total{kind=\"headers\",outcome=\"passed\"} 2"));
	assert_non_null(strstr(s->body, "mola_middleware_requests_total{kind=\"addprefix\",outcome=\"refused\"} 0"));
	arena_free(&a);
	stage_free(s);
}

/* What a client needs to ask for the address of a route: by which way, and whether host and path are all of its rule. */
static void
test_routes(void **state)
{
	const struct condition_node get_alone = { .matcher = MATCHER_METHOD, .value = STR("GET") };
	struct arena *a = arena_new();
	struct route_rule whole = { .text = (char *)(uintptr_t)"Path(`/x`)", .whole = true, .by = BY_TLS },
	    partial = { .text = (char *)(uintptr_t)"Method(`GET`)", .condition = condition_make(a, &get_alone), .by = BY_PLAIN },
	    refused = { .text = (char *)(uintptr_t)"Host(`r`)", .name = (char *)(uintptr_t)"r@swarm" };
	const struct route_conf at[] = { { .host = (char *)(uintptr_t)"a", .path = (char *)(uintptr_t)"/x", .rule = &whole },
	    { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/", .rule = &partial },
	    { .host = (char *)(uintptr_t)"b", .path = (char *)(uintptr_t)"/" } },
	    no = { .host = (char *)(uintptr_t)"r", .path = (char *)(uintptr_t)"/", .rule = &refused };
	struct stage *s = stage_new(yaml);
	const struct conf_service *web = &s->conf->service[0];
	const json_t *routes;

	(void)state;
	world_pass_begin(s->world);
	world_pass_service(s->world, web->name, &web->conf, at, 3);
	world_pass_refuse(s->world, &no, 1);
	world_pass_end(s->world);
	get(s, "/api/v1/services");
	routes = json_object_get(item(s, "services", 0), "routes");
	assert_string_equal(text_of(json_array_get(routes, 0), "by"), "tls");
	assert_string_equal(text_of(json_array_get(routes, 0), "rule"), "Path(`/x`)");
	assert_true(json_is_false(json_object_get(json_array_get(routes, 0), "partial")));
	assert_string_equal(text_of(json_array_get(routes, 1), "by"), "plain");
	assert_true(json_is_true(json_object_get(json_array_get(routes, 1), "partial")));
	assert_string_equal(text_of(json_array_get(routes, 2), "by"), "any");
	assert_int_equal(json_array_size(json_object_get(s->json, "refused")), 1);
	assert_string_equal(text_of(item(s, "refused", 0), "host"), "r");
	assert_string_equal(text_of(item(s, "refused", 0), "router"), "r@swarm");
	arena_free(&a);
	stage_free(s);
}

static void
test_why(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	get(s, "/api/v1/why?service=web");
	assert_non_null(strstr(text_of(s->json, "summary"), "2 of 2 tasks take requests"));
	assert_non_null(strstr(text_of(item(s, "tasks", 0), "reason"), "4.0 cores"));
	assert_non_null(strstr(text_of(item(s, "tasks", 1), "reason"), "blind"));
	get(s, "/api/v1/why");
	assert_int_equal(s->status, 400);
	get(s, "/api/v1/why?service=wob");
	assert_int_equal(s->status, 404);
	assert_string_equal(error_of(s), "there is no service 'wob'");
	get(s, "/api/v1/why?service=%ff%0a");
	assert_int_equal(s->status, 404);
	assert_string_equal(error_of(s), "there is no such service");
	stage_free(s);
}

static void
test_events(void **state)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	struct stage *s = stage_new(yaml);

	(void)state;
	dup2(null, STDERR_FILENO);
	log_setup("test", LOG_INFO, true);
	log_event(LOG_INFO, "one.thing", "key", "a value", NULL);
	log_event(LOG_WARN, "another", NULL);
	log_setup("test", LOG_INFO, false);
	get(s, "/api/v1/events?after=0");
	assert_int_equal(json_array_size(json_object_get(s->json, "events")), 2);
	assert_string_equal(text_of(item(s, "events", 0), "event"), "one.thing");
	assert_string_equal(text_of(item(s, "events", 0), "text"), "key=\"a value\"");
	assert_string_equal(text_of(item(s, "events", 1), "level"), "warn");
	get(s, "/api/v1/events?after=1");
	assert_int_equal(real_of(item(s, "events", 0), "id"), 2);
	assert_int_equal(real_of(s->json, "last"), 2);
	get(s, "/api/v1/events?after=x");
	assert_int_equal(s->status, 400);
	for (int i = 0; i < EVENTS_KEPT + 5; i++)
		log_event(LOG_INFO, "flood", NULL);
	dup2(err, STDERR_FILENO);
	close(null);
	close(err);
	assert_int_equal(events_after(s->events, 0)->id, 8);
	assert_null(events_after(s->events, EVENTS_KEPT + 7));
	assert_null(events_after(s->events, UINT64_MAX));
	stage_free(s);
}

static void
test_config_without_secrets(void **state)
{
	struct stage *s = stage_new(yaml);
	const json_t *web;

	(void)state;
	get(s, "/api/v1/config");
	assert_null(strstr(s->body, TOKEN));
	assert_string_equal(text_of(json_object_get(s->json, "signals"), "period"), "1s");
	web = item(s, "services", 0);
	assert_string_equal(text_of(web, "policy"), "marginal");
	assert_string_equal(text_of(json_object_get(web, "health"), "path"), "none");
	assert_string_equal(text_of(json_array_get(json_object_get(web, "tasks"), 1), "name"), "web.2");
	stage_free(s);
}

static bool
has_text(const json_t *list, const char *text)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

/* What the file need not say, and what a service has from `defaults`; secrets by their places alone. */
static void
test_config_defaults(void **state)
{
	struct stage *s = stage_new("listen: 127.0.0.1:1\nadmin: { token: " TOKEN " }\nstop: 30s\nclients: { idle: 2m }\n"
	    "defaults: { idle: 3m, health: { path: /ok } }\nnodes: [ { name: alpha }, { name: beta } ]\n"
	    "services: [ { name: web, policy: least-conn, tasks: [ { node: alpha, address: '127.0.0.1:81' } ] } ]\n");
	const json_t *defaults, *secrets;
	json_t *config;

	(void)state;
	get(s, "/api/v1/config/defaults");
	assert_null(strstr(s->body, TOKEN));
	config = json_incref(json_object_get(s->json, "config"));
	defaults = json_object_get(s->json, "defaults");
	secrets = json_object_get(s->json, "secrets");
	assert_true(has_text(defaults, "stop") && has_text(defaults, "clients.head") && has_text(defaults, "defaults.policy"));
	assert_false(has_text(defaults, "clients.idle") || has_text(defaults, "defaults.idle") || has_text(defaults, "defaults.health.path"));
	assert_true(has_text(defaults, "services.0.idle") && has_text(defaults, "services.0.health.path") && has_text(defaults, "services.0.path"));
	assert_false(has_text(defaults, "services.0.policy") || has_text(defaults, "services.0.name") || has_text(defaults, "services.0.tasks.0.node"));
	assert_int_equal(json_array_size(secrets), 1);
	assert_true(has_text(secrets, "admin.token"));
	get(s, "/api/v1/config");
	assert_true(json_equal(s->json, config));
	json_decref(config);
	stage_free(s);
}

static void
test_healthz(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	live_forget_worker(s->live, 0);
	s->world->serial = 1;		/* published, but no worker has it */
	get(s, "/healthz");
	assert_int_equal(s->status, 503);
	live_set_table(s->live, 0, 1);
	get(s, "/healthz");
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "ok\n");
	stage_free(s);
}

static void
test_root_names_every_path(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	get(s, "/");
	for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
		assert_non_null(strstr(s->body, endpoints[i].path));
	stage_free(s);
}

static void
test_foreign_names_are_refused(void **state)
{
	struct stage *s = stage_new(yaml);
	static const struct {
		const char	*host;
		int		 status;
	} cases[] = { { "evil.example", 403 }, { "localhost:8000", 200 }, { "LOCALHOST", 200 }, { "10.0.0.1:8000", 200 },
		{ "[::1]:8000", 200 }, { "mola.example.org:8000", 200 }, { "127.0.0.1.evil.example", 403 }, { "localhost.evil", 403 } };
	char request[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", cases[i].host);
		ask_at(s, &s->tcp, request);
		assert_int_equal(s->status, cases[i].status);
		ask_at(s, &s->local, request);
		assert_int_equal(s->status, 200);	/* nobody rebinds a unix socket */
	}
	stage_free(s);
}

/* Whoever configures Envoy sees only this: which name it used. */
static void
test_a_foreign_name_is_told(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	ask_at(s, &s->tcp, "GET / HTTP/1.1\r\nHost: xds_cluster:80\r\nConnection: close\r\n\r\n");
	assert_int_equal(s->status, 403);
	assert_non_null(strstr(error_of(s), "the name 'xds_cluster', which is not known here"));
	assert_non_null(strstr(error_of(s), "admin.hosts"));
	ask_at(s, &s->tcp, "GET / HTTP/1.1\r\nHost: xds_other:80\r\nConnection: close\r\n\r\n");
	assert_string_equal(events_after(s->events, 0)->name, "admin.refused");	/* in the log as well, but not for each request */
	assert_non_null(strstr(events_after(s->events, 0)->text, "xds_cluster"));
	assert_null(events_after(s->events, 1));
	stage_free(s);
}

/* Envoy's questions are POST, large (it lists its extensions), without a token, and change nothing. */
static void
test_envoy_may_ask(void **state)
{
	static const char *const paths[] = { "/v3/discovery:endpoints", "/envoy/v3/discovery:endpoints" };
	struct stage *s = stage_new(yaml);
	static char request[80000];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(request, sizeof request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
		    "Content-Length: 79000\r\n\r\n{%78998s}", paths[i], "");
		ask_at(s, &s->tcp, request);
		assert_int_equal(s->status, 404);
		assert_string_equal(error_of(s), "there are no targets");
		get(s, paths[i]);
		assert_int_equal(s->status, 405);
	}
	stage_free(s);
}

static void
test_writes_need_the_token(void **state)
{
	struct stage *s = stage_new(yaml);
	const char *body = "{\"node\":\"alpha\",\"drain\":true}";
	static const struct {
		const char	*fields;
		int		 status;
	} cases[] = {
		{ "", 415 },
		{ BEARER TOKEN "\r\n", 415 },
		{ BEARER TOKEN "\r\nContent-Type: text/plain\r\n", 415 },
		{ JSON_TYPE, 401 },
		{ JSON_TYPE BEARER "\r\n", 401 },
		{ JSON_TYPE BEARER TOKEN "x\r\n", 401 },
		{ JSON_TYPE BEARER "0123456789abcdee\r\n", 401 },
		{ JSON_TYPE BEARER TOKEN TOKEN "\r\n", 401 },
		{ JSON_TYPE "Authorization: Basic " TOKEN "\r\n", 401 },
		{ JSON_TYPE BEARER TOKEN "\r\nOrigin: http://evil.example\r\n", 403 },
		{ JSON_TYPE BEARER TOKEN "\r\nOrigin: null\r\n", 403 },
		{ JSON_TYPE BEARER TOKEN "\r\nOrigin: http://127.0.0.1:8000\r\n", 200 },
		{ "content-type: Application/JSON; charset=utf-8\r\nauthorization: bearer " TOKEN "\r\n", 200 },
	};
	int drains = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post(s, &s->tcp, cases[i].fields, body);
		assert_int_equal(s->status, cases[i].status);
		drains += s->status == 200;
		assert_int_equal(s->drains, drains);
	}
	stage_free(s);
}

static bool
on_renew(void *arg, const char *id, char detail[CERTS_DETAIL_MAX])
{
	snprintf(arg, 64, "%s", id);
	snprintf(detail, CERTS_DETAIL_MAX, "the CA said no");
	return strcmp(id, "acme:a.org") == 0;
}

static void
post_renew_of(struct stage *s, const char *verb, const char *body)
{
	char request[1024];

	snprintf(request, sizeof request, "POST /api/v1/certs/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" JSON_TYPE
	    "Content-Length: %zu\r\n\r\n%s", verb, strlen(body), body);
	ask_at(s, &s->local, request);
}

static char *
put_certificate(struct stage *s, const char *id, const char *names)
{
	struct made m = make_cert(EVP_EC_gen("P-256"), "leaf", names, NULL, 90);
	char *pem = pem_add(pem_add(NULL, m.x, NULL), NULL, m.key);

	assert_null(certs_put(s->certs, id, str_of(pem), NULL));
	made_free(&m);
	return pem;
}

/* All that is public of a certificate, and nothing else. */
static void
test_certificates_are_shown_without_keys(void **state)
{
	struct stage *s = stage_new(yaml);
	char *pem = put_certificate(s, "acme:a.org", "DNS:a.org, DNS:*.a.org"), key[40];
	const json_t *c;

	(void)state;
	certs_put_challenge(s->certs, CERTS_HTTP_01, "token", STR("token.thumbprint"));
	certs_note(s->certs, "acme:b.org", 0, WHY_SYSTEM, "the CA is away");
	get(s, "/api/v1/certs");
	assert_int_equal(s->status, 200);
	c = item(s, "certificates", 0);
	assert_string_equal(text_of(c, "id"), "acme:a.org");
	assert_string_equal(text_of(c, "source"), "acme");
	assert_string_equal(text_of(c, "state"), "good");
	assert_string_equal(text_of(c, "key"), "ecdsa-256");
	assert_string_equal(json_string_value(json_array_get(json_object_get(c, "names"), 1)), "*.a.org");
	assert_true(real_of(c, "expires_seconds") > 89 * 86400);
	assert_string_equal(text_of(item(s, "certificates", 1), "state"), "missing");
	assert_string_equal(text_of(item(s, "certificates", 1), "detail"), "the CA is away");
	assert_int_equal((int)real_of(s->json, "challenges"), 1);
	str_copy(key, sizeof key, str_of(strstr(pem, "PRIVATE KEY-----\n") + 17));
	for (int i = 0; i < 2; i++) {
		assert_null(strstr(s->body, key));
		assert_null(strstr(s->body, "PRIVATE"));
		assert_null(strstr(s->body, "thumbprint"));
		get(s, "/metrics");
	}
	assert_non_null(strstr(s->body, "\nmola_certificate_up{certificate=\"acme:a.org\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_certificate_up{certificate=\"acme:b.org\"} 0\n"));
	assert_non_null(strstr(s->body, "\nmola_certificate_failures_total{certificate=\"acme:b.org\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_certificate_expiry_timestamp_seconds{certificate=\"acme:a.org\"} "));
	assert_non_null(strstr(s->body, "\nmola_certificate_left_ratio{certificate=\"acme:a.org\"} 0.97"));
	assert_null(strstr(s->body, "expiry_timestamp_seconds{certificate=\"acme:b.org\"}"));
	free(pem);
	stage_free(s);
}

static void
test_a_certificate_is_renewed_by_its_source(void **state)
{
	struct stage *s = stage_new(yaml);
	char *a = put_certificate(s, "acme:a.org", "DNS:a.org"), *b = put_certificate(s, "acme:b.org", "DNS:b.org"), renewed[64] = "";
	const struct certs_source source = { .name = "acme", .renew = on_renew, .arg = renewed };

	(void)state;
	certs_set_source(s->certs, &source);
	post_renew_of(s, "renew", "{\"certificate\":\"a.org\"}");
	assert_int_equal(s->status, 202);
	assert_string_equal(renewed, "acme:a.org");
	assert_string_equal(text_of(s->json, "state"), "renewing");
	post_renew_of(s, "renew", "{\"certificate\":\"acme:b.org\"}");
	assert_int_equal(s->status, 409);
	assert_string_equal(error_of(s), "the CA said no");
	post_renew_of(s, "remove", "{\"certificate\":\"a.org\"}");
	assert_int_equal(s->status, 409);
	post_renew_of(s, "renew", "{\"certificate\":\"x.org\"}");
	assert_int_equal(s->status, 404);
	assert_string_equal(error_of(s), "there is no certificate 'x.org'");
	post_renew_of(s, "renew", "{\"certificate\":7}");
	assert_int_equal(s->status, 400);
	ask_at(s, &s->tcp, "POST /api/v1/certs/renew HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" JSON_TYPE
	    "Content-Length: 2\r\n\r\n{}");
	assert_int_equal(s->status, 401);
	free(a);
	free(b);
	stage_free(s);
}

static void
test_without_a_token_only_the_socket_writes(void **state)
{
	struct stage *s = stage_new("listen: :1\nnodes: [ { name: alpha }, { name: beta } ]\nservices: [ { name: web, tasks: "
	    "[ { node: alpha, address: '127.0.0.1:1' } ] } ]\n");
	const char *body = "{\"node\":\"alpha\",\"drain\":true}";

	(void)state;
	post(s, &s->tcp, JSON_TYPE BEARER "\r\n", body);
	assert_int_equal(s->status, 403);
	assert_non_null(strstr(error_of(s), "admin.token"));
	post(s, &s->local, JSON_TYPE, body);
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "{\"node\":\"alpha\",\"drain\":true,\"pending\":false}");
	assert_true(world_node(s->world, STR("alpha"))->drained);
	post(s, &s->local, JSON_TYPE, "{\"node\":\"alpha\",\"drain\":false}");
	assert_false(world_node(s->world, STR("alpha"))->drained);
	stage_free(s);
}

static void
test_drain_is_checked(void **state)
{
	struct stage *s = stage_new(yaml);
	static const struct {
		const char	*body;
		int		 status;
	} cases[] = { { "", 400 }, { "[]", 400 }, { "{", 400 }, { "{\"node\":\"alpha\"}", 400 }, { "{\"drain\":true}", 400 },
		{ "{\"node\":\"alpha\",\"drain\":1}", 400 }, { "{\"node\":\"alpha\",\"task\":\"web.1\",\"drain\":true}", 400 },
		{ "{\"node\":7,\"drain\":true}", 400 }, { "{\"node\":\"alpha\",\"node\":\"beta\",\"drain\":true}", 400 },
		{ "{\"node\":\"gamma\",\"drain\":true}", 404 }, { "{\"node\":\"\\u001b[2J\",\"drain\":true}", 404 },
		{ "{\"task\":\"web.9\",\"drain\":true}", 404 }, { "{\"task\":\"web.1\",\"drain\":true}", 501 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post(s, &s->local, JSON_TYPE, cases[i].body);
		assert_int_equal(s->status, cases[i].status);
		assert_true(*error_of(s) != '\0');
	}
	assert_int_equal(s->drains, 0);
	stage_free(s);
}

static const char drain_alpha[] = "POST /api/v1/drain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" JSON_TYPE
    "Content-Length: 30\r\n\r\n{\"node\":\"alpha\", \"drain\":true}";

static void
turns(struct stage *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		loop_turn(s->loop, 2 * USEC_PER_MSEC);
}

/* Whoever drains a node wants to reboot it: the last request has been sent there when the reply comes. */
static void
test_a_drain_is_replied_to_when_workers_have_it(void **state)
{
	struct stage *s = stage_new(yaml);
	int fd = dial(&s->local);
	char got[2048] = "";

	(void)state;
	s->serial = 2;
	say(fd, drain_alpha, strlen(drain_alpha));
	UNTIL(s->loop, s->admin->pending->count == 1);
	turns(s, 10);
	assert_int_equal(hear(fd, got, sizeof got), 1);
	assert_string_equal(got, "");
	assert_int_equal(s->drains, 1);
	live_set_table(s->live, 0, 2);
	UNTIL(s->loop, hear(fd, got, sizeof got) <= 0);
	close(fd);
	assert_non_null(strstr(got, "HTTP/1.1 200 "));
	assert_non_null(strstr(got, "{\"node\":\"alpha\",\"drain\":true,\"pending\":false}"));
	assert_int_equal(s->admin->pending->poll.node.at, 0);		/* nothing waits, nothing polls */
	stage_free(s);
}

/* A worker that hangs keeps its old table, and is waited for, but not for ever. */
static void
test_a_drain_that_a_worker_does_not_have_is_pending(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	s->serial = 2;
	s->admin->pending->patience_usec = 20 * USEC_PER_MSEC;
	ask_at(s, &s->local, drain_alpha);
	assert_int_equal(s->status, 202);
	assert_string_equal(s->body, "{\"node\":\"alpha\",\"drain\":true,\"pending\":true}");
	assert_true(world_node(s->world, STR("alpha"))->drained);
	stage_free(s);
}

/* No more of them wait than there is room for, also of clients that have left, and none is forgotten. */
static void
test_drains_that_wait_are_bounded(void **state)
{
	struct stage *s = stage_new(yaml);
	int fd[WAITING_MOST];
	char got[2048] = "";

	(void)state;
	s->serial = 2;
	for (int i = 0; i < WAITING_MOST; i++) {
		fd[i] = dial(&s->local);
		say(fd[i], drain_alpha, strlen(drain_alpha));
	}
	UNTIL(s->loop, s->admin->pending->count == WAITING_MOST);
	ask_at(s, &s->local, drain_alpha);
	assert_int_equal(s->status, 202);
	for (int i = 0; i < WAITING_MOST; i += 2)
		close(fd[i]);
	turns(s, 5);
	live_set_table(s->live, 0, 2);
	UNTIL(s->loop, s->admin->pending->count == 0);
	for (int i = 1; i < WAITING_MOST; i += 2) {
		got[0] = '\0';
		UNTIL(s->loop, hear(fd[i], got, sizeof got) <= 0);
		close(fd[i]);
		assert_non_null(strstr(got, "HTTP/1.1 200 "));
	}
	stage_free(s);
}

/* The next request of the same client comes in by the reply to the first. */
static void
test_drains_in_one_piece_are_replied_to_in_order(void **state)
{
	struct stage *s = stage_new(yaml);
	static const char kept[] = "POST /api/v1/drain HTTP/1.1\r\nHost: x\r\n" JSON_TYPE
	    "Content-Length: 30\r\n\r\n{\"node\":\"beta\", \"drain\":false}";
	int fd = dial(&s->local);
	char got[2048] = "";
	const char *beta;

	(void)state;
	s->serial = 2;
	say(fd, kept, strlen(kept));
	say(fd, drain_alpha, strlen(drain_alpha));
	UNTIL(s->loop, s->admin->pending->count == 1);
	s->serial = 3;
	live_set_table(s->live, 0, 2);
	UNTIL(s->loop, hear(fd, got, sizeof got) <= 0 || s->drains == 2);
	turns(s, 5);
	assert_int_equal(s->admin->pending->count, 1);
	live_set_table(s->live, 0, 3);
	UNTIL(s->loop, hear(fd, got, sizeof got) <= 0);
	close(fd);
	assert_non_null(beta = strstr(got, "{\"node\":\"beta\",\"drain\":false,\"pending\":false}"));
	assert_non_null(strstr(beta, "{\"node\":\"alpha\",\"drain\":true,\"pending\":false}"));
	stage_free(s);
}

/* It ends with replies that still wait, and with clients that have left. */
static void
test_the_end_while_a_drain_waits(void **state)
{
	struct stage *s = stage_new(yaml);
	int one = dial(&s->local), two = dial(&s->local);

	(void)state;
	s->serial = 2;
	say(one, drain_alpha, strlen(drain_alpha));
	say(two, drain_alpha, strlen(drain_alpha));
	UNTIL(s->loop, s->admin->pending->count == 2);
	close(one);
	stage_free(s);
	close(two);
}

static void
test_methods_and_paths(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	get(s, "/nowhere");
	assert_int_equal(s->status, 404);
	get(s, "/api/v1/nodes/");
	assert_int_equal(s->status, 404);
	get(s, "/api/v1/drain");
	assert_int_equal(s->status, 405);
	assert_non_null(strstr(s->head, "Allow: POST"));
	ask_at(s, &s->tcp, "DELETE /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	assert_int_equal(s->status, 405);
	ask_at(s, &s->tcp, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "");
	stage_free(s);
}

static void
test_metrics(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	live_take(s->live, 0, 0, 0);
	live_observe(s->live, 0, 2000);
	live_observe(s->live, 0, 60 * USEC_PER_SEC);
	live_count_why(s->live, 0, WHY_COMPLETE);
	live_count_response(s->live, 0, 200, 1500000);
	live_count_response(s->live, 0, 503, 500000);
	live_started(s->live, LIVE_BRAIN, getpid());
	live_started(s->live, LIVE_BRAIN, getpid());
	live_stopped(s->live, 0);
	live_set_conf(s->live, (struct live_conf){ 1700000000 * USEC_PER_SEC, false });
	live_set_health(s->live, 1, HEALTH_DOWN);
	world_task_set_available(s->world, world_task(s->world, STR("web.1")), 1.25, 1);
	log_event(LOG_ERROR, "test.event", NULL);
	get(s, "/metrics");
	assert_int_equal(s->status, 200);
	assert_non_null(strstr(s->head, "Content-Type: text/plain; version=0.0.4"));
	assert_non_null(strstr(s->body, "\nmola_requests_total{service=\"web\",task=\"web.1\",node=\"alpha\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_task_inflight{service=\"web\",task=\"web.1\",node=\"alpha\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_task_available_cores{service=\"web\",task=\"web.1\",node=\"alpha\"} 1.25\n"));
	assert_null(strstr(s->body, "\nmola_task_available_cores{service=\"web\",task=\"web.2\""));
	assert_non_null(strstr(s->body, "\nmola_requests_ended_total{why=\"complete\",blame=\"mola\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_request_duration_seconds_bucket{le=\"0.001\"} 0\n"));
	assert_non_null(strstr(s->body, "\nmola_request_duration_seconds_bucket{le=\"0.0025\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_request_duration_seconds_bucket{le=\"+Inf\"} 2\n"));
	assert_non_null(strstr(s->body, "\nmola_request_duration_seconds_sum 60.002000\n"));
	assert_non_null(strstr(s->body, "\nmola_node_cores{node=\"alpha\"} 4\n"));
	assert_null(strstr(s->body, "mola_node_cores_busy{node=\"beta\"}"));
	assert_non_null(strstr(s->body, "\nmola_node_signal_up{node=\"beta\"} 0\n"));
	assert_non_null(strstr(s->body, "\nmola_request_errors_total{service=\"web\",task=\"web.1\",node=\"alpha\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_request_seconds_total{service=\"web\",task=\"web.1\",node=\"alpha\"} 2\n"));
	assert_non_null(strstr(s->body, "\nmola_service_tasks{service=\"web\"} 2\n"));
	assert_non_null(strstr(s->body, "\nmola_service_tasks_up{service=\"web\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_node_info{node=\"alpha\",address=\"\",exporter=\"\",source=\"agent\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_node_pressure_ratio{node=\"alpha\",of=\"cpu\"} 0.25\n"));
	assert_null(strstr(s->body, "mola_node_pressure_ratio{node=\"alpha\",of=\"io\"}"));
	assert_null(strstr(s->body, "mola_node_pressure_ratio{node=\"beta\""));
	assert_non_null(strstr(s->body, "\nmola_process_starts_total{process=\"brain\"} 2\n"));
	assert_non_null(strstr(s->body, "\nmola_process_starts_total{process=\"worker-0\"} 1\n"));
	assert_non_null(strstr(s->body, "\nmola_process_cpu_seconds_total{process=\"brain\"} "));
	assert_null(strstr(s->body, "mola_process_resident_memory_bytes{process=\"worker-0\"}"));
	assert_non_null(strstr(s->body, "\nmola_worker_table_serial{process=\"worker-0\"} 1\n"));
	assert_null(strstr(s->body, "mola_worker_table_serial{process=\"brain\"}"));
	assert_non_null(strstr(s->body, "\nmola_config_good 0\n"));
	assert_non_null(strstr(s->body, "\nmola_config_read_timestamp_seconds 1700000000\n"));
	assert_non_null(strstr(s->body, "\nmola_events_total{level=\"error\"} 1\n"));
	assert_null(strstr(s->body, "nan"));
	stage_free(s);
}

static void
test_promtool_is_content(void **state)
{
	struct stage *s;
	FILE *p;

	(void)state;
	if (access("/usr/bin/promtool", X_OK) != 0)
		skip();
	s = stage_new(yaml);
	get(s, "/metrics");
	p = popen("/usr/bin/promtool check metrics", "w");
	assert_non_null(p);
	fputs(s->body, p);
	assert_int_equal(pclose(p), 0);
	stage_free(s);
}

static void
test_labels_are_escaped(void **state)
{
	struct metrics_page p = { .out = &(struct buf){ 0 }, .open = true };

	(void)state;
	buf_init(p.out, 100);
	page_label(&p, "k", "a\"b\\c\nd\r\033");
	buf_add(p.out, "", 1);
	assert_string_equal(p.out->p, "k=\"a\\\"b\\\\c\\nd\\\\u000d\\\\u001b\"");
	buf_fini(p.out);
}

static void
test_instance_of_an_exporter(void **state)
{
	static const struct { const char *url, *instance; } are[] = {
		{ NULL, "" }, { "http://10.0.0.1:9100/metrics", "10.0.0.1:9100" }, { "https://n1", "n1" },
		{ "http://me:secret@n1:9100/metrics?a=@b", "n1:9100" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof are / sizeof *are; i++)
		assert_true(str_eq(instance_of(are[i].url), str_of(are[i].instance)));
}

/* A process may call itself what it likes. */
static void
test_stat_of_a_process(void **state)
{
	struct process_stat p = { 0 };

	(void)state;
	assert_true(stat_read("7 (a) S 1 (b) R 1 7 7 0 -1 4194304 5 0 0 0 250 50 0 0 20 0 1 0 999 12345678 512 18446744073709551615", &p));
	assert_float_equal(p.cpu_seconds, 300.0 / (double)sysconf(_SC_CLK_TCK), 1e-9);
	assert_float_equal(p.resident_bytes, 512.0 * (double)sysconf(_SC_PAGESIZE), 1e-9);
	assert_false(stat_read("", &p));
	assert_false(stat_read("7 (a) S 1 2 3", &p));
}

/* A new configuration is told at once, and its token holds. */
static void
test_reconf(void **state)
{
	struct stage *s = stage_new(yaml);
	struct buf errors;
	struct conf *next;

	(void)state;
	buf_init(&errors, 1000);
	next = conf_parse(STR("listen: :1\nadmin: { token: another-token-here }\n"), "m", &errors);
	admin_reconf(s->admin, next);
	conf_free(&s->conf);
	s->conf = next;
	post(s, &s->tcp, JSON_TYPE BEARER TOKEN "\r\n", "{}");
	assert_int_equal(s->status, 401);
	post(s, &s->tcp, JSON_TYPE BEARER "another-token-here\r\n", "{}");
	assert_int_equal(s->status, 400);
	stage_free(s);
}

/* --- large responses --- */

static struct admin_view
view_of_stage(const void *arg)
{
	const struct stage *s = arg;

	return (struct admin_view){ .world = s->world, .rates = s->admin->rates, .events = s->events, .conf = s->conf,
	    .now_usec = loop_now(s->loop) };
}

/* What was begun before the Swarm changed points to what may be gone: it is begun again, in the end without pause. */
static void
test_page_begins_again(void **state)
{
	struct stage *s = stage_new(yaml);
	struct page_job j = { .kind = PAGE_TASKS, .service = "" };
	struct admin_view v = view_of_stage(s);

	(void)state;
	buf_init(&j.out, PAGE_MAX);
	assert_true(job_start(&j, &v));
	assert_true(job_step(&j, &v));
	fill_world(s);
	assert_int_not_equal(j.passes, s->world->passes);
	assert_true(job_start(&j, &v));
	while (job_step(&j, &v))
		;
	s->json = json_loadb(j.out.p, j.out.len, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(s->json, "tasks")), 2);
	assert_int_equal(j.starts, 2);
	j.service = "gone";
	assert_false(job_start(&j, &v));
	view_walk_end(&j.walk);
	buf_fini(&j.out);
	stage_free(s);
}

/* Twenty who ask at once: one text, made once; each gets it. One who leaves meanwhile does no harm. */
static void
test_one_page_for_many(void **state)
{
	struct stage *s = stage_new(yaml);
	static char all[70000];
	int fd[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		fd[i] = dial(&s->tcp);
		say(fd[i], "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 62);
	}
	UNTIL(s->loop, !TAILQ_EMPTY(&s->admin->pages->jobs));
	close(fd[0]);
	for (int i = 1; i < 20; i++) {
		all[0] = '\0';
		UNTIL(s->loop, hear(fd[i], all, sizeof all) <= 0);
		assert_non_null(strstr(all, "\nmola_workers 1\n"));
		assert_non_null(strstr(all, "\nmola_brain_pause_seconds{clock=\"cpu\"} "));
		close(fd[i]);
	}
	assert_true(TAILQ_EMPTY(&s->admin->pages->jobs));
	stage_free(s);
}

/* Mola ends while somebody waits for a page. */
static void
test_page_of_the_last_moment(void **state)
{
	struct stage *s = stage_new(yaml);
	int fd = dial(&s->tcp);

	(void)state;
	say(fd, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 43);
	UNTIL(s->loop, !TAILQ_EMPTY(&s->admin->pages->jobs));
	stage_free(s);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_inherited_age),
		cmocka_unit_test(test_shares_and_rates_of_the_last_seconds),
		cmocka_unit_test(test_services_and_tasks),
		cmocka_unit_test(test_metrics_in_both_forms),
		cmocka_unit_test(test_middlewares),
		cmocka_unit_test(test_routes), cmocka_unit_test(test_why),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_config_without_secrets), cmocka_unit_test(test_config_defaults),
		cmocka_unit_test(test_healthz),
		cmocka_unit_test(test_root_names_every_path),
		cmocka_unit_test(test_foreign_names_are_refused),
		cmocka_unit_test(test_a_foreign_name_is_told),
		cmocka_unit_test(test_envoy_may_ask),
		cmocka_unit_test(test_writes_need_the_token),
		cmocka_unit_test(test_certificates_are_shown_without_keys),
		cmocka_unit_test(test_a_certificate_is_renewed_by_its_source),
		cmocka_unit_test(test_without_a_token_only_the_socket_writes),
		cmocka_unit_test(test_drain_is_checked),
		cmocka_unit_test(test_a_drain_is_replied_to_when_workers_have_it),
		cmocka_unit_test(test_a_drain_that_a_worker_does_not_have_is_pending),
		cmocka_unit_test(test_drains_that_wait_are_bounded),
		cmocka_unit_test(test_drains_in_one_piece_are_replied_to_in_order),
		cmocka_unit_test(test_the_end_while_a_drain_waits),
		cmocka_unit_test(test_methods_and_paths),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_promtool_is_content),
		cmocka_unit_test(test_instance_of_an_exporter),
		cmocka_unit_test(test_stat_of_a_process),
		cmocka_unit_test(test_labels_are_escaped),
		cmocka_unit_test(test_reconf),
		cmocka_unit_test(test_page_begins_again),
		cmocka_unit_test(test_one_page_for_many),
		cmocka_unit_test(test_page_of_the_last_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
