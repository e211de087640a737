/* How busy a service is, as its subscribers are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "proxy/service_load.c"

static struct proxy *proxy;
static struct table *table;
static const struct table_service *services;

/* Two services of one task each, on nodes of their own with 4 cores. */
static void
make(void)
{
	struct table_maker *m = table_maker_new(1);
	int fd;

	for (unsigned i = 0; i < 2; i++)
		table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, i == 0 ? STR("a") : STR("b")),
		    .slot = i });
	for (unsigned i = 0; i < 2; i++) {
		struct table_service s = { .policy = POLICY_MARGINAL, .connect_usec = 1, .response_usec = 1,
		    .idle_usec = 1, .tunnel_usec = 1, .slot = 1 + i * LOAD_VIEWS, .orca_reports = true };
		struct table_task task = { .node = i, .slot = i };
		s.name = table_maker_text(m, i == 0 ? STR("one") : STR("two"));
		table_maker_service(m, &s);
		task.name = table_maker_text(m, i == 0 ? STR("one.1") : STR("two.1"));
		assert_null(addr_parse(STR("127.0.0.1:80"), &task.addr));
		table_maker_task(m, &task);
	}
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &table));
	services = table_services(table, &(uint32_t){ 0 });
}

static int
begin(void **state)
{
	(void)state;
	make();
	proxy = must_zalloc(sizeof *proxy);
	proxy->loop = loop_new();
	proxy->conf.live = live_init(must_zalloc(live_bytes()), 1);
	proxy->conf.phys = phys_init(must_zalloc(phys_bytes()));
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	table_unref(&table);
	free(proxy->conf.live);
	free((void *)proxy->conf.phys);
	loop_free(&proxy->loop);
	free(proxy);
	return 0;
}

static void
others_are(unsigned node, double threads)
{
	phys_write((struct phys *)proxy->conf.phys, node, &(struct phys_row){ .law = { .cores = 4, .others = threads,
	    .neutral = threads, .sampled_usec = loop_now(proxy->loop), .period_usec = 1000000000, .balancers = 1 } });
}

static double
cpu(unsigned service)
{
	struct service_load_since since = { .usec = 0 };
	struct orca_report r;

	service_load(proxy, table, &services[service], &since, &r);
	return r.cpu;
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
test_what_was_seen_goes_for_all_subscribers(void **state)
{
	struct timer timer = { .node = { 0 } };

	(void)state;
	others_are(0, 2);
	others_are(1, 6);
	assert_true(cpu(0) == 0.5);
	others_are(0, 4);
	assert_true(cpu(0) == 0.5);	/* the nodes are not looked at again for a while */
	timer_set(proxy->loop, &timer, loop_now(proxy->loop) + VIEW_USEC, stop, proxy->loop);
	loop_run(proxy->loop);
	assert_true(cpu(0) == 1);
}

/* Even where they have the same place. */
static void
test_services_have_loads_of_their_own(void **state)
{
	(void)state;
	others_are(0, 2);
	others_are(1, 6);
	assert_true(cpu(0) == 0.5);
	assert_true(cpu(1) == 1.5);
	assert_true(cpu(0) == 0.5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_seen_goes_for_all_subscribers, begin, finish),
		cmocka_unit_test_setup_teardown(test_services_have_loads_of_their_own, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
