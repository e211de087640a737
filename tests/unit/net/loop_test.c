#include <errno.h>
#include <sys/epoll.h>

/* The kernel without memory for so many watches. */
static int no_room, refused_watches;

static int
poor_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e)
{
	if (op != EPOLL_CTL_ADD || no_room == 0)
		return epoll_ctl(epoll, op, fd, e);
	no_room--;
	errno = refused_watches++ % 2 == 0 ? ENOMEM : ENOSPC;
	return -1;
}

#define epoll_ctl poor_epoll_ctl
#include "net/loop.c"
#undef epoll_ctl

#include <sys/wait.h>

#include "../until.h"
#include "../between.h"

struct seen {
	struct loop	*loop;
	struct timer	 timer;
	struct io	 a, b;
	struct deferred	 deferred;
	int		 times, late, read_fd, spare_fd;
	char		 order[16];
	struct seen	*other;
	char		 name;
};

static void
note(struct seen *s, char c)
{
	s->order[strlen(s->order)] = c;
}

static void
on_time(void *arg)
{
	struct seen *s = arg;

	s->times++;
	if (s->other != NULL)
		note(s->other, s->name);
}

static void
timers_run_in_order_and_once(void **state)
{
	struct seen all = { 0 }, s[3] = { { .name = 'a', .other = &all }, { .name = 'b', .other = &all }, { .name = 'c', .other = &all } };
	struct loop *l = loop_new();
	int64_t now = loop_now(l);

	(void)state;
	timer_set(l, &s[0].timer, now + 3000, on_time, &s[0]);
	timer_set(l, &s[1].timer, now + 1000, on_time, &s[1]);
	timer_set(l, &s[2].timer, now + 2000, on_time, &s[2]);
	UNTIL(l, s[0].times > 0);
	assert_string_equal(all.order, "bca");
	assert_true(loop_now(l) >= now + 3000);
	loop_turn(l, 0);
	assert_int_equal(s[0].times + s[1].times + s[2].times, 3);
	loop_free(&l);
}

/* Forks within a turn, as the parent does to restart a worker: the child does without the loop. */
static void
on_time_to_fork(void *arg)
{
	struct seen *s = arg;
	pid_t pid = fork();

	if (pid == 0) {
		loop_free(&s->loop);
		_exit(7);
	}
	assert_int_equal(waitpid(pid, &s->late, 0), pid);
	s->times++;
}

static void
a_child_frees_the_loop_that_forked_it(void **state)
{
	struct seen s = { .loop = loop_new() };

	(void)state;
	timer_set(s.loop, &s.timer, loop_now(s.loop), on_time_to_fork, &s);
	UNTIL(s.loop, s.times > 0);
	assert_true(WIFEXITED(s.late) && WEXITSTATUS(s.late) == 7);
	loop_free(&s.loop);
}

static void
timers_move_both_ways_and_stop(void **state)
{
	struct seen moved = { 0 }, cleared = { 0 }, last = { 0 };
	struct loop *l = loop_new();
	int64_t now = loop_now(l);

	(void)state;
	timer_set(l, &moved.timer, now + 1000, on_time, &moved);
	timer_set(l, &moved.timer, now + 20000, on_time, &moved);		/* later: moved lazily */
	timer_set(l, &cleared.timer, now + 1000, on_time, &cleared);
	timer_clear(l, &cleared.timer);
	timer_clear(l, &cleared.timer);
	timer_set(l, &last.timer, now + 60 * USEC_PER_SEC, on_time, &last);
	timer_set(l, &last.timer, now + 2000, on_time, &last);		/* earlier */
	UNTIL(l, last.times == 1);
	assert_true(moved.times == 0 || loop_now(l) >= now + 20000);
	UNTIL(l, moved.times == 1);
	assert_true(loop_now(l) >= now + 20000);
	assert_int_equal(cleared.times, 0);
	loop_free(&l);
}

static void
again_at_once(void *arg)
{
	struct seen *s = arg;

	if (++s->times < 1000)
		timer_set(s->loop, &s->timer, loop_now(s->loop), again_at_once, s);
}

