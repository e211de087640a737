/* Questions and servers; the network and the timers are this file's. And what was in flight a while ago. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "collect/past.c"
#include "collect/prometheus.c"
#include "fake_loop.h"

#define EXCHANGES 32

struct fetch {
	bool		 open;
	char		 url[128], body[256], field[128], user[32];
	fetch_done_f	*done;
	void		*arg;
};

static struct fetch exchange[EXCHANGES];

static void
turn(void)
{
	struct timer *t = timers[0];		/* there is no other */

	if (t == NULL)
		return;
	timer_clear(NULL, t);
	t->fn(t->arg);
}

struct fetch *
fetch_start(struct fetcher *fr, const struct fetch_conf *c, fetch_data_f *piece, fetch_done_f *done, void *arg)
{
	struct fetch *f = exchange;

	(void)fr;
	(void)piece;
	assert_string_equal(c->method, "POST");
	while (f->open)
		f++;
	*f = (struct fetch){ .open = true, .done = done, .arg = arg };
	snprintf(f->url, sizeof f->url, "%s", c->url);
	snprintf(f->body, sizeof f->body, "%.*s", STR_ARG(c->body));
	snprintf(f->field, sizeof f->field, "%s", c->field == NULL ? "" : c->field);
	snprintf(f->user, sizeof f->user, "%s", c->user == NULL ? "" : c->user);
	return f;
}

void
fetch_cancel(struct fetch *f)
{
	assert_true(f->open);
	f->open = false;
}

static unsigned
under_way(void)
{
	unsigned n = 0;

	for (int i = 0; i < EXCHANGES; i++)
		n += exchange[i].open;
	return n;
}

static void
answer(struct fetch *f, const struct why *why, long status, const char *body)
{
	struct fetch_result r = { .why = why, .status = status, .detail = why == NULL ? "" : "no route", .body = str_of(body) };

	assert_true(f->open);
	f->open = false;
	f->done(f->arg, &r);
}

/* --- */

#define GOOD "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[17,\"4\"]}}"
#define FAULT "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse\"}"

static struct {
	unsigned	 n, server;
	const struct why *why;
	char		 detail[200];
	double		 value;
} received;

static void
receive(void *arg, const struct why *why, const char *detail, const struct prom_response *a)
{
	(void)arg;
	assert_true((why == NULL) == (a != NULL));
	received.n++;
	received.why = why;
	snprintf(received.detail, sizeof received.detail, "%s", detail);
	if (a != NULL) {
		received.value = a->series[0].value;
		received.server = a->server;
	}
}

static struct prometheus *
prom_with(unsigned nservers, struct conf *c)
{
	static char *urls[] = { "http://a:1", "http://b:2/x", "https://c" };
	struct prometheus *p = prometheus_new(NULL, NULL);

	*c = (struct conf){ .prom = { .servers = { nservers, urls }, .timeout_usec = 5 * USEC_PER_SEC } };
	memset(exchange, 0, sizeof exchange);
	memset(&received, 0, sizeof received);
	prometheus_reconf(p, c);
	return p;
}

static void
a_question_is_a_form_and_has_one_answer(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "up{a=\"b c\"} + 1", receive, NULL);
	assert_int_equal(under_way(), 0);		/* in a later turn */
	turn();
	assert_string_equal(exchange[0].url, "http://a:1/api/v1/query");
	assert_string_equal(exchange[0].body, "query=up%7Ba%3D%22b%20c%22%7D%20%2B%201&timeout=5000ms");
	answer(&exchange[0], NULL, 200, GOOD);
	assert_true(received.n == 1 && received.why == NULL && received.value == 4 && received.server == 0);
	prometheus_free(&p);
}

static void
the_next_server_is_asked_and_stays(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(3, &c);

	(void)state;
	prometheus_query(p, "up", receive, NULL);
	turn();
	answer(&exchange[0], WHY_METRICS_FETCH, 0, "");
	assert_string_equal(exchange[0].url, "http://b:2/x/api/v1/query");
	answer(&exchange[0], WHY_METRICS_STATUS, 502, "<html>");
	assert_string_equal(exchange[0].url, "https://c/api/v1/query");
	answer(&exchange[0], NULL, 200, GOOD);
	assert_true(received.n == 1 && received.why == NULL && received.server == 2);
	prometheus_query(p, "up", receive, NULL);
	turn();
	assert_string_equal(exchange[0].url, "https://c/api/v1/query");
	answer(&exchange[0], NULL, 200, "no json");	/* round again */
	assert_string_equal(exchange[0].url, "http://a:1/api/v1/query");
	answer(&exchange[0], NULL, 200, GOOD);
	assert_true(received.n == 2 && received.server == 0);
	prometheus_free(&p);
}

