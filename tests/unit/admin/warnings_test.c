/* warnings: each kind comes when there is cause for it, says of what, and goes when the cause has gone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "admin/warnings.c"

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct warnings	*warnings;
	struct events	*events;
	int64_t		 now;
	json_t		*json;
};

static const struct service_conf plain = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };

static void
pass(struct stage *s, unsigned ntasks)
{
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };
	struct world_service *ws;
	struct addr a;
	char name[16];

	world_pass_begin(s->world);
	world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"alpha" });
	ws = world_pass_service(s->world, "web", &plain, &r, 1);
	assert_null(addr_parse(STR("127.0.0.1:80"), &a));
	for (unsigned i = 0; i < ntasks; i++) {
		snprintf(name, sizeof name, "web.%u", i + 1);
		world_pass_task(s->world, ws, name, "alpha", &a, false);
	}
	world_pass_end(s->world);
}

static struct world_node *
alpha(struct stage *s)
{
	return world_node(s->world, STR("alpha"));
}

static void
sampled(struct stage *s)
{
	struct world_node *n = alpha(s);

	n->observed.samples = 9;
	n->observed.sample = (struct sample){ .taken_usec = s->now, .cores = 4 };
	n->steering.row.law = (struct law_node){ .cores = 4, .sampled_usec = s->now, .period_usec = USEC_PER_SEC,
	    .balancers = 1 };
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);
	void *memory = aligned_alloc(64, live_bytes());

	s->live = live_init(memset(memory, 0, live_bytes()), 2);
	live_started(s->live, 0, getpid());
	live_started(s->live, 1, getpid());
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->warnings = warnings_new();
	s->events = events_new();
	s->now = 1000 * USEC_PER_SEC;
	pass(s, 2);
	sampled(s);
	warnings_tick(s->warnings, s->world, s->now);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	json_decref(s->json);
	warnings_free(&s->warnings);
	events_free(&s->events);
	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static void
later(struct stage *s, int64_t usec)
{
	s->now += usec;
	warnings_tick(s->warnings, s->world, s->now);
}

static struct admin_view
view(const struct stage *s)
{
	return (struct admin_view){ .world = s->world, .now_usec = s->now, .warnings = s->warnings,
	    .events = s->events };
}

static void
take(struct stage *s, struct buf *out)
{
	json_decref(s->json);
	s->json = json_loadb(out->p, out->len, 0, NULL);
	assert_non_null(s->json);
	buf_fini(out);
}

static void
look(struct stage *s)
{
	struct admin_view v = view(s);
	struct view_walk w;
	struct buf out;

	buf_init(&out, 1 << 20);
	warnings_start(&w, &out);
	while (warnings_next(&w, &v, &out))
		;
	take(s, &out);
}

/* The texts of one part alone, of what the stage cannot have for real. */
#define LOOK_AT(s, call) do { \
	struct admin_view v_ = view(s); \
	unsigned n_ = 0; \
	struct buf out_; \
	struct page p_ = { &v_, &out_, &n_ }, *p = &p_; \
	buf_init(&out_, 1 << 16); \
	buf_adds(&out_, STR("{\"warnings\":[")); \
	call; \
	buf_adds(&out_, STR("]}")); \
	take(s, &out_); \
} while (0)

/* The first warning of this kind; NULL: there is none. */
static const json_t *
find(const struct stage *s, const char *id)
{
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(s->json, "warnings"), i, w)
		if (strcmp(json_string_value(json_object_get(w, "id")), id) == 0)
			return w;
	return NULL;
}

static void
only(const struct stage *s, const char *id, const char *name, const char *words)
{
	const json_t *w = find(s, id);

	assert_int_equal(json_array_size(json_object_get(s->json, "warnings")), 1);
	assert_non_null(w);
	if (name == NULL)
		assert_true(json_is_null(json_object_get(w, "name")));
	else
		assert_string_equal(json_string_value(json_object_get(w, "name")), name);
	assert_non_null(strstr(json_string_value(json_object_get(w, "text")), words));
	assert_true(strlen(json_string_value(json_object_get(w, "remedy"))) > 10);
}

