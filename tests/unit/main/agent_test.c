/* The agent as a process of its own, asked over a unix socket. */
#include <sys/wait.h>

#include "../until.h"
#include "main/agent.c"
#include "tree.h"

#define DEADLINE_USEC (30 * USEC_PER_SEC)

struct process {
	char	path[64], listen[80];
	pid_t	pid;
};

static int
outcome(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs `mola agent` with these arguments in a child that says nothing. */
static pid_t
spawn(const char *a, const char *b)
{
	char *argv[] = { "agent", (char *)a, (char *)b, NULL };
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL)
			_exit(77);
		exit(agent_main(3, argv));
	}
	return pid;
}

static struct process *
begin_with(const char *option)
{
	struct process *p = must_zalloc(sizeof *p);
	char listen[96];
	int64_t until = clock_mono_usec() + DEADLINE_USEC;
	struct addr at;
	int fd = -1;

	snprintf(p->path, sizeof p->path, "/tmp/agent-test-%d.sock", (int)getpid());
	snprintf(p->listen, sizeof p->listen, "unix:%s", p->path);
	snprintf(listen, sizeof listen, "--listen=%s", p->listen);
	p->pid = spawn(listen, option);
	assert_null(addr_parse(str_of(p->listen), &at));
	while (sock_connect(&at, &fd) != NULL && clock_mono_usec() < until)	/* the path is there before anybody listens */
		usleep(10000);
	close(fd);
	return p;
}

static int
begin(void **state)
{
	*state = begin_with(NULL);
	return 0;
}

static int
finish(void **state)
{
	struct process *p = *state;

	kill(p->pid, SIGTERM);
	assert_int_equal(outcome(p->pid), 0);
	unlink(p->path);
	free(p);
	return 0;
}

/* A machine of so many containers that a few blocks of it are more than may wait for a reader. */
#define CONTAINERS 800

static int
begin_with_containers(void **state)
{
	char top[64], option[80], path[128];

	snprintf(top, sizeof top, "/tmp/agent-test-%d.cgroup", (int)getpid());
	assert_int_equal(mkdir(top, 0755), 0);
	tree_put(top, "cgroup.controllers", "cpu\n");
	for (int i = 0; i < CONTAINERS; i++) {
		snprintf(path, sizeof path, "docker/%064x/cpu.stat", i);
		tree_put(top, path, "usage_usec 1\n");
		snprintf(path, sizeof path, "docker/%064x/cpu.max", i);
		tree_put(top, path, "50000 100000\n");
	}
	snprintf(option, sizeof option, "--cgroup=%s", top);
	*state = begin_with(option);
	return 0;
}

static int
finish_with_containers(void **state)
{
	char command[80];

	snprintf(command, sizeof command, "rm -r /tmp/agent-test-%d.cgroup", (int)getpid());
	assert_int_equal(system(command), 0);
	return finish(state);
}

static int
request_send(const struct process *p, const char *request)
{
	struct addr at;
	int fd;

	assert_null(addr_parse(str_of(p->listen), &at));
	fd = dial(&at);
	say(fd, request, strlen(request));
	return fd;
}

/* Hears until `enough` has come `times` times, or the end. */
static void
hear_times(int fd, const char *enough, int times, char *answer, size_t cap)
{
	int64_t until = clock_mono_usec() + DEADLINE_USEC;

	for (answer[0] = '\0'; ; ) {
		const char *c = answer;
		int seen = 0;
		while ((c = strstr(c, enough)) != NULL)
			c++, seen++;
		if (seen >= times)
			break;
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		poll(&wait, 1, 1000);
		if (hear(fd, answer, cap) <= 0 || clock_mono_usec() > until)
			fail_msg("'%s' did not come %d times: %.300s", enough, times, answer);
	}
	close(fd);
}

static void
ask(const struct process *p, const char *request, const char *enough, int times, char *answer, size_t cap)
{
	hear_times(request_send(p, request), enough, times, answer, cap);
}

