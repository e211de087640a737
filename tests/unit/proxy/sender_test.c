/*
 * Who the client behind the proxies is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_read.h"
#include "proxy/sender.c"

static struct ip_net trusted[2];

/* Fields of a request that came from `peer`, with 10.0.0.0/8 and fd00::/8 trusted. */
static void
client(const char *peer, const char *fields, const char *want)
{
	static struct field field[100];
	static struct message h = { .limits = { 16384, 100 }, .field = field };
	const struct why *why;
	size_t scanned = 0, used;
	char in[1024], out[IP_TEXT_MAX];
	struct sender s;
	struct ip ip;

	assert_true(ip_parse(str_of(peer), &ip));
	sender_init(&s, &ip, ip_nets_have(trusted, 2, &ip));
	snprintf(in, sizeof in, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
	assert_int_equal(h1_read_request(&h, str_of(in), &scanned, &used, &why), PARSE_DONE);
	ip = sender_client(&s, &h, trusted, 2);
	ip_text(&ip, out);
	assert_string_equal(out, want);
}

static void
test_client(void **state)
{
	(void)state;
	assert_true(ip_net_parse(STR("10.0.0.0/8"), &trusted[0]) && ip_net_parse(STR("fd00::/8"), &trusted[1]));
	client("192.0.2.1", "", "192.0.2.1");
	client("192.0.2.1", "X-Forwarded-For: 8.8.8.8\r\n", "192.0.2.1");
	client("10.0.0.1", "", "10.0.0.1");
	client("10.0.0.1", "X-Forwarded-For: 8.8.8.8\r\n", "8.8.8.8");
	/* what the client itself wrote stands further left */
	client("10.0.0.1", "X-Forwarded-For: 1.1.1.1, 8.8.8.8,10.0.0.2 , fd00::3\r\n", "8.8.8.8");
	client("10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX: y\r\nX-Forwarded-For: 8.8.8.8\r\nX-Forwarded-For: 10.0.0.2,\r\n", "8.8.8.8");
	client("::ffff:10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1");
	client("10.0.0.1", "X-Forwarded-For: 8.8.8.8:4711, [fd00::2]:80\r\n", "8.8.8.8");
	/* all of them proxies: the first of them asked for itself */
	client("10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3");
	client("10.0.0.1", "X-Forwarded-For: 8.8.8.8, unknown, 10.0.0.2\r\n", "10.0.0.2");
	client("10.0.0.1", "X-Forwarded-For: \r\n", "10.0.0.1");
	client("10.0.0.1", "X_Forwarded_For: 8.8.8.8\r\n", "10.0.0.1");
}

static void
test_longest(void **state)
{
	struct sender s;
	struct ip ip;

	(void)state;
	memset(&ip, 0xfe, sizeof ip);
	sender_init(&s, &ip, false);
	assert_true(str_eq(sender_peer(&s), STR("fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_client), cmocka_unit_test(test_longest) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
