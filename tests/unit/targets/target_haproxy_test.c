/* Rounds with an HAProxy that answers as the test wants it to. */
#include "../until.h"
#include "targets/target_haproxy.c"
#include "fake_target.h"

#define HEAD	"1\n# be_name srv_name srv_addr srv_port srv_admin_state srv_uweight srv_check_state\n"

static struct plan_server server = { .name = "web.1", .node = "a", .weight = 256 };
static struct plan_service service = { .name = "web", .server = &server, .nservers = 1, .nserving = 1 };
static const struct plan plan = { .service = &service, .nservices = 1 };

struct scene {
	struct target	 target;
	struct haproxy_target *driver;
	struct io	 io, caller;
	int		 fd;
	char		 line[8192];
	/* HAProxy's side */
	const char	*info, *rows, *add, *added;	/* what it reports; its servers; to `add server`; its servers afterwards */
	bool		 mute, cut;			/* sends nothing; dies in the middle of a table, */
	bool		 torn;				/* and in the middle of its last response to a command */
	unsigned	 batches;
	char		 heard[32768];			/* all orders, one a line */
};

static const char *
answer_to(struct scene *s, const char *line)
{
	static char text[4096];

	if (strncmp(line, "show info", 9) == 0)
		return s->info;
	if (strncmp(line, "show stat", 9) == 0)
		return "# pxname,svname,scur,status\nweb,mola:web.1,4,UP\n\n";
	if (strncmp(line, "show servers", 12) == 0) {
		snprintf(text, sizeof text, HEAD "%s%s", s->rows, s->cut ? "" : "\n");
		return text;
	}
	snprintf(s->heard + strlen(s->heard), sizeof s->heard - strlen(s->heard), "%s", line);
	if (strncmp(line, "add server", 10) != 0)
		return "\n";
	s->rows = s->added;
	return s->add;
}

/* A command a line, and its prompt behind each response: what HAProxy sends after `prompt`. */
static void
answer_each(struct scene *s, int fd, char *lines)
{
	static char out[16384];
	char *line, *next = NULL;

	snprintf(out, sizeof out, "\n> ");
	s->batches++;
	for (line = strchr(lines, '\n') + 1; strcmp(line, "quit\n") != 0; line = next) {
		char one[512];

		next = strchr(line, '\n') + 1;
		snprintf(one, sizeof one, "%.*s", (int)(next - line), line);
		snprintf(out + strlen(out), sizeof out - strlen(out), "%s", answer_to(s, one));
		if (!s->torn || strcmp(next, "quit\n") != 0)
			snprintf(out + strlen(out) - 1, sizeof out - strlen(out), "\n> ");
	}
	say(fd, out, strlen(out));
}

static void
haproxy_hears(void *arg, uint32_t events)
{
	struct scene *s = arg;
	const char *answer;
	int fd = s->caller.fd;

	(void)events;
	assert_true(hear(fd, s->line, sizeof s->line) >= 0);
	if (strchr(s->line, '\n') == NULL || (strncmp(s->line, "prompt\n", 7) == 0 && strstr(s->line, "\nquit\n") == NULL))
		return;
	if (!s->mute && strncmp(s->line, "prompt\n", 7) == 0)
		answer_each(s, fd, s->line);
	else if (!s->mute) {
		answer = answer_to(s, s->line);
		say(fd, answer, strlen(answer));
	}
	loop_unwatch(s->target.loop, &s->caller);
	close(fd);
}

/* One at a time is all that ever comes. */
static void
haproxy_accepts(void *arg, uint32_t events)
{
	struct scene *s = arg;
	struct addr peer;
	int fd = sock_accept(s->fd, &peer);

	(void)events;
	assert_true(fd >= 0);
	s->line[0] = '\0';
	loop_watch(s->target.loop, &s->caller, fd, LOOP_LEVEL, haproxy_hears, s);
}

