/* reader: what is wrong is named with its line; what was cut off can be read as far as it goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "recording/reader.c"

#define LAW	"law 1000000 0 1 5000000 0.8 0.2 0\n"
#define BEGIN	"mola-recording 2 1795889222440784 numbers\nlaw 1000000 0 1 5000000 0.8 0.2 0\n"
#define WORLD	"node 0 4 0\nnode 1 0 0\nservice 1 marginal balanced http\ntask 7 1 0 2 0\ntask 8 1 1 0 0\n"
#define TICKS	"tick 100000\nin 1 3\ntick 200000\n"

static struct recording *
read_text(const char *text, char error[READER_ERROR_MAX])
{
	return reader_read(str_of(text), error);
}

static void
a_recording_is_read_in_its_order(void **state)
{
	char error[READER_ERROR_MAX];
	struct recording *r = read_text(BEGIN WORLD TICKS
	    "did 7 3 12 10 2 34000 20:1 22:1\nsample 1 210000 1 0.5 205000 1000000 1 4 1.5 2 - 8e9 4e9 0 0 0 0 0 - - -\nend 300000\n", error);

	(void)state;
	assert_string_equal(error, "");
	assert_non_null(r);
	assert_int_equal(r->event[0].kind, RECORDED_BEGIN);
	assert_int_equal(r->event[1].law->period_usec, 1000000);
	assert_int_equal(r->event[5].task->inflight, 2);
	assert_int_equal(r->event[r->n - 2].sample->sample.taken_usec, 205000);
	assert_true(isnan(r->event[r->n - 2].sample->sample.load1));
	assert_int_equal(r->event[r->n - 3].did->nsteps, 2);
	assert_int_equal(r->picks, 5);		/* two were in flight at first */
	assert_int_equal(r->nodes, 2);
	assert_int_equal(r->tasks, 9);
	assert_int_equal(r->length_usec, 200000);
	assert_false(r->cut);
	recording_free(&r);
	assert_null(r);
}

static void
recordings_before_containers_were_told_are_read(void **state)
{
	char error[READER_ERROR_MAX];
	struct recording *r = read_text("mola-recording 1 1 numbers\n" LAW WORLD TICKS, error);

	(void)state;
	assert_string_equal(error, "");
	assert_int_equal(r->picks, 5);
	recording_free(&r);
	r = read_text(BEGIN WORLD "available 7 0.25\n" TICKS "available 7 -\nend 300000\n", error);
	assert_string_equal(error, "");
	assert_int_equal(r->event[7].kind, RECORDED_AVAILABLE);
	assert_int_equal(r->event[7].id, 7);
	assert_true(r->event[7].amount == 0.25 && isnan(r->event[r->n - 2].amount));
	assert_int_equal(r->event[5].task->same, r->event[5].id);
	recording_free(&r);
	r = read_text(BEGIN WORLD "task 8 1 1 0 0 7\n" TICKS "end 300000\n", error);
	assert_string_equal(error, "");
	assert_int_equal(r->event[7].task->same, 7);
	recording_free(&r);
	assert_null(read_text(BEGIN WORLD "task 9 1 1 0 0 10\n" TICKS, error));
	assert_non_null(strstr(error, "'task' names a task that no line before has: '10'"));
}

