/* Whose series it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "signals/prom_keys.c"

static struct world_node a = { .name = "alpha", .address = "10.0.0.1", .swarm_id = "id-a", .exporter_url = "http://10.0.0.1:9100/metrics" },
    b = { .name = "beta.example.org", .address = "10.0.0.2:2377", .agent_url = "http://[fd00::2]:9101/stream" },
    c = { .name = "c1", .address = "127.0.0.1", .exporter_url = "http://127.0.0.1:9201/metrics" },
    d = { .name = "d1", .address = "127.0.0.1", .exporter_url = "http://u@127.0.0.1:9202/metrics" };

static const char *
whose(const char *name, const char *value)
{
	struct world w = { .nnodes = 4 };
	struct prom_pair pair = { name, value };
	struct prom_series s = { .label = &pair, .nlabels = 1 };
	struct prom_keys *k;
	struct world_node *n;

	LIST_INIT(&w.nodes);
	LIST_INSERT_HEAD(&w.nodes, &d, link);
	LIST_INSERT_HEAD(&w.nodes, &c, link);
	LIST_INSERT_HEAD(&w.nodes, &b, link);
	LIST_INSERT_HEAD(&w.nodes, &a, link);
	k = prom_keys_new(&w);
	n = prom_keys_node(k, &s);
	prom_keys_free(&k);
	return n == NULL ? "nobody" : n->name;
}

static void
labels_lead_to_nodes(void **state)
{
	(void)state;
	assert_string_equal(whose("node_id", "id-a"), "alpha");
	assert_string_equal(whose("instance", "10.0.0.1:9100"), "alpha");
	assert_string_equal(whose("instance", "10.0.0.1:8080"), "alpha");
	assert_string_equal(whose("instance", "10.0.0.1"), "alpha");
	assert_string_equal(whose("instance", "ALPHA:9100"), "alpha");
	assert_string_equal(whose("instance", "10.0.0.2:9100"), "beta.example.org");
	assert_string_equal(whose("instance", "[fd00::2]:9100"), "beta.example.org");
	assert_string_equal(whose("node", "alpha"), "alpha");
	assert_string_equal(whose("nodename", "Beta.Example.org"), "beta.example.org");
	assert_string_equal(whose("hostname", "10.0.0.1"), "alpha");
}

static void
what_two_share_is_nobodys(void **state)
{
	(void)state;
	assert_string_equal(whose("instance", "127.0.0.1:9100"), "nobody");
	assert_string_equal(whose("instance", "127.0.0.1:9201"), "c1");
	assert_string_equal(whose("instance", "127.0.0.1:9202"), "d1");
	assert_string_equal(whose("hostname", "127.0.0.1"), "nobody");
}

static void
strangers_are_nobody(void **state)
{
	(void)state;
	assert_string_equal(whose("instance", "10.0.0.11:9100"), "nobody");
	assert_string_equal(whose("instance", ""), "nobody");
	assert_string_equal(whose("instance", ":9100"), "nobody");
	assert_string_equal(whose("instance", "[fd00::2"), "nobody");
	assert_string_equal(whose("job", "alpha"), "nobody");
	assert_string_equal(whose("node_id", "alpha"), "nobody");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_lead_to_nodes),
		cmocka_unit_test(what_two_share_is_nobodys),
		cmocka_unit_test(strangers_are_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
