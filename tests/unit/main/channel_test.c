/* A receiver without a free descriptor gets every message with its descriptor all the same: at once, or when one is free. */
#include "main/channel.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

static struct loop *loop;
static struct channel channel;
static struct rlimit limit;
static int sender;
static unsigned messages, ends;
static enum channel_kind kind;
static int received = -1;	/* with the last message, open */

static void
drop_received(void)
{
	if (received >= 0)
		close(received);
	received = -1;
}

static void
on_message(void *arg, const struct channel_msg *m, int fd)
{
	(void)arg;
	if (m == NULL) {
		ends++;
		return;
	}
	messages++;
	kind = m->kind;
	if (fd >= 0)
		received = fd;
}

/* No descriptor is free from here on, in the process that sends, either: it needs no more. */
static int
begin(void **state)
{
	struct rlimit less;
	int pair[2], fd;

	(void)state;
	log_setup("test", LOG_ERROR + 1, false);
	messages = ends = 0;
	loop = loop_new();
	assert_true(channel_pair(pair));
	sender = pair[1];
	channel_open(&channel, loop, pair[0], on_message, NULL);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true((fd = dup(sender)) >= 0);
	close(fd);
	less = (struct rlimit){ (rlim_t)fd, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	assert_int_equal(dup(sender), -1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &limit);
	drop_received();
	channel_close(&channel);
	close(sender);
	loop_free(&loop);
	return 0;
}

static void
send_kind(enum channel_kind k, int fd)
{
	struct channel_msg m = { .kind = k };

	assert_true(sock_send_fd(sender, &m, sizeof m, fd));
}

static void
each_table_arrives_when_all_descriptors_are_in_use(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		send_kind(CHANNEL_TABLE, sender);
		loop_turn(loop, 0);
		assert_int_equal(messages, i);
		assert_true(received >= 0);
		drop_received();
	}
	assert_int_equal(ends, 0);
}

static void
a_listener_waits_until_a_descriptor_is_free(void **state)
{
	(void)state;
	send_kind(CHANNEL_LISTEN, sender);
	send_kind(CHANNEL_LISTEN, sender);
	loop_turn(loop, 0);
	assert_int_equal(messages, 1);		/* it took the place of the reserve */
	assert_true(kind == CHANNEL_LISTEN && received >= 0);
	loop_turn(loop, 2 * RETRY_USEC);
	assert_int_equal(messages, 1);
	drop_received();
	while (messages < 2 && ends == 0)
		loop_turn(loop, 2 * RETRY_USEC);
	assert_true(kind == CHANNEL_LISTEN && received >= 0);
	assert_int_equal(ends, 0);
}

static void
what_needs_no_descriptor_does_not_wait(void **state)
{
	(void)state;
	reserve_close(&channel);
	assert_true((received = dup(sender)) >= 0);
	send_kind(CHANNEL_DRAIN, -1);
	loop_turn(loop, 0);
	assert_int_equal(messages, 1);
	assert_true(kind == CHANNEL_DRAIN && ends == 0);
}

static void
a_table_without_its_descriptor_ends_the_channel(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &limit);
	send_kind(CHANNEL_TABLE, -1);
	send_kind(CHANNEL_DRAIN, -1);
	loop_turn(loop, 0);
	assert_int_equal(messages, 0);
	assert_int_equal(ends, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_table_arrives_when_all_descriptors_are_in_use, begin, end),
		cmocka_unit_test_setup_teardown(a_listener_waits_until_a_descriptor_is_free, begin, end),
		cmocka_unit_test_setup_teardown(what_needs_no_descriptor_does_not_wait, begin, end),
		cmocka_unit_test_setup_teardown(a_table_without_its_descriptor_ends_the_channel, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
