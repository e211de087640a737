/* explain: the sentences that people read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "score/explain.c"

#define T (1000 * USEC_PER_SEC)

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct world_node *a, *b;
	struct world_service *web;
	struct world_task *one, *two;
};

static struct world_task *
add_task(struct stage *s, const char *name, const char *node, const char *addr)
{
	struct addr a;

	assert_null(addr_parse(str_of(addr), &a));
	return world_pass_task(s->world, s->web, name, node, &a, false);
}

static void
judge(struct world_node *n, double cores, double others)
{
	n->observed.sample = (struct sample){ .taken_usec = T, .span_usec = 1, .cores = cores, .memory_total_bytes = 100,
	    .memory_available_bytes = 50 };
	n->observed.smoothed = n->observed.sample;
	n->observed.samples = 2;
	n->steering.row.law = (struct law_node){ cores, others, 0, T, USEC_PER_SEC, 1, 0, 1, 1 };
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);
	struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	world_pass_begin(s->world);
	s->a = world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"a" });
	s->b = world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"b", .agent_url = (char *)(uintptr_t)"http://b/" });
	s->web = world_pass_service(s->world, "web", &c, &r, 1);
	s->one = add_task(s, "web.1", "a", "10.0.0.1:80");
	s->two = add_task(s, "web.2", "b", "10.0.0.2:80");
	world_pass_end(s->world);
	judge(s->a, 8, 5.2);
	judge(s->b, 4, 3.8);
	for (int i = 0; i < 3; i++)
		live_take(s->live, 0, s->a->slot, s->one->slot);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static void
says(const struct buf *said, const char *words)
{
	struct str s = buf_str(said);

	if (s.len != strlen(words) || memcmp(s.p, words, s.len) != 0)
		fail_msg("'%.*s' is not '%s'", STR_ARG(s), words);
}

static void
task_says(struct stage *s, struct world_task *t, unsigned rank, unsigned of, const char *words)
{
	struct buf b;

	buf_init(&b, 1000);
	explain_task(s->world, t, T, rank, of, &b);
	says(&b, words);
	buf_fini(&b);
}

static void
node_says(struct stage *s, struct world_node *n, int64_t now, const char *words)
{
	struct buf b;

	buf_init(&b, 1000);
	explain_node(s->world, n, now, &b);
	says(&b, words);
	buf_fini(&b);
}

static void
the_ordinary_case(void **state)
{
	struct stage *s = *state;

	task_says(s, s->one, 3, 8, "8.0 cores, 5.2 busy with others' work, 3 of Mola's in flight: cost 1.52, third of 8");
	task_says(s, s->two, 12, 20, "4.0 cores, 3.8 busy with others' work, 0 of Mola's in flight: cost 1.20, number 12 of 20");
}

static void
signals_that_fail(void **state)
{
	struct stage *s = *state;
	char *exporter, *agent;

	s->b->steering.row.law.sampled_usec = s->b->observed.sample.taken_usec = T - 12 * USEC_PER_SEC;
	s->b->signal.why = WHY_METRICS_FETCH;
	node_says(s, s->b, T, "stale since 12 s (the exporter cannot be reached), its last sample counts for 17 %: "
	    "4.0 cores, 0.6 busy with others' work, 0 of Mola's in flight: cost 0.70");
	node_says(s, s->b, T + 100 * USEC_PER_SEC, "blind since 112 s (the exporter cannot be reached), taken for the mean of the fleet: "
	    "4.0 cores, 0 of Mola's in flight: cost 0.63");
	s->b->steering.row.law.sampled_usec = 0, s->b->observed.sample.taken_usec = 0, s->b->observed.samples = 0, s->b->signal.why = NULL;
	node_says(s, s->b, T, "blind, never sampled, taken for the mean of the fleet: 4.0 cores, 0 of Mola's in flight: cost 0.62");
	exporter = s->b->exporter_url, agent = s->b->agent_url;
	s->b->exporter_url = s->b->agent_url = NULL;		/* Prometheus is asked */
	s->b->signal.why = WHY_PROM_ABSENT;
	node_says(s, s->b, T, "blind, never sampled (Prometheus has no value for this node), taken for the mean of the fleet: 4.0 cores, "
	    "0 of Mola's in flight: cost 0.62");
	s->b->signal.why = NULL;
	node_says(s, s->b, T, "blind, no source of samples, taken for the mean of the fleet: 4.0 cores, 0 of Mola's in flight: cost 0.62");
	s->b->exporter_url = exporter, s->b->agent_url = agent;
}

