/* Who may read and write over TCP, asked over real sockets. A client from elsewhere is one that a proxy on this machine names. */
#include "admin/access_check.c"
#include "admin/logins.c"

#include <jansson.h>

#include "admin/admin.h"
#include "world/live.h"
#include "world/phys.h"

#include "../until.h"

struct stage {
	struct loop	*loop;
	struct conf	*conf;
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct events	*events;
	struct admin	*admin;
	struct addr	 tcp;
	char		 all[200000];
	json_t		*json;
};

#define ALL "0123456789abcdef"
#define READS "read-read-read-read"
#define WRITES "write-write-write-write"
#define L "listen: 127.0.0.1:1\n"
#define FAR "X-Forwarded-For: 192.0.2.1\r\n"
#define BEARER "Authorization: Bearer "
#define BASIC "Authorization: Basic "
#define JSON "Content-Type: application/json\r\n"
/* user and password in base64 */
#define ANN "YW5uOmNvcnJlY3Q="
#define ANN_WRONG "YW5uOndyb25n"
#define EVE "ZXZlOmNvcnJlY3Q="
#define SUE "c3VlOnBsYWlu"
#define SUE_WRONG "c3VlOmNvcnJlY3Q="

static const char yaml[] = L "nodes: [ { name: alpha } ]\n"
    "admin:\n"
    "  token: " ALL "\n"
    "  hosts: [ mola.example.org ]\n"
    "  tokens: [ { name: shown, token: " READS " }, { name: hand, token: " WRITES ", scopes: write } ]\n"
    "  users: [ 'ann:$2b$10$gdqXcgWniRMk1HteF19pROONRPzMYVFk5pCod52noAdfXrAPac1ZG', 'sue:{SHA}aMRuhNdtLn5oblFYv1mJCavU5Fs=' ]\n";

static uint64_t
on_drain(void *arg, struct world_node *n, bool drained)
{
	struct stage *s = arg;

	world_drain(s->world, n, drained);
	return 1;
}

static struct stage *
stage_new(const char *text)
{
	struct stage *s = must_zalloc(sizeof *s);
	struct buf errors;
	int tcp;

	buf_init(&errors, 4096);
	s->conf = conf_parse(str_of(text), "m", &errors);
	assert_non_null(s->conf);
	s->loop = loop_new();
	s->live = live_init(must_zalloc(live_bytes()), 1);
	live_started(s->live, 0, getpid());
	live_set_table(s->live, 0, 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->events = events_new();
	world_pass_begin(s->world);
	world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"alpha" });
	world_pass_end(s->world);
	tcp = listen_anywhere(&s->tcp);
	s->admin = admin_new(s->loop, &(struct admin_conf){ .conf = s->conf, .world = s->world, .events = s->events, .tcp_fd = tcp,
	    .unix_fd = -1, .drain_node = on_drain, .arg = s });
	return s;
}

static void
stage_free(struct stage *s)
{
	json_decref(s->json);
	admin_free(&s->admin);
	events_free(&s->events);
	world_free(&s->world);
	loop_free(&s->loop);
	conf_free(&s->conf);
	free(s->live);
	free(s->phys);
	free(s);
}

static int
heard(struct stage *s, int fd)
{
	int status;
	char *body;

	s->all[0] = '\0';
	UNTIL(s->loop, hear(fd, s->all, sizeof s->all) <= 0);
	close(fd);
	assert_int_equal(sscanf(s->all, "HTTP/1.1 %d ", &status), 1);
	body = strstr(s->all, "\r\n\r\n");
	assert_non_null(body);
	json_decref(s->json);
	s->json = json_loads(body + 4, 0, NULL);
	return status;
}

static int
sent(const struct stage *s, const char *line, const char *fields)
{
	char request[2048];
	int fd = dial(&s->tcp);

	snprintf(request, sizeof request, "%s HTTP/1.1\r\nConnection: close\r\n%s%s\r\n%s", line,
	    strstr(fields, "Host: ") == NULL ? "Host: localhost:8000\r\n" : "", fields,
	    strncmp(line, "POST", 4) == 0 ? "{\"node\":\"alpha\",\"drain\":true}" : "");
	say(fd, request, strlen(request));
	return fd;
}