static int
begin(void **state)
{
	static char text[ADDR_TEXT_MAX];
	struct scene *s = must_zalloc(sizeof *s);
	struct addr at;

	assert_null(addr_parse(STR("10.0.0.1:80"), &server.addr));
	*s = (struct scene){ .caller = { .fd = -1 }, .info = "Version: 2.6\nPid: 7\nUptime_sec: 5\n\n", .rows = "", .add = "New server registered.\n\n",
	    .added = "web mola:web.1 10.0.0.1 80 0 256 6\n" };
	s->fd = listen_anywhere(&at);
	s->target.loop = loop_new();
	loop_watch(s->target.loop, &s->io, s->fd, LOOP_LEVEL, haproxy_accepts, s);
	s->target.conf = (struct conf_target){ .name = "ha", .backend = "{service}", .poll_usec = USEC_PER_MSEC,
	    .socket = (char *)(uintptr_t)addr_text(&at, text) };
	s->driver = target_driver_haproxy.open(&s->target);
	*state = s;
	return 0;
}

static int
finish(void **state)
{
	struct scene *s = *state;

	target_driver_haproxy.close(s->driver);
	if (s->caller.fd >= 0) {
		int fd = s->caller.fd;
		loop_unwatch(s->target.loop, &s->caller);
		close(fd);
	}
	loop_unwatch(s->target.loop, &s->io);
	close(s->fd);
	loop_turn(s->target.loop, 0);
	loop_free(&s->target.loop);
	free(s);
	return 0;
}

static void
publish(struct scene *s)
{
	s->target.plan = &plan;
	target_driver_haproxy.publish(s->driver, &plan);
}

/* Rounds go on until this is true. */
#define ROUNDS_UNTIL(s, cond) UNTIL((s)->target.loop, (target_driver_haproxy.tick((s)->driver, loop_now((s)->target.loop)), (cond)))

static void
test_published(void **state)
{
	struct scene *s = *state;

	publish(s);
	UNTIL(s->target.loop, s->target.published == 1);
	assert_int_equal(s->target.applied, 1);
	assert_int_equal(s->target.failed, 0);
	assert_string_equal(s->heard, "add server web/mola:web.1 10.0.0.1:80 weight 256 check\n"
	    "enable health web/mola:web.1\nset server web/mola:web.1 state ready\n");
	assert_int_equal(s->batches, 1);
	assert_string_equal(s->target.reported, "web.1 256 UP;");
	ROUNDS_UNTIL(s, s->target.applied == 3);
	assert_int_equal(s->target.published, 1);
	assert_non_null(strstr(s->heard, "state ready"));
}

/* All that take over on one connection, and after them all that drain. */
static void
test_many(void **state)
{
	static struct plan_server many[100];
	static char names[100][16];
	struct plan_service web = { .name = "web", .server = many, .nservers = 100, .nserving = 99 };
	struct plan whole = { .service = &web, .nservices = 1 };
	struct scene *s = *state;

	for (unsigned i = 0; i < 100; i++) {
		char at[32];

		snprintf(names[i], sizeof names[i], "web.%u", i);
		snprintf(at, sizeof at, "10.0.1.%u:80", i + 1);
		many[i] = (struct plan_server){ .name = names[i], .node = (char *)"a", .weight = 10 };
		assert_null(addr_parse(str_of(at), &many[i].addr));
	}
	many[99].draining = true;
	s->rows = s->added = "web mola:web.99 10.0.1.100 80 0 256 6\n";
	s->target.plan = &whole;
	target_driver_haproxy.publish(s->driver, &whole);
	UNTIL(s->target.loop, s->target.failed == 1);			/* it lists none of them afterwards */
	assert_ptr_equal(s->target.why, WHY_PROXY_DIFFERS);
	assert_int_equal(s->batches, 5 + 1);				/* of 64 at most; and the one that drains */
	assert_true(strstr(s->heard, "add server web/mola:web.98") < strstr(s->heard, "set server web/mola:web.98 state ready"));
	assert_true(strstr(s->heard, "set server web/mola:web.98 state ready") < strstr(s->heard, "set server web/mola:web.99 state drain"));
}

