/* The clock, the timers and the network are this file's: a step is a step. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "collect/exporter.c"
#include "collect/feed.c"
#include "collect/scrape.c"
#include "collect/scrape_tasks.c"
#include "collect/source.c"
#include "fake_loop.h"
#include "../between.h"

#define SEC USEC_PER_SEC
#define PERIOD SEC
#define EXCHANGES 16

struct fetch {
	bool		 open;
	char		 url[256];
	struct fetch_conf conf;
	fetch_data_f	*piece;
	fetch_done_f	*done;
	void		*arg;
};

static struct fetch exchange[EXCHANGES];
static unsigned started;

struct fetch *
fetch_start(struct fetcher *fr, const struct fetch_conf *conf, fetch_data_f *piece, fetch_done_f *done, void *arg)
{
	struct fetch *f = exchange;

	(void)fr;
	while (f->open)
		f++;
	*f = (struct fetch){ true, "", *conf, piece, done, arg };
	snprintf(f->url, sizeof f->url, "%s", conf->url);
	started++;
	return f;
}

void
fetch_cancel(struct fetch *f)
{
	assert_true(f->open);
	f->open = false;
}

static void
end(struct fetch *f, const struct why *why, long status, const char *detail)
{
	struct fetch_result r = { .why = why, .status = status, .detail = detail };

	assert_true(f->open);
	f->open = false;
	f->done(f->arg, &r);
}

/* The one open exchange whose URL holds `part`; NULL: none. */
static struct fetch *
open_to(const char *part)
{
	struct fetch *found = NULL;

	for (int i = 0; i < EXCHANGES; i++)
		if (exchange[i].open && strstr(exchange[i].url, part) != NULL) {
			assert_null(found);
			found = &exchange[i];
		}
	return found;
}

/* The page of a node that has been busy all its life. */
static const char *
page_now(void)
{
	static char text[512];
	double t = (double)now_usec / SEC;

	snprintf(text, sizeof text, "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} %.3f\n"
	    "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 5\nnode_procs_running 3\n# EOF\n", t);
	return text;
}

static void
answer(const char *part, const char *text)
{
	struct fetch *f = open_to(part);

	assert_non_null(f);
	if (f->piece(f->arg, str_of(text)))
		end(f, NULL, 200, "");
	else
		end(f, WHY_METRICS_FETCH, 200, "ended by us");
}

struct bench {
	struct scrape	*s;
	struct world	 w;
	struct world_node a, b;
	char		 name[8];
	unsigned	 samples;
	struct sample	 last;
	double		 inflight;
	const char	*who;
};

static void
got(void *arg, struct world_node *n, const struct sample *s, double inflight)
{
	struct bench *b = arg;

	b->samples++;
	b->last = *s;
	b->inflight = inflight;
	b->who = n->name;
	n->observed.samples++;
}

static void
begin(struct bench *b, const char *exporter, const char *agent)
{
	memset(exchange, 0, sizeof exchange);
	memset(timers, 0, sizeof timers);
	memset(b, 0, sizeof *b);
	started = 0;
	now_usec = 1000 * SEC;
	log_setup("test", LOG_ERROR + 1, false);
	b->a.name = b->name;
	strcpy(b->name, "alpha");
	b->a.exporter_url = (char *)exporter;
	b->a.agent_url = (char *)agent;
	LIST_INIT(&b->w.nodes);
	LIST_INSERT_HEAD(&b->w.nodes, &b->a, link);
	b->s = scrape_new(NULL, NULL, got, b);
	scrape_sync(b->s, &b->w, PERIOD, SEC / 2);
}

static void
finish(struct bench *b)
{
	scrape_free(&b->s);
	assert_null(open_to("http"));
	for (int i = 0; i < FAKE_TIMERS; i++)
		assert_null(timers[i]);
}

static void
test_exporter_gives_samples(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	for (int i = 0; i < 5; i++) {
		run(i < 3 ? EAGER_USEC + EAGER_USEC / 5 : PERIOD + PERIOD / 10);
		assert_int_equal(open_to("http://a/metrics")->conf.timeout_usec, SEC / 2);
		answer("http://a/", page_now());
		assert_int_equal(b.samples, i);
	}
	assert_string_equal(b.who, "alpha");
	assert_int_equal(b.last.source, SOURCE_NODE_EXPORTER);
	assert_true(fabs(b.last.busy - 1) < 1e-6 && b.last.running == 2);
	assert_null(b.a.signal.why);
	finish(&b);
}