static int
get(struct stage *s, const char *path, const char *fields)
{
	char line[200];

	snprintf(line, sizeof line, "GET %s", path);
	return heard(s, sent(s, line, fields));
}

static int
drain(struct stage *s, const char *fields)
{
	char all[1024];

	snprintf(all, sizeof all, "Content-Length: 29\r\n" JSON "%s", fields);
	return heard(s, sent(s, "POST /api/v1/drain", all));
}

struct request_case {
	const char	*fields;
	int		 status;
};

static void
test_reads(void **state)
{
	static const struct request_case cases[] = {
		/* from this machine */
		{ "", 200 }, { BEARER "wrong\r\n", 200 }, { BASIC ANN_WRONG "\r\n", 200 }, { "Host: 127.0.0.1\r\n", 200 },
		{ "Host: [::1]:8000\r\n", 200 }, { "Host: LocalHost\r\n", 200 }, { "Origin: http://localhost:8000\r\n", 200 },
		/* a proxy on this machine has it from elsewhere */
		{ FAR, 401 }, { "Forwarded: for=192.0.2.1\r\n", 401 }, { "X-Real-IP: 127.0.0.1\r\n", 401 }, { "via: 1.1 x\r\n", 401 },
		{ "X-FORWARDED-PROTO: http\r\n", 401 }, { "X-Forwarded-For: 127.0.0.1\r\n", 401 }, { "X-Forwarded-For:\r\n", 401 },
		{ "Host: mola.example.org\r\n", 401 }, { "Host: 192.0.2.7:8000\r\n", 401 }, { "Host: [::2]\r\n", 401 },
		{ "Host: 128.0.0.1\r\n", 401 }, { "Host: evil.example\r\n", 403 },
		/* with a login */
		{ FAR BEARER ALL "\r\n", 200 }, { FAR BEARER READS "\r\n", 200 }, { FAR "authorization: bearer  " READS " \r\n", 200 },
		{ FAR BEARER WRITES "\r\n", 403 }, { FAR BEARER READS "x\r\n", 401 }, { FAR BEARER "read-read-read-rea\r\n", 401 },
		{ FAR BEARER "\r\n", 401 }, { FAR "Authorization: " READS "\r\n", 401 }, { FAR "Authorization: Digest x\r\n", 401 },
		{ FAR BASIC SUE "\r\n", 200 }, { FAR BASIC ANN "\r\n", 200 }, { FAR BASIC ANN "\r\n", 200 },
		{ FAR BASIC SUE_WRONG "\r\n", 401 }, { FAR BASIC ANN_WRONG "\r\n", 401 }, { FAR BASIC EVE "\r\n", 401 },
		{ FAR BASIC "!!!\r\n", 401 }, { FAR BASIC "\r\n", 401 }, { FAR BASIC READS "\r\n", 401 },
		/* which of two is meant? */
		{ FAR BEARER READS "\r\n" BEARER READS "\r\n", 401 }, { FAR BEARER "wrong\r\n" BEARER READS "\r\n", 401 },
		/* a page from elsewhere */
		{ "Origin: http://evil.example\r\n", 403 }, { "Origin: null\r\n", 403 },
		{ "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image\r\n", 403 }, { "Sec-Fetch-Site: same-site\r\nSec-Fetch-Dest: empty\r\n", 403 },
		{ "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: iframe\r\n", 403 }, { "Sec-Fetch-Site: same-origin\r\n", 200 },
		{ "Sec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n", 200 }, { "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: document\r\n", 200 },
		{ FAR BEARER ALL "\r\nOrigin: https://evil\r\n", 403 },
	};
	struct stage *s = stage_new(yaml);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = get(s, "/api/v1/nodes", cases[i].fields);
		if (status != cases[i].status)
			fail_msg("%s: %d instead of %d", cases[i].fields, status, cases[i].status);
		assert_true((status == 401) == (strstr(s->all, "WWW-Authenticate: Bearer\r\n") != NULL));
		assert_true((status == 200) == (json_object_get(s->json, "nodes") != NULL));
	}
	stage_free(s);
}