static void
none(const struct stage *s)
{
	assert_int_equal(json_array_size(json_object_get(s->json, "warnings")), 0);
}

static void
all_well(void **state)
{
	look(*state);
	none(*state);
}

static void
nodes(void **state)
{
	struct stage *s = *state;
	struct world_node *n = alpha(s);

	later(s, 5 * USEC_PER_SEC);
	look(s);
	only(s, "node_stale", "alpha", "the last sample of node alpha is old");
	n->signal.why = WHY_CONNECT_REFUSED;
	n->signal.wrong_usec = s->now - 60 * USEC_PER_SEC;
	snprintf(n->signal.detail, sizeof n->signal.detail, "10.0.0.1:9100");
	look(s);
	only(s, "node_stale", "alpha", "(10.0.0.1:9100)");
	assert_true(json_number_value(json_object_get(find(s, "node_stale"), "since_seconds")) == 60);
	later(s, 60 * USEC_PER_SEC);
	look(s);
	only(s, "node_blind", "alpha", "nothing is known of node alpha");
	sampled(s);
	look(s);
	only(s, "node_source", "alpha", "(10.0.0.1:9100)");
	n->signal.why = NULL;
	n->signal.prom_why = WHY_METRICS_SYNTAX;
	look(s);
	only(s, "node_source", "alpha", "Prometheus");
	n->signal.prom_why = NULL;
	look(s);
	none(s);
}

static void
inactive_nodes_are_not_missed(void **state)
{
	struct stage *s = *state;

	later(s, 60 * USEC_PER_SEC);
	alpha(s)->swarm_id = must_strdup("abc");
	look(s);
	none(s);
	alpha(s)->swarm_active = true;
	look(s);
	only(s, "node_blind", "alpha", "alpha");
}

static void
services(void **state)
{
	struct stage *s = *state;
	struct world_service *web = world_service(s->world, STR("web"));
	struct world_task *t = LIST_FIRST(&web->tasks);

	live_set_health(s->live, t->slot, HEALTH_DOWN);
	look(s);
	only(s, "service_tasks_down", "web", "1 of the 2 tasks");
	live_set_health(s->live, LIST_NEXT(t, link)->slot, HEALTH_DOWN);
	look(s);
	only(s, "service_unusable", "web", "none of the 2 tasks");
	live_set_health(s->live, t->slot, HEALTH_UP);
	live_set_health(s->live, LIST_NEXT(t, link)->slot, HEALTH_UP);
	world_drain_task(s->world, t, true);
	look(s);
	none(s);		/* what somebody wants is no warning */
	world_drain_task(s->world, t, false);
	web->profile_crowded = true;
	look(s);
	only(s, "service_profile", "web", "web");
	web->profile_crowded = false;
	web->refusals[REFUSALS_OVERLOADED].reported = true;
	web->refusals[REFUSALS_OVERLOADED].refused = 9;
	web->refusals[REFUSALS_OVERLOADED].refused_before = 2;
	look(s);
	only(s, "service_overloaded", "web", "every node of service web is full: 7 of its requests");
	web->refusals[REFUSALS_OVERLOADED].reported = false;
	web->refusals[REFUSALS_MAX_INFLIGHT] = (struct world_refusals){ .reported = true, .refused = 5, .refused_before = 1, .since_usec = web->refusals[REFUSALS_OVERLOADED].since_usec };
	look(s);
	only(s, "service_at_limit", "web", "service web has as many in flight as it may: 4 of its requests");
	web->refusals[REFUSALS_MAX_INFLIGHT].reported = false;
	web->refusals[REFUSALS_BREAKER] = (struct world_refusals){ .reported = true, .refused = 5, .refused_before = 2 };
	look(s);
	only(s, "service_breaker", "web", "a circuit breaker of service web is open: 3 of its requests");
	web->refusals[REFUSALS_BREAKER].reported = false;
	pass(s, 0);
	look(s);
	only(s, "service_empty", "web", "web");
}

static void
all_ejected(void **state)
{
	struct stage *s = *state;
	struct world_service *web = world_service(s->world, STR("web"));
	struct live_cause cause = { WHY_CONNECT_REFUSED, 0 };
	struct world_task *t;

	LIST_FOREACH(t, &web->tasks, link)
		assert_true(live_eject(s->live, t->slot, cause, s->now));
	look(s);
	only(s, "service_all_used", "web", "most of the 2 tasks");
}