static void
special_states_come_first(void **state)
{
	struct stage *s = *state;

	s->b->observed.smoothed.memory_available_bytes = 7;
	s->b->steering.row.law.cores = 1.6;
	task_says(s, s->two, 0, 0, "memory at 93 % cuts 4.0 cores to 1.6: 1.6 cores, 3.8 busy with others' work, 0 of Mola's in flight: cost 3.00");
	s->b->drained = true;
	task_says(s, s->two, 1, 2, "its node is drained, takes no new requests");
	s->b->drained = false, s->two->drained = true;
	task_says(s, s->two, 1, 2, "draining, takes no new requests");
	s->two->drained = false;
	live_eject(s->live, s->two->slot, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, T);
	task_says(s, s->two, 1, 2, "ejected for another 1 s: the task refused the connection");
	live_set_health_cause(s->live, s->two->slot, (struct live_cause){ WHY_UPSTREAM_STATUS, 503 });
	live_set_health(s->live, s->two->slot, HEALTH_DOWN);
	task_says(s, s->two, 1, 2, "down by its health check: the task responded with a status that means failure (503)");
	assert_int_equal(task_state(s->world, s->two, T), TASK_DOWN);
}

/* The only task of a service is not ejected, whatever it does. */
static void
a_task_in_use_may_fail(void **state)
{
	struct stage *s = *state;

	s->web->conf.policy = POLICY_ROUND_ROBIN;
	live_count_failure(s->live, s->one->slot, (struct live_cause){ WHY_UPSTREAM_TLS_NAME, 0 }, T - 12 * USEC_PER_SEC);
	task_says(s, s->one, 1, 2, "each in turn; round-robin looks at nothing; failed 12 s ago: the certificate of the task is for other names than task_tls.name");
	live_count_failure(s->live, s->one->slot, (struct live_cause){ WHY_UPSTREAM_STATUS, 503 }, T - 301 * USEC_PER_SEC);
	task_says(s, s->one, 1, 2, "each in turn; round-robin looks at nothing");
}

static void
other_policies_have_other_reasons(void **state)
{
	struct stage *s = *state;

	s->web->conf.policy = POLICY_LEAST_CONN;
	task_says(s, s->one, 1, 2, "3 in flight on the task; least-conn looks at nothing else");
	s->web->conf.policy = POLICY_BEST_NODE;
	s->a->steering.row.score = 81.25;
	task_says(s, s->one, 1, 2, "node's score 81.2; best-node sends all to the highest until it is renewed");
}

static void
ranks_share_a_place_and_leave_out_the_unusable(void **state)
{
	struct stage *s = *state;
	unsigned rank[2];

	assert_int_equal(explain_ranks(s->world, s->web, T, rank), 2);
	assert_int_equal(rank[0], 2);
	assert_int_equal(rank[1], 1);
	for (int i = 0; i < 3; i++)
		live_give(s->live, 0, s->a->slot, s->one->slot);
	judge(s->a, 4, 3.8);
	explain_ranks(s->world, s->web, T, rank);
	assert_int_equal(rank[0], 1);
	assert_int_equal(rank[1], 1);
	s->one->drained = true;
	assert_int_equal(explain_ranks(s->world, s->web, T, rank), 1);
	assert_int_equal(rank[0], 0);
}

static void
a_service_in_a_sentence(void **state)
{
	struct stage *s = *state;
	struct buf b;

	buf_init(&b, 1000);
	explain_service(s->world, s->web, T, &b);
	says(&b, "2 of 2 tasks take requests, by marginal; the next goes to web.2 on b");
	s->a->drained = s->b->drained = true;
	buf_clear(&b);
	explain_service(s->world, s->web, T, &b);
	says(&b, "none of 2 tasks takes requests: every request ends with no_live_task");
	s->web->group = &(struct service_group){ .kind = GROUP_WEIGHTED, .n = 3, .child = (struct group_child[]){
	    { (char *)"a", NULL, 3 }, { (char *)"b", NULL, 1 }, { (char *)"c", NULL, 0 } } };
	buf_clear(&b);
	explain_service(s->world, s->web, T, &b);
	says(&b, "leads by weight to a (3), b (1) and c (0), among those with a task that can be used");
	s->web->group->kind = GROUP_FAILOVER;
	buf_clear(&b);
	explain_service(s->world, s->web, T, &b);
	says(&b, "leads to a, and to b while no task of it can be used");
	s->web->group->kind = GROUP_MIRRORING;
	buf_clear(&b);
	explain_service(s->world, s->web, T, &b);
	says(&b, "leads to a, with copies to b (1 %) and c (0 %)");
	s->web->group = NULL;
	buf_fini(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_ordinary_case),
		TEST(signals_that_fail),
		TEST(special_states_come_first),
		TEST(a_task_in_use_may_fail),
		TEST(other_policies_have_other_reasons),
		TEST(ranks_share_a_place_and_leave_out_the_unusable),
		TEST(a_service_in_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