static void
test_never_two_at_once(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	run(20 * PERIOD);
	assert_int_equal(started, 1);
	answer("http://a/", page_now());
	run(PERIOD + PERIOD / 10);
	assert_non_null(open_to("http://a/"));
	finish(&b);
}

static void
fails(const char *text, const struct why *end_why, long status, const char *words, const struct why *why, const char *detail)
{
	struct bench b;
	struct fetch *f;
	int64_t since;

	begin(&b, "http://a/metrics", NULL);
	run(EAGER_USEC);
	f = open_to("http://a/");
	if (f->piece(f->arg, str_of(text)))
		end(f, end_why, status, words);
	else
		end(f, WHY_METRICS_FETCH, 0, "ended by us");
	since = now_usec;
	assert_ptr_equal(b.a.signal.why, why);
	assert_string_equal(b.a.signal.detail, detail);
	assert_int_equal(b.a.signal.wrong_usec, since);
	run(PERIOD + PERIOD / 10);
	answer("http://a/", "garbage");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_SYNTAX);
	assert_int_equal(b.a.signal.wrong_usec, since);
	run(PERIOD + PERIOD / 10);
	answer("http://a/", page_now());
	assert_null(b.a.signal.why);
	assert_string_equal(b.a.signal.detail, "");
	finish(&b);
}

static void
test_failures_have_reasons(void **state)
{
	char *large = must_alloc(PAGE_MAX + 2);

	(void)state;
	memset(large, '\n', PAGE_MAX + 1);
	large[PAGE_MAX + 1] = '\0';
	fails("", WHY_METRICS_FETCH, 0, "connection refused", WHY_METRICS_FETCH, "connection refused");
	fails("<p>no", WHY_METRICS_STATUS, 404, "", WHY_METRICS_STATUS, "status 404");
	fails("<html>\n", NULL, 200, "", WHY_METRICS_SYNTAX, "line 1: expected the name of a metric, found: <html>");
	fails("up 1\n", NULL, 200, "", WHY_METRICS_INCOMPLETE, "1 lines and no node_cpu_seconds_total");
	fails(large, NULL, 200, "", WHY_METRICS_LARGE, "more than 4194304 bytes");
	free(large);
}

/* No byte came, so there is no time at which the page began, either. */
static void
test_response_without_a_body(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	run(EAGER_USEC);
	end(open_to("http://a/"), NULL, 200, "");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_INCOMPLETE);
	run(PERIOD + PERIOD / 10);
	answer("http://a/", page_now());
	assert_null(b.a.signal.why);
	finish(&b);
}

static void
test_stream(void **state)
{
	struct bench b;
	struct fetch *f;
	char half[512];

	(void)state;
	begin(&b, NULL, "http://a/stream");
	run(EAGER_USEC);
	f = open_to("http://a/stream?period=1000ms");
	assert_non_null(f);
	assert_int_equal(f->conf.timeout_usec, 0);
	assert_true(f->piece(f->arg, str_of(page_now())));
	assert_int_equal(b.samples, 0);
	run(PERIOD);
	snprintf(half, sizeof half, "%s", page_now());
	assert_true(f->piece(f->arg, (struct str){ half, 40 }));
	run(SEC / 10);
	assert_true(f->piece(f->arg, str_of(half + 40)));
	assert_int_equal(b.samples, 1);
	assert_int_equal(b.last.taken_usec, now_usec - SEC / 10);
	assert_int_equal(b.last.source, SOURCE_AGENT);
	finish(&b);
}

/* We stood still and three blocks came at once: the newest counts. */
static void
test_stream_backlog(void **state)
{
	struct bench b;
	struct fetch *f;
	char three[2048] = "";

	(void)state;
	begin(&b, NULL, "http://a/stream?period=50ms");
	run(EAGER_USEC);
	f = open_to("http://a/stream?period=50ms");
	assert_true(f->piece(f->arg, str_of(page_now())));
	for (int i = 0; i < 3; i++) {
		run(PERIOD);
		strcat(three, page_now());
	}
	strstr(three + 300, "node_procs_running 3")[19] = '9';
	assert_true(f->piece(f->arg, str_of(three)));
	assert_int_equal(b.samples, 1);
	assert_true(b.last.running == 8);
	finish(&b);
}

