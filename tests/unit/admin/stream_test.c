/* stream: what watchers get, when, and what those cost that do not read. */
#include "admin/stream.c"

#include "../until.h"

struct stage {
	struct loop	*loop;
	struct server	*server;
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct rates	*rates;
	struct events	*events;
	struct pages	*pages;
	struct streams	*streams;
	struct addr	 at;
	int64_t		 ahead;		/* of the loop's clock, as the stream sees it */
	unsigned	 views;		/* that were asked for */
};

static struct admin_view
view(const void *arg)
{
	const struct stage *s = arg;

	((struct stage *)(uintptr_t)s)->views++;
	return (struct admin_view){ .world = s->world, .rates = s->rates, .events = s->events,
	    .now_usec = loop_now(s->loop) };
}

static void
on_request(void *arg, struct request *req)
{
	streams_open(((struct stage *)arg)->streams, req);
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);
	void *memory = aligned_alloc(64, live_bytes());
	int little = 65536, fd;

	s->loop = loop_new();
	s->live = live_init(memset(memory, 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	world_pass_begin(s->world);
	world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"alpha" });
	world_pass_end(s->world);
	s->rates = rates_new();
	s->events = events_new();
	s->pages = pages_new(s->loop, view, s);
	s->streams = streams_new(s->loop, s->pages, view, s);
	s->server = server_new(s->loop, &(struct server_conf){ .stall_usec = 60 * USEC_PER_SEC }, on_request, s);
	fd = listen_anywhere(&s->at);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);	/* of the connections, too */
	server_listen(s->server, fd, NULL);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	server_free(&s->server);
	pages_free(&s->pages);
	streams_free(&s->streams);
	events_free(&s->events);
	rates_free(&s->rates);
	world_free(&s->world);
	loop_free(&s->loop);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

/* HTTP/1.0: what is sent is not in chunks. */
static int
watch(struct stage *s, const char *query, const char *fields)
{
	char request[600];
	int fd = dial(&s->at);

	snprintf(request, sizeof request, "GET /api/v1/stream?%s HTTP/1.0\r\n%s\r\n", query, fields);
	say(fd, request, strlen(request));
	return fd;
}

struct ear {
	int	 fd;
	char	*text;
	size_t	 len;
	bool	 ended;
};

#define EAR_MOST (64u << 20)

static void
listen_in(struct ear *e)
{
	ssize_t n;

	if (e->text == NULL)
		e->text = must_zalloc(EAR_MOST);
	while (e->len + 1 < EAR_MOST && (n = recv(e->fd, e->text + e->len, EAR_MOST - 1 - e->len, MSG_DONTWAIT)) >= 0) {
		e->ended |= n == 0;
		if (n == 0)
			return;
		e->len += (size_t)n;
	}
	e->ended |= errno == ECONNRESET;
}

static void
ear_close(struct ear *e)
{
	close(e->fd);
	free(e->text);
	*e = (struct ear){ .fd = -1 };
}

