/* user_queries: what is queried and when, what a response does to the nodes, and how a bad one is reported. The Prometheus is a fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "collect/user_queries.c"
#include "fake_loop.h"

#define SEC USEC_PER_SEC
#define ASKS 16

struct prom_request {
	bool		 open;
	char		 query[64];
	prom_done_f	*done;
	void		*arg;
};

static struct prom_request ask[ASKS];
static unsigned asked, open;

struct prom_request *
prometheus_query(struct prometheus *p, const char *query, prom_done_f *done, void *arg)
{
	struct prom_request *q = &ask[asked++ % ASKS];

	(void)p;
	assert_false(q->open);
	*q = (struct prom_request){ .open = true, .done = done, .arg = arg };
	snprintf(q->query, sizeof q->query, "%s", query);
	open++;
	return q;
}

void
prom_request_cancel(struct prom_request *q)
{
	assert_true(q->open);
	q->open = false;
	open--;
}

const char *
prom_series_text(const struct prom_series *s, char *out, size_t cap)
{
	snprintf(out, cap, "{%s}", s->label->value);
	return out;
}

const char *
prom_series_label(const struct prom_series *s, const char *name)
{
	return strcmp(s->label->name, name) == 0 ? s->label->value : "";
}

/* --- a world with nodes a, b and c, and services --- */

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct user_queries *queries;
};

struct wish {
	const char	*service, *query;
	int64_t		 period;
};

/* Each service asks one query, and has a task on each node. */
static void
pass(struct stage *s, const struct wish *w, unsigned n)
{
	static const char *const nodes[] = { "a", "b", "c" };
	struct addr addr;
	char name[32];

	assert_null(addr_parse(STR("10.0.0.1:80"), &addr));
	world_pass_begin(s->world);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)nodes[i] }));
	for (; n > 0; n--, w++) {
		struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1, .terms = { .n = 1, .term = {
		    { (char *)(uintptr_t)"gpu", (char *)(uintptr_t)w->query, 0.8, { 0.5, 0.9 }, 10, w->period } } } };
		struct world_service *v = world_pass_service(s->world, w->service, &c, NULL, 0);
		for (unsigned i = 0; i < 3; i++) {
			snprintf(name, sizeof name, "%s.%u", w->service, i);
			assert_non_null(world_pass_task(s->world, v, name, nodes[i], &addr, false));
		}
	}
	world_pass_end(s->world);
	user_queries_sync(s->queries);
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);

	memset(ask, 0, sizeof ask);
	memset(timers, 0, sizeof timers);
	asked = open = 0;
	now_usec = 1000 * SEC;
	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->queries = user_queries_new(NULL, NULL, s->world);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	user_queries_free(&s->queries);
	assert_int_equal(open, 0);
	for (int i = 0; i < FAKE_TIMERS; i++)
		assert_null(timers[i]);
	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

/* "a 3 b nan" for the youngest question; by another label than node: "job:x 1" */
static void
answer(const char *text, struct prom_response a)
{
	static char names[16][32], values[16][32];
	static struct prom_pair pairs[16];
	static struct prom_series series[16];
	struct prom_request *q = &ask[(asked - 1) % ASKS];
	int n = 0, at = 0;

	for (; sscanf(text, "%31s %lf%n", values[n], &series[n].value, &at) == 2; text += at, n++) {
		char *colon = strchr(values[n], ':');
		strcpy(names[n], "node");
		if (colon != NULL) {
			*colon = '\0';
			strcpy(names[n], values[n]);
			memmove(values[n], colon + 1, strlen(colon + 1) + 1);
		}
		pairs[n] = (struct prom_pair){ names[n], values[n] };
		series[n].label = &pairs[n];
		series[n].nlabels = 1;
	}
	a.series = series;
	a.nseries = (unsigned)n;
	if (a.as_of_usec == 0)
		a.as_of_usec = now_usec;
	assert_true(q->open);
	q->open = false;
	open--;
	q->done(q->arg, NULL, "", &a);
}

static void
failed(const struct why *why, const char *detail)
{
	struct prom_request *q = &ask[(asked - 1) % ASKS];

	assert_true(q->open);
	q->open = false;
	open--;
	q->done(q->arg, why, detail, NULL);
}

static double
value_of(struct stage *s, const char *node)
{
	const struct world_user_metric *h = &world_node(s->world, str_of(node))->observed.user_metric[0];

	return h->at_usec == 0 ? -1 : h->value;
}