static void
labels(void **state)
{
	struct stage *s = *state;
	struct report_label l[] = {
		{ .name = (char *)(uintptr_t)"mola.host", .state = LABEL_VALID },
		{ .name = (char *)(uintptr_t)"mola.retires", .state = LABEL_UNKNOWN },
		{ .name = (char *)(uintptr_t)"mola.port", .state = LABEL_INVALID, .text = (char *)(uintptr_t)"a port" } };
	struct report_trouble t = { WHY_CONNECT_REFUSED, (char *)(uintptr_t)"it has no port" };
	struct report_service one = { .name = (char *)(uintptr_t)"shop", .enabled = true, .served = true, .label = l,
	    .nlabels = 3 };
	struct swarm_report r = { .service = &one, .nservices = 1 };

	LOOK_AT(s, put_report(p, &r));
	only(s, "labels_refused", "shop", "first mola.retires");
	one.nlabels = 1;
	one.trouble = &t;
	one.ntroubles = 1;
	LOOK_AT(s, put_report(p, &r));
	only(s, "service_trouble", "shop", "it has no port");
	one.served = false;
	LOOK_AT(s, put_report(p, &r));
	only(s, "service_unserved", "shop", "it has no port");
	r.trouble = &t;
	r.ntroubles = 1;
	r.nservices = 0;
	LOOK_AT(s, put_report(p, &r));
	only(s, "swarm_trouble", NULL, "it has no port");
}

static void
swarm(void **state)
{
	struct stage *s = *state;
	struct watch_status st = { .state = WATCH_GOOD, .version = "1.99", .since_usec = s->now - USEC_PER_SEC };

	LOOK_AT(s, put_watch(p, &st, ""));
	none(s);
	LOOK_AT(s, put_watch(p, &st, "1 service"));
	only(s, "swarm_left_out", NULL, "1 service");
	st.untried = true;
	LOOK_AT(s, put_watch(p, &st, ""));
	only(s, "swarm_untried", NULL, "1.99");
	st = (struct watch_status){ .state = WATCH_LOST, .why = WHY_CONNECT_REFUSED, .detail = "docker.sock",
	    .since_usec = s->now - USEC_PER_SEC };
	LOOK_AT(s, put_watch(p, &st, ""));
	only(s, "swarm_lost", NULL, "(docker.sock)");
	assert_true(json_number_value(json_object_get(find(s, "swarm_lost"), "since_seconds")) == 1);
	st.state = WATCH_WAITING;
	LOOK_AT(s, put_watch(p, &st, ""));
	only(s, "swarm_unseen", NULL, "(docker.sock)");
}

static void
targets(void **state)
{
	static const char *const states[] = { "failed", "refused", "withdrawn" };
	struct stage *s = *state;
	char id[40];

	LOOK_AT(s, put_target(p, &(struct target_facts){ .name = "edge", .state = "taken" }));
	none(s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(id, sizeof id, "target_%s", states[i]);
		LOOK_AT(s, put_target(p, &(struct target_facts){ .name = "edge", .state = states[i], .detail = "no file" }));
		only(s, id, "edge", "no file");
	}
}

static void
certificates(void **state)
{
	static const char *const states[][2] = { { "missing", "missing" }, { "expired", "expired" },
	    { "expiring", "expiring" }, { "kept", "kept" }, { "not_yet_valid", "not_yet_valid" }, { "warning", "doubtful" } };
	struct stage *s = *state;
	char id[60];

	LOOK_AT(s, put_cert(p, &(struct certs_status){ .id = "acme:a.org", .state = "good", .text = "x" }));
	none(s);
	for (size_t i = 0; i < 6; i++) {
		snprintf(id, sizeof id, "certificate_%s", states[i][1]);
		LOOK_AT(s, put_cert(p, &(struct certs_status){ .id = "acme:a.org", .state = states[i][0], .text = "some text" }));
		only(s, id, "acme:a.org", "some text");
	}
}

