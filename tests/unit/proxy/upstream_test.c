/*
 * How many connections to a task are kept, and for how long. The task accepts and says nothing.
 */
#include "../../../src/proxy/upstream.c"
#include "proxy/task_tls.h"
#include "../net/make_cert.h"
#include "../until.h"
#include "../between.h"

#define MOST	100

static struct loop *loop;
static struct live *live;
static struct upstream *up;
static struct task_tls *tls;
static struct table *table;
static const struct table_task *task;
static int listener;

static struct table *
table_of(const struct addr *a, enum scheme scheme)
{
	struct table_maker *m = table_maker_new(7);
	struct table *t;
	int fd;

	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	table_maker_service(m, &(struct table_service){ .name = table_maker_text(m, STR("web")), .scheme = scheme,
	    .connect_usec = USEC_PER_SEC, .response_usec = USEC_PER_SEC, .idle_usec = USEC_PER_SEC,
	    .tunnel_usec = USEC_PER_SEC });
	table_maker_task(m, &(struct table_task){ .name = table_maker_text(m, STR("web.1")), .addr = *a });
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &t));
	return t;
}

static int
begin(void **state)
{
	struct addr a;

	(void)state;
	loop = loop_new();
	live = live_init(must_zalloc(live_bytes()), 1);
	tls = task_tls_new();
	up = upstream_new(loop, live, 0, tls);
	upstream_set_limits(up, MOST, 600 * USEC_PER_SEC);
	listener = listen_anywhere(&a);
	table = table_of(&a, SCHEME_HTTP);
	task = table_tasks(table, &(uint32_t){ 0 });
	return 0;
}

static int
end(void **state)
{
	(void)state;
	upstream_free(&up);
	task_tls_free(&tls);
	table_unref(&table);
	loop_turn(loop, 0);
	assert_int_equal(live_gauge_total(live, LIVE_IDLE_UPSTREAMS), 0);
	loop_free(&loop);
	free(live);
	close(listener);
	return 0;
}

static void
on_stream(void *arg)
{
	(void)arg;
}

/* `n` requests at once, each over; returns how many connections were opened for them. */
static unsigned
wave(unsigned n)
{
	struct upconn *c[2 * MOST];
	unsigned opened = 0;

	assert_true(n <= 2 * MOST);
	for (unsigned i = 0; i < n; i++) {
		assert_null(upstream_take(up, table, task, 0, on_stream, NULL, &c[i]));
		opened += !upconn_reused(c[i]);
	}
	for (unsigned i = 0; i < n; i++)
		UNTIL(loop, stream_connected(upconn_stream(c[i])) == IO_DONE);
	for (unsigned i = 0; i < n; i++)
		upstream_give(&c[i], -1);
	return opened;
}

/* A time "lately" is over. */
static void
time_passes(void)
{
	on_recent_over(up->pool[0]);
}

static void
a_wave_finds_what_the_last_one_left(void **state)
{
	(void)state;
	assert_int_equal(wave(80), 80);
	assert_int_equal(wave(80), 0);
	time_passes();
	assert_int_equal(wave(80), 0);
	time_passes();
	assert_int_equal(wave(80), 0);
}

static void
what_is_needed_no_more_is_closed(void **state)
{
	(void)state;
	wave(80);
	time_passes();			/* of 80 at once */
	assert_int_equal(up->pool[0]->nidle, 80);
	wave(30);
	time_passes();			/* of 30 */
	assert_int_equal(up->pool[0]->nidle, 30);
	time_passes();			/* of none: a few stay, for who comes now and then */
	assert_int_equal(up->pool[0]->nidle, IDLE_FEW);
	time_passes();
	assert_int_equal(up->pool[0]->nidle, IDLE_FEW);
	assert_int_equal(wave(IDLE_FEW), 0);
}