/* What programs poll, and what holds no data. */
static void
test_open_for_everyone(void **state)
{
	static const char *const paths[] = { "/", "/api", "/healthz", "/metrics", "/web/app.js", "/api/v1/session" };
	static const char *const closed[] = { "/api/v1/services", "/api/v1/tasks", "/api/v1/why?service=x", "/api/v1/events", "/api/v1/record", "/api/v1/config",
	    "/api/v1/swarm", "/api/v1/prometheus", "/api/v1/targets", "/api/v1/certs" };
	struct stage *s = stage_new(yaml);

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_int_equal(get(s, paths[i], FAR), 200);
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
		assert_int_equal(get(s, closed[i], FAR), 401);
	assert_int_equal(get(s, "/traefik", FAR), 404);
	assert_int_equal(heard(s, sent(s, "POST /v3/discovery:endpoints", "Content-Length: 29\r\n" FAR)), 404);
	stage_free(s);
}

static void
test_writes(void **state)
{
	static const struct request_case cases[] = {
		{ "", 401 }, { BEARER READS "\r\n", 403 }, { BEARER WRITES "\r\n", 200 }, { BEARER ALL "\r\n", 200 }, { FAR BEARER WRITES "\r\n", 200 },
		{ BASIC SUE "\r\n", 401 }, { BASIC ANN "\r\n", 401 }, { BEARER "write-write-write-writd\r\n", 401 },
		{ BEARER WRITES "\r\nOrigin: http://localhost:8000\r\n", 200 }, { BEARER WRITES "\r\nOrigin: https://localhost:8000\r\n", 200 },
		{ BEARER WRITES "\r\nOrigin: http://localhost\r\n", 403 }, { BEARER WRITES "\r\nOrigin: http://localhost:8000.evil\r\n", 403 },
		{ BEARER WRITES "\r\nOrigin: http://localhost:8000\r\nOrigin: http://evil\r\n", 403 },
		{ BEARER WRITES "\r\nOrigin: ftp://localhost:8000\r\n", 403 }, { BEARER WRITES "\r\nOrigin:\r\n", 403 },
		{ BEARER WRITES "\r\nSec-Fetch-Site: cross-site\r\n", 403 },
		{ BEARER WRITES "\r\n" BEARER WRITES "\r\n", 401 },
	};
	struct stage *s = stage_new(yaml);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = drain(s, cases[i].fields);
		if (status != cases[i].status)
			fail_msg("%s: %d instead of %d", cases[i].fields, status, cases[i].status);
	}
	stage_free(s);
}

static void
session_is(struct stage *s, const char *fields, const char *expected)
{
	json_t *j = json_loads(expected, 0, NULL);
	char *text;

	assert_non_null(j);
	assert_int_equal(get(s, "/api/v1/session", fields), 200);
	assert_true(json_is_null(json_object_get(s->json, "version")) == json_is_false(json_object_get(s->json, "read")));
	json_object_del(s->json, "version");
	text = json_dumps(s->json, 0);
	if (!json_equal(s->json, j))
		fail_msg("%s instead of %s", text, expected);
	free(text);
	json_decref(j);
}

static void
test_session(void **state)
{
	struct stage *s = stage_new(yaml);

	(void)state;
	session_is(s, "", "{\"read\": true, \"write\": false, \"local\": true, \"user\": null, \"login\": [\"token\", \"users\"]}");
	session_is(s, BEARER WRITES "\r\n", "{\"read\": true, \"write\": true, \"local\": true, \"user\": \"hand\", \"login\": [\"token\", \"users\"]}");
	session_is(s, FAR, "{\"read\": false, \"write\": false, \"local\": false, \"user\": null, \"login\": [\"token\", \"users\"]}");
	session_is(s, FAR BEARER "wrong\r\n", "{\"read\": false, \"write\": false, \"local\": false, \"user\": null, \"login\": [\"token\", \"users\"]}");
	session_is(s, FAR BEARER ALL "\r\n", "{\"read\": true, \"write\": true, \"local\": false, \"user\": \"admin\", \"login\": [\"token\", \"users\"]}");
	session_is(s, FAR BEARER WRITES "\r\n", "{\"read\": false, \"write\": true, \"local\": false, \"user\": \"hand\", \"login\": [\"token\", \"users\"]}");
	session_is(s, FAR BASIC ANN "\r\n", "{\"read\": true, \"write\": false, \"local\": false, \"user\": \"ann\", \"login\": [\"token\", \"users\"]}");
	stage_free(s);
}

