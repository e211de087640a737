/*
 * Addresses and networks as people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip.c"

static struct ip
ip(const char *text)
{
	struct ip out;

	assert_true(ip_parse(str_of(text), &out));
	return out;
}

static void
test_text(void **state)
{
	static const char *const same[] = { "10.0.0.1", "255.255.255.255", "2001:db8::1", "::1" };
	struct ip a;
	char out[IP_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		a = ip(same[i]);
		assert_true(str_eq(ip_text(&a, out), str_of(same[i])));
	}
	a = ip("::ffff:10.1.2.3");
	assert_true(ip_is_v4(&a) && str_eq(ip_text(&a, out), STR("10.1.2.3")));
	assert_true(str_eq(ip_text(&(struct ip){ { 0 } }, out), STR("unix")));
}

static void
test_not_an_address(void **state)
{
	static const char *const wrong[] = { "", "10.0.0", "10.0.0.1:80", "[::1]", "fe80::1%eth0", "010.0.0.1", "unknown", " 10.0.0.1",
		"10.0.0.256", "1234567890123456789012345678901234567890123456789" };
	struct ip a;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(ip_parse(str_of(wrong[i]), &a));
	assert_false(ip_parse((struct str){ "10.0.0.1\0", 9 }, &a));
}

static void
test_of_sockets(void **state)
{
	struct addr v4, v6;
	struct ip a, b;

	(void)state;
	assert_null(addr_parse(STR("10.0.0.1:80"), &v4));
	assert_null(addr_parse(STR("[::ffff:10.0.0.1]:81"), &v6));
	a = ip_of(&v4);
	b = ip_of(&v6);
	assert_true(ip_eq(&a, &b));
}

static void
test_nets(void **state)
{
	static const struct {
		const char *net, *in, *out;
	} nets[] = {
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1" },
		{ "10.1.2.3", "10.1.2.3", "10.1.2.4" },
		{ "192.168.4.0/22", "192.168.7.255", "192.168.8.0" },
		{ "0.0.0.0/0", "1.2.3.4", "::1" },
		{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::" },
		{ "::1", "::1", "::2" },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1" },
	};
	static const char *const wrong[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.1/8", "10.0.0.0/8/8", "10.0.0.0/-1",
		"a.example", "10.0.0.0/255.0.0.0" };
	struct ip_net net;
	struct ip in, out;

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		assert_true(ip_net_parse(str_of(nets[i].net), &net));
		in = ip(nets[i].in);
		out = ip(nets[i].out);
		assert_true(ip_nets_have(&net, 1, &in) && !ip_net_has(&net, &out));
	}
	assert_false(ip_nets_have(&net, 0, &in));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(ip_net_parse(str_of(wrong[i]), &net));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_not_an_address),
		cmocka_unit_test(test_of_sockets),
		cmocka_unit_test(test_nets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
