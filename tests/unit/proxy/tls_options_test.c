/*
 * TLS options of a host's name: what its handshakes have to be, and that no request for it comes by a connection that was
 * made for another name, or before they were what they are.
 */
#include "caller.h"

#include "net/cert.h"

static char *ca_pem;
static struct cert *alice;

static int
set_up_alice(void **state)
{
	char *pem;

	set_up(state);
	ca_pem = pem_add(NULL, ca.x, NULL);
	pem = leaf("email:alice@b.c");
	assert_null(cert_parse(str_of(pem), &alice, NULL));
	free(pem);
	return 0;
}

static int
tear_down_alice(void **state)
{
	cert_unref(&alice);
	free(ca_pem);
	return tear_down(state);
}

#define NOTHING	{ .ca = (char *)"", .protocols = (char *)"" }
#define WEB	{ (char *)"web.test", 0, 0 }

static void
set_options(const struct tls_options *o, unsigned n, const struct tls_host *h, unsigned nhosts)
{
	stage.tls = o;
	stage.ntls = n;
	stage.tls_host = h;
	stage.ntls_hosts = nhosts;
	stage_table();
}

/* Those of web.test alone. */
static void
set_web(const struct tls_options *o)
{
	static const struct tls_host web = WEB;

	set_options(o, 1, &web, 1);
}

static void
clear_options(void)
{
	stage.tls = NULL;
	stage.tls_host = NULL;
	stage.ntls = stage.ntls_hosts = 0;
}

static void
begin(void)
{
	clear_options();
	open_front(true);
	assert_true(publish(CERTS, "default", "file:web", NULL));
}

static void
end(void)
{
	clear_options();
	stage_close();
}

struct want {
	struct cert	*cert;
	enum tls_offer	 offer;
};

/* The handshake as the client sees it: in TLS 1.3 it may be over before the proxy has judged. */
static enum io_result
reach(struct caller *c, const char *name, struct want w)
{
	enum io_result res;

	memset(c, 0, sizeof *c);
	assert_null(tls_client_new(&(struct tls_client_conf){ .verify = TLS_VERIFY_NONE, .offer = w.offer, .cert = w.cert }, &c->client));
	stream_open(&c->s, stage.loop, dial(), on_caller, c);
	stream_set_transport(&c->s, tls_connect(c->client, str_of(name), NULL));
	WAIT_UNTIL((res = stream_connected(&c->s)) != IO_AGAIN);
	return res;
}

static struct tls_facts
facts_of(const struct caller *c)
{
	struct tls_facts f;

	assert_true(tls_facts(&c->s, &f));
	return f;
}

#define ASK(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void
is_served(struct caller *c, const char *request)
{
	static int t;
	char got[512];

	caller_say(c, request);
	t = answer_call(0);
	WAIT_UNTIL(recv(t, got, sizeof got, 0) > 0);
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nserved");
	caller_hear(c, "served");
	close(t);
}

static void
is_misdirected(struct caller *c, const char *request)
{
	uint64_t before = whys(WHY_MISDIRECTED);

	caller_say(c, request);
	caller_hear(c, "HTTP/1.1 421 Misdirected Request");
	assert_int_equal(whys(WHY_MISDIRECTED), before + 1);
}

/* ---- certificates of clients ---- */

static void
a_host_demands_certificates(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c;

	(void)state;
	begin();
	o.auth = TLS_AUTH_VERIFY;
	o.ca = ca_pem;
	set_web(&o);
	reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 });
	WAIT_UNTIL((stream_connected(&c.s), whys(WHY_TLS_CLIENT_CERT_MISSING) == 1));
	caller_close(&c);
	reach(&c, "WEB.test", (struct want){ alice, TLS_HTTP1 });
	is_served(&c, ASK("web.test"));
	is_misdirected(&c, ASK("also.test"));	/* as in Traefik: its options are others */
	caller_close(&c);
	for (int i = 0; i < 2; i++) {		/* with a certificate that nobody asks for, and without */
		reach(&c, "also.test", (struct want){ i == 0 ? alice : NULL, TLS_HTTP1 });
		is_served(&c, ASK("also.test"));
		is_misdirected(&c, ASK("web.test"));
		is_misdirected(&c, ASK("web.test."));
		is_misdirected(&c, ASK("WEB.test:443"));
		caller_close(&c);
	}
	reach(&c, "", (struct want){ NULL, TLS_HTTP1 });		/* no name at all */
	is_misdirected(&c, ASK("web.test"));
	is_served(&c, ASK("also.test"));
	caller_close(&c);
	end();
}

