/* Files of users: read once, until they are others; what is no file is none, and what no pass wants is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "engine/user_files.h"

static struct loop *loop;
static struct user_files *files;
static char folder[] = "/tmp/mola-users.XXXXXX", path[64];
static int changes;

static void
on_change(void *arg)
{
	assert_ptr_equal(arg, &changes);
	changes++;
}

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/users", folder);
	loop = loop_new();
	files = user_files_new(loop, on_change, &changes);
	changes = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	user_files_free(&files);
	loop_free(&loop);
	unlink(path);
	rmdir(folder);
	return 0;
}

static const char *
pass(const char *which, const char **problem)
{
	const char *text;

	user_files_begin(files);
	text = user_files_read(files, which, problem);
	user_files_end(files);
	return text;
}

static void
until_changed(int n)
{
	int64_t until = clock_mono_usec() + 20 * USEC_PER_SEC;

	while (changes < n) {
		assert_true(clock_mono_usec() < until);
		loop_turn(loop, 10000);
	}
}

static void
one_that_changes_is_read_again(void **state)
{
	const char *problem = NULL;

	(void)state;
	write_file("joe:x\n");
	assert_string_equal(pass(path, &problem), "joe:x\n");
	write_file("joe:x\njim:y\n");
	until_changed(1);
	assert_string_equal(pass(path, &problem), "joe:x\njim:y\n");
	unlink(path);
	until_changed(2);
	assert_null(pass(path, &problem));
	assert_string_equal(problem, "No such file or directory");
	write_file("joe:z\n");
	until_changed(3);
	assert_string_equal(pass(path, &problem), "joe:z\n");
}

static void
what_is_no_text_is_none(void **state)
{
	static char large[70000];
	const char *problem = NULL;

	(void)state;
	assert_null(pass(folder, &problem));
	assert_string_equal(problem, "it is no file");
	assert_null(pass("/dev/zero", &problem));
	assert_string_equal(problem, "it is no file");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(pass(path, &problem));
	assert_string_equal(problem, "it is no file");
	unlink(path);
	memset(large, 'x', sizeof large - 1);
	write_file(large);
	until_changed(1);
	assert_null(pass(path, &problem));
	assert_string_equal(problem, "it is larger than 64 KiB");
}

static void
what_no_pass_wants_is_forgotten(void **state)
{
	const char *problem = NULL;

	(void)state;
	write_file("joe:x\n");
	assert_non_null(pass(path, &problem));
	user_files_begin(files);
	user_files_end(files);
	write_file("joe:x\njim:y\n");
	assert_string_equal(pass(path, &problem), "joe:x\njim:y\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(one_that_changes_is_read_again), T(what_is_no_text_is_none), T(what_no_pass_wants_is_forgotten) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