static unsigned
count(const struct ear *e, const char *what)
{
	unsigned n = 0;

	for (const char *at = e->text; at != NULL && (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

/* A turn of the loop, and the stream's tick at a time that is ahead of it. */
static void
turn(struct stage *s)
{
	loop_turn(s->loop, USEC_PER_MSEC);
	streams_tick(s->streams, loop_now(s->loop) + s->ahead);
}

#define HEAR(s, e, cond) do { \
	int64_t until_ = clock_mono_usec() + UNTIL_USEC; \
	for (listen_in(e); !(cond); listen_in(e)) { \
		if (clock_mono_usec() > until_) \
			fail_msg("never came true: %s; heard %zu: %.2000s", #cond, (e)->len, (e)->text); \
		turn(s); \
	} \
} while (0)

static void
some_turns(struct stage *s, struct ear *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		turn(s);
		listen_in(e);
	}
}

static void
what_clients_send(void **state)
{
	unsigned set;
	struct str odd;

	(void)state;
	assert_true(stream_topics(STR("nodes,events"), &set, &odd));
	assert_int_equal(set, 1u | EVENTS_BIT);
	assert_true(stream_topics(STR("tasks,tasks"), &set, &odd));
	assert_false(stream_topics(STR("nodes,nodez"), &set, &odd));
	assert_true(str_eq(odd, STR("nodez")));
	assert_false(stream_topics(STR(""), &set, &odd));
	assert_false(stream_topics(STR("nodes,,tasks"), &set, &odd));
	assert_int_equal(stream_last_event(STR("123-45"), "123"), 45);
	assert_int_equal(stream_last_event(STR("124-45"), "123"), 0);
	assert_int_equal(stream_last_event(STR("1234-5"), "123"), 0);
	assert_int_equal(stream_last_event(STR("123-"), "123"), 0);
	assert_int_equal(stream_last_event(STR("123"), "123"), 0);
	assert_int_equal(stream_last_event(STR("123-99999999999999999999"), "123"), 0);
	assert_int_equal(stream_last_event(STR(""), "123"), 0);
}

static void
ages_are_no_change(void **state)
{
	(void)state;
	assert_true(stream_hash(STR("{\"age_seconds\":1.5,\"a\":2}")) == stream_hash(STR("{\"age_seconds\":17,\"a\":2}")));
	assert_true(stream_hash(STR("{\"age_seconds\":1.5,\"a\":2}")) != stream_hash(STR("{\"age_seconds\":1.5,\"a\":3}")));
	assert_true(stream_hash(STR("{\"age_seconds\":null}")) != stream_hash(STR("{\"age_seconds\":2}")));
	assert_true(stream_hash(STR("{\"seconds\":1}")) != stream_hash(STR("{\"seconds\":2}")));
}

static void
a_round_each_period(void **state)
{
	struct stage *s = *state;
	struct ear e = { .fd = watch(s, "topics=nodes,tasks", "") };

	HEAR(s, &e, count(&e, "event: nodes") == 1 && count(&e, "event: tasks") == 1);
	assert_non_null(strstr(e.text, "Content-Type: text/event-stream\r\n"));
	assert_non_null(strstr(e.text, "\r\n\r\nevent: hello\ndata: {\"version\":\"" MOLA_VERSION "\",\"brain\":\""));
	assert_non_null(strstr(e.text, "\"period_seconds\":1}\n\n"));
	assert_non_null(strstr(e.text, "event: nodes\ndata: {\"nodes\":[{\"name\":\"alpha\""));
	assert_non_null(strstr(e.text, "}]}\n\nevent: tasks\ndata: {\"tasks\":[]}\n\n"));
	some_turns(s, &e, 5);
	assert_int_equal(count(&e, "event: nodes"), 1);
	s->ahead = USEC_PER_SEC;
	HEAR(s, &e, count(&e, "event: nodes") == 2 && count(&e, "event: tasks") == 2);
	assert_int_equal(count(&e, "event: hello"), 1);
	ear_close(&e);
}

/* One more who comes within a period gets what the others have; nobody: nothing is made. */
static void
texts_are_made_once(void **state)
{
	struct stage *s = *state;
	struct ear a = { .fd = watch(s, "topics=nodes", "") }, b;
	unsigned views;

	HEAR(s, &a, count(&a, "event: nodes") == 1);
	b = (struct ear){ .fd = watch(s, "topics=nodes", "") };
	HEAR(s, &b, count(&b, "event: nodes") == 1);
	assert_int_equal(s->streams->topic[0].serial, 1);
	assert_int_equal(s->streams->topic[0].wanted, 2);
	assert_string_equal(strstr(a.text, "event: nodes"), strstr(b.text, "event: nodes"));
	ear_close(&a);
	ear_close(&b);
	UNTIL(s->loop, s->streams->count == 0);
	assert_null(s->streams->topic[0].frame);
	s->ahead = 10 * USEC_PER_SEC;
	views = s->views;
	for (unsigned i = 0; i < 20; i++)
		turn(s);
	assert_int_equal(s->views, views);
	assert_false(s->streams->topic[0].making);
}

static void
changes_only(void **state)
{
	struct stage *s = *state;
	struct ear e = { .fd = watch(s, "topics=warnings,targets", "") };

	HEAR(s, &e, count(&e, "event: warnings") == 1 && count(&e, "event: targets") == 1);
	for (unsigned i = 0; i < 3; i++) {
		s->ahead += USEC_PER_SEC;
		some_turns(s, &e, 20);
	}
	assert_int_equal(count(&e, "event: warnings"), 1);
	live_set_conf(s->live, (struct live_conf){ clock_wall_usec(), false });
	s->ahead += USEC_PER_SEC;
	HEAR(s, &e, count(&e, "reload_refused") == 1);
	assert_int_equal(count(&e, "event: targets"), 1);
	ear_close(&e);
}

static void
events_in_order(void **state)
{
	struct stage *s = *state;
	char field[100];
	struct ear e;

	for (unsigned i = 0; i < 450; i++)
		log_event(LOG_DEBUG, "test.event", "n", LOG_N(i), NULL);
	assert_int_equal(events_last(s->events), 0);		/* too low a level */
	log_setup("test", LOG_DEBUG, false);
	for (unsigned i = 0; i < 450; i++)
		log_event(LOG_DEBUG, "test.event", "n", LOG_N(i), NULL);
	e = (struct ear){ .fd = watch(s, "topics=events&after=10", "") };
	HEAR(s, &e, count(&e, "\"event\":\"test.event\"") == 440);
	assert_null(strstr(e.text, "{\"id\":10,"));
	assert_non_null(strstr(e.text, "{\"id\":11,"));
	assert_non_null(strstr(e.text, "\"last\":450}\nid: "));
	assert_int_equal(count(&e, "event: events\n"), 3);
	log_event(LOG_INFO, "test.late", NULL);
	HEAR(s, &e, count(&e, "\"event\":\"test.late\"") == 1);
	ear_close(&e);

	snprintf(field, sizeof field, "Last-Event-ID: %s-449\r\n", streams_brain(s->streams));
	e = (struct ear){ .fd = watch(s, "topics=events&after=3", field) };
	HEAR(s, &e, count(&e, "test.late") == 1);
	assert_int_equal(count(&e, "test.event"), 1);
	ear_close(&e);
	e = (struct ear){ .fd = watch(s, "topics=events&after=3", "Last-Event-ID: 7-449\r\n") };
	HEAR(s, &e, count(&e, "test.late") == 1);
	assert_int_equal(count(&e, "test.event"), 450);
	ear_close(&e);
	e = (struct ear){ .fd = watch(s, "topics=events&after=452", "") };	/* another brain's */
	HEAR(s, &e, count(&e, "test.late") == 1);
	assert_int_equal(count(&e, "test.event"), 450);
	ear_close(&e);
	e = (struct ear){ .fd = watch(s, "topics=events&after=451", "") };	/* nothing is new, and that is said */
	HEAR(s, &e, count(&e, "data: {\"events\":[],\"last\":451}") == 1);
	ear_close(&e);
}

static void
silence_is_broken(void **state)
{
	struct stage *s = *state;
	struct ear e = { .fd = watch(s, "topics=events", "") };

	HEAR(s, &e, count(&e, "event: events") == 1);
	some_turns(s, &e, 5);
	assert_int_equal(count(&e, ": ping"), 0);
	s->ahead = PING_USEC + USEC_PER_SEC;
	HEAR(s, &e, count(&e, ": ping\n\n") == 1);
	ear_close(&e);
}

static void
what_is_refused(void **state)
{
	struct stage *s = *state;
	struct ear e[STREAM_WATCHERS_MAX + 1];

	e[0] = (struct ear){ .fd = watch(s, "topics=nodes,stuff", "") };
	HEAR(s, &e[0], e[0].ended);
	assert_non_null(strstr(e[0].text, " 400 "));
	assert_non_null(strstr(e[0].text, "there is no topic 'stuff'; name topics"));
	ear_close(&e[0]);
	e[0] = (struct ear){ .fd = watch(s, "topics=events&after=-1", "") };
	HEAR(s, &e[0], e[0].ended);
	assert_non_null(strstr(e[0].text, " 400 "));
	ear_close(&e[0]);
	for (unsigned i = 0; i <= STREAM_WATCHERS_MAX; i++) {
		e[i] = (struct ear){ .fd = watch(s, "topics=events", "") };
		HEAR(s, &e[i], e[i].len > 0);
	}
	HEAR(s, &e[STREAM_WATCHERS_MAX], e[STREAM_WATCHERS_MAX].ended);
	assert_non_null(strstr(e[STREAM_WATCHERS_MAX].text, " 503 "));
	ear_close(&e[0]);
	UNTIL(s->loop, s->streams->count == STREAM_WATCHERS_MAX - 1);
	ear_close(&e[STREAM_WATCHERS_MAX]);
	for (unsigned i = 1; i < STREAM_WATCHERS_MAX; i++)
		ear_close(&e[i]);
}

/* Who reads nothing misses whole frames, costs one frame of each topic, and delays nobody. */
static void
a_slow_client(void **state)
{
	struct stage *s = *state;
	struct ear slow = { .fd = -1 }, quick = { .fd = -1 };
	struct watcher *one, *other;
	int little = 16384;
	char name[60];
	unsigned frames;

	world_pass_begin(s->world);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "node-with-a-rather-long-name-%u", i);
		world_pass_node(s->world, &(struct world_node){ .name = name });
	}
	world_pass_end(s->world);
	slow.fd = watch(s, "topics=nodes", "");
	setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	quick.fd = watch(s, "topics=nodes", "");
	for (unsigned i = 1; i <= 8; i++) {
		HEAR(s, &quick, count(&quick, "event: nodes") >= i && strcmp(quick.text + quick.len - 2, "\n\n") == 0);
		s->ahead += 61 * USEC_PER_SEC;		/* whatever the period is by now */
	}
	assert_int_equal(s->streams->count, 2);
	other = LIST_FIRST(&s->streams->watchers);
	one = LIST_NEXT(other, link);
	assert_true(one->sent[0] != other->sent[0]);
	HEAR(s, &slow, request_backlog(one->request) + request_backlog(other->request) == 0 && slow.len > 2 &&
	    strcmp(slow.text + slow.len - 2, "\n\n") == 0);
	frames = count(&slow, "event: nodes");
	assert_true(frames >= 1 && frames < 8);	/* quick has more */
	s->ahead += 61 * USEC_PER_SEC;
	HEAR(s, &slow, count(&slow, "]}\n\n") > frames && one->sent[0] == other->sent[0]);
	assert_int_equal(count(&slow, "event: nodes\ndata: {\"nodes\":["), count(&slow, "event: nodes"));
	ear_close(&slow);
	ear_close(&quick);
}