/* Those that are busy count: who is idle beside them is what the peak leaves. */
static void
the_busy_are_part_of_the_peak(void **state)
{
	struct upconn *c[20];

	(void)state;
	wave(50);
	for (int i = 0; i < 20; i++)
		assert_null(upstream_take(up, table, task, 0, on_stream, NULL, &c[i]));
	time_passes();			/* of 50 at once, 20 of them still */
	assert_int_equal(up->pool[0]->nidle, 30);
	time_passes();			/* of 20 at once */
	assert_int_equal(up->pool[0]->nidle, IDLE_FEW);
	for (int i = 0; i < 20; i++)
		upstream_give(&c[i], -1);
	assert_int_equal(up->pool[0]->nidle, IDLE_FEW + 20);
}

static void
the_ceiling_holds(void **state)
{
	(void)state;
	wave(2 * MOST);
	assert_int_equal(up->pool[0]->nidle, MOST);
	upstream_set_limits(up, 0, USEC_PER_SEC);
	wave(MOST);
	assert_int_equal(up->pool[0]->nidle, 0);
}

/* The task's pool goes with it, and nothing is left that would come back to it. */
static void
a_task_that_left_takes_its_timer_along(void **state)
{
	struct table_maker *m = table_maker_new(1);
	struct table *t;
	int fd;

	(void)state;
	wave(40);
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &t));
	upstream_set_table(up, t);
	table_unref(&t);
	assert_null(up->pool[0]);
	loop_turn(loop, 0);
	assert_int_equal(wave(1), 1);
}

/* ---- when the task closes ---- */

static struct pool *
pool_with(struct upconn *c, int64_t announced, int64_t learnt)
{
	static struct pool s;

	s = (struct pool){ .closes_usec = learnt };
	*c = (struct upconn){ .home = up, .pool = &s, .announced_usec = announced };
	return &s;
}

static void
the_earlier_of_what_is_said_and_seen_counts(void **state)
{
	struct upconn c;

	(void)state;
	pool_with(&c, -1, 0);
	assert_int_equal(idle_most(&c), 600 * USEC_PER_SEC);
	assert_int_equal(idle_safe(&c), SAFE_USEC);
	pool_with(&c, 5 * USEC_PER_SEC, 0);
	assert_int_equal(idle_most(&c), 4500 * USEC_PER_MSEC);
	assert_between(idle_safe(&c), 3 * USEC_PER_SEC, 4 * USEC_PER_SEC);
	pool_with(&c, 5 * USEC_PER_SEC, 2 * USEC_PER_SEC);
	assert_int_equal(idle_most(&c), 1800 * USEC_PER_MSEC);
	pool_with(&c, 2 * USEC_PER_SEC, 5 * USEC_PER_SEC);
	assert_int_equal(idle_most(&c), 1800 * USEC_PER_MSEC);
	pool_with(&c, 0, 0);			/* not at all */
	assert_int_equal(idle_most(&c), 0);
	pool_with(&c, 86400 * USEC_PER_SEC, 0);
	assert_int_equal(idle_most(&c), 600 * USEC_PER_SEC);
}

/* One that closed right after a response may have had other reasons; what was an accident is forgotten by and by. */
static void
closings_are_learnt_and_doubted(void **state)
{
	struct upconn c;
	struct pool *s = pool_with(&c, -1, 0);
	int n = 0;

	(void)state;
	closing_learn(s, HASTY_USEC - 1);
	assert_int_equal(s->closes_usec, 0);
	closing_learn(s, 0);
	assert_int_equal(s->closes_usec, 1);
	s->closes_usec = 0;
	closing_learn(s, 2 * USEC_PER_SEC);
	closing_learn(s, 3 * USEC_PER_SEC);
	assert_int_equal(s->closes_usec, 2 * USEC_PER_SEC);
	closing_relax(s, 30 * USEC_PER_SEC);
	assert_between(s->closes_usec, 2200 * USEC_PER_MSEC, 2201 * USEC_PER_MSEC);
	assert_true(idle_safe(&c) < 2 * USEC_PER_SEC);	/* still less than what was seen */
	for (; s->closes_usec != 0; n++)
		closing_relax(s, 30 * USEC_PER_SEC);
	assert_between(n, 10, 40);
}

