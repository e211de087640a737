/*
 * Admission: a connection gets a session if there is room for it, and if its address may have one
 * more. What happens on it is exchange.c's.
 */
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/answer.h"
#include "proxy/client.h"
#include "proxy/client_tls.h"
#include "proxy/exchange.h"
#include "proxy/h2_client.h"
#include "proxy/hello.h"
#include "proxy/listener.h"
#include "proxy/proxy_header.h"
#include "proxy/relief.h"
#include "proxy/tcp.h"

#define OWN_LOOKS	256	/* idle clients that are looked at for one of a given address */

/* ---- what a session needs of us ---- */

static void
on_begin(struct session *s)
{
	struct client *c = (struct client *)s;

	if (c->handshaking)
		client_tls_resume(c);
	else if (c->listener != NULL) {	/* a drain has cut short what comes before its requests */
		proxy_count(client_proxy(c), WHY_STOPPING);
		session_close(s);
	} else if (c->h2 != NULL)
		h2_client_resume(c);
	else if (!c->may_preface || !h2_client_preface(c))
		exchange_start(c);
}

static void
on_evict(struct session *s, const struct why *why)
{
	exchange_give_way(s->exchange, why);
}

static void
on_abort(struct session *s)
{
	struct client *c = (struct client *)s;

	if (c->relayed)
		tcp_abort(s->exchange);
	else if (c->h2 != NULL)
		h2_client_abort(c);
	else
		exchange_abort(s->exchange);
}

static void
on_leave(struct session *s)
{
	h2_client_leave((struct client *)s);
}

static void
on_end(struct session *s, const struct why *why)
{
	struct client *c = (struct client *)s;
	struct proxy *p = client_proxy(c);

	if (why != NULL)
		proxy_count(p, why);
	h2_client_end(c);
	if (c->counted)
		tally_take(p->tally, &c->sender.ip);
	listener_unref(&c->listener);
	client_tls_end(c);
	if (!c->is_stream)
		live_gauge_add(p->conf.live, p->conf.worker, LIVE_CLIENTS, -1);
	slab_give_later(p->clients, c);
	proxy_gone(p);
}

const struct session_ops client_ops = { .begin = on_begin, .evict = on_evict, .abort = on_abort,
    .leave = on_leave, .end = on_end };

void
client_refuse(struct client *c, const struct why *why)
{
	char out[ANSWER_MAX];
	struct str answer = answer_make(out, why, false, false);
	struct iovec v = { out, answer.len };
	size_t put;

	proxy_count(client_proxy(c), why);
	stream_writev(&c->session.stream, &v, 1, &put);		/* as far as that goes without waiting */
	session_linger(&c->session);
}

/* ---- the limit of each address ---- */

/* The oldest of an address that keeps us waiting, if it is found soon; else NULL. */
static struct client *
own_silent(const struct session_list *list, const struct ip *ip)
{
	struct session *s;
	int looks = 0;

	TAILQ_FOREACH(s, list, link) {
		struct client *c = (struct client *)s;
		if (c->counted && tally_same(&c->sender.ip, ip) && session_keeps_waiting(s))
			return c;
		if (++looks == OWN_LOOKS)
			break;
	}
	return NULL;
}

/*
 * May this address have one more connection? If it has all that it may, one of its own that is
 * silent makes room; but not one that has just come, or of many that come at once each would end
 * the one before it. *counted: it is in the tally now; trusted addresses never are.
 */
static const struct why *
address_admit(struct proxy *p, const struct ip *ip, bool *counted)
{
	unsigned most = p->conf.clients_per_address;
	struct client *own;

	*counted = false;
	if (most == 0 || ip_nets_have(p->conf.trusted, p->conf.ntrusted, ip))
		return NULL;
	if (tally_count(p->tally, ip) >= most) {
		if ((own = own_silent(&p->sessions.idle, ip)) == NULL
		    && (own = own_silent(&p->sessions.fresh, ip)) == NULL)
			return WHY_ADDRESS_LIMIT;
		proxy_count(p, WHY_CLIENT_IDLE);
		session_close(&own->session);
	}
	*counted = tally_add(p->tally, ip);
	return *counted ? NULL : WHY_NO_MEMORY;
}

