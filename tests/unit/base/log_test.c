#include "base/log.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

static char line[8192];

/* What `log_event` wrote to stderr in the statement between begin and end. */
static int saved, reader;

static void
begin(void)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	saved = dup(STDERR_FILENO);
	dup2(p[1], STDERR_FILENO);
	close(p[1]);
	reader = p[0];
}

static const char *
end(void)
{
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(reader, line, sizeof line - 1);
	close(reader);
	assert_true(n >= 0);
	line[n] = '\0';
	return line;
}

static char tapped[8192];

static void
tap(void *arg, enum log_level level, const char *event, const char *pairs)
{
	snprintf(tapped, sizeof tapped, "%s|%d|%s|%s", (const char *)arg, level, event, pairs);
}

static void
events_are_key_value(void **state)
{
	const char *said;

	(void)state;
	log_setup("brain", LOG_INFO, false);
	begin();
	log_event(LOG_WARN, "node.stale", "node", "a", "age", LOG_F(1.25, 2), "n", LOG_N(-7), NULL);
	said = end();
	assert_int_equal(said[4], '-');
	assert_int_equal(said[23], 'Z');
	assert_string_equal(said + 24, " level=warn who=brain event=node.stale node=a age=1.25 n=-7\n");
}

static void
values_cannot_forge_or_paint(void **state)
{
	(void)state;
	log_setup("w", LOG_INFO, false);
	begin();
	log_event(LOG_INFO, "e", "a", "x\n2024 level=error", "b", "\033[31mred", "c", "", "d", "say \"hi\"\\", "e", NULL, NULL);
	assert_string_equal(end() + 24, " level=info who=w event=e a=\"x\\u000a2024 level=error\" b=\"\\u001b[31mred\""
	    " c=\"\" d=\"say \\\"hi\\\"\\\\\" e=\"\"\n");
}

static void
levels_below_the_least_are_silent(void **state)
{
	(void)state;
	log_setup("w", LOG_WARN, false);
	begin();
	log_event(LOG_INFO, "quiet", NULL);
	log_event(LOG_WARN, "loud", NULL);
	assert_string_equal(end() + 24, " level=warn who=w event=loud\n");
}

static void
json_stays_json_however_long_the_values(void **state)
{
	static char huge[20000], nasty[20000];
	json_t *j;

	(void)state;
	memset(huge, 'h', sizeof huge - 1);
	memset(nasty, '\001', sizeof nasty - 1);
	log_setup("w", LOG_INFO, true);
	begin();
	log_event(LOG_INFO, "e", "first", huge, "second", nasty, "third", nasty, "quote", "\"\\\n", "last", huge, NULL);
	j = json_loads(end(), 0, NULL);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "event")), "e");
	assert_int_equal(strlen(json_string_value(json_object_get(j, "first"))), VALUE_MAX + 3);
	assert_null(json_object_get(j, "third"));	/* no room: left out whole */
	assert_string_equal(json_string_value(json_object_get(j, "quote")), "\"\\\n");
	json_decref(j);
}

static void
the_tap_hears_key_value(void **state)
{
	(void)state;
	log_setup("w", LOG_INFO, true);
	log_tap(tap, "arg");
	begin();
	log_event(LOG_ERROR, "e", "a", "b c", NULL);
	end();
	assert_string_equal(tapped, "arg|3|e|a=\"b c\"");
	begin();
	log_event(LOG_INFO, "bare", NULL);
	end();
	assert_string_equal(tapped, "arg|1|bare|");
	log_setup("w", LOG_ERROR, false);		/* it hears of more than is written, but not of details */
	begin();
	log_event(LOG_INFO, "quiet", "a", "b", NULL);
	log_event(LOG_DEBUG, "detail", NULL);
	assert_string_equal(end(), "");
	assert_string_equal(tapped, "arg|1|quiet|a=b");
	log_tap(NULL, NULL);
}

/* The pipe is full: what comes is held, then dropped, and counted when somebody reads again. Nothing waits. */
static void
a_reader_that_does_not_keep_up_delays_nothing(void **state)
{
	static char all[1 << 20];
	unsigned written = 0, lines = 0, dropped = 0;
	size_t n = 0;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	saved = dup(STDERR_FILENO);
	dup2(p[1], STDERR_FILENO);
	close(p[1]);
	sink_unblock(STDERR_FILENO);
	log_setup("w", LOG_INFO, false);
	alarm(20);
	for (; dropped < 10; written++) {
		log_event(LOG_INFO, "e", "n", LOG_N(written), NULL);
		dropped += (unsigned)log_dropped_take();
	}
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	for (int round = 0; round < 3; round++) {
		ssize_t got;
		while ((got = read(p[0], all + n, sizeof all - 1 - n)) > 0)
			n += (size_t)got;
		log_flush();
	}
	alarm(0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(p[0]);
	all[n] = '\0';
	for (size_t i = 0; i < n; i++)
		lines += all[i] == '\n';
	assert_int_equal(lines, written - 10 + 1);
	assert_non_null(strstr(all, " event=e n=0\n"));
	assert_non_null(strstr(all, " level=warn who=w event=log.dropped lines=10\n"));
	assert_int_equal(pending.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_key_value),
		cmocka_unit_test(values_cannot_forge_or_paint),
		cmocka_unit_test(levels_below_the_least_are_silent),
		cmocka_unit_test(json_stays_json_however_long_the_values),
		cmocka_unit_test(the_tap_hears_key_value),
		cmocka_unit_test(a_reader_that_does_not_keep_up_delays_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