static void
a_timer_that_sets_itself_at_once_leaves_room_for_others(void **state)
{
	struct seen s = { .loop = loop_new() };

	(void)state;
	timer_set(s.loop, &s.timer, 0, again_at_once, &s);
	loop_turn(s.loop, 0);
	assert_int_equal(s.times, 1);
	UNTIL(s.loop, s.times == 2);
	timer_clear(s.loop, &s.timer);
	loop_free(&s.loop);
}

static void
die(void *arg)
{
	struct seen *s = arg;

	note(s, 'd');
}

static void
defer_itself(void *arg, uint32_t events)
{
	struct seen *s = arg;

	(void)events;
	loop_defer(s->loop, &s->deferred, die, s);
	note(s, 'e');
	loop_unwatch(s->loop, &s->a);
}

static void
what_is_deferred_runs_after_the_events(void **state)
{
	struct seen s = { .loop = loop_new() };
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	loop_watch(s.loop, &s.a, p[1], EPOLLOUT, defer_itself, &s);
	loop_turn(s.loop, 0);
	assert_string_equal(s.order, "ed");
	assert_int_equal(s.a.fd, -1);
	loop_turn(s.loop, 0);
	assert_string_equal(s.order, "ed");
	close(p[0]);
	close(p[1]);
	loop_free(&s.loop);
}

/* Both descriptors are ready in one batch; whoever runs first takes the other's watch and gives it a new one. */
static void
must_not_run(void *arg, uint32_t events)
{
	struct seen *s = arg;

	(void)events;
	s->late++;
}

static void
rewatch_other(struct seen *s, struct io *other)
{
	if (s->times++ > 0)
		return;
	loop_unwatch(s->loop, other);
	loop_watch(s->loop, other, s->spare_fd, EPOLLIN, must_not_run, s);
}

static void
on_a(void *arg, uint32_t events)
{
	struct seen *s = arg;

	(void)events;
	rewatch_other(s, &s->b);
}

static void
on_b(void *arg, uint32_t events)
{
	struct seen *s = arg;

	(void)events;
	rewatch_other(s, &s->a);
}