/* ---- trust ---- */

static bool
is_trusted(const struct proxy *p, const struct ip *ip)
{
	return ip_nets_have(p->conf.trusted, p->conf.ntrusted, ip);
}

void
clients_trust(struct proxy *p)
{
	struct session_list *lists[] = { &p->sessions.fresh, &p->sessions.idle, &p->sessions.reading,
	    &p->sessions.busy, &p->streams.fresh, &p->streams.reading, &p->streams.busy };
	struct session *s;

	for (int i = 0; i < 7; i++)
		TAILQ_FOREACH(s, lists[i], link) {
			struct client *c = (struct client *)s;
			c->sender.trusted = !c->unnamed && is_trusted(p, &c->sender.ip);
		}
}

/* ---- streams of HTTP/2 ---- */

struct client *
client_stream_new(struct client *of)
{
	struct proxy *p = client_proxy(of);
	struct client *c;

	if (!sessions_have_room(&p->streams) || (c = slab_take(p->clients)) == NULL)
		return NULL;
	memset(c, 0, sizeof *c);
	c->is_stream = true;
	c->unnamed = of->unnamed;
	c->sender = of->sender;
	c->redirect_port = of->redirect_port;
	c->port = of->port;
	c->came_by = of->came_by;
	client_tls_share(c, of);
	return c;
}

void
clients_drain(struct proxy *p)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&p->sessions.busy); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		h2_client_drain((struct client *)s);
	}
}

/* The first has been idle longest. */
void
clients_rest(struct proxy *p, int64_t usec)
{
	struct session *s;

	TAILQ_FOREACH(s, &p->sessions.idle, link) {
		if (loop_now(p->loop) - s->since_usec < usec)
			return;
		h2_client_rest((struct client *)s);
	}
}

/* ---- the PROXY protocol ---- */

static void
proxy_header_fail(struct client *c, const struct why *why)
{
	ASSERT(c->session.exchange == NULL && c->session.place == SESSION_FRESH);
	proxy_count(client_proxy(c), why);
	session_close(&c->session);
}

static void
on_proxy_header_late(void *arg)
{
	proxy_header_fail(arg, WHY_PROXY_HEADER_SLOW);
}

/* Takes the header out of the socket; what follows it stays there for the first request. */
static void
proxy_header_take(struct client *c, const struct proxy_header *h, size_t used)
{
	struct proxy *p = client_proxy(c);
	char header[PROXY_HEADER_MAX];
	const struct why *why = NULL;
	size_t got;

	ASSERT(used > 0 && used <= sizeof header);
	if (stream_read(&c->session.stream, header, used, &got) != IO_DONE || got != used) {
		session_close(&c->session);
		return;
	}
	if (h->local) {		/* behind a proxy that does not name its client: nothing is known of that one */
		c->unnamed = true;
		c->sender.trusted = false;
	} else {
		ASSERT(!c->counted);	/* the proxy itself is trusted */
		c->port = h->source_port;
		sender_init(&c->sender, &h->source, is_trusted(p, &h->source));
		why = address_admit(p, &h->source, &c->counted);
	}
	if (why == NULL)
		hello_begin(c);
	else if (listener_speaks_http(c->listener))
		client_refuse(c, why);
	else
		proxy_header_fail(c, why);
}

size_t
client_peek(struct client *c, void *to, size_t cap)
{
	size_t got;

	switch (stream_peek(&c->session.stream, to, cap, &got)) {
	case IO_DONE:
		return got;
	case IO_AGAIN:
		return 0;
	default:
		session_close(&c->session);
		return 0;
	}
}