static void
prometheus(void **state)
{
	struct stage *s = *state;

	LOOK_AT(s, put_failed(p, WARN_PROMETHEUS_FAILED, json_pack("[{s:s, s:s}, {s:s, s:s, s:s, s:s, s:f}]", "url",
	    "http://a", "state", "ok", "url", "http://b", "state", "failed", "why", "connect_refused", "detail", "x y",
	    "since_seconds", 3.0), "the Prometheus server", "url"));
	only(s, "prometheus_failed", "http://b", "connect_refused (x y)");
}

static void
reload(void **state)
{
	struct stage *s = *state;

	live_set_conf(s->live, (struct live_conf){ clock_wall_usec() - 9 * USEC_PER_SEC, false });
	look(s);
	only(s, "reload_refused", NULL, "errors");
	assert_true(json_number_value(json_object_get(find(s, "reload_refused"), "since_seconds")) >= 9);
	live_set_conf(s->live, (struct live_conf){ clock_wall_usec(), true });
	look(s);
	none(s);
}

/* What is so for a moment with each new table is no warning. */
static void
workers(void **state)
{
	struct stage *s = *state;
	int fd;

	assert_null(world_table(s->world, &fd));
	close(fd);
	live_set_table(s->live, 0, s->world->serial);
	later(s, USEC_PER_SEC);
	sampled(s);
	look(s);
	none(s);
	later(s, 6 * USEC_PER_SEC);
	sampled(s);
	look(s);
	only(s, "table_behind", "worker-1", "worker-1 has table 0 in force");
	live_set_table(s->live, 1, s->world->serial);
	live_stopped(s->live, 0);
	later(s, USEC_PER_SEC);
	later(s, 6 * USEC_PER_SEC);
	sampled(s);
	look(s);
	only(s, "worker_down", "worker-0", "worker-0");
	live_started(s->live, 0, getpid());
	later(s, USEC_PER_SEC);
	look(s);
	none(s);
}

/* They are of use while they are news. */
static void
lost_lines_and_spans(void **state)
{
	struct stage *s = *state;

	live_log_dropped(s->live, LIVE_BRAIN, 7);
	later(s, 2 * USEC_PER_SEC);
	look(s);
	only(s, "log_dropped", "brain", "7 in all");
	later(s, 11 * 60 * USEC_PER_SEC);
	sampled(s);
	live_memory_short(s->live, LIVE_PARENT, 2);
	later(s, 2 * USEC_PER_SEC);
	look(s);
	only(s, "memory_short", "parent", "2 times in all");
	later(s, 11 * 60 * USEC_PER_SEC);
	sampled(s);
	live_count_spans(s->live, SPANS_FAILED, 3);
	later(s, 2 * USEC_PER_SEC);
	look(s);
	only(s, "spans_lost", NULL, "3 in all");
}

/* Each name once, with what was logged last; what has a warning of its own is not there twice. */
static void
errors(void **state)
{
	struct stage *s = *state;
	char name[20];

	log_event(LOG_WARN, "mover.given_up", "service", "web", NULL);
	log_event(LOG_ERROR, "certificate.missing", "id", "a", NULL);
	log_event(LOG_ERROR, "table.failed", "why", "system", NULL);
	log_event(LOG_ERROR, "table.failed", "why", "no_memory", NULL);
	look(s);
	only(s, "error_logged", "table.failed", "table.failed: why=no_memory");
	assert_true(json_number_value(json_object_get(find(s, "error_logged"), "since_seconds")) < 60);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "other.%u", i);
		log_event(LOG_ERROR, name, NULL);
	}
	log_event(LOG_ERROR, "other.14", NULL);
	look(s);
	assert_int_equal(json_array_size(json_object_get(s->json, "warnings")), ERRORS_MOST);
	assert_string_equal(json_string_value(json_object_get(find(s, "error_logged"), "name")), "other.14");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_well), TEST(nodes), TEST(inactive_nodes_are_not_missed), TEST(services), TEST(all_ejected),
		TEST(labels), TEST(swarm), TEST(targets), TEST(certificates), TEST(prometheus), TEST(reload),
		TEST(workers), TEST(lost_lines_and_spans), TEST(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
