/* stage: a request and a response through the filters that labels describe. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bug.h"
#include "filter/filter_run.h"
#include "http/h1_read.h"
#include "http/h1_write.h"

#pragma GCC diagnostic ignored "-Wunused-function"	/* no test plays every part */

static struct arena *arena;
static struct filter_run *run;
static struct filter_facts facts;
static uint8_t client_ip[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9 };
static char out[65536];
static int64_t now_usec = 1000000;
static int waits;			/* of the last request */
static bool time_passes;		/* what waits has its time at once, and no job */
static struct limits limits;

static void
on_wake(void *arg)
{
	assert_null(arg);
}

/* The server of forwardAuth is played by the test: what it got, and what it is to say. */
static struct {
	int		 status;	/* 0: it does not respond */
	bool		 large, busy;
	const char	*head;		/* "Name: value\n..."; an empty line begins another head */
	const char	*body;
	int		 calls, cancelled;
	char		 got[8192];	/* method, URL, fields */
	struct filter_fetch *under_way;
} server;

static bool
server_start(void *arg, struct filter_fetch *f)
{
	size_t n;

	assert_null(arg);
	if (server.busy)
		return false;
	server.calls++;
	server.under_way = f;
	n = (size_t)snprintf(server.got, sizeof server.got, "%s %s\n", f->method, f->url);
	for (unsigned i = 0; i < f->nfields; i++)
		n += (size_t)snprintf(server.got + n, sizeof server.got - n, "%s\n", f->fields[i]);
	return true;
}

static void
server_cancel(void *arg, struct filter_fetch *f)
{
	assert_null(arg);
	assert_ptr_equal(f, server.under_way);
	server.under_way = NULL;
	server.cancelled++;
}

static void
server_respond(void)
{
	struct str rest = str_of(server.head), line, name;
	struct filter_fetch *f = server.under_way;

	assert_non_null(f);
	server.under_way = NULL;
	f->on_head(f);
	while (str_split(&rest, '\n', &line)) {
		if (line.len == 0)
			f->on_head(f);
		else if (str_split(&line, ':', &name))
			f->on_field(f, name, str_trim(line));
	}
	f->done(f, server.status, server.large, str_of(server.body));
}

static const struct filter_fetch_ops calls = { server_start, server_cancel, NULL };

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	memset(&server, 0, sizeof server);
	memset(&limits, 0, sizeof limits);
	limits_init(&limits);
	time_passes = false;
	facts = (struct filter_facts){ .limits = &limits, .service = STR("web"), .router = STR("r"), .ip = client_ip, .peer = STR("10.0.0.9"), .means = filter_means_new(&calls), .wake = on_wake };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	filter_run_free(&run);
	filter_means_free(&facts.means);
	arena_free(&arena);
	return 0;
}

/* "stripprefix prefixes=/a,/b; headers framedeny=true stsseconds=1": values without spaces, '_' for one. */
static const struct filter_chain *
chain_of(const char *text)
{
	struct str rest = str_of(text), one, word, pair;
	const char *chain = "";
	enum filter_kind kind;

	while (str_split(&rest, ';', &one)) {
		struct filter_setting s[32];
		struct filter filter;
		char problem[FILTER_PROBLEM];
		unsigned n = 0;
		one = str_trim(one);
		assert_true(str_split(&one, ' ', &word) && filter_kind_parse(word, &kind));
		while (str_split(&one, ' ', &pair)) {
			char *value;
			assert_true(str_split(&pair, '=', &s[n].path));
			value = arena_text(arena, pair);
			for (char *c = value; *c != '\0'; c++)
				*c = *c == '_' ? ' ' : *c;
			s[n++].value = str_of(value);
		}
		if (!filter_read(arena, kind, s, n, &filter, problem))
			fail_msg("%s: %s", text, problem);
		chain = filter_chain_add(arena, chain, STR("m"), kind, s, n);
		assert_non_null(chain);
	}
	return filter_chain_parse(arena, str_of(chain));
}

static void
flat(const struct gather *g)
{
	size_t at = 0;

	for (int i = 0; i < g->n; i++) {
		memcpy(out + at, g->v[i].iov_base, g->v[i].iov_len);
		at += g->v[i].iov_len;
	}
	out[at] = '\0';
}

/* Sends "GET /x\nA: b\nC: d" to Host a.org; what the task gets is in `out`. NULL, or why a filter responded. */
static const struct why *
request(const char *filters, const char *text)
{
	static struct field field[100];
	struct message m = { .limits = { 32768, 100 }, .field = field };
	struct str rest = str_of(text), line;
	char *head = arena_text(arena, STR(""));
	const struct why *why;
	size_t scanned = 0, used;
	struct gather g;

	filter_run_free(&run);
	for (int i = 0; str_split(&rest, '\n', &line); i++)
		head = arena_printf(arena, "%s%.*s%s\r\n", head, STR_ARG(line), i == 0 ? " HTTP/1.1\r\nHost: a.org" : "");
	head = arena_printf(arena, "%s\r\n", head);
	assert_int_equal(h1_read_request(&m, str_of(head), &scanned, &used, &why), PARSE_DONE);
	run = filter_run_new(chain_of(filters), &facts, &m, &edits_none);
	for (waits = 0;; waits++) {
		struct pollfd p = { .fd = filter_means_fd(facts.means), .events = POLLIN };
		enum filter_verdict verdict = filter_run_request(run, now_usec, &why);
		if (verdict == FILTER_PASS)
			break;
		if (verdict == FILTER_RESPOND)
			return why;
		assert_true(filter_run_until(run) > now_usec);
		if (server.under_way != NULL) {
			server_respond();
			continue;
		}
		if (time_passes) {
			now_usec = filter_run_until(run);
			continue;
		}
		assert_int_equal(poll(&p, 1, 20000), 1);
		filter_means_turn(facts.means);
	}
	gather_init(&g);
	assert_true(h1_write_request(&g, filter_run_message(run), &edits_none, H1_UNSAID));
	flat(&g);
	gather_clear(&g);
	return NULL;
}

/* A response with these fields, or that of the filter, as the client gets it in `out`. */
static void
response(const char *fields)
{
	static struct field field[100];
	struct message m = { .limits = { 32768, 100 }, .field = field };
	struct str body, answer = filter_run_answer(run, false, &body);
	char *head = answer.len > 0 ? arena_text(arena, answer) :
	    arena_printf(arena, "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n", fields);
	const struct message *edited;
	const struct why *why;
	size_t scanned = 0, used;
	struct gather g;

	assert_int_equal(h1_read_response(&m, str_of(head), false, &scanned, &used, &why), PARSE_DONE);
	edited = filter_run_response(run, &m, &edits_none);
	assert_non_null(edited);
	gather_init(&g);
	assert_true(h1_write_response(&g, edited, &edits_none, H1_UNSAID));
	gather_add(&g, str_of(head + used));
	gather_add(&g, body);
	flat(&g);
	gather_clear(&g);
}

static void
has(const char *part)
{
	if (strstr(out, part) == NULL)
		fail_msg("no '%s' in: %s", part, out);
}

static void
has_not(const char *part)
{
	if (strstr(out, part) != NULL)
		fail_msg("'%s' is in: %s", part, out);
}

/* The target that the task gets. */
static void
becomes(const char *filters, const char *target, const char *want)
{
	char text[600];

	snprintf(text, sizeof text, "GET %s", target);
	assert_null(request(filters, text));
	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n", want);
	if (strncmp(out, text, strlen(text)) != 0)
		fail_msg("%s: wanted %s: %s", target, want, out);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
