/* `mola top` without a terminal: what is on the screen after which message and which key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <locale.h>

#include "cli/canvas.c"
#include "cli/top_columns.c"
#include "cli/top_model.c"
#include "cli/top_view.c"

static const char nodes[] = "{\"nodes\":["
    "{\"name\":\"alpha\",\"state\":\"fresh\",\"cores\":4,\"busy\":3,\"cores_ours\":2,\"cores_others\":1,\"others\":1.5,\"inflight\":3,\"cost\":0.9,"
    "\"memory_used\":0.5,\"share\":0.25,\"trend\":\"rising\",\"reason\":\"4.0 cores\"},"
    "{\"name\":\"beta\",\"state\":\"fresh\",\"cores\":4,\"busy\":4,\"cores_ours\":0,\"cores_others\":4,\"others\":9,\"inflight\":0,\"cost\":3.5,"
    "\"memory_used\":0.25,\"share\":0,\"trend\":\"falling\"},"
    "{\"name\":\"evil\\u001b[2J\",\"state\":\"blind\",\"cores\":null,\"busy\":null,\"others\":null,\"inflight\":0,\"cost\":null,\"detail\":\"no\\u0007thing\"}]}";
static const char services[] = "{\"services\":[{\"name\":\"web\",\"policy\":\"marginal\",\"tasks\":12,\"usable\":11,\"inflight\":3,\"requests_per_second\":87.6,"
    "\"errors_per_second\":0.5,\"p50_seconds\":0.0121,\"p99_seconds\":1.25,\"served\":true},{\"name\":\"two\",\"served\":false,\"tasks\":0,\"usable\":0,"
    "\"troubles\":[{\"text\":\"a/ belongs to web\"}]}]}";

static struct top_model model;
static struct top_view view;
static struct canvas screen;

static void
comes(const char *topic, const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	model_take(&model, topic, j);
	json_decref(j);
	view_changed(&view);
}

static int
setup(void **state)
{
	(void)state;
	model_init(&model);
	view_init(&view, &model);
	view.connection = TOP_LIVE;
	view.age = 0.1;
	view.where = "unix:/run/mola/admin.sock";
	view.time = "12:34:56";
	view.may_write = true;
	canvas_init(&screen, 24, 80);
	comes("nodes", nodes);
	comes("services", services);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	view_fini(&view);
	model_fini(&model);
	canvas_fini(&screen);
	return 0;
}

static void
resize(int rows, int cols)
{
	canvas_fini(&screen);
	canvas_init(&screen, rows, cols);
}

static void
types(const char *keys)
{
	for (; *keys != '\0'; keys++)
		view_key(&view, *keys == '\n' ? KEY_IS_ENTER : *keys == '\033' ? KEY_IS_ESCAPE : (unsigned char)*keys);
}

/* The row of the screen, as it is drawn now. */
static const char *
row(int i)
{
	static char text[CANVAS_ROW_MAX];

	view_draw(&view, &screen);
	return canvas_row(&screen, i, text);
}

static bool
is_seen(const char *text)
{
	for (int i = 0; i < screen.rows; i++)
		if (strstr(row(i), text) != NULL)
			return true;
	return false;
}

static void
test_nodes(void **state)
{
	(void)state;
	assert_string_equal(row(0), "mola top  unix:/run/mola/admin.sock                               live  12:34:56");
	assert_string_equal(row(1), "3 nodes  1 blind  cores: Mola 2.0, others 5.0, of 8  88 req/s  3 in flight  0.5");
	assert_string_equal(row(2), "[1 Nodes 3]  2 Services 2   3 Tasks 0   4 Events 0              by COST, falling");
	assert_string_equal(row(3), "  NODE       STATE   LOAD                  BUSY   OTHERS  OURS  MEM   COST SHARE");
	assert_string_equal(row(4), "> beta       fresh   [::::::::::::::]     4.0/4 v    9.0     0  25%   3.50    0%");
	assert_string_equal(row(5), "  alpha      fresh   [#######::::...]     3.0/4 ^    1.5     3  50%   0.90   25%");
	assert_string_equal(row(6), "  evil?[2J   blind   -                        -        -     0    -      -     -");
}

