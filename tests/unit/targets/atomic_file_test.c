/* atomic_file: whoever reads the file meets a whole one, whenever the writer dies: at each of its system calls in turn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* Somebody else's file may take the place of ours at once. */
static const char *meddler;

static int
rename_and_meddle(const char *from, const char *to)
{
	int failed = rename(from, to);

	return failed != 0 || meddler == NULL ? failed : rename(meddler, to);
}

#define rename rename_and_meddle
#include "targets/atomic_file.c"
#undef rename

static struct atomic_file_id id;
static char folder[64], path[96];
static char old[3000], new[200000];

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mola-keep-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/a.yml", folder);
	memset(old, 'o', sizeof old);
	memset(new, 'n', sizeof new);
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) == 0 ? 0 : -1;
}

/* 'o', 'n', or '?' for half a one. */
static char
what_is_there(void)
{
	static char text[sizeof new + 1];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text);

	close(fd);
	if (n == (ssize_t)sizeof old && memcmp(text, old, sizeof old) == 0)
		return 'o';
	return n == (ssize_t)sizeof new && memcmp(text, new, sizeof new) == 0 ? 'n' : '?';
}

static void
replaces_and_keeps_the_mode(void **state)
{
	char detail[FILE_DETAIL_MAX];
	struct stat st;

	(void)state;
	assert_null(atomic_file_write(path, (struct str){ old, sizeof old }, &id, detail));
	assert_int_equal(what_is_there(), 'o');
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(chmod(path, 0640), 0);
	assert_null(atomic_file_write(path, (struct str){ new, sizeof new }, &id, detail));
	assert_int_equal(what_is_there(), 'n');
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(atomic_file_is_same(&id, path));
	assert_int_equal(truncate(path, 5), 0);
	assert_false(atomic_file_is_same(&id, path));
	assert_int_equal(unlink(path), 0);
	assert_false(atomic_file_is_same(&id, path));
}

static void
who_comes_right_after_us_is_not_taken_for_us(void **state)
{
	char detail[FILE_DETAIL_MAX], other[160];
	FILE *f;

	(void)state;
	snprintf(other, sizeof other, "%s/other", folder);
	f = fopen(other, "w");
	fwrite(old, 1, sizeof old, f);
	fclose(f);
	meddler = other;
	assert_null(atomic_file_write(path, (struct str){ old, sizeof old }, &id, detail));
	meddler = NULL;
	assert_false(atomic_file_is_same(&id, path));
}

static void
failure_leaves_what_was_there(void **state)
{
	char detail[FILE_DETAIL_MAX], where[160];

	(void)state;
	assert_null(atomic_file_write(path, (struct str){ old, sizeof old }, &id, detail));
	snprintf(where, sizeof where, "%s/none/a.yml", folder);
	assert_ptr_equal(atomic_file_write(where, (struct str){ new, sizeof new }, &id, detail), WHY_PROXY_FILE);
	assert_non_null(strstr(detail, "No such file or directory"));
	snprintf(where, sizeof where, "%s/.a.yml.new", folder);		/* what is in the way is not followed elsewhere */
	assert_int_equal(symlink("/etc/hostname", where), 0);
	assert_ptr_equal(atomic_file_write(path, (struct str){ new, sizeof new }, &id, detail), WHY_PROXY_FILE);
	assert_int_equal(what_is_there(), 'o');
}

/* The writer stops before and after each system call; at the one numbered `at` it is killed. False: it got through. */
static bool
killed_at(unsigned at)
{
	pid_t pid = fork();
	unsigned stops = 0;
	int status;

	if (pid == 0) {
		char detail[FILE_DETAIL_MAX];
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(atomic_file_write(path, (struct str){ new, sizeof new }, &id, detail) == NULL ? 0 : 1);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (++stops == at)
			kill(pid, SIGKILL);
		else
			ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static void
whoever_dies_on_the_way_leaves_a_whole_file(void **state)
{
	unsigned at = 1, was_old = 0, was_new = 0;
	char detail[FILE_DETAIL_MAX];
	char there;

	(void)state;
	for (;; at++) {
		assert_null(atomic_file_write(path, (struct str){ old, sizeof old }, &id, detail));
		if (!killed_at(at))
			break;
		there = what_is_there();
		assert_true(there == 'o' || there == 'n');
		*(there == 'o' ? &was_old : &was_new) += 1;
	}
	assert_true(was_old > 10 && was_new > 2);	/* open, write, mode, fsync, close; then after the rename */
	assert_int_equal(what_is_there(), 'n');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replaces_and_keeps_the_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(who_comes_right_after_us_is_not_taken_for_us, setup, teardown),
		cmocka_unit_test_setup_teardown(failure_leaves_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(whoever_dies_on_the_way_leaves_a_whole_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
