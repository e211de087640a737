#include "engine/engine.c"

#include "fake_engine.h"

struct scene {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct engine	*engine;
	struct fake	*one, *two;
};

struct heard {
	int		 done;
	const struct why *why;
	long		 status;
	unsigned	 minor;
	char		 detail[256], body[256], pieces[256];
	struct engine	**free_on_done;
	struct scene	*again_on_done;
};

static void
on_done(void *arg, const struct engine_response *a)
{
	struct heard *h = arg;
	struct scene *s = h->again_on_done;

	h->done++;
	h->why = a->why;
	h->status = a->status;
	h->minor = a->minor;
	snprintf(h->detail, sizeof h->detail, "%s", a->detail);
	str_copy(h->body, sizeof h->body, a->body);
	h->again_on_done = NULL;
	if (s != NULL)
		engine_get(s->engine, "/nodes", on_done, h);
	if (h->free_on_done != NULL)
		engine_free(h->free_on_done);
}

static bool
on_piece(void *arg, struct str piece)
{
	struct heard *h = arg;
	size_t have = strlen(h->pieces);

	str_copy(h->pieces + have, sizeof h->pieces - have, piece);
	return true;
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->fetcher = fetcher_new(s->loop);
	s->one = fake_new(s->loop, false);
	s->two = fake_new(s->loop, true);
	fake_say(s->one, "/nodes", 200, "[1]");
	fake_say(s->two, "/nodes", 200, "[2]");
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	engine_free(&s->engine);
	fetcher_free(&s->fetcher);
	fake_free(s->one);
	fake_free(s->two);
	loop_turn(s->loop, 0);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static void
begin(struct scene *s, unsigned n)
{
	char *endpoint[] = { s->one->endpoint, s->two->endpoint };

	s->engine = engine_new(s->loop, s->fetcher, &(struct engine_conf){ .endpoint = endpoint, .nendpoints = n });
}

static struct heard
get(struct scene *s, const char *path)
{
	struct heard h = { 0 };

	engine_get(s->engine, path, on_done, &h);
	assert_int_equal(h.done, 0);
	UNTIL(s->loop, h.done);
	return h;
}

static void
the_lower_of_two_versions_is_spoken(void **state)
{
	struct scene *s = *state;
	struct heard h;

	begin(s, 1);
	assert_string_equal(engine_version(s->engine), "");
	h = get(s, "/nodes");
	assert_null(h.why);
	assert_string_equal(h.body, "[1]");
	assert_string_equal(s->one->last, "/v1.41/nodes");
	assert_string_equal(engine_version(s->engine), "1.41");
	assert_string_equal(engine_endpoint(s->engine), s->one->endpoint);
	get(s, "/nodes?a=b");
	assert_string_equal(s->one->last, "/v1.41/nodes?a=b");
	assert_int_equal(s->one->pings, 1);
	engine_free(&s->engine);

	snprintf(s->one->version, sizeof s->one->version, "1.99");
	begin(s, 1);
	get(s, "/nodes");
	assert_string_equal(s->one->last, "/v1.56/nodes");
	assert_false(engine_is_untried(s->engine));
}

/* What is written is read and sent in the version that is the Engine's own. */
static void
what_is_written_goes_in_the_engines_own_version(void **state)
{
	struct scene *s = *state;
	struct heard h = { 0 };

	snprintf(s->one->version, sizeof s->one->version, "1.99");
	fake_say(s->one, "/services/x", 200, "{}");
	fake_say(s->one, "/services/x/update", 200, "{}");
	begin(s, 2);
	engine_get_own(s->engine, "/services/x", on_done, &h);
	UNTIL(s->loop, h.done);
	assert_string_equal(s->one->last, "/v1.99/services/x");
	assert_int_equal(h.minor, 99);
	engine_post(s->engine, "/services/x/update", 99, STR("{}"), on_done, &h);
	UNTIL(s->loop, h.done == 2);
	assert_null(h.why);
	assert_string_equal(s->one->last, "/v1.99/services/x/update");
	/* the other manager speaks 1.41: nothing is sent there that was read in 1.99 */
	fake_down(s->one);
	engine_post(s->engine, "/services/x/update", 99, STR("{}"), on_done, &h);
	UNTIL(s->loop, h.done == 3);
	assert_ptr_equal(h.why, WHY_ENGINE_VERSION);
	assert_non_null(strstr(h.detail, "has API 1.41"));
	engine_cancel(engine_post(s->engine, "/services/x/update", 99, STR("{}"), on_done, &h));
	loop_turn(s->loop, 0);
	assert_int_equal(h.done, 3);
	assert_int_equal(s->two->asked, 0);
}

static void
an_engine_that_takes_nothing_older_is_spoken_to_in_its_own_version(void **state)
{
	struct scene *s = *state;
	struct heard h[3] = { 0 };

	snprintf(s->one->version, sizeof s->one->version, "1.99");
	s->one->least = 60;
	begin(s, 1);
	for (int i = 0; i < 3; i++)
		engine_get(s->engine, "/nodes", on_done, &h[i]);
	for (int i = 0; i < 3; i++) {
		UNTIL(s->loop, h[i].done);
		assert_null(h[i].why);
	}
	assert_string_equal(s->one->last, "/v1.99/nodes");
	assert_true(engine_is_untried(s->engine));
	assert_string_equal(engine_version(s->engine), "1.99");
	/* set back to what we know, it is spoken to as before; one that takes nothing at all is not asked for ever */
	snprintf(s->one->version, sizeof s->one->version, "1.52");
	s->one->least = 44;
	fake_down(s->one);
	assert_ptr_equal(get(s, "/nodes").why, WHY_ENGINE_GONE);
	fake_up(s->one);
	assert_null(get(s, "/nodes").why);
	assert_false(engine_is_untried(s->engine));
	s->one->least = 60;
	h[0] = get(s, "/nodes");
	assert_ptr_equal(h[0].why, WHY_ENGINE_REFUSED);
	assert_non_null(strstr(h[0].detail, "too old"));
}

static void
an_old_engine_is_refused_by_its_version(void **state)
{
	struct scene *s = *state;
	struct heard h;

	snprintf(s->one->version, sizeof s->one->version, "1.39");
	begin(s, 1);
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_OLD);
	assert_string_equal(h.detail, "it supports 1.39 at most");
	assert_int_equal(s->one->asked, 0);
	s->one->version[0] = '\0';
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_OLD);
	assert_non_null(strstr(h.detail, "is this Docker?"));
	snprintf(s->one->version, sizeof s->one->version, "1.40");
	assert_null(get(s, "/nodes").why);
}