/* What is not known whose it is, is not shown as anybody's. */
static void
test_an_older_mola(void **state)
{
	(void)state;
	comes("nodes", "{\"nodes\":[{\"name\":\"a\",\"state\":\"fresh\",\"cores\":4,\"busy\":1,\"others\":-0.5,\"memory_total_bytes\":100,\"memory_available_bytes\":25}]}");
	assert_string_equal(row(4), "> a          fresh   [====..........]     1.0/4      0.0     -  75%      -     -");
	assert_non_null(strstr(row(1), "1 node  1.0 of 4 cores"));
}

static void
test_services(void **state)
{
	(void)state;
	types("2");
	assert_string_equal(row(4), "> web            marginal      11/12        3   87.6  0.50   12ms  1.25s");
	assert_string_equal(row(5), "  two            -               0/0        -      -     -      -      -");
	types("j");
	assert_string_equal(row(22), "two: a/ belongs to web");
}

/* The selection stays with its row. */
static void
test_selection(void **state)
{
	(void)state;
	types("j");
	assert_non_null(strstr(row(5), "> alpha"));
	comes("nodes", "{\"nodes\":[{\"name\":\"beta\",\"state\":\"fresh\",\"cost\":1},{\"name\":\"alpha\",\"state\":\"fresh\",\"cost\":7}]}");
	assert_non_null(strstr(row(4), "> alpha"));
	types("r");
	assert_non_null(strstr(row(5), "> alpha"));
	comes("nodes", "{\"nodes\":[{\"name\":\"beta\",\"state\":\"fresh\",\"cost\":1}]}");
	assert_non_null(strstr(row(4), "> beta"));
}

static void
test_filter_and_sort(void **state)
{
	(void)state;
	types("/ALP");
	assert_string_equal(row(23), "filter: ALP_");
	assert_non_null(strstr(row(2), "[1 Nodes 1 of 3]"));
	types("\n");
	assert_non_null(strstr(row(4), "> alpha"));
	assert_string_equal(row(5), "");
	types("/x\n");
	assert_true(is_seen("nothing matches the filter: Esc shows all"));
	types("\033S");
	assert_non_null(strstr(row(2), "by MEM, falling"));
	types("SSSSSSS");
	assert_non_null(strstr(row(2), "by NODE, rising"));
	assert_non_null(strstr(row(4), "> alpha"));
}

static void
test_events(void **state)
{
	(void)state;
	comes("events", "{\"events\":[{\"id\":1,\"time\":\"2026-11-27T19:55:07.941Z\",\"level\":\"info\",\"event\":\"table.published\",\"text\":\"serial=1\"},"
	    "{\"id\":2,\"time\":\"2026-11-27T19:56:07.941Z\",\"level\":\"warn\",\"event\":\"task.ejected\",\"text\":\"task=web.1\"}],\"last\":2}");
	assert_string_equal(row(18), "-- last events -----------------------------------------------------------------");
	assert_string_equal(row(19), "  19:56:07 warn  task.ejected               task=web.1");
	types("4");
	assert_string_equal(row(5), "  19:55:07 info  table.published            serial=1");
	model_note(&model, "the brain of Mola has restarted");
	view_changed(&view);
	assert_string_equal(row(4), ">          note  -                          the brain of Mola has restarted");
	for (int i = 0; i < 2 * TOP_EVENTS_MAX; i++)
		comes("events", "{\"events\":[{\"id\":3,\"time\":\"\",\"level\":\"info\",\"event\":\"e\",\"text\":\"\"}]}");
	assert_int_equal(model.nevents, TOP_EVENTS_MAX);
}

static void
test_details(void **state)
{
	json_t *why = json_loads("{\"service\":\"web\",\"summary\":\"1 of 1 tasks take requests\",\"tasks\":[{\"name\":\"web.1\",\"node\":\"alpha\","
	    "\"state\":\"up\",\"share\":1,\"reason\":\"4.0 cores, and words that go on until they do not fit on a line of eighty columns any more\","
	    "\"steps\":[{\"step\":\"cost\",\"text\":\"cost 0.9\"}]}]}", 0, NULL);

	(void)state;
	types("j\n");
	assert_string_equal(row(2), " node alpha, fresh");
	assert_true(is_seen("of them by Mola's requests 2.00, by others 1.00"));
	types("\0332");
	assert_int_equal(view_key(&view, KEY_IS_ENTER), TOP_DETAIL);
	assert_string_equal(view.detail.service, "web");
	detail_of_why(&view.detail, why, 78);
	assert_string_equal(row(4), " web.1 on alpha, up, 100% of the requests");
	assert_string_equal(row(6), "   columns any more");
	assert_string_equal(row(7), "     - cost 0.9");
	types("q");
	assert_false(view.detail.open);
	json_decref(why);
}