static void
when_all_fail_the_last_ones_reason_is_reported(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "up", receive, NULL);
	turn();
	answer(&exchange[0], WHY_METRICS_STATUS, 401, "");
	answer(&exchange[0], WHY_METRICS_FETCH, 0, "");
	assert_true(received.n == 1 && received.why == WHY_PROM_GONE && under_way() == 0);
	assert_string_equal(received.detail, "http://b:2/x: no route");
	prometheus_free(&p);
}

static void
a_querys_own_fault_is_not_put_to_others(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "up(", receive, NULL);
	turn();
	answer(&exchange[0], WHY_METRICS_STATUS, 400, FAULT);
	assert_true(received.n == 1 && received.why == WHY_PROM_QUERY && under_way() == 0);
	assert_string_equal(received.detail, "bad_data: parse");
	prometheus_query(p, "up", receive, NULL);
	turn();
	answer(&exchange[0], WHY_METRICS_LARGE, 200, "");
	assert_true(received.n == 2 && received.why == WHY_PROM_LARGE);
	prometheus_free(&p);
}

static void
a_few_are_under_way_and_the_rest_wait(void **state)
{
	struct prom_request *last = NULL;
	struct conf c;
	struct prometheus *p = prom_with(1, &c);

	(void)state;
	for (int i = 0; i < RUNNING_MAX + 3; i++)
		last = prometheus_query(p, "up", receive, NULL);
	turn();
	assert_int_equal(under_way(), RUNNING_MAX);
	prom_request_cancel(last);				/* a waiting one */
	answer(&exchange[0], NULL, 200, GOOD);
	turn();
	assert_int_equal(under_way(), RUNNING_MAX);
	while (under_way() > 0) {
		for (int i = 0; i < EXCHANGES; i++)
			if (exchange[i].open)
				answer(&exchange[i], NULL, 200, GOOD);
		turn();
	}
	assert_int_equal(received.n, RUNNING_MAX + 2);
	prometheus_free(&p);
}

static void
who_goes_ahead_waits_for_nobody(void **state)
{
	struct prom_request *ahead;
	struct conf c;
	struct prometheus *p = prom_with(1, &c);

	(void)state;
	for (int i = 0; i < RUNNING_MAX + 3; i++)
		prometheus_query(p, "slow", receive, NULL);
	turn();
	assert_int_equal(under_way(), RUNNING_MAX);
	ahead = prometheus_query_urgent(p, "mine", receive, NULL);
	turn();
	assert_int_equal(under_way(), RUNNING_MAX + 1);
	assert_true(strncmp(exchange[RUNNING_MAX].body, "query=mine&", 11) == 0);
	prom_request_cancel(ahead);
	turn();
	assert_int_equal(under_way(), RUNNING_MAX);	/* nobody's turn has come by that */
	answer(&exchange[0], NULL, 200, GOOD);
	turn();
	assert_int_equal(under_way(), RUNNING_MAX);
	prometheus_free(&p);
}

static void
a_late_answer_of_one_that_was_left_does_not_lead_back(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "slow", receive, NULL);
	prometheus_query(p, "quick", receive, NULL);
	turn();
	answer(&exchange[1], WHY_METRICS_FETCH, 0, "");
	assert_string_equal(exchange[1].url, "http://b:2/x/api/v1/query");
	answer(&exchange[1], NULL, 200, GOOD);
	answer(&exchange[0], NULL, 200, GOOD);
	assert_int_equal(received.server, 0);
	prometheus_query(p, "next", receive, NULL);
	turn();
	assert_string_equal(exchange[0].url, "http://b:2/x/api/v1/query");
	prometheus_free(&p);
}

static void
who_answers_others_meanwhile_is_not_lost(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(2, &c);
	struct prom_facts f;
	unsigned at = 0;

	(void)state;
	prometheus_query(p, "too much", receive, NULL);
	prometheus_query(p, "up", receive, NULL);
	turn();
	now_usec = clock_mono_usec() + USEC_PER_SEC;
	answer(&exchange[1], NULL, 200, GOOD);
	answer(&exchange[0], WHY_METRICS_FETCH, 0, "");
	assert_string_equal(exchange[0].url, "http://b:2/x/api/v1/query");	/* which may be a larger machine */
	answer(&exchange[0], WHY_METRICS_FETCH, 0, "");
	assert_true(received.n == 2 && received.why == WHY_PROM_GONE);
	assert_true(prometheus_next(p, &at, &f) && f.good && f.failures == 1);
	assert_true(prometheus_next(p, &at, &f) && !f.good && f.failures == 1);
	prometheus_free(&p);
	now_usec = 0;
}

static void
a_page_of_errors_may_be_large(void **state)
{
	struct conf c;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "up", receive, NULL);
	turn();
	answer(&exchange[0], WHY_METRICS_LARGE, 502, "<html>");
	assert_string_equal(exchange[0].url, "http://b:2/x/api/v1/query");
	answer(&exchange[0], WHY_METRICS_LARGE, 502, "<html>");
	assert_true(received.n == 1 && received.why == WHY_PROM_REFUSED);
	assert_string_equal(received.detail, "http://b:2/x: status 502");
	prometheus_free(&p);
}