static void
test_stream_comes_back(void **state)
{
	struct bench b;
	struct fetch *f;

	(void)state;
	begin(&b, NULL, "http://a/stream");
	run(EAGER_USEC);
	f = open_to("http://a/stream");
	f->piece(f->arg, str_of(page_now()));
	end(f, NULL, 200, "");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_FETCH);
	assert_string_equal(b.a.signal.detail, "the stream ended");
	for (int i = 0; i < 12; i++) {			/* farther and farther apart, never for good */
		int64_t since = now_usec;
		while ((f = open_to("http://a/stream")) == NULL)
			run(SEC / 20);
		assert_true(now_usec - since <= 3 * BACKOFF_MOST_USEC / 2 + SEC / 20);
		assert_true(i < 6 || now_usec - since >= BACKOFF_MOST_USEC / 2);
		end(f, WHY_METRICS_FETCH, 0, "refused");
	}
	while ((f = open_to("http://a/stream")) == NULL)
		run(SEC / 20);
	assert_true(f->piece(f->arg, str_of(page_now())));
	assert_null(b.a.signal.why);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(page_now())));
	assert_int_equal(b.samples, 1);
	assert_int_equal(b.a.observed.samples, 1);
	finish(&b);
}

/* A byte now and then keeps a connection alive, but it is not a sample. */
static void
test_stream_that_drips(void **state)
{
	struct fetch *f = NULL;
	struct bench b;

	(void)state;
	begin(&b, NULL, "http://a/stream");
	run(EAGER_USEC);
	for (int i = 0; i < 3 * PERIOD / (SEC / 10) + 3 && (f = open_to("http://a/stream")) != NULL; i++) {
		f->piece(f->arg, STR("#"));
		run(SEC / 10);
	}
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_FETCH);
	assert_string_equal(b.a.signal.detail, "no whole block of the stream for 3000 ms");
	run(BACKOFF_LEAST_USEC * 2);
	f = open_to("http://a/stream");
	for (int i = 0; i < 10; i++) {
		assert_true(f->piece(f->arg, str_of(page_now())));
		assert_null(b.a.signal.why);
		run(2 * PERIOD);
	}
	assert_int_equal(b.samples, 9);
	finish(&b);
}

static void
test_stream_of_garbage(void **state)
{
	struct bench b;
	struct fetch *f;

	(void)state;
	begin(&b, NULL, "http://a/stream");
	run(EAGER_USEC);
	f = open_to("http://a/stream");
	assert_false(f->piece(f->arg, STR("\x01\x02\n# EOF\n")));
	end(f, WHY_METRICS_FETCH, 200, "ended by us");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_SYNTAX);
	run(BACKOFF_LEAST_USEC * 2);
	f = open_to("http://a/stream");
	for (unsigned i = 0; i < BLOCK_MAX / 8; i++)
		assert_true(f->piece(f->arg, STR("a_one 1\n")));
	assert_false(f->piece(f->arg, STR("a_one 1\n")));
	end(f, WHY_METRICS_FETCH, 200, "ended by us");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_LARGE);
	finish(&b);
}

static void
test_page_instead_of_stream(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, NULL, "http://a/metrics");
	run(EAGER_USEC);
	answer("http://a/", "up 1\n");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_SYNTAX);
	assert_non_null(strstr(b.a.signal.detail, "/stream?"));
	finish(&b);
}

/* The exporter rests while the agent speaks, and takes over when it falls silent. */
static void
test_both(void **state)
{
	unsigned asked, before;
	struct fetch *f;
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", "http://a/stream");
	run(EAGER_USEC);
	answer("http://a/metrics", page_now());
	f = open_to("http://a/stream");
	f->piece(f->arg, str_of(page_now()));
	asked = started;
	for (int i = 0; i < 10; i++) {
		run(PERIOD);
		f->piece(f->arg, str_of(page_now()));
	}
	assert_int_equal(started, asked);
	assert_int_equal(b.last.source, SOURCE_AGENT);
	end(f, WHY_METRICS_FETCH, 0, "stalled");
	assert_ptr_equal(b.a.signal.why, WHY_METRICS_FETCH);
	before = b.samples;
	for (int i = 0; i < 4; i++) {
		run(PERIOD + PERIOD / 10);
		answer("http://a/metrics", page_now());
		if ((f = open_to("http://a/stream")) != NULL)
			end(f, WHY_METRICS_FETCH, 0, "refused");
		assert_null(b.a.signal.why);
	}
	assert_true(b.samples >= before + 3);
	assert_int_equal(b.last.source, SOURCE_NODE_EXPORTER);
	finish(&b);
}