/* state, why and part of the words of a service's query */
static void
expect(struct stage *s, const char *service, const char *state, const char *why, const char *words)
{
	json_t *list = user_queries_view(s->queries, world_service(s->world, str_of(service)), true, now_usec), *q = json_array_get(list, 0);
	const char *text_is = json_string_value(json_object_get(q, "text")), *why_is = json_string_value(json_object_get(q, "why"));

	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(q, "state")), state);
	if (why == NULL)
		assert_null(why_is);
	else
		assert_string_equal(why_is, why);
	if (strstr(text_is, words) == NULL)
		print_error("'%s' is not in '%s'\n", words, text_is);
	assert_non_null(strstr(text_is, words));
	json_decref(list);
}

static const struct wish web = { "web", "q", 5 * SEC };

static void
a_query_is_asked_at_its_period(void **state)
{
	struct stage *s = *state;
	struct user_query_facts f;

	pass(s, &web, 1);
	assert_int_equal(asked, 0);
	expect(s, "web", "new", NULL, "no result yet");
	run(SEC);
	assert_int_equal(asked, 1);
	run(20 * SEC);				/* one at a time, however slow */
	assert_int_equal(asked, 1);
	answer("a 1 b 2 c 3", (struct prom_response){ .nseries = 0 });
	run(SEC);
	assert_int_equal(asked, 2);
	answer("a 1 b 2 c 3", (struct prom_response){ .nseries = 0 });
	run(3 * SEC);
	assert_int_equal(asked, 2);
	run(2 * SEC);
	assert_int_equal(asked, 3);
	assert_true(value_of(s, "a") == 1 && value_of(s, "c") == 3);
	expect(s, "web", "ok", NULL, "3 of 3 nodes 5 s ago");
	user_queries_facts(s->queries, world_service(s->world, STR("web")), 0, &f);
	assert_true(f.good && f.known == 3 && now_usec - f.good_usec == 5 * SEC);
}

static void
equal_queries_are_asked_once(void **state)
{
	struct stage *s = *state;
	const struct wish three[] = { web, { "api", "q", 2 * SEC }, { "db", "other", 9 * SEC } };

	pass(s, three, 3);
	run(SEC);
	assert_int_equal(asked, 2);
	assert_string_equal(ask[0].query, "q");
	assert_string_equal(ask[1].query, "other");
	assert_int_equal(s->world->query[0].period_usec, 2 * SEC);
	pass(s, &web, 1);			/* who asked the other is gone */
	assert_int_equal(open, 1);
	assert_int_equal(s->world->query[0].period_usec, 5 * SEC);
	pass(s, NULL, 0);
	assert_int_equal(open, 0);
}

static void
another_query_begins_anew(void **state)
{
	struct stage *s = *state;
	const struct wish other = { "web", "other", SEC };

	pass(s, &web, 1);
	run(SEC);
	answer("a 1 b 2 c 3", (struct prom_response){ .nseries = 0 });
	pass(s, &web, 1);			/* a pass alone changes nothing */
	assert_true(value_of(s, "a") == 1);
	pass(s, &other, 1);
	assert_true(value_of(s, "a") == -1);
	expect(s, "web", "new", NULL, "no result yet");
	run(SEC);
	assert_string_equal(ask[1].query, "other");
}

static void
a_shorter_period_does_not_wait_for_the_longer_one(void **state)
{
	const struct wish slow = { "web", "q", 600 * SEC };
	struct stage *s = *state;

	pass(s, &slow, 1);
	run(SEC);
	answer("a 1 b 2 c 3", (struct prom_response){ .nseries = 0 });
	run(20 * SEC);
	assert_int_equal(asked, 1);
	pass(s, &web, 1);
	run(SEC);
	assert_int_equal(asked, 2);
	answer("a 4 b 2 c 3", (struct prom_response){ .nseries = 0 });
	pass(s, &web, 1);			/* a pass alone is no reason to ask */
	run(3 * SEC);
	assert_int_equal(asked, 2);
	pass(s, &slow, 1);
	run(20 * SEC);
	assert_int_equal(asked, 3);		/* what was due by then is due */
}

