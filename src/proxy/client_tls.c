/*
 * A connection that waits for its client's first message has no memory of TLS: it costs 46 KB from
 * then on, which one that sends half a message does not get. All of the handshake has as long as
 * the head of a request (clients.head). What fails is counted by its reason; a line of the log for
 * each would be written by whoever scans the internet.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/query.h"
#include "proxy/client_tls.h"
#include "proxy/h2_client.h"
#include "proxy/hello.h"
#include "proxy/listener.h"
#include "proxy/relief.h"
#include "proxy/tls_hello.h"
#include "proxy/tls_rules.h"

#define CERT_INFO_MAX	1024	/* bytes; a subject has 256 at most */

/* ---- the end ---- */

static void
tls_fail(struct client *c, const struct why *why)
{
	ASSERT(c->session.exchange == NULL);
	if (why != NULL)
		proxy_count(client_proxy(c), why);
	session_close(&c->session);
}

static const struct why *
why_of(enum tls_fault fault)
{
	switch (fault) {
	case TLS_NO_FAULT:
	case TLS_GONE:
		return WHY_CLIENT_GONE;
	case TLS_FAULT_BROKEN:
		return WHY_TLS_BROKEN;
	case TLS_FAULT_VERSION:
		return WHY_TLS_VERSION;
	case TLS_FAULT_SHARED:
		return WHY_TLS_NO_SHARED;
	case TLS_FAULT_NO_CERT:
		return WHY_TLS_NO_CERT;
	case TLS_FAULT_PEER_NONE:
		return WHY_TLS_CLIENT_CERT_MISSING;
	case TLS_FAULT_PEER: case TLS_FAULT_PEER_CA: case TLS_FAULT_PEER_NAME:
	case TLS_FAULT_PEER_EXPIRED:
		return WHY_TLS_CLIENT_CERT_BAD;
	case TLS_FAULT_ALERT:
		return WHY_TLS_REFUSED;
	}
	BUG("TLS failed otherwise");
}

static void
failure_note(struct client *c, enum tls_fault fault, const char *text)
{
	const struct stream *s = &c->session.stream;
	struct proxy *p = client_proxy(c);
	struct proxy_failed *f = &p->failures[fault].seen;

	f->why = why_of(fault);
	f->count++;
	f->text = text;
	f->ip = c->sender.ip;
	str_copy(f->host, sizeof f->host, tls_host(s));
	refused_note(live_refuse(p->conf.live, p->conf.worker), f->why, tls_host(s), loop_now(p->loop));
}

bool
proxy_failed_take(struct proxy *p, struct proxy_failed *out)
{
	int64_t now = loop_now(p->loop);

	for (int fault = 0; fault < TLS_FAULTS; fault++) {
		struct failures *f = &p->failures[fault];

		if (f->seen.count == 0 || (f->taken_usec != 0 && now - f->taken_usec < PROXY_FAILED_USEC))
			continue;
		*out = f->seen;
		f->seen.count = 0;
		f->taken_usec = now;
		return true;
	}
	return false;
}

/* Half a first message is read, since closing with unread bytes would look like a break. */
static void
on_late(void *arg)
{
	struct client *c = arg;
	char waste[TLS_HELLO_MAX];
	size_t got;

	if (!c->handshaking)
		stream_read(&c->session.stream, waste, sizeof waste, &got);
	tls_fail(c, WHY_TLS_SLOW);
}

/* What the handshake alone had. */
static void
handshaking_end(struct client *c)
{
	ASSERT(c->handshaking);
	if (c->wait != NULL)
		keys_unwait(c->wait);
	free(c->wait);
	c->wait = NULL;
	c->handshaking = false;
}

void
client_tls_end(struct client *c)
{
	if (c->handshaking)
		handshaking_end(c);
	if (c->secure != NULL && --c->secure->refs == 0) {
		free(c->secure->cert_info);
		free((char *)c->secure->certs.p);
		free(c->secure);
	}
	c->secure = NULL;
}

void
client_tls_share(struct client *c, const struct client *of)
{
	ASSERT(c->secure == NULL && !of->handshaking);
	if ((c->secure = of->secure) != NULL)
		c->secure->refs++;
}

/* ---- the handshake ---- */

