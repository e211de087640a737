/* envoy_admin: what Envoy's admin says is compared with what it was told, and differences are named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "drive/envoy_admin.c"
#include "many.h"

#define HOST(ip, weight, health) \
	"{\"address\":{\"socket_address\":{\"address\":\"" ip "\",\"port_value\":80}}," \
	"\"health_status\":{\"eds_health_status\":\"" health "\"}," \
	"\"weight\":" weight "}"
#define CLUSTERS(hosts) \
	"{\"cluster_statuses\":[{\"name\":\"edge\",\"observability_name\":\"edge_stat\",\"eds_service_name\":\"web\",\"host_statuses\":[" \
	hosts "]},{\"name\":\"static\"}]}"

static struct plan_server servers[] = {
	{ .name = "web.1", .node = "a", .weight = 30 },
	{ .name = "web.2", .node = "b", .weight = 10 },
	{ .name = "web.3", .node = "b", .draining = true },
};
static struct plan_service service = { .name = "web", .server = servers, .nservers = 3, .nserving = 2 };

static int
setup(void **state)
{
	(void)state;
	assert_null(addr_parse(STR("10.0.0.1:80"), &servers[0].addr));
	assert_null(addr_parse(STR("[fd00::2]:80"), &servers[1].addr));
	assert_null(addr_parse(STR("10.0.0.3:80"), &servers[2].addr));
	return 0;
}

static void
what_it_has_is_read(void **state)
{
	char detail[ENVOY_DETAIL];
	struct envoy_admin a;

	(void)state;
	assert_true(envoy_admin_parse_clusters(STR(CLUSTERS(HOST("10.0.0.1", "30", "HEALTHY"))), &a, detail));
	assert_int_equal(a.nclusters, 2);
	assert_string_equal(a.cluster[0].eds, "web");
	assert_string_equal(a.cluster[1].eds, "static");
	assert_int_equal(a.cluster[0].nhosts, 1);
	assert_int_equal(a.cluster[0].host[0].weight, 30);
	assert_true(envoy_admin_parse_stats(STR("{\"stats\":[{\"name\":\"cluster.edge_stat.update_rejected\",\"value\":2},"
	    "{\"name\":\"cluster.edge_stat.assignment_stale\",\"value\":1},{\"name\":\"cluster.edge_stat2.update_rejected\",\"value\":9},"
	    "{\"name\":\"cluster.edge_stat\",\"value\":9},{\"histograms\":{}}]}"), &a, detail));
	assert_true(a.cluster[0].has_stats && a.cluster[0].rejected == 2 && a.cluster[0].stale == 1);
	assert_false(a.cluster[1].has_stats);
	envoy_admin_free(&a);
}

static void
check_differs(struct str clusters, const char *says)
{
	char detail[ENVOY_DETAIL] = "";
	struct envoy_admin a;
	bool has;

	assert_true(envoy_admin_parse_clusters(clusters, &a, detail));
	has = envoy_cluster_matches(&a.cluster[0], &service, detail);
	envoy_admin_free(&a);
	if (has != (says == NULL) || (says != NULL && strstr(detail, says) == NULL))
		fail_msg("expected %s: %s", says == NULL ? "no difference" : says, detail);
}

#define FIRST	HOST("10.0.0.1", "30", "HEALTHY")
#define SECOND	HOST("fd00::2", "10", "HEALTHY")
#define THIRD	HOST("10.0.0.3", "1", "DRAINING")

static void
differences_are_named(void **state)
{
	(void)state;
	check_differs(STR(CLUSTERS(FIRST "," SECOND "," THIRD)), NULL);
	check_differs(STR(CLUSTERS(THIRD "," SECOND "," FIRST)), NULL);
	check_differs(STR(CLUSTERS(FIRST "," THIRD)), "does not have [fd00::2]:80");
	check_differs(STR(CLUSTERS(FIRST "," THIRD "," HOST("fd00::2", "11", "HEALTHY"))), "[fd00::2]:80 with weight 11, not 10");
	check_differs(STR(CLUSTERS(FIRST "," SECOND "," HOST("10.0.0.3", "1", "HEALTHY"))), "10.0.0.3:80 as HEALTHY");
	check_differs(STR(CLUSTERS(FIRST "," SECOND "," THIRD "," HOST("10.0.0.4", "1", "HEALTHY"))), "has 4 endpoints, not 3");
	check_differs(STR(CLUSTERS("{\"address\":{\"pipe\":{\"path\":\"/x\"}}}")), "does not have");
}

#define LEAVING(more) "{\"address\":{\"socket_address\":{\"address\":\"10.0.0.9\",\"port_value\":80}}," \
	"\"health_status\":{" more "\"pending_dynamic_removal\":true}}"

static void
a_host_that_envoy_keeps(void **state)
{
	(void)state;
	check_differs(STR(CLUSTERS(FIRST "," SECOND "," THIRD "," LEAVING(""))),
	    "still uses 10.0.0.9:80 (pending_dynamic_removal): it passes its checks; set ignore_health_on_host_removal");
	check_differs(STR(CLUSTERS(FIRST "," SECOND "," THIRD "," LEAVING("\"failed_active_health_check\":true,"))), NULL);
}

static void
configured(const char *cluster, bool keeps)
{
	char detail[ENVOY_DETAIL] = "", text[1000];
	struct envoy_admin a;

	assert_true(envoy_admin_parse_clusters(STR(CLUSTERS(FIRST)), &a, detail));
	snprintf(text, sizeof text, "{\"configs\":[{\"@type\":\"x\",\"cluster\":%s},{\"cluster\":{\"name\":\"static\"}},7]}", cluster);
	assert_true(envoy_admin_parse_config(str_of(text), &a, detail));
	assert_int_equal(a.cluster[0].keeps_removed, keeps);
	assert_false(a.cluster[1].keeps_removed);
	envoy_admin_free(&a);
}

static void
clusters_that_keep_hosts(void **state)
{
	(void)state;
	configured("{\"name\":\"edge\",\"health_checks\":[{}]}", true);
	configured("{\"name\":\"edge\",\"health_checks\":[{}],\"ignore_health_on_host_removal\":true}", false);
	configured("{\"name\":\"edge\"}", false);
	configured("null", false);
}

static void
others_are_not_mistaken_for_it(void **state)
{
	static const char *const bad[] = { "", "<html>", "[]", "{\"cluster_statuses\":{}}", "1" };
	struct envoy_admin a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char detail[ENVOY_DETAIL] = "";
		assert_false(envoy_admin_parse_clusters(str_of(bad[i]), &a, detail));
		assert_false(envoy_admin_parse_stats(str_of(bad[i]), &a, detail));
		assert_false(envoy_admin_parse_config(STR("{\"configs\":{}}"), &a, detail));
		assert_non_null(strstr(detail, "admin"));
	}
	assert_true(envoy_admin_parse_clusters(STR("{}"), &a, (char[ENVOY_DETAIL]){ 0 }));		/* it has no clusters at all */
	assert_int_equal(a.nclusters, 0);
	envoy_admin_free(&a);
}

