/* sticky: cookies as Traefik 3.6 and older ones write them, and who is meant by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/h1_read.h"
#include "proxy/sticky.h"
#include "world/table.h"

static struct table *table;
static const struct table_service *service;
static struct sticky *sticky;

static void
make(enum scheme scheme, const char *const *addr, unsigned n)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .policy = POLICY_MARGINAL, .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
		.scheme = scheme };
	int fd;

	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	s.name = table_maker_text(m, STR("web"));
	s.sticky_cookie = table_maker_text(m, STR("app"));
	s.sticky_path = table_maker_text(m, STR("/"));
	table_maker_service(m, &s);
	for (unsigned i = 0; i < n; i++) {
		struct table_task task = { .slot = i, .name = table_maker_text(m, STR("web.x")) };
		assert_null(addr_parse(str_of(addr[i]), &task.addr));
		table_maker_task(m, &task);
	}
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &table));
	service = table_services(table, &(uint32_t){ 0 });
	sticky = sticky_new();
	sticky_set_table(sticky, table);
}

static void
end(void)
{
	sticky_free(&sticky);
	table_unref(&table);
}

/* The place of the task that a request with these fields is bound to; -1: none. */
static int
task_of(const char *fields, bool *renew)
{
	static struct field field[20];
	static char head[1000];
	struct message m = { .limits = { 1000, 20 }, .field = field };
	const struct table_task *task;
	struct sticky_claim claim;
	const struct why *why;
	size_t scanned = 0, used;

	snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
	assert_int_equal(h1_read_request(&m, str_of(head), &scanned, &used, &why), PARSE_DONE);
	*renew = false;
	claim = sticky_read(table, service, &m);
	task = sticky_find(sticky, table, service, &claim, renew);
	return task == NULL ? -1 : (int)(task - table_tasks(table, &(uint32_t){ 0 }));
}

#define TWO (const char *const []){ "10.0.0.2:80", "10.0.0.1:80" }, 2

static void
a_cookie_names_a_task(void **state)
{
	bool renew;
	char *cookie;

	(void)state;
	make(SCHEME_HTTP, TWO);
	cookie = sticky_cookie(table, service, table_tasks(table, &(uint32_t){ 0 }) + 1);
	assert_string_equal(cookie, "app=df5bd2f9c0180410; Path=/");
	free(cookie);
	assert_int_equal(task_of("Cookie: app=df5bd2f9c0180410\r\n", &renew), 1);
	assert_false(renew);
	assert_int_equal(task_of("Cookie: a=b; app=\"df5bd2f9c0180410\"; c=d\r\n", &renew), 1);
	assert_int_equal(task_of("Cookie: app2=x\r\nCookie: app=df5bd2f9c0180410\r\n", &renew), 1);
	end();
}

static void
cookies_of_older_traefiks_are_understood(void **state)
{
	bool renew;

	(void)state;
	make(SCHEME_HTTP, TWO);
	assert_int_equal(task_of("Cookie: app=6773b9eb3f0631af\r\n", &renew), 1);
	assert_true(renew);
	assert_int_equal(task_of("Cookie: app=a3882de487ebf0dc\r\n", &renew), 1);
	assert_true(renew);
	assert_int_equal(task_of("Cookie: app=http://10.0.0.1:80\r\n", &renew), 1);
	assert_true(renew);
	end();
}

static void
what_names_nobody_binds_to_nobody(void **state)
{
	static const char *const cookies[] = { "", "Cookie: app=\r\n", "Cookie: app\r\n", "Cookie: app=0\r\n", "Cookie: app=df5bd2f9c0180411\r\n",
		"Cookie: App=df5bd2f9c0180410\r\n", "Cookie: app=0df5bd2f9c0180410\r\n", "Cookie: app=DF5BD2F9C0180410\r\n",
		"Cookie: app=http://10.0.0.3:80\r\n", "Cookie: app=x; app=df5bd2f9c0180410\r\n" };
	bool renew;

	(void)state;
	make(SCHEME_HTTP, TWO);
	for (size_t i = 0; i < sizeof cookies / sizeof *cookies; i++)
		assert_int_equal(task_of(cookies[i], &renew), -1);
	end();
	make(SCHEME_HTTP, NULL, 0);
	assert_int_equal(task_of("Cookie: app=df5bd2f9c0180410\r\n", &renew), -1);
	end();
}

static void
the_protocol_of_the_tasks_counts(void **state)
{
	bool renew;

	(void)state;
	make(SCHEME_H2, (const char *const []){ "[fd00::1]:443" }, 1);
	assert_int_equal(task_of("Cookie: app=4558faa672f25ff5\r\n", &renew), 0);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_names_a_task),
		cmocka_unit_test(cookies_of_older_traefiks_are_understood),
		cmocka_unit_test(what_names_nobody_binds_to_nobody),
		cmocka_unit_test(the_protocol_of_the_tasks_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
