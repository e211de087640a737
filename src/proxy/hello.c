/*
 * The message is looked at where it lies, in the socket, until all of it is there: a connection
 * that waits for it holds no buffer, and whoever reads it next finds it untouched.
 */
#include "base/bug.h"
#include "proxy/client_tls.h"
#include "proxy/hello.h"
#include "proxy/listener.h"
#include "proxy/tcp.h"
#include "proxy/tcp_guard.h"
#include "proxy/tls_hello.h"
#include "proxy/tls_rules.h"

/* Fatal alerts (RFC 8446, 6.2), in a record of their own. */
#define ALERT_ACCESS_DENIED	"\x15\3\1\0\2\2\x31"
#define ALERT_DECODE_ERROR	"\x15\3\1\0\2\2\x32"
#define ALERT_UNRECOGNIZED_NAME	"\x15\3\1\0\2\2\x70"
#define ALERT_BYTES		7

/* `alert` may be NULL. */
static void
hello_fail(struct client *c, const struct why *why, const char *alert)
{
	struct iovec v = { (void *)(uintptr_t)alert, alert == NULL ? 0 : ALERT_BYTES };
	size_t put;

	ASSERT(c->session.exchange == NULL);
	proxy_count(client_proxy(c), why);
	if (alert == NULL)
		session_close(&c->session);
	else {
		stream_writev(&c->session.stream, &v, 1, &put);	/* as far as that goes without waiting */
		session_linger(&c->session);
	}
}

static const struct table_tcp *
hello_match(const struct client *c, struct str name, const struct why **why)
{
	return table_match_tcp(client_proxy(c)->table, str_of(listener_modes(c->listener)->name), name,
	    why);
}

/* `tls`: the client speaks it, and the name is what it names. */
static void
hello_route(struct client *c, struct str name, bool tls)
{
	const struct proxy_listener *here = listener_modes(c->listener);
	const struct why *why, *kept = NULL;
	const struct table_tcp *r = hello_match(c, name, &why);

	if (r != NULL)
		kept = tcp_guard_address(c, table_tcp_chain(client_proxy(c)->table, r));
	if (kept != NULL)
		hello_fail(c, kept, tls ? ALERT_ACCESS_DENIED : NULL);
	else if (r != NULL && r->ends_tls && !tls)
		hello_fail(c, WHY_TLS_PLAIN, NULL);
	else if (r != NULL && r->ends_tls)
		client_tls_relay(c, r, name);
	else if (r != NULL)
		tcp_start(c, r, name);
	else if (why == WHY_ROUTE_REFUSED)
		hello_fail(c, why, tls ? ALERT_ACCESS_DENIED : NULL);
	else if (tls && !here->tls)
		hello_fail(c, WHY_NO_RELAY, ALERT_UNRECOGNIZED_NAME);
	else
		client_speak(c);
}

/* Where all are relayed, one without a message of TLS is, too: it may wait for the server to
 * begin. Not where TLS ends here. */
static void
hello_missing(struct client *c, const struct why *why, const char *alert)
{
	const struct why *none;
	const struct table_tcp *rest = hello_match(c, STR(""), &none);

	if (rest != NULL && !rest->ends_tls)
		hello_route(c, STR(""), false);
	else
		hello_fail(c, why, alert);
}

static void
on_hello_late(void *arg)
{
	struct client *c = arg;

	hello_missing(c, stream_look(&c->session.stream) == IO_DONE ? WHY_HELLO_SLOW : WHY_CLIENT_IDLE,
	    NULL);
}

static void
hello_bad(struct client *c, const struct tls_hello *h)
{
	if (!h->tls)
		hello_route(c, STR(""), false);
	else if (listener_modes(c->listener)->tls)
		client_speak(c);		/* which knows better what is wrong */
	else
		hello_missing(c, WHY_HELLO_BAD, ALERT_DECODE_ERROR);
}

static void
on_hello(void *arg)
{
	struct client *c = arg;
	struct stream *s = &c->session.stream;
	char bytes[TLS_HELLO_MAX];
	struct tls_hello h;
	size_t got;

	if ((got = client_peek(c, bytes, sizeof bytes)) == 0)
		return;
	switch (tls_hello_parse((struct str){ bytes, got }, &h)) {
	case PARSE_DONE:
		hello_route(c, (struct str){ h.name, h.len }, true);
		return;
	case PARSE_MORE:
		if (stream_peer_ended(s) || stream_is_broken(s))
			hello_fail(c, WHY_CLIENT_GONE, NULL);
		return;
	case PARSE_BAD:
		hello_bad(c, &h);
		return;
	}
}

/* The table may be another one by now. */
void
hello_secured(struct client *c)
{
	struct str name = tls_host(&c->session.stream);
	const struct why *why;
	const struct table_tcp *r = hello_match(c, name, &why);
	struct tls_facts facts;

	if (r == NULL || !r->ends_tls)
		hello_fail(c, r == NULL ? why : WHY_NO_RELAY, NULL);
	else if (!tls_facts(&c->session.stream, &facts) ||
	    !tls_rules_admit(facts.rules, client_proxy(c)->table, table_tls_of(client_proxy(c)->table, r)))
		hello_fail(c, WHY_MISDIRECTED, NULL);
	else
		tcp_start(c, r, name);
}

void
hello_begin(struct client *c)
{
	struct proxy *p = client_proxy(c);

	ASSERT(c->session.exchange == NULL && c->session.place == SESSION_FRESH);
	switch (listener_relays(c->listener)) {
	case RELAYS_NONE:
		client_speak(c);
		return;
	case RELAYS_ALL:
		hello_route(c, STR(""), false);
		return;
	case RELAYS_NAMED:
	case RELAYS_BOTH:
		break;
	}
	stream_adopt(&c->session.stream, on_hello, c);
	timer_set(p->loop, &c->session.timer, loop_now(p->loop) + p->conf.client_head_usec,
	    on_hello_late, c);
	on_hello(c);		/* no event comes for what came before */
}