static void
the_period_follows_the_work(void **state)
{
	struct stage *s = *state;
	struct streams *ss = s->streams;

	ss->cost_usec = 500 * USEC_PER_MSEC;	/* once: others were in its way */
	period_adapt(ss);
	assert_int_equal(ss->period, 1);
	ss->cost_usec = 50 * USEC_PER_MSEC;
	period_adapt(ss);
	assert_int_equal(ss->period, 3);
	for (unsigned i = 0; i < 10; i++) {
		ss->cost_usec = 45 * USEC_PER_MSEC;
		period_adapt(ss);
		assert_int_equal(ss->period, 3);
	}
	for (unsigned i = 0; i < CALM_ROUNDS; i++) {
		assert_int_equal(ss->period, 3);
		ss->cost_usec = 10 * USEC_PER_MSEC;
		period_adapt(ss);
	}
	assert_int_equal(ss->period, 1);
	for (unsigned i = 0; i < 2; i++) {
		ss->cost_usec = 100 * USEC_PER_SEC;
		period_adapt(ss);
	}
	assert_int_equal(ss->period, PERIOD_MOST_SECONDS);
}

static void
all_are_ended(void **state)
{
	struct stage *s = *state;
	struct ear a = { .fd = watch(s, "topics=nodes", "") }, b = { .fd = watch(s, "topics=events", "") };

	HEAR(s, &a, count(&a, "event: nodes") == 1);
	HEAR(s, &b, count(&b, "event: events") == 1);
	streams_end(s->streams);
	assert_int_equal(s->streams->count, 0);
	HEAR(s, &a, a.ended);
	HEAR(s, &b, b.ended);
	ear_close(&a);
	ear_close(&b);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_clients_send), TEST(ages_are_no_change), TEST(a_round_each_period), TEST(texts_are_made_once),
		TEST(changes_only), TEST(events_in_order), TEST(silence_is_broken), TEST(what_is_refused),
		TEST(a_slow_client), TEST(the_period_follows_the_work), TEST(all_are_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
