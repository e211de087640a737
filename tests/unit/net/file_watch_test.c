/* Files that change are noticed: by themselves, in place of others, and behind a link that leads elsewhere. */
#include <sys/stat.h>

#include "../until.h"
#include "net/file_watch.h"

static struct loop *loop;
static struct file_watch *watch;
static char folder[] = "/tmp/mola-watch.XXXXXX", path[64], other[64], late[64];
static int changes;

static void
on_change(void *arg)
{
	assert_ptr_equal(arg, &changes);
	changes++;
}

static void
write_file(const char *to, const char *text)
{
	FILE *f = fopen(to, "w");

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
	snprintf(path, sizeof path, "%s/file", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	snprintf(late, sizeof late, "%s/late", folder);
	write_file(path, "a");
	loop = loop_new();
	watch = file_watch_new(loop, on_change, &changes);
	file_watch_clear(watch);
	changes = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	file_watch_free(&watch);
	loop_free(&loop);
	unlink(path);
	unlink(other);
	unlink(late);
	rmdir(folder);
	return 0;
}

static void
a_file_that_is_written_is_noticed(void **state)
{
	(void)state;
	file_watch_add(watch, path);
	write_file(path, "b");
	UNTIL(loop, changes > 0);
}

static void
so_is_one_that_takes_its_place(void **state)
{
	(void)state;
	file_watch_add(watch, path);
	write_file(other, "b");
	assert_int_equal(rename(other, path), 0);
	UNTIL(loop, changes > 0);
}

static void
and_one_that_was_not_there(void **state)
{
	(void)state;
	file_watch_add(watch, late);
	write_file(late, "b");
	UNTIL(loop, changes > 0);
}

static void
a_directory_tells_of_its_files(void **state)
{
	(void)state;
	file_watch_add(watch, folder);
	write_file(other, "b");
	UNTIL(loop, changes > 0);
}

static void
a_link_that_leads_elsewhere_is_noticed(void **state)
{
	(void)state;
	write_file(other, "b");
	assert_int_equal(symlink(path, late), 0);
	file_watch_add(watch, late);
	assert_int_equal(unlink(late), 0);
	assert_int_equal(symlink(other, late), 0);
	UNTIL(loop, changes > 0);
}

static void
what_is_forgotten_is_quiet(void **state)
{
	(void)state;
	file_watch_add(watch, path);
	file_watch_clear(watch);
	write_file(path, "b");
	for (int i = 0; i < 5; i++)
		loop_turn(loop, USEC_PER_MSEC);
	assert_int_equal(changes, 0);
}

static void
a_sign_tells_contents_apart(void **state)
{
	struct file_sign a = file_sign(path), none = file_sign(late), b;

	(void)state;
	assert_true(a.there);
	assert_false(none.there);
	assert_true(file_sign_same(&none, &none));
	assert_false(file_sign_same(&a, &none));
	b = file_sign(path);
	assert_true(file_sign_same(&a, &b));
	write_file(path, "longer");
	b = file_sign(path);
	assert_false(file_sign_same(&a, &b));
}

int
main(void)
{
#define WATCHED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WATCHED(a_file_that_is_written_is_noticed),
		WATCHED(so_is_one_that_takes_its_place),
		WATCHED(and_one_that_was_not_there),
		WATCHED(a_directory_tells_of_its_files),
		WATCHED(a_link_that_leads_elsewhere_is_noticed),
		WATCHED(what_is_forgotten_is_quiet),
		WATCHED(a_sign_tells_contents_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