static void
unverified_certificates_are_nobodys(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c;

	(void)state;
	begin();
	o.auth = TLS_AUTH_ANY;
	set_web(&o);
	reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 });
	WAIT_UNTIL((stream_connected(&c.s), whys(WHY_TLS_CLIENT_CERT_MISSING) == 1));
	caller_close(&c);
	reach(&c, "web.test", (struct want){ alice, TLS_HTTP1 });
	is_served(&c, ASK("web.test"));
	caller_close(&c);
	o.auth = TLS_AUTH_REQUEST;
	set_web(&o);
	reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 });
	is_served(&c, ASK("web.test"));
	caller_close(&c);
	o.auth = TLS_AUTH_IF_GIVEN;
	o.ca = pems[1];				/* not who alice is of */
	set_web(&o);
	reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 });
	is_served(&c, ASK("web.test"));
	caller_close(&c);
	reach(&c, "web.test", (struct want){ alice, TLS_HTTP1 });
	WAIT_UNTIL((stream_connected(&c.s), whys(WHY_TLS_CLIENT_CERT_BAD) == 1));
	caller_close(&c);
	end();
}

/* A listener that has certificates of its own is asked for no others. */
static void
two_who_want_certificates_get_none(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c;

	(void)state;
	begin();
	o.auth = TLS_AUTH_VERIFY;
	o.ca = ca_pem;
	stage.conf.listener[0].client_cert = PROXY_CLIENT_CERT_OPTIONAL;
	proxy_reconf(stage.proxy, &stage.conf);
	assert_true(publish(CERTS, "client-ca/front", ca_pem, NULL));
	set_web(&o);
	assert_int_equal(reach(&c, "web.test", (struct want){ alice, TLS_HTTP1 }), IO_FAIL);
	assert_int_equal(whys(WHY_TLS_CLASH), 1);
	caller_close(&c);
	stage.conf.listener[0].client_cert = PROXY_CLIENT_CERT_NONE;
	end();
}

/* What a proxy in front says about https is no certificate. */
static void
a_proxy_in_front_shows_no_certificate(void **state)
{
	struct tls_options o = NOTHING;
	int c;

	(void)state;
	clear_options();
	open_front(false);
	o.auth = TLS_AUTH_VERIFY;
	o.ca = ca_pem;
	set_web(&o);
	assert_true(ip_net_parse(STR("127.0.0.0/8"), &stage.conf.trusted[stage.conf.ntrusted++]));
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: web.test\r\nX-Forwarded-Proto: https\r\n\r\n");
	hear(c, "HTTP/1.1 421 Misdirected Request");
	close(c);
	stage.conf.ntrusted = 0;
	end();
}

/* ---- what changes ---- */

static void
another_table_closes_nothing_but_guards(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c, d;

	(void)state;
	begin();
	caller_meet(&c, "web.test");
	o.min_version = 13;
	set_web(&o);				/* no concern of what there is */
	is_served(&c, ASK("web.test"));
	o.auth = TLS_AUTH_VERIFY;
	o.ca = ca_pem;
	set_web(&o);
	is_misdirected(&c, ASK("web.test"));
	is_misdirected(&c, ASK("also.test"));
	reach(&d, "web.test", (struct want){ alice, TLS_HTTP1 });
	is_served(&d, ASK("web.test"));
	o.ca = pems[1];				/* another CA */
	set_web(&o);
	is_misdirected(&d, ASK("web.test"));
	o.auth = TLS_AUTH_NONE;
	set_web(&o);
	is_served(&d, ASK("web.test"));
	is_served(&c, ASK("web.test"));
	caller_close(&c);
	caller_close(&d);
	end();
}

