/* Names of servers: looked up when they are asked for, and their owner learns of it. The name server is the test. */
#include "../until.h"
#include "engine/hosts.h"

static struct loop *loop;
static struct hosts *hosts;
static int server, changes;
static bool silent;
static char at[40];

static void
on_change(void *arg)
{
	assert_ptr_equal(arg, &changes);
	changes++;
}

static int
setup(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	(void)state;
	server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&a, &len), 0);
	snprintf(at, sizeof at, "127.0.0.1:%u", ntohs(a.sin_port));
	loop = loop_new();
	hosts = hosts_new(loop, at, on_change, &changes);
	changes = 0;
	silent = false;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hosts_free(&hosts);
	loop_turn(loop, 0);
	loop_free(&loop);
	close(server);
	return 0;
}

/* nas.test is 10.0.0.7; there are no other names. */
static void
answer(void)
{
	static const uint8_t address[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 7 };
	static const uint8_t name[] = { 3, 'n', 'a', 's', 4, 't', 'e', 's', 't', 0 };
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	uint8_t q[512];
	ssize_t n = recvfrom(server, q, sizeof q - sizeof address, 0, (struct sockaddr *)&from, &len);
	size_t end = 12;
	bool known;

	if (n < 17 || silent)
		return;
	while (q[end] != 0)
		end += q[end] + 1u;
	known = memcmp(q + 12, name, sizeof name) == 0;
	end += 5;
	q[2] = 0x81;
	q[3] = known ? 0x80 : 0x83;
	memset(q + 6, 0, 6);
	if (known && q[end - 3] == 1) {	/* A */
		q[7] = 1;
		memcpy(q + end, address, sizeof address);
		end += sizeof address;
	}
	sendto(server, q, end, 0, (struct sockaddr *)&from, len);
}

#define UNTIL_ANSWERED(cond) UNTIL(loop, (answer(), (cond)))

static bool
find(const char *host, unsigned port, const char *expected)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (!hosts_find(hosts, host, port, &a))
		return false;
	assert_string_equal(addr_text(&a, text), expected);
	return true;
}

static void
a_name_is_looked_up_when_it_is_asked_for(void **state)
{
	(void)state;
	hosts_begin(hosts);
	assert_false(find("nas.test", 80, ""));
	hosts_end(hosts);
	assert_false(hosts_are_known(hosts));
	UNTIL_ANSWERED(changes > 0);
	assert_true(hosts_are_known(hosts));
	assert_true(find("nas.test", 80, "10.0.0.7:80"));
	assert_true(find("nas.test", 8080, "10.0.0.7:8080"));
}

static void
one_that_there_is_not_is_known_to_be_none(void **state)
{
	(void)state;
	assert_false(find("none.test", 80, ""));
	UNTIL_ANSWERED(changes > 0);
	assert_true(hosts_are_known(hosts));
	assert_false(find("none.test", 80, ""));
}

static void
what_is_no_longer_asked_for_is_forgotten(void **state)
{
	(void)state;
	silent = true;
	assert_false(find("nas.test", 80, ""));
	hosts_begin(hosts);
	hosts_end(hosts);
	assert_true(hosts_are_known(hosts));
	silent = false;
	assert_false(find("nas.test", 80, ""));
	UNTIL_ANSWERED(changes > 0);
	assert_true(find("nas.test", 80, "10.0.0.7:80"));
}

int
main(void)
{
#define NAMED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		NAMED(a_name_is_looked_up_when_it_is_asked_for),
		NAMED(one_that_there_is_not_is_known_to_be_none),
		NAMED(what_is_no_longer_asked_for_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
