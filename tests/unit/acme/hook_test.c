#include "acme/hook.c"

#include "../until.h"

struct site {
	struct loop	*loop;
	struct hook	*hook;
	int		 done;
	const struct why *why;
	char		 said[HOOK_SAID_MAX];
};

static int
begin(void **state)
{
	struct site *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct site *s = *state;

	hook_free(&s->hook);
	loop_turn(s->loop, 0);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static void
on_done(void *arg, const struct why *why, const char *said)
{
	struct site *s = arg;

	s->done++;
	s->why = why;
	snprintf(s->said, sizeof s->said, "%s", said);
}

/* `text`: what a shell is to do. */
static void
run(struct site *s, const char *program, const char *text, int64_t timeout_usec)
{
	const char *const argv[] = { program, "-c", text, "two", "three" };

	s->done = 0;
	hook_free(&s->hook);
	s->hook = hook_new(s->loop, argv, timeout_usec, on_done, s);
	assert_int_equal(s->done, 0);
	UNTIL(s->loop, s->done);
	assert_int_equal(s->done, 1);
}

static void
a_program_is_run_in_an_environment_of_its_own(void **state)
{
	struct site *s = *state;
	int fd = open("/dev/null", O_RDONLY);		/* it would inherit this one */

	assert_true(fd >= 3);
	setenv("SECRET", "x", 1);
	run(s, "/bin/sh", "[ \"$0 $1\" = 'two three' ] && [ -z \"$SECRET\" ] && [ ! -e /proc/self/fd/3 ] || ls /proc/self/fd >&2 && exit 0",
	    10 * USEC_PER_SEC);
	assert_null(s->why);
	assert_string_equal(s->said, "");
	close(fd);
}

static void
its_last_words_are_told(void **state)
{
	struct site *s = *state;

	run(s, "/bin/sh", "echo first; echo 'no such zone' >&2; exit 3", 10 * USEC_PER_SEC);
	assert_ptr_equal(s->why, WHY_ACME_HOOK);
	assert_string_equal(s->said, "no such zone");
	run(s, "/bin/sh", "yes 0123456789 | head -n 100000; exit 1", 10 * USEC_PER_SEC);	/* more than a pipe holds */
	assert_ptr_equal(s->why, WHY_ACME_HOOK);
	assert_string_equal(s->said, "0123456789");
	run(s, "/bin/sh", "exit 4", 10 * USEC_PER_SEC);
	assert_string_equal(s->said, "it ended with status 4 and wrote nothing");
	run(s, "/nowhere/hook", "", 10 * USEC_PER_SEC);
	assert_ptr_equal(s->why, WHY_ACME_HOOK);
	assert_string_equal(s->said, "/nowhere/hook: No such file or directory");
}

static void
one_that_hangs_is_ended_with_its_children(void **state)
{
	struct site *s = *state;

	run(s, "/bin/sh", "sleep 1000 & sleep 1000", 50 * USEC_PER_MSEC);
	assert_ptr_equal(s->why, WHY_ACME_HOOK);
	assert_string_equal(s->said, "it did not end in time");
}

static void
one_that_is_not_needed_any_more_is_killed(void **state)
{
	struct site *s = *state;
	const char *const argv[] = { "/bin/sh", "-c", "sleep 1000", "", "" };

	s->hook = hook_new(s->loop, argv, 1000 * USEC_PER_SEC, on_done, s);
	hook_free(&s->hook);
	loop_turn(s->loop, 0);
	assert_int_equal(s->done, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* no child is left */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_program_is_run_in_an_environment_of_its_own),
		CASE(its_last_words_are_told),
		CASE(one_that_hangs_is_ended_with_its_children),
		CASE(one_that_is_not_needed_any_more_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