static void
what_a_failed_connect_says(void **state)
{
	(void)state;
	assert_ptr_equal(upstream_why(EADDRNOTAVAIL), WHY_NO_PORTS);
	assert_ptr_equal(upstream_why(EMFILE), WHY_NO_DESCRIPTORS);
	assert_ptr_equal(upstream_why(ENFILE), WHY_NO_DESCRIPTORS);
	assert_ptr_equal(upstream_why(ENOBUFS), WHY_NO_MEMORY);
	assert_ptr_equal(upstream_why(EHOSTUNREACH), WHY_CONNECT_FAILED);
	assert_int_equal(WHY_NO_PORTS->blame, BLAME_US);
}

/* ---- TLS ---- */

static enum io_result
choose(void *cert, void *client, const struct tls_wanted *wanted, struct cert_group *out)
{
	(void)client;
	(void)wanted;
	out->kind[CERT_ECDSA] = cert;
	return IO_DONE;
}

/* The next connection of the task is accepted. True: it resumed a session. */
static bool
task_resumes(struct tls_server *server, struct stream *far, struct upconn *c)
{
	struct iovec v = { (char *)(uintptr_t)"x", 1 };
	const struct why *why;
	struct tls_facts f;
	enum io_result near;
	struct addr from;
	char got;
	size_t n;
	int fd;

	UNTIL(loop, (fd = sock_accept(listener, &from)) >= 0);
	stream_open(far, loop, fd, on_stream, NULL);
	stream_set_transport(far, tls_accept(server, NULL));
	UNTIL(loop, (near = upconn_connected(c, &why), stream_connected(far) == IO_DONE && near == IO_DONE));
	assert_int_equal(stream_writev(far, &v, 1, &n), IO_DONE);	/* after its tickets */
	UNTIL(loop, stream_read(upconn_stream(c), &got, 1, &n) == IO_DONE);
	assert_true(tls_facts(far, &f) && str_eq(stream_protocol(far), STR("http/1.1")));
	return f.resumed;
}

/* The first connection offers HTTP/2, too, and those after it HTTP/1.1 alone. */
static void
a_choice_of_http1_costs_no_full_handshake(void **state)
{
	const struct tls_server_conf conf = { .min_version = 12, .protocols = STR("http/1.1"), .scope = STR("a") };
	struct made self = make_cert(EVP_EC_gen("P-256"), "task", "DNS:web", NULL, 30);
	char *pem = pem_add(NULL, self.x, self.key);
	struct stream far[2] = { 0 };
	struct upconn *c[2];
	struct tls_tickets tickets;
	struct tls_server *server;
	struct cert *cert = NULL;
	struct addr at;

	(void)state;
	at = task->addr;
	table_unref(&table);
	table = table_of(&at, SCHEME_HTTPS);
	task = table_tasks(table, &(uint32_t){ 0 });
	tls_tickets_make(&tickets);
	assert_null(cert_parse(str_of(pem), &cert, NULL));
	assert_null(tls_server_new(&conf, choose, cert, &tickets, &server));
	for (int i = 0; i < 2; i++) {
		assert_null(upstream_take(up, table, task, 0, on_stream, NULL, &c[i]));
		assert_int_equal(task_resumes(server, &far[i], c[i]), i > 0);
	}
	for (int i = 0; i < 2; i++) {
		upstream_drop(&c[i]);
		stream_close(&far[i]);
	}
	tls_server_free(&server);
	cert_unref(&cert);
	made_free(&self);
	free(pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_wave_finds_what_the_last_one_left, begin, end),
		cmocka_unit_test_setup_teardown(what_is_needed_no_more_is_closed, begin, end),
		cmocka_unit_test_setup_teardown(the_busy_are_part_of_the_peak, begin, end),
		cmocka_unit_test_setup_teardown(the_ceiling_holds, begin, end),
		cmocka_unit_test_setup_teardown(a_task_that_left_takes_its_timer_along, begin, end),
		cmocka_unit_test_setup_teardown(the_earlier_of_what_is_said_and_seen_counts, begin, end),
		cmocka_unit_test_setup_teardown(closings_are_learnt_and_doubted, begin, end),
		cmocka_unit_test(what_a_failed_connect_says),
		cmocka_unit_test_setup_teardown(a_choice_of_http1_costs_no_full_handshake, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