/* Of two connections the second would like to go on with the session of the first. */
static bool
second_resumes(const char *first, const char *then, struct cert *cert)
{
	struct tls_client *client;
	struct tls_resume resume = { NULL, 0 };
	struct tls_facts f = { .resumed = false };
	struct caller c;

	assert_null(tls_client_new(&(struct tls_client_conf){ .verify = TLS_VERIFY_NONE, .offer = TLS_HTTP1, .cert = cert }, &client));
	for (int i = 0; i < 2; i++) {
		memset(&c, 0, sizeof c);
		stream_open(&c.s, stage.loop, dial(), on_caller, &c);
		stream_set_transport(&c.s, tls_connect(client, str_of(i == 0 ? first : then), &resume));
		WAIT_UNTIL(stream_connected(&c.s) == IO_DONE);
		is_served(&c, strcmp(i == 0 ? first : then, "web.test") == 0 ? ASK("web.test") : ASK("also.test"));
		f = facts_of(&c);
		stream_close(&c.s);
	}
	tls_resume_clear(&resume);
	tls_client_free(&client);
	return f.resumed;
}

static void
sessions_are_resumed_under_the_same_options(void **state)
{
	struct tls_options o = NOTHING;

	(void)state;
	begin();
	for (unsigned max = 12; max <= 13; max++) {
		o = (struct tls_options)NOTHING;
		set_options(&o, 1, &(struct tls_host){ (char *)"", 0, 0 }, 1);
		o.max_version = max;
		set_options(&o, 1, &(struct tls_host){ (char *)"", 0, 0 }, 1);
		assert_true(second_resumes("also.test", "also.test", alice));
		o.auth = TLS_AUTH_VERIFY;
		o.ca = ca_pem;
		set_web(&o);
		assert_true(second_resumes("web.test", "web.test", alice));
		assert_false(second_resumes("also.test", "web.test", alice));
		assert_false(second_resumes("web.test", "also.test", alice));
		o.no_tickets = true;
		set_web(&o);
		assert_false(second_resumes("web.test", "web.test", alice));
	}
	end();
}

/* ---- what handshakes are ---- */

static void
a_host_has_its_versions_groups_and_ciphers(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c;

	(void)state;
	begin();
	o.max_version = 12;
	o.suites = 1 << 2;
	o.groups = 1 << 3;
	set_web(&o);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 }), IO_DONE);
	assert_string_equal(facts_of(&c).version, "TLSv1.2");
	assert_string_equal(facts_of(&c).cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
	is_served(&c, ASK("web.test"));
	caller_close(&c);
	assert_int_equal(reach(&c, "also.test", (struct want){ NULL, TLS_HTTP1 }), IO_DONE);
	assert_string_equal(facts_of(&c).version, "TLSv1.3");
	caller_close(&c);
	o.min_version = 13;			/* nothing is left */
	set_web(&o);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 }), IO_FAIL);
	assert_int_equal(whys(WHY_TLS_CLASH), 1);
	caller_close(&c);
	end();
}

static void
a_host_has_its_protocols(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c;

	(void)state;
	begin();
	stage.conf.listener[0].http2 = true;
	proxy_reconf(stage.proxy, &stage.conf);
	o.protocols = (char *)"http/1.1";
	set_web(&o);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP_BOTH }), IO_DONE);
	assert_true(str_eq(stream_protocol(&c.s), STR("http/1.1")));
	caller_close(&c);
	assert_int_equal(reach(&c, "also.test", (struct want){ NULL, TLS_HTTP_BOTH }), IO_DONE);
	assert_true(str_eq(stream_protocol(&c.s), STR("h2")));
	caller_close(&c);
	o.protocols = (char *)"http/1.1,h2";	/* the preferred one first */
	set_web(&o);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP_BOTH }), IO_DONE);
	assert_true(str_eq(stream_protocol(&c.s), STR("http/1.1")));
	caller_close(&c);
	o.protocols = (char *)"h2";
	stage.conf.listener[0].http2 = false;
	proxy_reconf(stage.proxy, &stage.conf);
	set_web(&o);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP_BOTH }), IO_FAIL);
	assert_int_equal(whys(WHY_TLS_CLASH), 1);
	caller_close(&c);
	end();
}