static void
a_servers_number_is_never_anothers(void **state)
{
	struct conf c, other;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "up", receive, NULL);
	turn();
	answer(&exchange[0], NULL, 200, GOOD);
	assert_int_equal(received.server, 0);
	other = c;
	other.prom.servers.item++;
	other.prom.servers.n = 1;
	prometheus_reconf(p, &other);
	prometheus_query(p, "up", receive, NULL);
	turn();
	answer(&exchange[0], NULL, 200, GOOD);
	assert_true(received.n == 2 && received.server == 2);
	prometheus_free(&p);
}

static void
other_servers_are_asked_anew(void **state)
{
	struct conf c, other;
	struct prometheus *p = prom_with(2, &c);

	(void)state;
	prometheus_query(p, "first", receive, NULL);
	prometheus_query(p, "second", receive, NULL);
	turn();
	prometheus_reconf(p, &c);			/* the same: nothing happens */
	assert_int_equal(under_way(), 2);
	other = c;
	other.prom.servers.item++;
	other.prom.servers.n = 1;
	other.prom.token = "t0k";
	prometheus_reconf(p, &other);
	turn();
	assert_int_equal(under_way(), 2);
	assert_string_equal(exchange[0].url, "http://b:2/x/api/v1/query");
	assert_true(strncmp(exchange[0].body, "query=first&", 12) == 0);
	assert_string_equal(exchange[0].field, "Authorization: Bearer t0k");
	other.prom.servers.n = 0;
	prometheus_reconf(p, &other);
	assert_false(prometheus_is_configured(p));
	turn();
	assert_true(received.n == 2 && received.why == WHY_PROM_GONE && under_way() == 0);
	prometheus_query(p, "third", receive, NULL);
	turn();
	assert_int_equal(received.n, 3);
	prometheus_free(&p);
}

static void
who_goes_takes_his_questions_along(void **state)
{
	struct prom_request *q;
	struct conf c;
	struct prometheus *p = prom_with(1, &c);

	(void)state;
	q = prometheus_query(p, "up", receive, NULL);
	turn();
	prom_request_cancel(q);
	assert_int_equal(under_way(), 0);
	prometheus_query(p, "up", receive, NULL);
	turn();
	prometheus_query(p, "up", receive, NULL);
	prometheus_free(&p);
	assert_int_equal(under_way(), 0);
	assert_int_equal(received.n, 0);
}

static void
what_was_in_flight_is_remembered(void **state)
{
	struct past *p = past_new();
	struct world_node n = { .slot = 7 };
	struct world w = { .live = NULL };

	(void)state;
	assert_true(past_at(p, &n, 5) == 0);
	p->count[7] = must_zalloc(MOMENTS * sizeof(float));
	for (p->n = 0; p->n < MOMENTS + 10; p->n++) {	/* the count is the second */
		p->at[p->n % MOMENTS] = p->n * USEC_PER_SEC;
		p->count[7][p->n % MOMENTS] = (float)p->n;
	}
	assert_true(past_at(p, &n, 100 * USEC_PER_SEC) == 100);
	assert_true(past_at(p, &n, 100 * USEC_PER_SEC + 1000) == 100);
	assert_true(past_at(p, &n, 0) == 10);		/* the oldest that is known */
	assert_true(past_at(p, &n, INT64_C(1) << 50) == MOMENTS + 9);
	assert_true(past_mean(p, &n, 100 * USEC_PER_SEC, 104 * USEC_PER_SEC) == 102);
	LIST_INIT(&w.nodes);				/* it leaves; what was is past */
	for (unsigned i = 0; i <= MOMENTS; i++)
		past_record(p, &w, 1000 * USEC_PER_SEC + i * USEC_PER_SEC);
	assert_true(past_mean(p, &n, 1000 * USEC_PER_SEC, 2000 * USEC_PER_SEC) == 0);
	past_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_a_form_and_has_one_answer),
		cmocka_unit_test(the_next_server_is_asked_and_stays),
		cmocka_unit_test(when_all_fail_the_last_ones_reason_is_reported),
		cmocka_unit_test(a_querys_own_fault_is_not_put_to_others),
		cmocka_unit_test(a_few_are_under_way_and_the_rest_wait),
		cmocka_unit_test(who_goes_ahead_waits_for_nobody),
		cmocka_unit_test(a_late_answer_of_one_that_was_left_does_not_lead_back),
		cmocka_unit_test(who_answers_others_meanwhile_is_not_lost),
		cmocka_unit_test(a_page_of_errors_may_be_large),
		cmocka_unit_test(a_servers_number_is_never_anothers),
		cmocka_unit_test(other_servers_are_asked_anew),
		cmocka_unit_test(who_goes_takes_his_questions_along),
		cmocka_unit_test(what_was_in_flight_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