static void
what_is_odd_is_reported_and_the_rest_used(void **state)
{
	struct stage *s = *state;
	const struct prom_response fine = { .nseries = 0 };

	pass(s, &web, 1);
	run(SEC);
	answer("a 1 b nan c inf", fine);
	assert_true(value_of(s, "a") == 1 && value_of(s, "b") == -1 && value_of(s, "c") == -1);
	expect(s, "web", "partial", "prom_nan", "b (2 such)");
	run(6 * SEC);
	answer("a 2 b 3 a 4 c 1", fine);
	assert_true(value_of(s, "a") == 1 && value_of(s, "b") == 3);
	expect(s, "web", "partial", "prom_duplicate", "a (1 such), one of them {a}");
	run(6 * SEC);
	answer("a 5 job:x 1", fine);
	assert_true(value_of(s, "a") == 5 && value_of(s, "b") == 3);
	expect(s, "web", "partial", "prom_absent", "b (2 such");
	run(6 * SEC);
	answer("a 5 b 5 c 5", (struct prom_response){ .nwarnings = 1, .warning = "half of it" });
	expect(s, "web", "partial", "prom_partial", "half of it");
	run(6 * SEC);
	answer("a 5 b 5 c 5 stranger 7", fine);
	expect(s, "web", "ok", NULL, "3 of 3 nodes");
	run(6 * SEC);
	answer("", (struct prom_response){ .histograms = 3 });
	expect(s, "web", "failed", "prom_shape", "3 histograms");
}

static void
a_bad_response_is_reported_and_the_last_one_fades(void **state)
{
	struct stage *s = *state;

	pass(s, &web, 1);
	run(SEC);
	failed(WHY_PROM_GONE, "nobody listens");
	expect(s, "web", "failed", "prom_gone", "nobody listens");
	expect(s, "web", "failed", "prom_gone", "no value so far");
	run(6 * SEC);
	answer("a 1 b 2 c 3", (struct prom_response){ .nseries = 0 });
	run(6 * SEC);
	answer("", (struct prom_response){ .nseries = 0 });
	expect(s, "web", "failed", "prom_empty", "3 of 3 nodes 6 s ago");
	run(6 * SEC);
	answer("job:x 1", (struct prom_response){ .nseries = 0 });
	expect(s, "web", "failed", "prom_unkeyed", "the first is {x}");
	run(6 * SEC);
	answer("job:x 1", (struct prom_response){ .scalar = true });
	expect(s, "web", "failed", "prom_shape", "one value without labels");
	run(6 * SEC);
	failed(WHY_PROM_QUERY, "parse error");
	expect(s, "web", "failed", "prom_query", "counts for");
	run(200 * SEC);
	expect(s, "web", "failed", "prom_query", "forgotten");
	assert_true(value_of(s, "a") == 1);
}

static void
a_stored_copy_grows_old(void **state)
{
	struct stage *s = *state;
	int64_t then = now_usec;

	pass(s, &web, 1);
	for (int i = 0; i < 40; i++) {
		run(6 * SEC);
		answer("a 9 b 1 c 1", (struct prom_response){ .as_of_usec = then });
	}
	expect(s, "web", "ok", NULL, "forgotten");
	user_metric_refresh(s->world, now_usec);
	assert_true(isnan(s->world->query[0].mean));
}

static void
a_query_without_room_is_reported(void **state)
{
	struct stage *s = *state;
	struct wish many[PROFILE_SLOTS];
	char names[PROFILE_SLOTS][8], queries[PROFILE_SLOTS][8];

	for (unsigned i = 0; i < PROFILE_SLOTS; i++) {
		snprintf(names[i], sizeof names[i], "s%u", i);
		snprintf(queries[i], sizeof queries[i], "q%u", i);
		many[i] = (struct wish){ names[i], queries[i], SEC };
	}
	pass(s, many, PROFILE_SLOTS);
	run(SEC);
	assert_int_equal(asked, PROFILE_SLOTS - 1);
	expect(s, "s7", "unused", NULL, "more different profiles");
	expect(s, "s6", "new", NULL, "");
	pass(s, many + 1, PROFILE_SLOTS - 1);	/* one has left */
	expect(s, "s7", "new", NULL, "");
	assert_string_equal(s->world->query[0].text, "q7");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_query_is_asked_at_its_period),
		TEST(equal_queries_are_asked_once),
		TEST(another_query_begins_anew),
		TEST(a_shorter_period_does_not_wait_for_the_longer_one),
		TEST(what_is_odd_is_reported_and_the_rest_used),
		TEST(a_bad_response_is_reported_and_the_last_one_fades),
		TEST(a_stored_copy_grows_old),
		TEST(a_query_without_room_is_reported),
	};

	log_setup("test", LOG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