static void
old_news_is_not_told_to_a_new_watch(void **state)
{
	struct seen s = { .loop = loop_new() };
	int p[2], quiet[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(pipe(quiet), 0);
	s.spare_fd = quiet[0];
	loop_watch(s.loop, &s.a, p[1], EPOLLOUT, on_a, &s);
	loop_watch(s.loop, &s.b, dup(p[1]), EPOLLOUT, on_b, &s);
	s.read_fd = s.b.fd;
	loop_turn(s.loop, 0);
	assert_int_equal(s.times, 1);
	assert_int_equal(s.late, 0);
	close(s.read_fd);
	close(p[0]);
	close(p[1]);
	close(quiet[0]);
	close(quiet[1]);
	loop_free(&s.loop);
}

static void
on_ready(void *arg, uint32_t events)
{
	struct seen *s = arg;

	assert_true(events & EPOLLOUT);
	note(s, 'r');
}

/* Two are given up before there is room for them, and one is to see something else then. */
static void
what_the_kernel_has_no_room_for_is_watched_later(void **state)
{
	struct seen s = { .loop = loop_new(), .spare_fd = -1 }, gone = { .loop = s.loop }, other = { .loop = s.loop }, last = { .loop = s.loop };
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	no_room = 6;
	loop_watch(s.loop, &s.a, p[1], EPOLLOUT | EPOLLET, on_ready, &s);
	loop_watch(s.loop, &gone.a, dup(p[1]), EPOLLOUT, must_not_run, &gone);
	loop_watch(s.loop, &other.a, dup(p[1]), EPOLLIN, on_ready, &other);
	loop_watch(s.loop, &last.a, dup(p[1]), EPOLLOUT, must_not_run, &last);
	assert_int_equal(no_room, 2);
	loop_turn(s.loop, 0);
	assert_false(loop_knows(s.loop, USEC_PER_SEC));
	close(last.a.fd);
	loop_forget(s.loop, &last.a);
	close(gone.a.fd);
	loop_forget(s.loop, &gone.a);
	loop_rewatch(s.loop, &other.a, EPOLLOUT | EPOLLET);
	UNTIL(s.loop, s.order[0] != '\0' && other.order[0] != '\0');
	assert_int_equal(no_room, 0);
	loop_turn(s.loop, 0);
	assert_true(loop_knows(s.loop, USEC_PER_SEC));
	assert_string_equal(s.order, "r");
	assert_string_equal(other.order, "r");
	assert_int_equal(gone.late, 0);
	close(other.a.fd);
	close(p[0]);
	close(p[1]);
	loop_free(&s.loop);
}

static void
on_stop(void *arg)
{
	struct seen *s = arg;

	s->times++;
	loop_stop(s->loop);
}

static void
a_loop_runs_until_it_is_stopped(void **state)
{
	struct seen s = { .loop = loop_new() };

	(void)state;
	timer_set(s.loop, &s.timer, 0, on_stop, &s);
	loop_run(s.loop);
	assert_int_equal(s.times, 1);
	loop_free(&s.loop);
	loop_free(&s.loop);
}

static void
work_a_while(void *arg)
{
	int64_t until = clock_mono_usec() + 20 * USEC_PER_MSEC;

	(void)arg;
	while (clock_mono_usec() < until)
		;
}

/* Waiting is no pause; work is, and of the longest stretch the loop keeps the length. */
static void
the_longest_pause_is_kept(void **state)
{
	struct seen s = { .loop = loop_new() };
	struct loop_pause p;

	(void)state;
	loop_longest_pause(s.loop);
	loop_turn(s.loop, 30 * USEC_PER_MSEC);
	assert_between(loop_longest_pause(s.loop).cpu_usec, 0, 10 * USEC_PER_MSEC);
	timer_set(s.loop, &s.timer, 0, work_a_while, &s);
	loop_turn(s.loop, 0);
	loop_turn(s.loop, 0);
	p = loop_longest_pause(s.loop);
	assert_true(p.wall_usec >= 20 * USEC_PER_MSEC && p.cpu_usec > 0);
	loop_free(&s.loop);
}

struct forked {
	struct loop	*loop;
	struct timer	 timer;
	struct deferred	 deferred;
	pid_t		 pid;
	unsigned	 ran;
};

static void
on_deferred(void *arg)
{
	struct forked *f = arg;

	f->ran++;
}

static void
on_fork(void *arg)
{
	struct forked *f = arg;

	loop_defer(f->loop, &f->deferred, on_deferred, f);
	if ((f->pid = fork()) != 0)
		return;
	loop_drop(&f->loop);
	_exit(f->loop == NULL && f->ran == 0 ? 0 : 1);
}

/* As the parent does, which starts a child again by a timer. */
static void
a_child_that_was_forked_by_a_timer_can_drop_its_loop(void **state)
{
	struct forked f = { .loop = loop_new() };
	int status = -1;

	(void)state;
	timer_set(f.loop, &f.timer, loop_now(f.loop), on_fork, &f);
	UNTIL(f.loop, f.ran > 0);
	assert_true(f.pid > 0);
	assert_int_equal(waitpid(f.pid, &status, 0), f.pid);
	assert_int_equal(status, 0);
	loop_free(&f.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_run_in_order_and_once),
		cmocka_unit_test(timers_move_both_ways_and_stop),
		cmocka_unit_test(a_timer_that_sets_itself_at_once_leaves_room_for_others),
		cmocka_unit_test(what_is_deferred_runs_after_the_events),
		cmocka_unit_test(old_news_is_not_told_to_a_new_watch),
		cmocka_unit_test(what_the_kernel_has_no_room_for_is_watched_later),
		cmocka_unit_test(a_loop_runs_until_it_is_stopped),
		cmocka_unit_test(a_child_frees_the_loop_that_forked_it),
		cmocka_unit_test(the_longest_pause_is_kept),
		cmocka_unit_test(a_child_that_was_forked_by_a_timer_can_drop_its_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