/* Subject="CN=alice,O=Example" as in the query of a URL: what Traefik sends, too. */
static char *
cert_info(const char *subject)
{
	struct buf b;
	char *out;

	buf_init(&b, CERT_INFO_MAX);
	query_escape(&b, STR("Subject=\""));
	query_escape(&b, str_of(subject));
	query_escape(&b, STR("\""));
	out = str_dup(buf_str(&b));
	buf_fini(&b);
	return out;
}

/* What is kept of the handshake. False: there is no memory. */
static bool
secure_keep(struct client *c, const struct tls_facts *facts)
{
	struct client_secure *s = try_alloc(sizeof *s);

	if (s == NULL)
		return false;
	*s = (struct client_secure){ 1, *facts, facts->peer != NULL ? cert_info(facts->peer) : NULL,
	    tls_peer_certs(&c->session.stream) };
	c->secure = s;
	c->sender.tls = true;
	c->sender.cert_info = s->cert_info;
	return true;
}

/* A CA that looks at a challenge has seen all that it wants. */
static void
tls_done(struct client *c)
{
	struct tls_facts facts;

	if (!tls_facts(&c->session.stream, &facts))
		BUG("a handshake without facts");
	handshaking_end(c);
	if (facts.challenge) {
		tls_fail(c, NULL);
		return;
	}
	live_count_handshake(client_proxy(c)->conf.live, client_proxy(c)->conf.worker, facts.resumed);
	if (c->ends_tls) {
		hello_secured(c);
		return;
	}
	if (!secure_keep(c, &facts)) {
		tls_fail(c, WHY_NO_MEMORY);
		return;
	}
	if (str_eq(stream_protocol(&c->session.stream), STR("h2")))
		h2_client_start(c);
	else
		session_idle(&c->session);
}

static void
on_handshake(void *arg)
{
	struct client *c = arg;
	struct stream *s = &c->session.stream;
	enum tls_fault fault;

	switch (stream_connected(s)) {
	case IO_AGAIN:
		return;
	case IO_DONE:
		tls_done(c);
		return;
	default:
		fault = tls_fault(s);
		if (fault != TLS_NO_FAULT && fault != TLS_GONE)	/* one that only ends is no riddle */
			failure_note(c, fault, tls_fault_text(s));
		tls_fail(c, why_of(fault));
	}
}

void
client_tls_resume(struct client *c)
{
	ASSERT(c->handshaking);
	on_handshake(c);
}

/*
 * The challenge may have been posted a moment ago: then it is on its way here, and its CA waits as
 * long as any client.
 */
static enum io_result
choose_challenge(struct proxy *p, struct client *c, struct str host, struct cert_group *out)
{
	if (keys_find_alpn(p->keys, host, out))
		return IO_DONE;
	ASSERT(c->handshaking);
	if (c->wait == NULL) {
		if ((c->wait = try_alloc(sizeof *c->wait)) == NULL)
			return IO_FAIL;
		*c->wait = (struct keys_wait){ 0 };
	}
	return keys_wait(p->keys, c->wait, &c->sender.ip, on_handshake, c) ? IO_AGAIN : IO_FAIL;
}

/* The TLS options of a connection whose client names this host. */
static const struct table_tls *
options_of(const struct client *c, struct str host)
{
	const struct proxy *p = client_proxy(c);
	struct str by = listener_name(p, c->came_by);
	const struct table_tcp *r;
	const struct why *why;

	if (p->table == NULL)
		return NULL;
	if (!c->ends_tls)
		return table_tls_find(p->table, by, host);
	r = table_match_tcp(p->table, str_of(listener_modes(c->listener)->name), host, &why);
	return r == NULL ? NULL : table_tls_of(p->table, r);
}

static bool
covers(const struct cert_group *g, struct str host)
{
	for (int k = 0; k < CERT_KINDS; k++)
		if (g->kind[k] != NULL)
			return host.len > 0 && cert_covers(g->kind[k], host);
	return false;
}

/* By now it is OpenSSL that has read the name, and the table may be another one: what the handshake
 * was begun with must be what the name has. */
static bool
options_hold(const struct client *c, const struct tls_wanted *w)
{
	const struct table_tls *o = options_of(c, w->host);

	return o == NULL || !o->broken ? tls_rules_same(w->rules, client_proxy(c)->table, o) : false;
}

