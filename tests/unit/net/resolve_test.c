/* Names: what a name server answers, kept for a moment; hosts and numbers need none. The server is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bug.h"
#include "base/clock.h"
#include "net/resolve.h"

#define PATIENCE	(20 * USEC_PER_SEC)

static struct loop *loop;
static struct resolver *resolver;
static int server, questions;

static int
setup(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	char at[40];

	(void)state;
	server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&a, &len), 0);
	snprintf(at, sizeof at, "127.0.0.1:%u", ntohs(a.sin_port));
	loop = loop_new();
	resolver = resolver_new(loop, at);
	questions = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	resolver_free(&resolver);
	loop_turn(loop, 0);
	loop_free(&loop);
	close(server);
	return 0;
}

/* auth.test is 10.0.0.7 and 10.0.0.8, and has no other address; there are no other names. */
static void
answer(void)
{
	static const uint8_t address[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 7, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 8 };
	static const uint8_t name[] = { 4, 'a', 'u', 't', 'h', 4, 't', 'e', 's', 't', 0 };
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	uint8_t q[512];
	ssize_t n = recvfrom(server, q, sizeof q - sizeof address, 0, (struct sockaddr *)&from, &len);
	size_t end = 12;
	bool known;

	if (n < 17)
		return;
	questions++;
	while (q[end] != 0)
		end += q[end] + 1u;
	known = memcmp(q + 12, name, sizeof name) == 0;
	end += 5;
	q[2] = 0x84;
	q[3] = known ? 0x80 : 0x83;
	memset(q + 6, 0, 6);
	if (known && q[end - 3] == 1) {
		q[7] = 2;
		memcpy(q + end, address, sizeof address);
		end += sizeof address;
	}
	sendto(server, q, end, 0, (struct sockaddr *)&from, len);
}

struct result {
	int		 called;
	unsigned	 n;
	struct ip	 ip[RESOLVE_MOST];
};

static void
done(void *arg, const struct ip *ip, unsigned n)
{
	struct result *r = arg;

	r->called++;
	r->n = n;
	memcpy(r->ip, ip, n * sizeof *ip);
}

static void
wait_for(const struct result *r)
{
	int64_t until = clock_mono_usec() + PATIENCE;

	while (r->called == 0) {
		assert_true(clock_mono_usec() < until);
		answer();
		loop_turn(loop, 1000);
	}
}

static bool
is(const struct ip *ip, const char *text)
{
	struct ip want;

	assert_true(ip_parse(str_of(text), &want));
	return ip_eq(ip, &want);
}

static void
a_name_has_its_addresses(void **state)
{
	struct result a = { 0 }, b = { 0 };
	struct ip ip[RESOLVE_MOST];
	unsigned n;

	(void)state;
	assert_false(resolver_find(resolver, STR("auth.test"), ip, &n));
	assert_non_null(resolve_start(resolver, STR("auth.test"), done, &a));
	assert_non_null(resolve_start(resolver, STR("auth.test"), done, &b));
	wait_for(&a);
	assert_int_equal(b.called, 1);
	assert_int_equal(a.n, 2);
	assert_true(is(&a.ip[0], "10.0.0.7") && is(&a.ip[1], "10.0.0.8"));
	assert_int_equal(questions, 2);		/* A and AAAA, for both who wanted it */
	assert_true(resolver_find(resolver, STR("auth.test"), ip, &n));
	assert_int_equal(n, 2);
	resolver_forget(resolver, STR("auth.test"));
	assert_false(resolver_find(resolver, STR("auth.test"), ip, &n));
}

static void
others_have_none(void **state)
{
	struct result a = { 0 };
	struct ip ip[RESOLVE_MOST];
	unsigned n;

	(void)state;
	assert_non_null(resolve_start(resolver, STR("nobody.test."), done, &a));
	wait_for(&a);
	assert_int_equal(a.n, 0);
	assert_true(resolver_find(resolver, STR("nobody.test."), ip, &n));
	assert_int_equal(n, 0);
	assert_null(resolve_start(resolver, STR(""), done, &a));
}

static void
numbers_and_hosts_need_no_server(void **state)
{
	struct ip ip[RESOLVE_MOST];
	unsigned n;

	(void)state;
	assert_true(resolver_find(resolver, STR("10.1.2.3"), ip, &n));
	assert_true(n == 1 && is(&ip[0], "10.1.2.3"));
	assert_true(resolver_find(resolver, STR("::1"), ip, &n));
	assert_true(resolver_find(resolver, STR("localhost"), ip, &n));
	assert_true(n >= 1 && (is(&ip[0], "127.0.0.1") || is(&ip[0], "::1")));
	assert_int_equal(questions, 0);
}

static void
who_has_left_is_not_called(void **state)
{
	struct result a = { 0 }, b = { 0 };
	struct resolve *one;

	(void)state;
	one = resolve_start(resolver, STR("auth.test"), done, &a);
	assert_non_null(resolve_start(resolver, STR("auth.test"), done, &b));
	resolve_cancel(one);
	wait_for(&b);
	assert_int_equal(a.called, 0);
	/* and the end may come meanwhile */
	assert_non_null(resolve_start(resolver, STR("other.test"), done, &a));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(a_name_has_its_addresses), T(others_have_none), T(numbers_and_hosts_need_no_server), T(who_has_left_is_not_called) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