static void
test_nothing_configured(void **state)
{
	struct stage *s = stage_new(L);

	(void)state;
	session_is(s, "", "{\"read\": true, \"write\": false, \"local\": true, \"user\": null, \"login\": []}");
	assert_int_equal(get(s, "/api/v1/nodes", ""), 200);
	assert_int_equal(get(s, "/api/v1/nodes", FAR), 403);
	assert_non_null(strstr(s->all, "admin.tokens or admin.users"));
	assert_int_equal(get(s, "/api/v1/nodes", FAR BEARER ALL "\r\n"), 403);
	assert_int_equal(drain(s, BEARER ALL "\r\n"), 403);
	stage_free(s);
}

/* Hashes of bcrypt take their time, and the others' requests do not wait for them. What fits is remembered. */
static void
test_the_loop_never_waits_for_a_hash(void **state)
{
	struct stage *s = stage_new(yaml);
	int64_t from;
	int waiting = 0;
	int fd[40], statuses[600] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		fd[i] = sent(s, "GET /api/v1/nodes", FAR BASIC ANN_WRONG "\r\n");
	assert_int_equal(get(s, "/api/v1/nodes", FAR BEARER READS "\r\n"), 200);
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		waiting += poll(&(struct pollfd){ .fd = fd[i], .events = POLLIN }, 1, 0) == 0;
	assert_true(waiting > 0);
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		statuses[heard(s, fd[i])]++;
	assert_true(statuses[401] >= 16 && statuses[503] > 0);		/* nobody gets more than a quarter of the queue */
	assert_int_equal(statuses[401] + statuses[503], 40);
	assert_int_equal(get(s, "/api/v1/nodes", FAR BASIC ANN "\r\n"), 200);
	from = clock_mono_usec();
	for (int i = 0; i < 100; i++)
		assert_int_equal(get(s, "/api/v1/nodes", FAR BASIC ANN "\r\n"), 200);
	assert_true(clock_mono_usec() - from < 100 * password_usec(STR("$2b$10$gdqXcgWniRMk1HteF19pROONRPzMYVFk5pCod52noAdfXrAPac1ZG")));
	stage_free(s);
}

/* Those that wait for the thread are responded to all the same. */
static void
test_the_end_while_a_hash_is_computed(void **state)
{
	struct stage *s = stage_new(yaml);
	int fd[3];

	(void)state;
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		fd[i] = sent(s, "GET /api/v1/nodes", FAR BASIC ANN "\r\n");
	assert_int_equal(get(s, "/healthz", ""), 200);
	stage_free(s);
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		close(fd[i]);
}

static void
test_loopback(void **state)
{
	static const struct {
		const char	*text;
		bool		 is;
	} cases[] = { { "127.0.0.1:1", true }, { "127.8.9.10:1", true }, { "128.0.0.1:1", false }, { "10.0.0.1:1", false }, { "0.0.0.0:1", false },
	    { "[::1]:1", true }, { "[::2]:1", false }, { "[::]:1", false }, { "[::ffff:127.0.0.1]:1", true }, { "[::ffff:10.0.0.1]:1", false },
	    { "[::127.0.0.1]:1", false }, { "[fe80::1]:1", false }, { "unix:/x", false } };
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(addr_parse(str_of(cases[i].text), &a));
		if (is_loopback(ip_of(&a)) != cases[i].is)
			fail_msg("%s", cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_open_for_everyone),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_nothing_configured),
		cmocka_unit_test(test_the_loop_never_waits_for_a_hash),
		cmocka_unit_test(test_the_end_while_a_hash_is_computed),
		cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
