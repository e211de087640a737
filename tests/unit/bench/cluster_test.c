/*
 * The emulated cluster as its users see it: what it answers, when, and whether its exporter tells the same story.
 */
#include "../../../bench/lib/child.c"
#include "../../../bench/lib/get.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/bug.h"
#include "base/clock.h"

#include <cmocka.h>

static struct child cluster;
static unsigned second;				/* octet: a network of our own */

static int
begin(void **state)
{
	char path[256], net[32], ready[16];
	char *argv[] = { path, "--net", net, "--cores", "1 4", "--sets", "2", NULL };
	const char *b = getenv("B");
	int fd[2];

	(void)state;
	second = 100 + (unsigned)getpid() % 100;
	snprintf(path, sizeof path, "%s/bench/cluster", b != NULL ? b : "build/san");
	snprintf(net, sizeof net, "127.%u.10", second);
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_true(child_start(&cluster, argv, fd + 1, 1));
	close(fd[1]);
	return read(fd[0], ready, sizeof ready) > 0 ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	child_stop(&cluster, 2000);
	return 0;
}

static void
get(unsigned third, unsigned host, unsigned port, const char *method, const char *path, struct buf *body)
{
	char text[64];
	struct addr a;

	snprintf(text, sizeof text, "127.%u.%u.%u:%u", second, third, host, port);
	assert_null(addr_parse(str_of(text), &a));
	buf_clear(body);
	assert_true(get_text(&a, method, path, body));
	buf_add(body, "", 1);
}

/* The sum of a metric over the lines that begin with `head`. */
static double
metric(const struct buf *text, const char *head)
{
	struct str rest = { text->p, text->len - 1 }, line;
	double sum = 0, v;

	while (str_split(&rest, '\n', &line)) {
		if (!str_starts(line, str_of(head)))
			continue;
		while (line.len > 0 && memchr(line.p, ' ', line.len) != NULL)
			line.p++, line.len--;
		assert_true(str_to_double(line, &v));
		sum += v;
	}
	return sum;
}

static void
a_request_takes_its_work(void **state)
{
	struct buf b;
	int64_t start = clock_mono_usec(), took;

	(void)state;
	buf_init(&b, 1 << 20);
	get(10, 2, 20080, "GET", "/?work=0.2", &b);
	took = clock_mono_usec() - start;
	assert_string_equal(b.p, "ok\n");
	assert_true(took >= 200000);
	start = clock_mono_usec();
	get(10, 2, 20080, "GET", "/?work=0.01&io=0.1", &b);
	assert_true(clock_mono_usec() - start >= 110000);
	buf_fini(&b);
}

static void
the_exporter_tells_the_same_story(void **state)
{
	struct buf b;
	double busy;

	(void)state;
	buf_init(&b, 1 << 20);
	get(11, 2, 29100, "GET", "/metrics", &b);
	assert_true(metric(&b, "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}") > 0);
	busy = metric(&b, "node_cpu_seconds_total") - metric(&b, "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}") * 4;
	assert_true(metric(&b, "node_procs_running ") == 1);		/* the exporter itself */
	get(11, 2, 20080, "GET", "/?work=0.3", &b);
	get(11, 2, 29100, "GET", "/metrics", &b);
	busy = metric(&b, "node_cpu_seconds_total") - metric(&b, "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}") * 4 - busy;
	assert_true(busy > .25 && busy < .36);				/* steps of 10 ms on each of four */
	buf_fini(&b);
}

/* A hog is a container: whatever its threads, the task has half of the core. */
static void
a_hog_is_on_every_set_and_slows_requests(void **state)
{
	struct buf b;
	int64_t start, took;

	(void)state;
	buf_init(&b, 1 << 20);
	get(10, 254, 20080, "POST", "/hog?node=1&threads=3", &b);
	for (unsigned set = 10; set <= 11; set++) {
		get(set, 1, 29100, "GET", "/metrics", &b);
		assert_true(metric(&b, "node_procs_running ") == 4);
	}
	start = clock_mono_usec();
	get(10, 1, 20080, "GET", "/?work=0.05", &b);
	took = clock_mono_usec() - start;
	assert_true(took >= 99000);
	get(10, 254, 20080, "GET", "/state", &b);
	assert_non_null(strstr(b.p, "\"node\":\"n1\",\"cores\":1,\"jobs\":0,\"waiting\":0,\"foreign\":3,\"hog\":3"));
	assert_non_null(strstr(b.p, "\"containers\":2,\"available\":0.5"));
	get(10, 254, 20080, "POST", "/hog?node=1&threads=0", &b);
	get(11, 1, 29100, "GET", "/metrics", &b);
	assert_true(metric(&b, "node_procs_running ") == 1);
	buf_fini(&b);
}

