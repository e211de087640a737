/* Two workers, played by the test at the other end of their channels: who is silent, whose queue is lent to whom, who probes. */
#include "main/watchdog.c"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

static struct parent p;
static int theirs[2];		/* the workers' ends */

static void
on_message(void *arg, const struct channel_msg *m, int fd)
{
	(void)arg, (void)m, (void)fd;
}

static int
begin(void **state)
{
	struct addr a;
	int pair[2];

	(void)state;
	p = (struct parent){ .loop = loop_new(), .nworkers = 2, .listeners.workers = 2 };
	p.live = live_init(must_zalloc(live_bytes()), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(channel_pair(pair));
		channel_open(&p.worker[i].channel, p.loop, pair[0], on_message, NULL);
		theirs[i] = pair[1];
		p.worker[i].index = i;
		p.worker[i].pid = 1 << 30;	/* nobody's */
	}
	assert_null(addr_parse(STR("127.0.0.1:0"), &a));
	assert_null(listeners_add(&p.listeners, &a));
	p.looked_usec = clock_mono_usec();
	log_setup("test", LOG_ERROR + 1, false);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		channel_close(&p.worker[i].channel);
		close(theirs[i]);
	}
	listeners_close(&p.listeners);
	loop_free(&p.loop);
	free(p.live);
	return 0;
}

/* The kind of the next message to a worker, and whose; -1: there is none. */
static int
told(unsigned worker, unsigned *whose)
{
	struct channel_msg m;
	int fd;

	if (sock_recv_fd(theirs[worker], &m, sizeof m, &fd) != sizeof m)
		return -1;
	assert_true((m.kind == CHANNEL_LEND) == (fd >= 0));
	if (fd >= 0)
		close(fd);
	*whose = m.worker;
	return (int)m.kind;
}

/* Both beat now, but for `silent` (2: none), which did so long ago. */
static void
look(unsigned silent, int64_t ago_usec)
{
	int64_t now = clock_mono_usec();

	for (unsigned i = 0; i < 2; i++)
		live_beat(p.live, i, i == silent ? now - ago_usec : now);
	live_beat(p.live, LIVE_BRAIN, now);
	p.looked_usec = now;
	watchdog_look(&p, now);
}

static void
the_queue_of_a_silent_worker_is_lent_and_taken_back(void **state)
{
	unsigned whose = 9;

	(void)state;
	look(2, 0);
	assert_int_equal(told(0, &whose), -1);
	assert_int_equal(told(1, &whose), -1);
	look(0, 400 * USEC_PER_MSEC);
	look(0, 500 * USEC_PER_MSEC);
	assert_int_equal(told(1, &whose), CHANNEL_LEND);
	assert_int_equal(whose, 0);
	assert_int_equal(told(1, &whose), -1);		/* once */
	assert_int_equal(told(0, &whose), -1);
	assert_int_equal(live_prober(p.live), 1);
	assert_false(p.worker[0].silence_logged);
	look(0, 2 * USEC_PER_SEC);
	assert_true(p.worker[0].silence_logged);
	look(2, 0);
	assert_int_equal(told(1, &whose), CHANNEL_TAKE_BACK);
	assert_int_equal(whose, 0);
	assert_int_equal(live_prober(p.live), 0);
}

/* When all hang, nobody serves in anybody's place. */
static void
what_a_hung_worker_means_depends_on_the_others(void **state)
{
	int64_t now = clock_mono_usec();

	(void)state;
	look(0, 400 * USEC_PER_MSEC);
	look(0, 2 * USEC_PER_SEC);
	assert_true(p.worker[0].silence_logged);
	assert_non_null(strstr(hung_text(&p), "the other workers serve"));
	live_beat(p.live, 1, now - 2 * USEC_PER_SEC);
	watchdog_look(&p, now);
	watchdog_look(&p, now);
	assert_true(p.worker[1].silence_logged);
	assert_non_null(strstr(hung_text(&p), "new connections wait"));
	p.worker[1].pid = 0;
	assert_non_null(strstr(hung_text(&p), "new connections wait"));
}

/* It waits for its next start: nobody else would look into its queue. */
static void
so_is_that_of_a_dead_one(void **state)
{
	unsigned whose = 9;

	(void)state;
	p.worker[1].pid = 0;
	look(2, 0);
	assert_int_equal(told(0, &whose), -1);		/* its successor is started at once */
	timer_set(p.loop, &p.worker[1].again, loop_now(p.loop) + USEC_PER_SEC, NULL, NULL);
	look(2, 0);
	assert_int_equal(told(0, &whose), CHANNEL_LEND);
	assert_int_equal(whose, 1);
	timer_clear(p.loop, &p.worker[1].again);
	p.worker[1].pid = 1 << 30;
	watchdog_born(&p, &p.worker[1]);
	look(2, 0);
	assert_int_equal(told(0, &whose), CHANNEL_TAKE_BACK);
}