/* Nodes move in memory, come, go and change their URLs from pass to pass. */
static void
test_sync(void **state)
{
	struct bench b;
	struct world_node moved;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	run(EAGER_USEC);
	moved = b.a;
	memset(&b.a, 0x5a, sizeof b.a);
	LIST_INIT(&b.w.nodes);
	LIST_INSERT_HEAD(&b.w.nodes, &moved, link);
	b.b = (struct world_node){ .name = (char[]){ "beta" }, .exporter_url = (char[]){ "http://b/metrics" } };
	LIST_INSERT_HEAD(&b.w.nodes, &b.b, link);
	scrape_sync(b.s, &b.w, PERIOD, SEC / 2);
	run(EAGER_USEC);
	answer("http://a/", "rubbish");
	assert_ptr_equal(moved.signal.why, WHY_METRICS_SYNTAX);
	answer("http://b/", page_now());
	assert_null(b.b.signal.why);
	moved.exporter_url = (char[]){ "http://c/metrics" };
	scrape_sync(b.s, &b.w, PERIOD, SEC / 2);
	assert_null(moved.signal.why);
	run(2 * PERIOD);
	assert_null(open_to("http://a/"));
	assert_non_null(open_to("http://c/"));
	LIST_REMOVE(&moved, link);
	scrape_sync(b.s, &b.w, PERIOD, SEC / 2);
	assert_null(open_to("http://c/"));
	scrape_sync(b.s, &b.w, PERIOD / 2, SEC / 4);
	run(PERIOD);
	assert_int_equal(open_to("http://b/")->conf.timeout_usec, SEC / 4);
	finish(&b);
}

static void
test_long_silence_starts_over(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	for (int i = 0; i < 4; i++) {
		run(PERIOD + PERIOD / 10);
		answer("http://a/", page_now());
	}
	assert_int_equal(b.a.observed.samples, 3);
	run(PERIOD + PERIOD / 10);
	run(20 * PERIOD);
	answer("http://a/", page_now());
	assert_int_equal(b.samples, 3);		/* a mean over twenty periods is not now */
	run(PERIOD + PERIOD / 10);
	answer("http://a/", page_now());
	assert_int_equal(b.samples, 4);
	assert_int_equal(b.a.observed.samples, 1);
	finish(&b);
}

/* Whom Prometheus saw meanwhile was not away: it does not begin anew when its own exporter speaks again. */
static void
test_seen_by_prometheus_meanwhile(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	b.a.observed.samples = 7;
	b.a.signal.prom_until_usec = now_usec + 60 * SEC;
	for (int i = 0; i < 2; i++) {
		run(PERIOD + PERIOD / 10);
		answer("http://a/", page_now());
	}
	assert_int_equal(b.samples, 1);
	assert_int_equal(b.a.observed.samples, 8);
	run(PERIOD + PERIOD / 10);
	run(20 * PERIOD);
	answer("http://a/", page_now());
	run(PERIOD + PERIOD / 10);
	answer("http://a/", page_now());
	assert_int_equal(b.a.observed.samples, 9);
	finish(&b);
}

/* A stored copy is found out after five seconds and stays so, however long it is asked for. */
static void
test_stored_copy(void **state)
{
	static const char copy[] = "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 5\n";
	struct bench b;

	(void)state;
	begin(&b, "http://a/metrics", NULL);
	for (int i = 0; i < 40; i++) {
		run(PERIOD + PERIOD / 10);
		answer("http://a/", copy);
		if (i >= 6)
			assert_ptr_equal(b.a.signal.why, WHY_METRICS_STUCK);
	}
	assert_int_equal(b.samples, 0);
	for (int i = 0; i < 2; i++) {
		run(PERIOD + PERIOD / 10);
		answer("http://a/", page_now());
	}
	assert_null(b.a.signal.why);
	finish(&b);
}