/* The ID of the task's container on node 2 of set 1. */
#define TASK "id=\"010200000001"

static double
available(struct buf *b)
{
	const char *line, *end;

	get(11, 2, 29101, "GET", "/metrics", b);
	line = strstr(b->p, "mola_container_cpu_available_cores{" TASK);
	assert_non_null(line);
	assert_non_null(end = strchr(line, ' '));
	return atof(end);
}

/* Of four cores, a container that wants all takes two. */
static void
the_agent_tells_what_a_container_could_have(void **state)
{
	struct buf b;
	int64_t deadline = clock_mono_usec() + 10 * USEC_PER_SEC;

	(void)state;
	buf_init(&b, 1 << 20);
	get(10, 254, 20080, "POST", "/hog?node=2&threads=9", &b);
	while (available(&b) > 2.01)				/* over the time since the look before */
		assert_true(clock_mono_usec() < deadline);
	assert_true(available(&b) > 1.99);
	assert_true(metric(&b, "mola_container_cpu_weight{" TASK) == 1024);
	assert_true(metric(&b, "mola_container_cpu_seconds_total{id=\"0102") > 0);
	get(10, 254, 20080, "POST", "/hog?node=2&threads=0", &b);
	while (available(&b) < 3.99)
		assert_true(clock_mono_usec() < deadline);
	buf_fini(&b);
}

/* As a client of the real agent reads it: whole blocks, one after the other. */
static void
the_agent_streams(void **state)
{
	static const char ask[] = "GET /stream?period=100ms HTTP/1.1\r\nHost: x\r\n\r\n";
	char text[64], page[65536];
	size_t len = 0;
	ssize_t n;
	struct addr a;
	int fd;

	(void)state;
	snprintf(text, sizeof text, "127.%u.10.1:29101", second);
	assert_null(addr_parse(str_of(text), &a));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, &a.sa.any, a.len), 0);
	assert_true(write(fd, ask, strlen(ask)) == (ssize_t)strlen(ask));
	for (unsigned blocks = 0; blocks < 3;) {
		n = read(fd, page + len, sizeof page - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		page[len] = '\0';
		blocks = 0;
		for (const char *p = page; (p = strstr(p, "\n# EOF\n")) != NULL; p++)
			blocks++;
	}
	assert_non_null(strstr(page, "mola_container_cpu_available_cores{id=\"000100000001"));
	assert_non_null(strstr(page, "node_procs_running 1\n"));
	close(fd);
}

static void
the_oracle_avoids_the_hog(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	get(10, 254, 20080, "POST", "/hog?node=2&threads=40", &b);
	for (int i = 0; i < 5; i++)
		get(11, 250, 20080, "GET", "/?work=0.001", &b);
	get(10, 254, 20080, "GET", "/state", &b);
	assert_non_null(strstr(strstr(b.p, "],["), "\"arrived\":5,\"done\":5"));
	get(10, 254, 20080, "POST", "/hog?node=2&threads=0", &b);
	buf_fini(&b);
}

/* Node 1 has 4 GiB, half of them parked: a request that holds 3 makes it thrash, and slow, and idle. */
static void
memory_is_held_and_can_be_short(void **state)
{
	struct buf b;
	int64_t start = clock_mono_usec();
	double stalled;

	(void)state;
	buf_init(&b, 1 << 20);
	get(11, 1, 29100, "GET", "/metrics", &b);
	assert_true(metric(&b, "node_memory_MemAvailable_bytes ") == metric(&b, "node_memory_MemTotal_bytes ") / 2);
	stalled = metric(&b, "node_pressure_memory_stalled_seconds_total ");
	get(11, 1, 20080, "GET", "/?work=0.01&io=0.01&hold=3072", &b);
	assert_true(clock_mono_usec() - start >= 160000);		/* 1 + 30 * 0.25 times as long */
	get(11, 1, 29100, "GET", "/metrics", &b);
	assert_true(metric(&b, "node_pressure_memory_stalled_seconds_total ") - stalled > 0.1);
	assert_true(metric(&b, "node_memory_MemAvailable_bytes ") == metric(&b, "node_memory_MemTotal_bytes ") / 2);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_takes_its_work),
		cmocka_unit_test(the_exporter_tells_the_same_story),
		cmocka_unit_test(a_hog_is_on_every_set_and_slows_requests),
		cmocka_unit_test(the_agent_tells_what_a_container_could_have),
		cmocka_unit_test(the_agent_streams),
		cmocka_unit_test(the_oracle_avoids_the_hog),
		cmocka_unit_test(memory_is_held_and_can_be_short),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