enum io_result
client_tls_choose(void *arg, void *client, const struct tls_wanted *w, struct cert_group *out)
{
	struct proxy *p = arg;
	const struct cert_group *g;

	if (w->challenge)
		return choose_challenge(p, client, w->host, out);
	if (!options_hold(client, w) || (g = keys_find(p->keys, w->host)) == NULL ||
	    (tls_rules_strict(w->rules) && !covers(g, w->host)))
		return IO_FAIL;
	*out = *g;
	return IO_DONE;
}

/* ---- the first message ---- */

/* `host`: that the client names; `alpn`: as tls_server_conf.protocols */
static void
handshake_begin(struct client *c, struct str host, struct str alpn)
{
	struct proxy *p = client_proxy(c);
	struct tls_server *server;
	struct transport *t = NULL;
	const struct why *why;

	relief(p, &c->session);
	why = keys_server(p->keys, listener_modes(c->listener), &(struct keys_wish){ alpn, !c->ends_tls,
	    p->conf.tls_min_version, p->conf.tls_suites, p->table, options_of(c, host) }, &server);
	if (why == NULL && (t = tls_accept(server, c)) == NULL)
		why = WHY_NO_MEMORY;
	if (why != NULL) {
		tls_fail(c, why);
		return;
	}
	if (!c->ends_tls)
		listener_unref(&c->listener);
	c->handshaking = true;
	stream_set_transport(&c->session.stream, t);
	stream_adopt(&c->session.stream, on_handshake, c);
	on_handshake(c);
}

/* More of it may come. One that is none is OpenSSL's, too, which knows what is wrong with it. */
static bool
hello_waits(const struct stream *s, struct str bytes, struct tls_hello *h)
{
	return tls_hello_parse(bytes, h) == PARSE_MORE && !stream_peer_ended(s) && !stream_is_broken(s);
}

/*
 * It is looked at where it lies, in the socket, until all of it is there. TLS begins with a byte
 * that is no letter; methods of HTTP are letters.
 */
static void
on_first(void *arg)
{
	struct client *c = arg;
	struct stream *s = &c->session.stream;
	char bytes[TLS_HELLO_MAX];
	struct tls_hello h = { .len = 0 };
	size_t got;

	switch (stream_peek(s, bytes, sizeof bytes, &got)) {
	case IO_AGAIN:
		return;
	case IO_DONE:
		break;
	default:
		tls_fail(c, NULL);	/* a check of the port is not worth counting */
		return;
	}
	if (bytes[0] >= 'A' && bytes[0] <= 'Z') {
		listener_unref(&c->listener);
		client_refuse(c, WHY_TLS_PLAIN);
	} else if (!hello_waits(s, (struct str){ bytes, got }, &h)) {
		handshake_begin(c, (struct str){ h.name, h.len },
		    listener_modes(c->listener)->http2 ? STR("h2,http/1.1") : STR("http/1.1"));
		/* what is no message shall not wait there for its end */
		if (c->handshaking && !tls_has_heard(s)) {
			failure_note(c, TLS_FAULT_BROKEN, "the first message is no ClientHello");
			tls_fail(c, WHY_TLS_BROKEN);
		}
	}
}

void
client_tls_begin(struct client *c)
{
	struct proxy *p = client_proxy(c);

	ASSERT(c->session.place == SESSION_FRESH && c->listener != NULL && c->secure == NULL);
	stream_adopt(&c->session.stream, on_first, c);
	timer_set(p->loop, &c->session.timer, loop_now(p->loop) + p->conf.client_head_usec, on_late, c);
	on_first(c);
}

void
client_tls_relay(struct client *c, const struct table_tcp *row, struct str host)
{
	struct proxy *p = client_proxy(c);

	ASSERT(c->session.place == SESSION_FRESH && c->listener != NULL && !c->ends_tls);
	c->ends_tls = true;
	timer_set(p->loop, &c->session.timer, loop_now(p->loop) + p->conf.client_head_usec, on_late, c);
	handshake_begin(c, host, table_text(p->table,
	    table_services(p->table, NULL)[row->service].alpn));
}