static void
many_endpoints(void **state)
{
	struct envoy_admin a = { 0 };
	struct many m;
	struct buf has;
	char detail[ENVOY_DETAIL];
	double begun;

	(void)state;
	many_init(&m);
	buf_init(&has, 8 << 20);
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&has, "%s{\"address\":{\"socket_address\":{\"address\":\"10.0.%u.%u\",\"port_value\":80}},\"weight\":100,"
		    "\"health_status\":{\"eds_health_status\":\"HEALTHY\"}}", i == 0 ? "{\"cluster_statuses\":[{\"name\":\"web\","
		    "\"host_statuses\":[" : ",", i / 250, i % 250 + 1);
	buf_adds(&has, STR("]}]}"));
	assert_true(envoy_admin_parse_clusters(buf_str(&has), &a, detail));
	begun = many_cpu();
	assert_true(envoy_cluster_matches(&a.cluster[0], &m.service, detail));
	assert_true(many_cpu() - begun < MANY_SECONDS / 4);		/* it is only compared, not read */
	envoy_admin_free(&a);
	buf_fini(&has);
	many_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_has_is_read),
		cmocka_unit_test(differences_are_named),
		cmocka_unit_test(a_host_that_envoy_keeps),
		cmocka_unit_test(clusters_that_keep_hosts),
		cmocka_unit_test(others_are_not_mistaken_for_it),
		cmocka_unit_test(many_endpoints),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