/* While the agent speaks, the exporter's timer does not hurry. */
static void
test_no_hurry_beside_an_agent(void **state)
{
	struct fetch *f;
	struct bench b;
	int turns = 0;

	(void)state;
	begin(&b, "http://a/metrics", "http://a/stream");
	run(EAGER_USEC);
	end(open_to("http://a/metrics"), WHY_METRICS_FETCH, 0, "refused");
	f = open_to("http://a/stream");
	for (int i = 0; i < 20; i++) {
		int64_t due = b.s->targets.lh_first->exporter.due_usec;
		f->piece(f->arg, str_of(page_now()));
		run(PERIOD / 2);
		turns += b.s->targets.lh_first->exporter.due_usec != due;
	}
	assert_between(turns, 8, 12);
	assert_int_equal(started, 2);
	finish(&b);
}

static void
test_inflight_at_the_first_byte(void **state)
{
	struct live *live = live_init(calloc(1, live_bytes()), 1);
	struct fetch *f;
	struct bench b;

	(void)state;
	begin(&b, NULL, "http://a/stream");
	b.w.live = live;
	b.a.slot = 3;
	scrape_sync(b.s, &b.w, PERIOD, SEC / 2);
	run(EAGER_USEC);
	f = open_to("http://a/stream");
	f->piece(f->arg, str_of(page_now()));
	run(PERIOD);
	live_take(live, 0, 3, 0);
	f->piece(f->arg, STR("# a block begins\n"));
	live_take(live, 0, 3, 0);
	f->piece(f->arg, str_of(page_now()));
	assert_int_equal(b.samples, 1);
	assert_true(b.inflight == 1);
	finish(&b);
	free(live);
}

/* ---- what tasks' containers could have ---- */

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* A service with two tasks on alpha: one is in container A, one in B, of which the first digits are known. */
struct herd {
	struct bench	b;
	struct world_service web;
	struct world_task one, two;
	struct live	*live;
};

static void
herd_begin(struct herd *h, const char *exporter, const char *agent)
{
	memset(h, 0, sizeof *h);
	begin(&h->b, exporter, agent);
	h->b.w.phys = phys_init(must_zalloc(phys_bytes()));
	h->b.w.live = h->live = live_init(calloc(1, live_bytes()), 1);
	h->one = (struct world_task){ .node = &h->b.a, .slot = 1, .container = (char *)ID_A, .available = NAN };
	h->two = (struct world_task){ .node = &h->b.a, .slot = 2, .container = (char *)"bbbbbbbbbbbb", .available = NAN };
	h->one.service = h->two.service = &h->web;
	LIST_INIT(&h->web.tasks);
	LIST_INSERT_HEAD(&h->web.tasks, &h->one, link);
	LIST_INSERT_HEAD(&h->web.tasks, &h->two, link);
	LIST_INSERT_HEAD(&h->b.w.services, &h->web, link);
	scrape_sync(h->b.s, &h->b.w, PERIOD, SEC / 2);
}

/* The same, with its agent's stream open. */
static struct fetch *
herd_stream(struct herd *h, const char *exporter)
{
	herd_begin(h, exporter, "http://a/stream");
	run(EAGER_USEC);
	return open_to("http://a/stream");
}

static void
herd_end(struct herd *h)
{
	finish(&h->b);
	free(h->b.w.phys);
	free(h->live);
}

/* A block of a node of two cores with three threads that run, the reader among them. */
static const char *
block(const char *containers)
{
	static char text[1024];
	double t = (double)now_usec / SEC;

	snprintf(text, sizeof text, "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} %.3f\n"
	    "node_cpu_seconds_total{cpu=\"1\",mode=\"user\"} %.3f\nnode_procs_running 3\n%s# EOF\n", t, t, containers);
	return text;
}

#define COULD(id, cores) "mola_container_cpu_available_cores{id=\"" id "\"} " cores "\n"
#define USED(id, cores) "mola_container_cpu_used_cores{id=\"" id "\"} " cores "\n"
#define QUOTA(id, cores) "mola_container_cpu_quota_cores{id=\"" id "\"} " cores "\n"