static void
test_metrics(void **state)
{
	static char answer[1 << 20];

	ask(*state, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "mola_agent_build_info{", 1, answer, sizeof answer);
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
	assert_non_null(strstr(answer, "# TYPE node_cpu_seconds_total counter\nnode_cpu_seconds_total{cpu=\"0\",mode=\"user\"} "));
	assert_non_null(strstr(answer, "\nnode_memory_MemTotal_bytes "));
	assert_non_null(strstr(answer, "\nnode_load1 "));
}

static void
test_stream(void **state)
{
	static char answer[1 << 20];
	int64_t begun = clock_mono_usec();

	ask(*state, "GET /stream?period=100ms HTTP/1.1\r\nHost: a\r\n\r\n", "# EOF\n", 4, answer, sizeof answer);
	assert_true(clock_mono_usec() - begun >= 290 * USEC_PER_MSEC);
	assert_non_null(strstr(answer, "node_procs_running "));
	assert_null(strstr(answer, "# HELP"));
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ "GET /stream?period=1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 " },
		{ "GET /stream?period=99ms HTTP/1.1\r\nHost: a\r\n\r\n", "expected 100ms to 10s" },
		{ "GET /other HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 " },
		{ "DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "Allow: GET, HEAD\r\n" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 " },
	};
	static char answer[1 << 16];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ask(*state, cases[i].request, cases[i].answer, 1, answer, sizeof answer);
}

/* However many listen at once, whoever comes after them is told so. */
static void
test_too_many_streams(void **state)
{
	static const char request[] = "GET /stream?period=10s HTTP/1.1\r\nHost: a\r\n\r\n";
	const struct process *p = *state;
	static char answer[1 << 16];
	int fd[STREAMS_MAX];
	struct addr at;

	assert_null(addr_parse(str_of(p->listen), &at));
	for (int i = 0; i < STREAMS_MAX; i++) {
		fd[i] = dial(&at);
		say(fd[i], request, sizeof request - 1);
		struct pollfd wait = { .fd = fd[i], .events = POLLIN };
		assert_int_equal(poll(&wait, 1, 10000), 1);
	}
	ask(p, request, "too many streams", 1, answer, sizeof answer);
	for (int i = 0; i < STREAMS_MAX; i++)
		close(fd[i]);
	ask(p, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", 1, answer, sizeof answer);
}

/* It gets fewer blocks, and nothing piles up for it. */
static void
test_a_reader_that_pauses_stays(void **state)
{
	static const char request[] = "GET /stream?period=100ms HTTP/1.1\r\nHost: a\r\n\r\n";
	static char answer[8 << 20];
	int slow = request_send(*state, request);

	ask(*state, request, "# EOF\n", 15, answer, sizeof answer);	/* meanwhile */
	hear_times(slow, "# EOF\n", 4, answer, sizeof answer);
}

static void
test_misuse(void **state)
{
	static const char *const wrong[][2] = {
		{ "--foo", NULL }, { "--listen", NULL }, { "--listen", "here" }, { "--period", "1" }, { "--period=11s", NULL },
		{ "--proc=/dev/null", NULL }, { "--cgroup=", NULL }, { "words", NULL },
	};
	const struct process *p = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(outcome(spawn(wrong[i][0], wrong[i][1])), 2);
	assert_int_equal(outcome(spawn("--help", NULL)), 0);
	assert_int_equal(outcome(spawn("--listen", p->listen)), 1);	/* taken */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_metrics, begin, finish),
		cmocka_unit_test_setup_teardown(test_stream, begin, finish),
		cmocka_unit_test_setup_teardown(test_refusals, begin, finish),
		cmocka_unit_test_setup_teardown(test_too_many_streams, begin, finish),
		cmocka_unit_test_setup_teardown(test_a_reader_that_pauses_stays, begin_with_containers,
		    finish_with_containers),
		cmocka_unit_test_setup_teardown(test_misuse, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