/* What it said of the last command is not whole: it may not have carried it out. */
static void
test_torn(void **state)
{
	struct scene *s = *state;

	s->torn = true;
	publish(s);
	UNTIL(s->target.loop, s->target.failed == 1);
	assert_ptr_equal(s->target.why, WHY_PROXY_GONE);
	assert_non_null(strstr(s->target.detail, "in the middle of a response"));
	assert_int_equal(s->driver->sent_total, 2);
	s->torn = false;
	s->rows = "";
	ROUNDS_UNTIL(s, s->target.published == 1);
}

/* A HAProxy that has lost its servers gets them again, without a publication. */
static void
test_restarted(void **state)
{
	struct scene *s = *state;

	publish(s);
	UNTIL(s->target.loop, s->target.published == 1);
	s->heard[0] = '\0';
	s->rows = "";
	s->info = "Version: 2.6\nPid: 8\nUptime_sec: 0\n\n";
	ROUNDS_UNTIL(s, strstr(s->heard, "state ready") != NULL && !s->driver->busy);
	assert_int_equal(s->driver->restarts, 1);
	assert_int_equal(s->target.published, 1);
	assert_int_equal(s->target.failed + s->target.not_applied, 0);
}

/* A reload: the next round would be in an hour, and it has none of our servers. */
static void
test_reloaded(void **state)
{
	struct scene *s = *state;

	s->target.conf.poll_usec = 3600 * USEC_PER_SEC;
	publish(s);
	UNTIL(s->target.loop, s->target.published == 1);
	s->heard[0] = '\0';
	s->rows = "";
	ROUNDS_UNTIL(s, s->driver->watch_usec > s->driver->due_usec - s->target.conf.poll_usec + WATCH_USEC);
	assert_string_equal(s->heard, "");		/* it is looked at, and is the same process */
	s->info = "Version: 2.6\nPid: 8\nUptime_sec: 0\n\n";
	ROUNDS_UNTIL(s, strstr(s->heard, "state ready") != NULL && !s->driver->busy);
	assert_int_equal(s->driver->restarts, 1);
	assert_int_equal(s->target.failed + s->target.not_applied, 0);
}

static void
test_refused(void **state)
{
	struct scene *s = *state;

	s->add = "No such backend.\n\x1b[2J\n";
	s->added = "";
	publish(s);
	UNTIL(s->target.loop, s->target.failed == 1);
	assert_ptr_equal(s->target.why, WHY_PROXY_REFUSED);
	assert_string_equal(s->target.detail, "add server web/mola:web.1 10.0.0.1:80 weight 256 check: No such backend.");
	ROUNDS_UNTIL(s, s->target.not_applied >= 3);
	assert_int_equal(s->target.failed, 1);		/* once for each publication */
	s->add = "New server registered.\n";
	s->added = "web mola:web.1 10.0.0.1 80 0 256 6\n";
	ROUNDS_UNTIL(s, s->target.published == 1);	/* by itself */
}