static void
test_cores_of_tasks(void **state)
{
	struct herd h;
	struct fetch *f;

	(void)state;
	f = herd_stream(&h, NULL);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "0.25") COULD(ID_B, "1.5")))));
	assert_true(h.one.available == .25 && h.two.available == 1.5);
	assert_true(phys_available(h.b.w.phys, 1) == .25 && phys_available(h.b.w.phys, 2) == 1.5);
	assert_int_equal(h.one.available_usec, now_usec);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_B, "0.5")))));		/* A has gone */
	assert_true(isnan(h.one.available) && isnan(phys_available(h.b.w.phys, 1)) && h.two.available == .5);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(""))));	/* of an agent before this one: no news */
	assert_true(h.two.available == .5);
	run(LAW_FRESH_PERIODS * PERIOD);
	assert_true(isnan(h.two.available) && isnan(phys_available(h.b.w.phys, 2)));
	herd_end(&h);
}

/* What is idle when the sample is taken can be had, though it was used in the mean; never more than the quota. */
static void
test_idle_cores_can_be_had(void **state)
{
	struct herd h;
	struct fetch *f;

	(void)state;
	f = herd_stream(&h, NULL);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") COULD(ID_B, "0.5")))));
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") COULD(ID_B, "0.5") QUOTA(ID_B, "0.75") "node_procs_running 2\n"))));
	assert_true(h.one.available == 1);		/* one thread runs: no more is idle */
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") COULD(ID_B, "0.5") QUOTA(ID_B, "0.75") "node_procs_running 1\n"))));
	assert_true(h.one.available == 2 && h.two.available == .75);
	herd_end(&h);
}

/* Where a container used less than it could have had, its requests beyond that waited for something else: those that were
 * there at the block before, too. */
static void
test_requests_that_waited(void **state)
{
	struct herd h;
	struct fetch *f;

	(void)state;
	f = herd_stream(&h, NULL);
	h.b.a.steering.row.law.balancers = 1;
	for (int i = 0; i < 10; i++)
		live_take(h.live, 0, h.b.a.slot, 1);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") USED(ID_A, "0.5") COULD(ID_B, "1") USED(ID_B, "0.5")))));
	assert_true(phys_waited(h.b.w.phys, 1) == 0);
	run(PERIOD);
	for (int i = 0; i < 5; i++)
		live_take(h.live, 0, h.b.a.slot, 1);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") USED(ID_A, "0.5") COULD(ID_B, "1") USED(ID_B, "0.5")))));
	assert_true(phys_waited(h.b.w.phys, 1) == 9.5 && phys_waited(h.b.w.phys, 2) == 0);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") USED(ID_A, "0.95")))));	/* it may have wanted more */
	assert_true(phys_waited(h.b.w.phys, 1) == 0);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") USED(ID_A, "0.5")))));
	assert_true(phys_waited(h.b.w.phys, 1) == 14.5);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1")))));		/* an agent before it was told */
	assert_true(phys_waited(h.b.w.phys, 1) == 0);
	herd_end(&h);
}

/* What our containers may use together is known where each of them has a quota, and as long as the agent tells it. */
static void
test_quotas_of_all_our_containers_bound_what_they_use(void **state)
{
	struct herd h;
	struct fetch *f;

	(void)state;
	f = herd_stream(&h, NULL);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") QUOTA(ID_A, "1.5") COULD(ID_B, "0.5")))));
	assert_true(h.b.a.signal.allowed == 0);
	run(PERIOD);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") QUOTA(ID_A, "1.5") COULD(ID_B, "0.5") QUOTA(ID_B, "0.75")))));
	assert_true(h.b.a.signal.allowed == 2.25);
	run(LAW_FRESH_PERIODS * PERIOD);
	assert_true(h.b.a.signal.allowed == 0);
	h.two.container = NULL;				/* it may have none */
	scrape_sync(h.b.s, &h.b.w, PERIOD, SEC / 2);
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "1") QUOTA(ID_A, "1.5")))));
	assert_true(h.b.a.signal.allowed == 0);
	herd_end(&h);
}

/* A node_exporter makes up for an agent that is silent, but knows nothing of containers. */
static void
test_cores_grow_old_beside_an_exporter(void **state)
{
	struct herd h;
	struct fetch *f;

	(void)state;
	f = herd_stream(&h, "http://a/metrics");
	assert_true(f->piece(f->arg, str_of(block(COULD(ID_A, "0.25")))));
	for (int i = 0; i < LAW_FRESH_PERIODS + 1; i++) {
		run(PERIOD);
		if (open_to("http://a/metrics") != NULL)
			answer("http://a/metrics", page_now());
	}
	assert_true(isnan(h.one.available) && isnan(phys_available(h.b.w.phys, 1)));
	herd_end(&h);
}