static void
what_is_asked_at_once_waits_for_one_negotiation(void **state)
{
	struct scene *s = *state;
	struct heard h[5] = { 0 };

	begin(s, 1);
	for (int i = 0; i < 5; i++)
		engine_get(s->engine, "/nodes", on_done, &h[i]);
	for (int i = 0; i < 5; i++)
		UNTIL(s->loop, h[i].done == 1);
	assert_int_equal(s->one->pings, 1);
	assert_int_equal(s->one->asked, 5);
}

static void
a_socket_that_is_not_there_is_named_and_found_when_it_comes(void **state)
{
	struct scene *s = *state;
	struct heard h;

	fake_down(s->one);
	begin(s, 1);
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_GONE);
	assert_non_null(strstr(h.detail, s->one->socket));
	assert_int_equal(h.status, 0);
	fake_up(s->one);
	assert_null(get(s, "/nodes").why);
	fake_down(s->one);
	assert_ptr_equal(get(s, "/nodes").why, WHY_ENGINE_GONE);
	fake_up(s->one);
	assert_null(get(s, "/nodes").why);
	assert_int_equal(s->one->pings, 2);
}

static void
the_engines_own_words_are_handed_on(void **state)
{
	struct scene *s = *state;
	struct heard h;

	begin(s, 1);
	fake_say(s->one, "/nodes", 500, "{\"message\":\"rpc error: code = Unknown\\ndesc = update out of sequence\"}");
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_REFUSED);
	assert_int_equal(h.status, 500);
	assert_string_equal(h.detail, "GET /nodes: rpc error: code = Unknown desc = update out of sequence");
	fake_say(s->one, "/nodes", 403, "Forbidden\n");
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_REFUSED);
	assert_string_equal(h.detail, "GET /nodes: Forbidden");
	fake_say(s->one, "/nodes", 403, "<html><body><h1>403 Forbidden</h1>\nRequest forbidden.</body></html>\n");
	assert_string_equal(get(s, "/nodes?a=b").detail, "GET /nodes: HTTP status 403, and a page instead of the Engine's words");
	fake_say(s->one, "/nodes", 404, "");
	assert_string_equal(get(s, "/nodes").detail, "GET /nodes: HTTP status 404");
}