static void
names_are_exact_or_all(void **state)
{
	struct tls_options o[3] = { NOTHING, NOTHING, NOTHING };
	const struct tls_host hosts[] = { WEB, { (char *)"+.deep.test", 0, 1 }, { (char *)"", 0, 2 }, { (char *)"other.test", 2, 1 } };
	struct caller c;

	(void)state;
	begin();
	o[0].strict = true;
	o[1].broken = true;
	o[2].max_version = 12;
	set_options(o, 3, hosts, 4);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 }), IO_DONE);
	assert_string_equal(facts_of(&c).version, "TLSv1.3");
	caller_close(&c);
	assert_int_equal(reach(&c, "a.deep.test", (struct want){ NULL, TLS_HTTP1 }), IO_FAIL);
	assert_int_equal(whys(WHY_TLS_NO_CERT), 1);
	caller_close(&c);
	assert_int_equal(reach(&c, "b.a.deep.test", (struct want){ NULL, TLS_HTTP1 }), IO_DONE);
	assert_string_equal(facts_of(&c).version, "TLSv1.2");
	caller_close(&c);
	assert_int_equal(reach(&c, "other.test", (struct want){ NULL, TLS_HTTP1 }), IO_DONE);	/* that is another listener's */
	assert_string_equal(facts_of(&c).version, "TLSv1.2");
	caller_close(&c);
	assert_true(publish("cert/file:other", pems[1], "default", "file:other", NULL));
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 }), IO_FAIL);	/* strict: not the default certificate */
	assert_int_equal(whys(WHY_TLS_NO_CERT), 2);
	caller_close(&c);
	end();
}

/* A service of kind tcp, by its own name: what requests by that name would have is no concern of it. */
static void
relayed_connections_have_their_own(void **state)
{
	struct tls_options o = NOTHING;
	struct caller c;
	int t;

	(void)state;
	begin();
	o.auth = TLS_AUTH_VERIFY;
	o.ca = ca_pem;
	o.max_version = 12;
	stage.service.kind = SERVICE_TCP;
	stage.server = "web.test";
	stage.ends_tls = true;
	set_options(&o, 1, NULL, 0);
	assert_int_equal(reach(&c, "web.test", (struct want){ NULL, TLS_HTTP1 }), IO_FAIL);
	WAIT_UNTIL(whys(WHY_TLS_CLIENT_CERT_MISSING) == 1);
	caller_close(&c);
	assert_int_equal(reach(&c, "web.test", (struct want){ alice, TLS_HTTP1 }), IO_DONE);
	assert_string_equal(facts_of(&c).version, "TLSv1.2");
	caller_say(&c, "hello");
	t = answer_call(0);
	hear(t, "hello");
	say(t, "served");
	caller_hear(&c, "served");
	caller_close(&c);
	close(t);
	o.protocols = (char *)"postgresql";		/* of which the client knows nothing */
	set_options(&o, 1, NULL, 0);
	assert_int_equal(reach(&c, "web.test", (struct want){ alice, TLS_HTTP1 }), IO_FAIL);
	WAIT_UNTIL(whys(WHY_TLS_NO_SHARED) == 1);
	caller_close(&c);
	stage.server = NULL;
	stage.ends_tls = false;
	stage.service.kind = SERVICE_HTTP;
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_demands_certificates),
		cmocka_unit_test(unverified_certificates_are_nobodys),
		cmocka_unit_test(two_who_want_certificates_get_none),
		cmocka_unit_test(a_proxy_in_front_shows_no_certificate),
		cmocka_unit_test(another_table_closes_nothing_but_guards),
		cmocka_unit_test(sessions_are_resumed_under_the_same_options),
		cmocka_unit_test(a_host_has_its_versions_groups_and_ciphers),
		cmocka_unit_test(a_host_has_its_protocols),
		cmocka_unit_test(names_are_exact_or_all),
		cmocka_unit_test(relayed_connections_have_their_own),
	};

	return cmocka_run_group_tests(tests, set_up_alice, tear_down_alice);
}