static void
what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char	*text, *error;
	} wrong[] = {
		{ "", "line 0: expected at least two ticks" },
		{ "hello\n", "line 1: expected 'mola-recording 2', and found 'hello': this is no recording" },
		{ "mola-recording 3 1 numbers\n", "line 1: the recording is of version 3 of the format, and this Mola reads up to 2: it was made by a newer one" },
		{ "mola-recording x 1 numbers\n", "line 1: expected the version of the format in 'mola-recording', and found 'x 1 numbers'" },
		{ "mola-recording 1 1 letters\n", "line 1: expected names or numbers, and found 'letters'" },
		{ "mola-recording 1 1 numbers\nnode 0 4 0\n", "line 2: expected 'law' after 'mola-recording', and found 'node'" },
		{ BEGIN "nod 0 4 0\n", "line 3: expected one of the lines that recordings have, such as 'tick', and found 'nod'" },
		{ BEGIN "node 4096 4 0\n", "line 3: expected the number of a node, below 2048 in 'node', and found '4096'" },
		{ BEGIN "node 0 -1 0\n", "line 3: expected declared cores, or 0 in 'node', and found '-1'" },
		{ BEGIN "node 0 4 0 0\n", "line 3: expected the end of the line in 'node', and found '0'" },
		{ BEGIN "node 0 4\n", "line 3: expected 1 where the node is drained, else 0 in 'node', and found nothing" },
		{ BEGIN "service 1 fastest balanced http\n", "line 3: expected a policy in 'service', and found 'fastest'" },
		{ BEGIN "service 1 marginal rum http\n", "line 3: expected a profile in 'service', and found 'rum'" },
		{ BEGIN "service 1 marginal balanced udp\n", "line 3: expected http, sticky or tcp in 'service', and found 'udp'" },
		{ BEGIN WORLD "task 9 2 0 0 0\n", "line 8: 'task' names a service that no line before has: '2 0 0 0'" },
		{ BEGIN WORLD "did 9 1 1 1 1 1\n", "line 8: 'did' names a task that no line before has: '9 1 1 1 1 1'" },
		{ BEGIN WORLD "did 7 1 1 1 1 1 177:1\n", "line 8: expected STEP:COUNT with a step below 177 in 'did', and found '177'" },
		{ BEGIN WORLD "did 7 1 1 1 1 1 1-1\n", "line 8: expected STEP:COUNT with a step below 177 in 'did', and found '1-1'" },
		{ BEGIN WORLD "in 1 1000001\n", "line 8: expected a number of requests, up to a million in 'in', and found '1000001'" },
		{ BEGIN WORLD "in 1 -3\n", "line 8: expected a number of requests, up to a million in 'in', and found '-3'" },
		{ BEGIN WORLD "gone task 7\nstate 7 used\n", "line 9: 'state' names a task that no line before has: '7 used'" },
		{ BEGIN WORLD "state 7 broken\n", "line 8: expected used, ejected, down or degraded in 'state', and found 'broken'" },
		{ BEGIN WORLD "tenants 1 polite\n", "line 8: expected 'tenants' below the line 'service' of 1" },
		{ BEGIN "service 1 marginal balanced http\ntenants 1 rude\n",
		    "line 4: expected fair, polite or greedy in 'tenants', and found 'rude'" },
		{ BEGIN WORLD "slow_start 1 5\n", "line 8: expected 'slow_start' below the line 'service' of 1" },
		{ BEGIN "service 1 marginal balanced http\nslow_start 1 0\n",
		    "line 4: expected a slow start, in microseconds in 'slow_start', and found '0'" },
		{ BEGIN WORLD "since 9 1\n", "line 8: 'since' names a task that no line before has: '9 1'" },
		{ BEGIN WORLD "since 7 -\n", "line 8: expected since when the task is in use, in microseconds in 'since', and found '-'" },
		{ BEGIN WORLD "available 7 0\n", "line 8: expected cores that a container could have, or - in 'available', and found '0'" },
		{ BEGIN WORLD "available 9 1\n", "line 8: 'available' names a task that no line before has: '9 1'" },
		{ "mola-recording 1 1 numbers\n" LAW WORLD "available 7 1\n",
		    "line 8: expected none of 'available': recordings of version 1 have no such line" },
		{ BEGIN WORLD "tick 200000\ntick 100000\n", "line 9: this tick is of 100000 us, and the one before of 200000 us: expected a later one" },
		{ BEGIN WORLD "end 1\ntick 2\n", "line 9: expected another recording or nothing after 'end', and found 'tick'" },
		{ BEGIN WORLD "last 0 1\n", "line 8: 'last' without a line 'was' of the node before it" },
		{ BEGIN WORLD, "line 7: expected at least two ticks, and it ends here" },
	};
	char error[READER_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_null(read_text(wrong[i].text, error));
		if (strncmp(error, wrong[i].error, strlen(wrong[i].error)) != 0)
			fail_msg("%s\nexpected: %s\nfound:    %s", wrong[i].text, wrong[i].error, error);
	}
}

/* Ctrl-C, a full disk, a copy that was not finished. */
static void
one_that_was_cut_off_is_read_to_its_last_whole_line(void **state)
{
	static const char text[] = BEGIN WORLD TICKS "did 7 3 12 10 2 34000 20:1\ntick 300000\nend 300000\n";
	size_t enough = strlen(BEGIN WORLD "tick 100000\n");
	char error[READER_ERROR_MAX];

	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct recording *r = reader_read((struct str){ text, n }, error);
		if ((r != NULL) != (n >= enough))
			fail_msg("of %zu bytes: %s", n, error);
		if (r != NULL)
			assert_int_equal(r->cut, n < sizeof text - 1);
		recording_free(&r);
	}
}

static void
parts_stand_for_themselves(void **state)
{
	char error[READER_ERROR_MAX];
	struct recording *r = read_text(BEGIN WORLD TICKS BEGIN WORLD "tick 50000\nend 50000\n", error);

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->parts, 2);
	assert_int_equal(r->length_usec, 250000);
	assert_false(r->cut);
	recording_free(&r);
	assert_null(read_text(BEGIN WORLD TICKS BEGIN "tick 1\nin 1 2\n", error));
	assert_string_equal(error, "line 14: 'in' names a service that no line before has: '1 2'");
}

static void
names_have_harmless_bytes(void **state)
{
	char error[READER_ERROR_MAX];
	struct recording *r = read_text("mola-recording 1 1 names\nlaw 1000000 0 1 5000000 0.8 0.2 0\nnode 0 0 0 alpha-1\n"
	    "tick 100000\n", error);

	(void)state;
	assert_non_null(r);
	assert_string_equal(r->event[2].node->name, "alpha-1");
	recording_free(&r);
	assert_null(read_text("mola-recording 1 1 names\nlaw 1000000 0 1 5000000 0.8 0.2 0\nnode 0 0 0 \033[2J\n", error));
	assert_string_equal(error, "line 3: expected a name of up to 64 letters, digits, '.', '_' and '-' in 'node', and found '?[2J'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_is_read_in_its_order),
		cmocka_unit_test(recordings_before_containers_were_told_are_read),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(one_that_was_cut_off_is_read_to_its_last_whole_line),
		cmocka_unit_test(parts_stand_for_themselves),
		cmocka_unit_test(names_have_harmless_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