/* Without an agent a task could have what its limit leaves it, and requests beyond that count as waiting until they take
 * longer than ever while the limit is used up. */
static void
test_limits_beside_an_exporter(void **state)
{
	struct herd h;
	struct phys *phys;

	(void)state;
	herd_begin(&h, "http://a/metrics", NULL);
	phys = h.b.w.phys;
	h.b.a.observed.samples = 2;
	h.b.a.observed.sample.cores = 2;
	h.b.a.steering.row.law.balancers = 1;
	h.one.limit = 0.5;
	h.one.container = NULL;				/* it is Swarm that knows of a limit */
	h.two.limit = 4;				/* more than the node has is none */
	scrape_sync(h.b.s, &h.b.w, PERIOD, SEC / 2);
	assert_true(h.one.available == .5 && h.one.available_usec == 0 && isnan(h.two.available));
	for (int i = 0; i < 30; i++) {			/* twenty a second, .1 s each, two in flight */
		run(PERIOD);
		for (int k = 0; k < 20; k++) {
			live_take(h.live, 0, h.b.a.slot, 1);
			if (i > 0 || k >= 2)
				live_give(h.live, 0, h.b.a.slot, 1);
			live_count_served(h.live, 1, SEC / 10);
		}
		if (open_to("http://a/metrics") != NULL)
			answer("http://a/metrics", page_now());
	}
	assert_true(phys_waited(phys, 1) == 1.5 && h.b.a.signal.held_back == 0);
	run(PERIOD);
	for (int k = 0; k < 20; k++) {			/* now ten in flight, which take .5 s */
		live_take(h.live, 0, h.b.a.slot, 1);
		if (k >= 8)
			live_give(h.live, 0, h.b.a.slot, 1);
		if (k >= 8)
			live_count_served(h.live, 1, SEC / 2);
	}
	answer("http://a/metrics", page_now());
	assert_true(h.b.a.signal.held_back > 3 && phys_waited(phys, 1) < 6.5);
	assert_true(phys_available(phys, 1) == .5);
	herd_end(&h);
}

/* What the brain before this one knew holds until it is old; without a source, or without a container, not so long. */
static void
test_cores_known_before(void **state)
{
	struct herd h;

	(void)state;
	herd_begin(&h, NULL, "http://a/stream");
	world_task_set_available(&h.b.w, &h.one, 1, now_usec);
	world_task_set_available(&h.b.w, &h.two, 1, now_usec);
	h.two.container = NULL;
	scrape_sync(h.b.s, &h.b.w, PERIOD, SEC / 2);
	assert_true(h.one.available == 1 && isnan(h.two.available));
	run(LAW_FRESH_PERIODS * PERIOD + 1);
	assert_true(isnan(h.one.available));
	world_task_set_available(&h.b.w, &h.one, 1, now_usec);
	h.b.a.agent_url = NULL;
	scrape_sync(h.b.s, &h.b.w, PERIOD, SEC / 2);
	assert_true(isnan(h.one.available));
	herd_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exporter_gives_samples),
		cmocka_unit_test(test_never_two_at_once),
		cmocka_unit_test(test_failures_have_reasons),
		cmocka_unit_test(test_response_without_a_body),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_backlog),
		cmocka_unit_test(test_stream_comes_back),
		cmocka_unit_test(test_stream_that_drips),
		cmocka_unit_test(test_stream_of_garbage),
		cmocka_unit_test(test_page_instead_of_stream),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_long_silence_starts_over),
		cmocka_unit_test(test_seen_by_prometheus_meanwhile),
		cmocka_unit_test(test_stored_copy),
		cmocka_unit_test(test_no_hurry_beside_an_agent),
		cmocka_unit_test(test_inflight_at_the_first_byte),
		cmocka_unit_test(test_cores_of_tasks),
		cmocka_unit_test(test_idle_cores_can_be_had),
		cmocka_unit_test(test_requests_that_waited),
		cmocka_unit_test(test_quotas_of_all_our_containers_bound_what_they_use),
		cmocka_unit_test(test_cores_grow_old_beside_an_exporter),
		cmocka_unit_test(test_limits_beside_an_exporter),
		cmocka_unit_test(test_cores_known_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
