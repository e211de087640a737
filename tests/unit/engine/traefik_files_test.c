/* Files of Traefik's file provider: read at once, watched, and kept as they were when they break. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "../until.h"
#include "engine/traefik_files.h"

static struct loop *loop;
static struct traefik_files *files;
static char folder[] = "/tmp/mola-provided.XXXXXX", a[80], b[80], inner[80], deep[100], other[80];
static int changes;

static void
on_change(void *arg)
{
	assert_ptr_equal(arg, &changes);
	changes++;
}

/* As long ago as it says. */
static void
make_older(const char *path, time_t seconds)
{
	const struct timespec then = { time(NULL) - seconds, 0 };

	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ then, then }, 0), 0);
}

static void
append(const char *to, const char *text)
{
	FILE *f = fopen(to, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A whole one, that was written some time ago. */
static void
write_file(const char *to, const char *text)
{
	append(other, text);
	make_older(other, 60);
	assert_int_equal(rename(other, to), 0);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(a, sizeof a, "%s/a.yml", folder);
	snprintf(b, sizeof b, "%s/b.yaml", folder);
	snprintf(inner, sizeof inner, "%s/inner", folder);
	snprintf(deep, sizeof deep, "%s/deep.yml", inner);
	snprintf(other, sizeof other, "%s/.other", folder);
	loop = loop_new();
	files = traefik_files_new(loop, on_change, &changes);
	changes = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	traefik_files_free(&files);
	loop_free(&loop);
	unlink(a);
	unlink(b);
	unlink(deep);
	rmdir(inner);
	rmdir(folder);
	return 0;
}

static const struct swarm_file *
file_at(unsigned at)
{
	unsigned n;
	const struct swarm_file *all = traefik_files_all(files, &n);

	assert_true(at < n);
	return &all[at];
}

static unsigned
count(void)
{
	unsigned n;

	traefik_files_all(files, &n);
	return n;
}

static void
reconf(char *path)
{
	traefik_files_reconf(files, &path, 1);
}

#define ROUTER(rule) "http: { routers: { web: { rule: " rule " } } }\n"
#define LINES(rule) "1 http.routers.web.rule=" rule "\n"

static void
a_directory_is_read_at_once(void **state)
{
	(void)state;
	assert_int_equal(mkdir(inner, 0700), 0);
	write_file(b, ROUTER("b"));
	write_file(a, ROUTER("a"));
	write_file(deep, ROUTER("deep"));
	reconf(folder);
	assert_int_equal(count(), 3);
	assert_string_equal(file_at(0)->path, a);
	assert_string_equal(file_at(0)->lines, LINES("a"));
	assert_null(file_at(0)->problem);
	assert_string_equal(file_at(1)->path, b);
	assert_string_equal(file_at(2)->path, deep);
}

static void
a_change_is_taken(void **state)
{
	(void)state;
	write_file(a, ROUTER("a"));
	reconf(a);
	write_file(a, ROUTER("another"));
	UNTIL(loop, changes > 0);
	assert_string_equal(file_at(0)->lines, LINES("another"));
}

static struct timer noise;

/* Somebody writes another file in the same directory, on and on. */
static void
on_noise(void *arg)
{
	(void)arg;
	append(other, "x");
	timer_set(loop, &noise, loop_now(loop) + 20 * USEC_PER_MSEC, on_noise, NULL);
}

static void
what_happens_beside_it_delays_nothing(void **state)
{
	(void)state;
	write_file(a, ROUTER("a"));
	reconf(a);
	write_file(a, ROUTER("another"));
	on_noise(NULL);
	UNTIL(loop, changes > 0);
	timer_clear(loop, &noise);
	unlink(other);
	assert_string_equal(file_at(0)->lines, LINES("another"));
}

static void
files_of_a_directory_come_and_go(void **state)
{
	(void)state;
	write_file(a, ROUTER("a"));
	reconf(folder);
	write_file(b, ROUTER("b"));
	UNTIL(loop, changes > 0);
	assert_int_equal(count(), 2);
	assert_int_equal(unlink(a), 0);
	UNTIL(loop, changes > 1);
	assert_int_equal(count(), 1);
	assert_string_equal(file_at(0)->path, b);
}

static void
one_that_breaks_leaves_what_was_there(void **state)
{
	(void)state;
	write_file(a, ROUTER("a"));
	reconf(a);
	write_file(a, "http: [");
	UNTIL(loop, changes > 0);
	assert_string_equal(file_at(0)->lines, LINES("a"));
	assert_non_null(file_at(0)->problem);
	assert_int_equal(unlink(a), 0);
	UNTIL(loop, changes > 1);
	assert_string_equal(file_at(0)->lines, LINES("a"));
	assert_string_equal(file_at(0)->problem, "No such file or directory");
	write_file(a, ROUTER("a"));
	UNTIL(loop, changes > 2);
	assert_null(file_at(0)->problem);
}

static void
one_that_was_never_there_has_no_lines(void **state)
{
	(void)state;
	reconf(a);
	assert_int_equal(count(), 1);
	assert_null(file_at(0)->lines);
	assert_string_equal(file_at(0)->problem, "No such file or directory");
	write_file(a, ROUTER("a"));
	UNTIL(loop, changes > 0);
	assert_string_equal(file_at(0)->lines, LINES("a"));
}

static void
what_is_no_longer_configured_is_gone(void **state)
{
	(void)state;
	write_file(a, ROUTER("a"));
	reconf(a);
	traefik_files_reconf(files, NULL, 0);
	assert_int_equal(count(), 0);
}

/* As a check does, which has no loop. */
static void
they_can_be_read_once(void **state)
{
	struct traefik_files *once = traefik_files_new(NULL, NULL, NULL);
	char *path = folder;
	unsigned n;

	(void)state;
	append(a, ROUTER("new"));
	traefik_files_reconf(once, &path, 1);
	assert_string_equal(traefik_files_all(once, &n)->lines, LINES("new"));
	assert_int_equal(n, 1);
	traefik_files_free(&once);
}

#define HALF "http:\n  routers:\n    web:\n      rule: new\n"
#define REST "      middlewares: guard\n"
#define HALF_LINES "4 http.routers.web.rule=new\n"
#define REST_LINES "5 http.routers.web.middlewares=guard\n"

/* The first part of a file alone would be a router that everybody may use. Of files whose time is to
 * come our own clock says how long they have been as they are. */
static void
one_that_is_being_written_is_not_taken(void **state)
{
	(void)state;
	write_file(a, ROUTER("old"));
	reconf(folder);
	assert_int_equal(unlink(a), 0);
	append(a, HALF);
	make_older(a, -60);
	write_file(b, ROUTER("b"));
	UNTIL(loop, changes > 0);
	assert_int_equal(count(), 2);
	assert_string_equal(file_at(0)->lines, LINES("old"));
	append(a, REST);
	make_older(a, -70);
	UNTIL(loop, changes > 1);
	assert_string_equal(file_at(0)->lines, HALF_LINES REST_LINES);
}

/* Nothing of it is known, and it may be a guard: as if it could not be read. */
static void
nor_is_it_at_a_start(void **state)
{
	(void)state;
	append(a, HALF);
	make_older(a, -60);
	reconf(folder);
	assert_null(file_at(0)->lines);
	assert_string_equal(file_at(0)->problem, "it is being written");
	append(a, REST);
	make_older(a, -70);
	UNTIL(loop, changes > 0);
	assert_string_equal(file_at(0)->lines, HALF_LINES REST_LINES);
	assert_null(file_at(0)->problem);
}

/* One that comes to others is not there before it is whole: the others go on. */
static void
a_new_one_is_not_there_before_it_is_whole(void **state)
{
	(void)state;
	write_file(b, ROUTER("b"));
	reconf(folder);
	append(a, HALF);
	make_older(a, -60);
	write_file(b, ROUTER("another"));
	UNTIL(loop, changes > 0);
	assert_int_equal(count(), 1);
	assert_string_equal(file_at(0)->lines, LINES("another"));
	reconf(folder);			/* the same again is no start */
	assert_int_equal(count(), 1);
	UNTIL(loop, changes > 1);
	assert_int_equal(count(), 2);
	assert_string_equal(file_at(0)->path, a);
	assert_string_equal(file_at(0)->lines, HALF_LINES);
}

/* It keeps its place, and so which of two definitions counts. */
static void
one_that_is_replaced_was_never_gone(void **state)
{
	(void)state;
	write_file(a, ROUTER("a"));
	write_file(b, ROUTER("b"));
	reconf(folder);
	assert_int_equal(unlink(a), 0);
	write_file(b, ROUTER("another"));
	UNTIL(loop, changes > 0);
	assert_int_equal(count(), 2);
	assert_string_equal(file_at(0)->lines, LINES("a"));
	write_file(a, ROUTER("again"));
	UNTIL(loop, changes > 1);
	assert_int_equal(count(), 2);
	assert_string_equal(file_at(0)->lines, LINES("again"));
}

int
main(void)
{
#define PROVIDED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		PROVIDED(a_directory_is_read_at_once),
		PROVIDED(a_change_is_taken), PROVIDED(what_happens_beside_it_delays_nothing),
		PROVIDED(files_of_a_directory_come_and_go),
		PROVIDED(one_that_breaks_leaves_what_was_there),
		PROVIDED(one_that_was_never_there_has_no_lines),
		PROVIDED(what_is_no_longer_configured_is_gone),
		PROVIDED(one_that_is_being_written_is_not_taken),
		PROVIDED(they_can_be_read_once),
		PROVIDED(nor_is_it_at_a_start),
		PROVIDED(a_new_one_is_not_there_before_it_is_whole),
		PROVIDED(one_that_is_replaced_was_never_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