/*
 * The header is looked at where it lies, in the socket, until all of it is there: a connection
 * that waits for it holds no buffer. One that comes and goes without a byte (a check of the port)
 * is not worth counting.
 */
static void
on_proxy_header(void *arg)
{
	struct client *c = arg;
	struct stream *s = &c->session.stream;
	char bytes[PROXY_HEADER_MAX];
	struct proxy_header h;
	size_t got, used;

	if (!c->sender.trusted) {	/* no longer, after a reload */
		proxy_header_fail(c, WHY_PROXY_HEADER_UNTRUSTED);
		return;
	}
	if ((got = client_peek(c, bytes, sizeof bytes)) == 0)
		return;
	switch (proxy_header_parse((struct str){ bytes, got }, &h, &used)) {
	case PARSE_DONE:
		proxy_header_take(c, &h, used);
		return;
	case PARSE_MORE:
		if (!stream_peer_ended(s) && !stream_is_broken(s))
			return;
		/* fall through */
	default:
		proxy_header_fail(c, WHY_PROXY_HEADER_BAD);
	}
}

/* ---- the beginning ---- */

/* No session for this connection: responds with the reason, if it would speak HTTP, as far as that
 * goes without waiting. */
static void
turn_away(struct proxy *p, int fd, const struct why *why, bool http)
{
	char out[ANSWER_MAX], waste[4096];
	struct str answer = answer_make(out, why, false, false);

	proxy_count(p, why);
	if (http && send(fd, answer.p, answer.len, MSG_NOSIGNAL) > 0) {
		shutdown(fd, SHUT_WR);
		for (int i = 0; i < 16 && recv(fd, waste, sizeof waste, 0) == (ssize_t)sizeof waste; i++)
			;
	}
	close(fd);
}

void
client_speak(struct client *c)
{
	ASSERT(!c->relayed && c->session.exchange == NULL);
	if (listener_modes(c->listener)->tls) {
		client_tls_begin(c);
		return;
	}
	listener_unref(&c->listener);
	session_idle(&c->session);
}

/* How it goes on, when there is more to it than to wait for a request. */
static void
client_begin(struct client *c, struct listener *l)
{
	struct proxy *p = client_proxy(c);

	c->listener = listener_ref(l);
	if (!listener_modes(l)->proxy_protocol) {
		hello_begin(c);
		return;
	}
	if (!c->sender.trusted) {	/* it could claim to be any client */
		proxy_header_fail(c, WHY_PROXY_HEADER_UNTRUSTED);
		return;
	}
	stream_adopt(&c->session.stream, on_proxy_header, c);
	timer_set(p->loop, &c->session.timer, loop_now(p->loop) + p->conf.client_head_usec,
	    on_proxy_header_late, c);
}

void
client_open(struct proxy *p, int fd, const struct addr *peer, struct listener *l)
{
	struct ip ip = ip_of(peer);
	const struct why *why;
	struct client *c = NULL;
	bool counted;

	relief(p, NULL);
	if ((why = address_admit(p, &ip, &counted)) == NULL && !sessions_have_room(&p->sessions))
		why = WHY_TOO_MANY_CLIENTS;
	if (why == NULL && (c = slab_take(p->clients)) == NULL)
		why = WHY_NO_MEMORY;
	if (why != NULL) {
		if (counted)
			tally_take(p->tally, &ip);
		turn_away(p, fd, why, listener_speaks_http(l));
		return;
	}
	memset(c, 0, sizeof *c);
	c->counted = counted;
	c->may_preface = listener_modes(l)->http2 && !listener_modes(l)->tls;
	c->port = proxy_listener_of(peer).port;
	c->redirect_port = listener_modes(l)->redirect_port;
	c->came_by = listener_number(l);
	sender_init(&c->sender, &ip, is_trusted(p, &ip));
	live_gauge_add(p->conf.live, p->conf.worker, LIVE_CLIENTS, 1);
	session_open(&c->session, &p->sessions, fd);
	if (!listener_is_plain(l))
		client_begin(c, l);
}