static void
the_next_endpoint_is_asked_when_one_is_gone(void **state)
{
	struct scene *s = *state;
	struct heard h;

	begin(s, 2);
	assert_string_equal(get(s, "/nodes").body, "[1]");
	fake_down(s->one);
	h = get(s, "/nodes");
	assert_null(h.why);
	assert_string_equal(h.body, "[2]");
	assert_string_equal(engine_endpoint(s->engine), s->two->endpoint);
	fake_down(s->two);
	assert_ptr_equal(get(s, "/nodes").why, WHY_ENGINE_GONE);
	fake_up(s->one);
	assert_string_equal(get(s, "/nodes").body, "[1]");
}

static const char not_manager[] = "{\"message\":\"This node is not a swarm manager. Worker nodes can't be used to view or "
    "modify cluster state. Please run this command on a manager node or promote the current node to a manager.\"}";

static void
a_worker_is_left_for_a_manager(void **state)
{
	struct scene *s = *state;
	struct heard h;

	fake_say(s->one, "/nodes", 503, not_manager);
	begin(s, 2);
	h = get(s, "/nodes");
	assert_null(h.why);
	assert_string_equal(h.body, "[2]");
	fake_say(s->two, "/nodes", 503, not_manager);
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_CLIENT);
	assert_non_null(strstr(h.detail, "not a swarm manager"));
}

static void
an_old_engine_is_left_for_a_newer_one(void **state)
{
	struct scene *s = *state;

	snprintf(s->one->version, sizeof s->one->version, "1.24");
	begin(s, 2);
	assert_string_equal(get(s, "/nodes").body, "[2]");
}

static void
a_manager_without_a_leader_is_left_for_another_by_readers_alone(void **state)
{
	static const char body[] = "{\"message\":\"rpc error: code = Unknown desc = The swarm does not have a leader.\"}";
	struct scene *s = *state;
	struct heard h = { 0 };

	fake_say(s->one, "/nodes", 500, body);
	fake_say(s->one, "/services/x/update", 500, body);
	fake_say(s->two, "/services/x/update", 200, "{}");
	begin(s, 2);
	engine_post(s->engine, "/services/x/update?version=7", 41, STR("{\"Name\":\"x\"}"), on_done, &h);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_ENGINE_REFUSED);
	assert_string_equal(s->one->posted, "{\"Name\":\"x\"}");
	assert_string_equal(s->one->last, "/v1.41/services/x/update?version=7");
	assert_int_equal(s->two->asked, 0);
	assert_string_equal(get(s, "/nodes").body, "[2]");
}

/* A write has a limit of its own, longer than the Engine's: what is not answered may be done all the same. */
static void
a_write_has_its_own_limit_and_goes_nowhere_else(void **state)
{
	struct scene *s = *state;
	struct heard h = { 0 };

	fake_say(s->one, "/configs/x", 204, "");
	fake_say(s->one, "/configs/create", 0, "");
	fake_say(s->two, "/configs/create", 201, "{}");
	begin(s, 2);
	engine_write(s->engine, "DELETE", "/configs/x", STR(""), USEC_PER_SEC * 10, on_done, &h);
	UNTIL(s->loop, h.done == 1);
	assert_null(h.why);
	engine_write(s->engine, "POST", "/configs/create", STR("{\"Name\":\"x\"}"), 50 * USEC_PER_MSEC, on_done, &h);
	UNTIL(s->loop, h.done == 2);
	assert_ptr_equal(h.why, WHY_ENGINE_GONE);
	assert_string_equal(s->one->posted, "{\"Name\":\"x\"}");
	assert_int_equal(s->two->asked, 0);
}