/* Nobody takes over from a server while those that are to do so are refused; other backends are not held up. */
static void
test_drains_afterwards(void **state)
{
	struct plan_server web[] = { { .name = "web.1", .node = "a", .weight = 256 }, { .name = "web.2", .node = "b", .draining = true } };
	struct plan_server api[] = { { .name = "api.1", .node = "a", .weight = 256 }, { .name = "api.2", .node = "b", .draining = true } };
	struct plan_service services[] = { { .name = "api", .server = api, .nservers = 2, .nserving = 1 },
	    { .name = "web", .server = web, .nservers = 2, .nserving = 1 } };
	struct plan two = { .service = services, .nservices = 2 };
	struct scene *s = *state;

	assert_null(addr_parse(STR("10.0.0.1:80"), &web[0].addr));
	assert_null(addr_parse(STR("10.0.0.2:80"), &web[1].addr));
	api[0].addr = web[0].addr;
	api[1].addr = web[1].addr;
	s->add = "No such backend.\n\n";
	s->rows = s->added = "web mola:web.2 10.0.0.2 80 0 256 6\napi mola:api.1 10.0.0.1 80 0 256 6\napi mola:api.2 10.0.0.2 80 0 256 6\n";
	s->target.plan = &two;
	target_driver_haproxy.publish(s->driver, &two);
	UNTIL(s->target.loop, s->target.failed == 1);
	assert_non_null(strstr(s->heard, "add server web/mola:web.1"));
	assert_null(strstr(s->heard, "set server web/mola:web.2 state drain"));
	assert_non_null(strstr(s->heard, "set server api/mola:api.2 state drain"));
	s->add = "New server registered.\n\n";
	ROUNDS_UNTIL(s, strstr(s->heard, "set server web/mola:web.2 state drain") != NULL && !s->driver->busy);
}

static void
test_without_effect(void **state)
{
	struct scene *s = *state;

	s->added = "web mola:web.1 10.0.0.1 80 1 256 6\n";
	publish(s);
	UNTIL(s->target.loop, s->target.failed == 1);
	assert_ptr_equal(s->target.why, WHY_PROXY_DIFFERS);
	assert_non_null(strstr(s->target.detail, "set server web/mola:web.1 state ready"));
}

static void
test_strange(void **state)
{
	struct scene *s = *state;

	s->info = "HTTP/1.1 400 Bad Request\r\n\r\n";
	publish(s);
	UNTIL(s->target.loop, s->target.failed == 1);
	assert_ptr_equal(s->target.why, WHY_PROXY_SYNTAX);
	s->info = "Pid: 3\n\n";
	s->mute = true;
	ROUNDS_UNTIL(s, s->target.why == WHY_PROXY_GONE);
	assert_non_null(strstr(s->target.detail, ": it closed the connection without a response"));
	assert_ptr_equal(strstr(s->target.detail, target_conf(&s->target)->socket), s->target.detail);	/* who */
	assert_int_equal(s->target.failed, 1);
	s->mute = false;
	ROUNDS_UNTIL(s, s->target.published == 1);
}

/* It dies over its table: what is missing from it may well be there, and is not added. */
static void
test_cut_off(void **state)
{
	struct scene *s = *state;

	s->cut = true;
	publish(s);
	UNTIL(s->target.loop, s->target.failed == 1);
	assert_ptr_equal(s->target.why, WHY_PROXY_GONE);
	assert_non_null(strstr(s->target.detail, ": it closed the connection in the middle of a response"));
	assert_string_equal(s->heard, "");
	s->cut = false;
	ROUNDS_UNTIL(s, s->target.published == 1);
}

/* The newer one alone is answered. */
static void
test_overtaken(void **state)
{
	struct scene *s = *state;

	publish(s);
	loop_turn(s->target.loop, 0);
	assert_true(s->driver->busy);
	publish(s);
	UNTIL(s->target.loop, s->target.published == 1 && !s->driver->busy);
	ROUNDS_UNTIL(s, s->target.applied == 3);
	assert_int_equal(s->target.published, 1);
	assert_int_equal(s->target.failed, 0);
}

static void
test_closed_in_the_middle(void **state)
{
	struct scene *s = *state;

	publish(s);
	loop_turn(s->target.loop, 0);
	assert_true(s->driver->busy);
}

int
main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		SCENE(test_published),
		SCENE(test_many),
		SCENE(test_torn),
		SCENE(test_restarted),
		SCENE(test_reloaded),
		SCENE(test_refused),
		SCENE(test_drains_afterwards),
		SCENE(test_without_effect),
		SCENE(test_strange),
		SCENE(test_cut_off),
		SCENE(test_overtaken),
		SCENE(test_closed_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
