/* Load reports in all their forms, what is none, and the messages of a subscription. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/orca.c"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* Of Envoy's documentation: mem .1, rps 3, and metrics with names of their own. */
#define ENVOYS "CZqZmZmZmbk/MQAAAAAAAABAQg4KA2ZvbxGamZmZmZm5P0IOCgNiYXIRmpmZmZmZyT8="

static void
text_is_read(void **state)
{
	struct orca_report r;

	(void)state;
	assert_true(orca_read(STR("TEXT cpu_utilization=0.3, mem_utilization=0.8, rps_fractional=10.0, eps=1, "
	    "named_metrics.custom_metric_util=0.4"), &r));
	NEAR(r.cpu, .3);
	NEAR(r.memory, .8);
	NEAR(r.rps, 10);
	NEAR(r.eps, 1);
	NEAR(r.application, 0);
	NEAR(orca_utilization(&r), .3);
	assert_true(orca_read(STR("TEXT application_utilization:1.2,cpu_utilization:7e-1"), &r));
	NEAR(orca_utilization(&r), 1.2);
	NEAR(r.cpu, .7);
	NEAR(r.memory, 0);
}

static void
json_is_read(void **state)
{
	struct orca_report r;

	(void)state;
	assert_true(orca_read(STR("JSON {\"cpu_utilization\": 0.3, \"memUtilization\": 0.8, \"rps_fractional\": 10, "
	    "\"eps\": \"1.5\", \"named_metrics\": {\"a\": 0.4}}"), &r));
	NEAR(r.cpu, .3);
	NEAR(r.memory, .8);
	NEAR(r.rps, 10);
	NEAR(r.eps, 1.5);
}

static void
messages_are_read(void **state)
{
	struct orca_report r;

	(void)state;
	assert_true(orca_read(STR("BIN " ENVOYS), &r));
	NEAR(r.cpu, .1);
	NEAR(r.rps, 2);
	assert_true(orca_read_bin(STR(ENVOYS), &r));
	NEAR(r.cpu, .1);
	/* without its padding, as gRPC sends it */
	assert_true(orca_read_bin((struct str){ ENVOYS, sizeof ENVOYS - 2 }, &r));
	/* rps as a whole number, which is what older servers have: 18 03 */
	assert_true(orca_read_bin(STR("GAM="), &r));
	NEAR(r.rps, 3);
	assert_true(orca_read_bin(STR(""), &r));
	NEAR(orca_utilization(&r), 0);
}

static void
nonsense_is_none(void **state)
{
	static const char *const bad[] = { "", "TEXT", "TEXT ", "TEXT ,", "TEXT cpu_utilization", "TEXT =0.3",
		"TEXT cpu_utilization=", "TEXT cpu_utilization=nan", "TEXT cpu_utilization=inf", "TEXT cpu_utilization=0x1",
		"TEXT cpu_utilization=-0.1", "TEXT cpu_utilization=1e999", "TEXT cpu_utilization=0.1,cpu_utilization=0.2",
		"TEXT mem_utilization=1.1", "TEXT foo=bar", "text cpu_utilization=0.3", "cpu_utilization=0.3",
		"TEXT cpu_utilization=0.3000000000000000000000000000000000000000001",
		"JSON", "JSON {", "JSON []", "JSON {\"cpu_utilization\": true}", "JSON {\"cpu_utilization\": -1}",
		"JSON {\"cpu_utilization\": \"NaN\"}", "JSON {\"eps\": 1, \"eps\": 2}", "BIN !", "BIN CZqZmZmZmbk", "BIN CwA=",
		"BIN ////////////////////" };
	struct orca_report r = { .cpu = 42 };
	char large[ORCA_VALUE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (orca_read(str_of(bad[i]), &r))
			fail_msg("read: %s", bad[i]);
	memset(large, 'A', sizeof large);
	assert_false(orca_read_bin((struct str){ large, sizeof large }, &r));
	memcpy(large, "TEXT eps=1 ", 11);
	memset(large + 11, ' ', sizeof large - 11);
	assert_false(orca_read((struct str){ large, sizeof large }, &r));
	assert_true(r.cpu == 42);		/* untouched by all of them */
}

static void
a_report_is_written_as_it_is_read(void **state)
{
	const struct orca_report was = { .cpu = .25, .memory = .5, .rps = 1000.5, .eps = .125, .application = 1.5 };
	struct orca_report r = { 0 };
	char out[ORCA_MESSAGE_MAX];
	size_t n = orca_write(&was, out);

	(void)state;
	assert_int_equal(n, 5 + 5 * 9);
	assert_memory_equal(out, ((char[]){ 0, 0, 0, 0, 45 }), 5);
	assert_true(read_message((struct wire){ (uint8_t *)out + 5, (uint8_t *)out + n }, &r));
	assert_memory_equal(&r, &was, sizeof r);
	assert_int_equal(orca_write(&(struct orca_report){ 0 }, out), 5);
}

#define REQUEST(text) (struct str){ text, sizeof text - 1 }
static void
a_subscription_says_how_often(void **state)
{
	int64_t usec = -1;

	(void)state;
	assert_true(orca_read_request(REQUEST("\0\0\0\0\0"), &usec));
	assert_int_equal(usec, 0);
	assert_true(orca_read_request(REQUEST("\0\0\0\0\4\x0a\2\x08\2"), &usec));
	assert_int_equal(usec, 2000000);
	/* 100 ms, and the name of a cost */
	assert_true(orca_read_request(REQUEST("\0\0\0\0\x0b\x0a\5\x10\x80\xc2\xd7\x2f\x12\2ab"), &usec));
	assert_int_equal(usec, 100000);
	/* below 0 is as none, and a year as a day */
	assert_true(orca_read_request(REQUEST("\0\0\0\0\x0d\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), &usec));
	assert_int_equal(usec, 0);
	assert_true(orca_read_request(REQUEST("\0\0\0\0\7\x0a\5\x08\x80\xe7\x84\x0f"), &usec));
	assert_int_equal(usec, INT64_C(86400) * 1000000);
}

static void
other_messages_are_none(void **state)
{
	static const struct str bad[] = { REQUEST(""), REQUEST("\0\0\0\0"), REQUEST("\0\0\0\0\1"), REQUEST("\1\0\0\0\0"),
		REQUEST("\0\0\0\0\4\x0a\3\x08\2"), REQUEST("\0\0\0\0\2\x0a\2"), REQUEST("\0\xff\xff\xff\xff"),
		REQUEST("\0\0\0\0\2\x0b\0"), REQUEST("\0\0\0\0\0\0") };
	int64_t usec;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(orca_read_request(bad[i], &usec));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read),
		cmocka_unit_test(json_is_read),
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(nonsense_is_none),
		cmocka_unit_test(a_report_is_written_as_it_is_read),
		cmocka_unit_test(a_subscription_says_how_often),
		cmocka_unit_test(other_messages_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