static void
a_post_that_reached_nobody_goes_to_the_next(void **state)
{
	struct scene *s = *state;
	struct heard h = { 0 };

	fake_say(s->two, "/services/x/update", 200, "{\"Warnings\":null}");
	begin(s, 2);
	get(s, "/nodes");
	fake_down(s->one);
	engine_post(s->engine, "/services/x/update", 41, STR("{}"), on_done, &h);
	UNTIL(s->loop, h.done);
	assert_null(h.why);
	assert_string_equal(s->two->posted, "{}");
}

static void
a_stream_comes_in_pieces_and_says_when_it_breaks(void **state)
{
	struct scene *s = *state;
	struct heard h = { 0 };

	begin(s, 2);
	engine_stream(s->engine, "/events", on_piece, on_done, &h);
	UNTIL(s->loop, s->one->events != NULL);
	request_write(s->one->events, STR("{}\n"));
	UNTIL(s->loop, strcmp(h.pieces, "{}\n") == 0);
	fake_down(s->one);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_ENGINE_GONE);
	assert_int_equal(s->two->streams, 0);
}

static void
a_refused_stream_has_a_reason(void **state)
{
	struct scene *s = *state;
	struct heard h = { 0 };

	fake_say(s->one, "/events", 403, "{\"message\":\"no events for you\"}");
	begin(s, 1);
	engine_stream(s->engine, "/events", on_piece, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_ENGINE_REFUSED);
	assert_string_equal(h.detail, "GET /events: no events for you");
}

static void
an_answer_that_does_not_come_has_its_time(void **state)
{
	struct scene *s = *state;
	char *endpoint[] = { s->one->endpoint };
	struct heard h;

	fake_say(s->one, "/nodes", 0, "");
	s->engine = engine_new(s->loop, s->fetcher,
	    &(struct engine_conf){ .endpoint = endpoint, .nendpoints = 1, .timeout_usec = 50000 });
	h = get(s, "/nodes");
	assert_ptr_equal(h.why, WHY_ENGINE_GONE);
	assert_true(h.detail[0] != '\0');
}

static void
a_callback_may_ask_again_or_end_it_all(void **state)
{
	struct scene *s = *state;
	struct heard h = { .again_on_done = s }, other = { 0 };

	fake_down(s->one);
	begin(s, 1);
	engine_get(s->engine, "/nodes", on_done, &h);
	UNTIL(s->loop, h.done == 2);
	h = (struct heard){ .free_on_done = &s->engine };
	engine_get(s->engine, "/nodes", on_done, &h);
	engine_get(s->engine, "/nodes", on_done, &other);
	UNTIL(s->loop, h.done);
	loop_turn(s->loop, 0);
	assert_int_equal(other.done, 0);
}

static void
a_cancelled_call_says_nothing(void **state)
{
	struct scene *s = *state;
	struct engine_call *c;
	struct heard h = { 0 };

	begin(s, 1);
	engine_cancel(engine_get(s->engine, "/nodes", on_done, &h));
	get(s, "/nodes");
	c = engine_get(s->engine, "/nodes", on_done, &h);
	engine_cancel(c);
	get(s, "/nodes");
	assert_int_equal(h.done, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_lower_of_two_versions_is_spoken),
		TEST(what_is_written_goes_in_the_engines_own_version),
		TEST(an_engine_that_takes_nothing_older_is_spoken_to_in_its_own_version),
		TEST(an_old_engine_is_refused_by_its_version),
		TEST(what_is_asked_at_once_waits_for_one_negotiation),
		TEST(a_socket_that_is_not_there_is_named_and_found_when_it_comes),
		TEST(the_engines_own_words_are_handed_on),
		TEST(the_next_endpoint_is_asked_when_one_is_gone),
		TEST(a_worker_is_left_for_a_manager),
		TEST(an_old_engine_is_left_for_a_newer_one),
		TEST(a_manager_without_a_leader_is_left_for_another_by_readers_alone),
		TEST(a_write_has_its_own_limit_and_goes_nowhere_else),
		TEST(a_post_that_reached_nobody_goes_to_the_next),
		TEST(a_stream_comes_in_pieces_and_says_when_it_breaks),
		TEST(a_refused_stream_has_a_reason),
		TEST(an_answer_that_does_not_come_has_its_time),
		TEST(a_callback_may_ask_again_or_end_it_all),
		TEST(a_cancelled_call_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