/* Whoever stopped the parent may have stopped the workers as well. */
static void
a_parent_that_was_held_up_does_not_judge(void **state)
{
	unsigned whose = 9;
	int64_t now = clock_mono_usec();

	(void)state;
	live_beat(p.live, 0, now - 5 * USEC_PER_SEC);
	live_beat(p.live, 1, now);
	p.looked_usec = now - 5 * USEC_PER_SEC;
	watchdog_look(&p, now);
	assert_int_equal(told(1, &whose), -1);
	assert_false(p.worker[0].silent);
}

/* As the brain: what runs, until it is ended. */
static void
brain_play(void (*run)(void))
{
	int ready[2];
	pid_t pid;

	backtrace_share();
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		backtrace_answer(LIVE_BRAIN);
		close(ready[1]);
		for (;;)
			run();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &(char){ 0 }, 1), 0);	/* it listens */
	close(ready[0]);
	p.brain.pid = pid;
	strcpy(p.brain.name, "brain");
	watchdog_born(&p, &p.brain);
}

static void
brain_ended(void)
{
	int status;

	assert_int_equal(waitpid(p.brain.pid, &status, 0), p.brain.pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	p.brain.pid = 0;
	backtrace_forget();
}

static void
look_brain(int64_t ago_usec)
{
	int64_t now = clock_mono_usec();

	for (unsigned i = 0; i < 2; i++)
		live_beat(p.live, i, now);
	live_beat(p.live, LIVE_BRAIN, now - ago_usec);
	p.looked_usec = now;
	watchdog_look(&p, now);
}

static void
where_it_waits(void)
{
	pause();
}

static void
a_brain_that_hangs_is_asked_where_it_is_and_replaced(void **state)
{
	char text[BACKTRACE_TEXT_MAX];

	(void)state;
	brain_play(where_it_waits);
	look_brain(500 * USEC_PER_MSEC);
	assert_false(p.brain.silent);
	look_brain(1500 * USEC_PER_MSEC);
	assert_true(p.brain.silent && p.brain.asked && !p.brain.silence_logged);
	for (int64_t end = clock_mono_usec() + 20 * USEC_PER_SEC; clock_mono_usec() < end; sched_yield()) {
		if (strstr(backtrace_text(LIVE_BRAIN, text), "where_it_waits < brain_play < ") != NULL)
			break;
		if (text[0] != '\0')		/* on the way there */
			backtrace_ask(LIVE_BRAIN, p.brain.pid);
	}
	assert_non_null(strstr(text, "where_it_waits < brain_play < "));
	look_brain(2500 * USEC_PER_MSEC);
	assert_true(p.brain.silence_logged && !p.brain.ended);
	look_brain(0);			/* it was only slow */
	assert_false(p.brain.silent || p.brain.silence_logged);
	look_brain(9 * USEC_PER_SEC);
	look_brain(9 * USEC_PER_SEC);
	assert_true(p.brain.silence_logged && !p.brain.ended);
	look_brain(11 * USEC_PER_SEC);
	assert_true(p.brain.ended);
	brain_ended();
}

static void
one_that_was_stopped_has_no_place(void **state)
{
	char text[BACKTRACE_TEXT_MAX];
	struct doing d;
	int status;

	(void)state;
	brain_play(where_it_waits);
	kill(p.brain.pid, SIGSTOP);
	assert_int_equal(waitpid(p.brain.pid, &status, WUNTRACED), p.brain.pid);
	look_brain(3 * USEC_PER_SEC);
	look_brain(3 * USEC_PER_SEC);
	assert_true(p.brain.silence_logged);
	assert_string_equal(backtrace_text(LIVE_BRAIN, text), "");
	assert_true(doing_read(p.brain.pid, &d));
	assert_string_equal(doing_word(d.state), "was stopped");
	look_brain(11 * USEC_PER_SEC);
	assert_true(p.brain.ended);
	brain_ended();
}

static void
what_proc_says_of_a_process_is_read(void **state)
{
	struct doing d;

	(void)state;
	assert_true(doing_parse("7 (a) b (c) R 1 1 1 0 -1 4194560 99 0 0 0 250 50 0 0 20 0 1 0 5", 100, &d));
	assert_true(d.state == 'R' && d.cpu_usec == 3 * USEC_PER_SEC);
	assert_false(doing_parse("7 (a", 100, &d));
	assert_false(doing_parse("7 (a) R 1 1", 100, &d));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_queue_of_a_silent_worker_is_lent_and_taken_back, begin, end),
		cmocka_unit_test_setup_teardown(what_a_hung_worker_means_depends_on_the_others, begin, end),
		cmocka_unit_test_setup_teardown(so_is_that_of_a_dead_one, begin, end),
		cmocka_unit_test_setup_teardown(a_parent_that_was_held_up_does_not_judge, begin, end),
		cmocka_unit_test_setup_teardown(a_brain_that_hangs_is_asked_where_it_is_and_replaced, begin, end),
		cmocka_unit_test_setup_teardown(one_that_was_stopped_has_no_place, begin, end),
		cmocka_unit_test_setup_teardown(what_proc_says_of_a_process_is_read, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