static void
test_warnings(void **state)
{
	(void)state;
	types("w");
	assert_string_equal(row(2), " there is nothing that needs attention");
	comes("warnings", "{\"warnings\":[{\"id\":\"node_blind\",\"severity\":\"error\",\"kind\":\"node\",\"name\":\"alpha\",\"text\":\"it is blind\","
	    "\"remedy\":\"start its exporter\",\"since_seconds\":5}]}");
	assert_non_null(strstr(row(1), "1 warning (w)  3 nodes"));
	assert_string_equal(row(2), " error: node alpha");
	assert_string_equal(row(3), "   it is blind");
	assert_string_equal(row(4), "   start its exporter");
	types("\033");
	assert_non_null(strstr(row(2), "[1 Nodes 3]"));
}

static void
test_drain(void **state)
{
	(void)state;
	types("d");
	assert_string_equal(row(23), "Drain node beta: no new requests for it until this is undone? y/n");
	types("n");
	assert_string_equal(row(23), "nothing was changed");
	types("d");
	assert_int_equal(view_key(&view, 'y'), TOP_DRAIN);
	assert_true(view.drain.on && !view.drain.task);
	model_drained(&model, "beta", false, true);
	types("d");
	assert_string_equal(row(23), "Undrain node beta: new requests for it again? y/n");
	types("n2d");
	assert_string_equal(row(23), "a node or a task can be drained: select one, by 1 or 3");
	view.may_write = false;
	types("1d");
	assert_false(view.asking);
	assert_non_null(strstr(row(23), "you may not drain here"));
}

static void
test_connection(void **state)
{
	(void)state;
	view.age = 5;
	assert_non_null(strstr(row(0), "  STALE, 5 s old  12:34:56"));
	view.connection = TOP_LOST;
	view.problem = "no Mola at unix:/x: is it running?";
	assert_non_null(strstr(row(0), "  DISCONNECTED, 5 s old  12:34:56"));
	assert_string_equal(row(1), "no Mola at unix:/x: is it running?");
	assert_non_null(strstr(row(4), "> beta"));		/* what was there stays */
}

/* Whatever the size: nothing beyond the screen is written (the sanitizer sees it), and what matters is there. */
static void
test_sizes(void **state)
{
	(void)state;
	for (int rows = 1; rows < 70; rows += 3)
		for (int cols = 1; cols < 260; cols += 7) {
			resize(rows, cols);
			view_draw(&view, &screen);
			types("\n");
			view_draw(&view, &screen);
			types("\033?");
			view_draw(&view, &screen);
			types("x");
		}
	resize(60, 200);
	assert_true(is_seen("[1 Nodes 3]") && is_seen(" 2 Services 2 ") && is_seen(" 4 Events 0 ") && is_seen("nothing has come yet"));
	resize(5, 80);
	assert_string_equal(row(1), "the screen is too small");
}

static void
test_wide_characters(void **state)
{
	char text[CANVAS_ROW_MAX];

	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	canvas_clear(&screen);
	assert_int_equal(canvas_put(&screen, 0, 0, 5, "\xed\x95\x9c\xea\xb8\x80\xea\xb8\x80", 0), 4);	/* two and a half fit */
	assert_string_equal(canvas_row(&screen, 0, text), "\xed\x95\x9c\xea\xb8\x80");
	setlocale(LC_CTYPE, "C");
	canvas_clear(&screen);
	canvas_put(&screen, 0, 0, 5, "\xed\x95\x9c.", 0);
	assert_string_equal(canvas_row(&screen, 0, text), "?.");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_nodes), TEST(test_an_older_mola), TEST(test_services), TEST(test_selection), TEST(test_filter_and_sort),
		TEST(test_events), TEST(test_details), TEST(test_warnings), TEST(test_drain), TEST(test_connection), TEST(test_sizes), TEST(test_wide_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
