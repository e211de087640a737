/* A worker that cannot begin with what is in force ends, so that the parent starts another: it serves nobody. */
#include "main/worker.c"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "main/memfile.h"

#define PATIENCE	(20 * USEC_PER_SEC)

static struct live *live;
static struct phys *phys;
static struct conf *conf;

static void *
shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static int
set_up(void **state)
{
	struct buf errors;

	(void)state;
	live = live_init(shared(live_bytes()), 1);
	phys = phys_init(shared(phys_bytes()));
	buf_init(&errors, 1000);
	conf = conf_parse(STR("listen: 127.0.0.1:8080\nadmin: { address: none, socket: none }\n"), "test.yaml", &errors);
	if (conf == NULL)
		fail_msg("%.*s", STR_ARG(buf_str(&errors)));
	buf_fini(&errors);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	conf_free(&conf);
	return 0;
}

static int
good_table(void)
{
	struct table_maker *m = table_maker_new(7);
	int fd;

	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	return fd;
}

static int
good_secrets(void)
{
	struct secrets_maker *m = secrets_maker_new(1);
	int fd;

	assert_null(secrets_maker_seal(m, &fd));
	secrets_maker_free(&m);
	return fd;
}

/* How a worker that begins with these ended; -1: it went on, and served. */
static int
run(int table_fd, int secrets_fd)
{
	struct worker_conf c = { .live = live, .phys = phys, .table_fd = table_fd, .secrets_fd = secrets_fd };
	int64_t until = clock_mono_usec() + PATIENCE;
	int pair[2], status, got;
	pid_t pid;

	worker_limits(conf, &c.limits);
	assert_true(channel_pair(pair));
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		close(pair[0]);
		c.channel_fd = pair[1];
		worker_run(&c);
	}
	close(pair[1]);
	while ((got = waitpid(pid, &status, WNOHANG)) == 0 && live_last_beat(live, 0) == 0
	    && clock_mono_usec() < until)
		usleep(1000);
	close(pair[0]);		/* it drains, if it runs */
	if (got == 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		return -1;
	}
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
without_a_table_it_ends(void **state)
{
	(void)state;
	assert_int_equal(run(memfile_seal(STR("no table")), -1), 1);
}

static void
without_the_secrets_it_ends(void **state)
{
	(void)state;
	assert_int_equal(run(good_table(), memfile_seal(STR("no secrets"))), 1);
}

static void
with_both_it_serves(void **state)
{
	(void)state;
	assert_int_equal(run(good_table(), good_secrets()), -1);
	assert_int_equal(live_table(live, 0), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_table_it_ends),
		cmocka_unit_test(without_the_secrets_it_ends),
		cmocka_unit_test(with_both_it_serves),
	};

	log_setup("test", LOG_ERROR + 1, false);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
