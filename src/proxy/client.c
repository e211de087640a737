/*
 * A client is in exactly one place, client_move() is the only door. Knows when a connection begins and
 * ends; what happens on it in between is exchange.c's.
 */
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/answer.h"
#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/proxy_header.h"

/* After our last word: how long a client may be silent, how long it may go on sending, and how much. */
#define LINGER_USEC	(2 * USEC_PER_SEC)
#define LINGER_MOST	(30 * USEC_PER_SEC)
#define LINGER_BYTES	(64u * 1024 * 1024)
#define LINGER_TURN	(256 * 1024)	/* bytes before others get their turn */
#define OWN_LOOKS	256	/* idle clients that are looked at for one of a given address */

static struct client_list *
list_of(struct client *c)
{
	switch (c->place) {
	case CLIENT_IDLE:
		return &c->proxy->idle;
	case CLIENT_FRESH:
	case CLIENT_READING:
		return &c->proxy->reading;
	case CLIENT_BUSY:
		return &c->proxy->busy;
	case CLIENT_LINGERING:
		return &c->proxy->lingering;
	default:
		return NULL;
	}
}

/* Lists are in the order of arrival: their first has been there longest. */
static void
client_move(struct client *c, enum client_place to)
{
	struct client_list *list = list_of(c);

	ASSERT(c->place != CLIENT_DEAD);
	if (list != NULL)
		TAILQ_REMOVE(list, c, link);
	c->place = to;
	if ((list = list_of(c)) != NULL)
		TAILQ_INSERT_TAIL(list, c, link);
}

static void
client_end(struct client *c)
{
	struct proxy *p = c->proxy;

	timer_clear(p->loop, &c->timer);
	client_move(c, CLIENT_DEAD);
	if (c->counted)
		tally_take(p->tally, &c->sender.ip);
	p->nclients--;
	live_gauge_add(p->conf.live, p->conf.worker, LIVE_CLIENTS, -1);
	slab_give_later(p->clients, c);
	proxy_gone(p);
}

void
client_close(struct client *c)
{
	stream_close(&c->stream);
	client_end(c);
}

void
client_reset(struct client *c)
{
	stream_reset(&c->stream);
	client_end(c);
}

/* ---- idle ---- */

static void
on_idle(void *arg)
{
	struct client *c = arg;

	if (stream_can_read(&c->stream))
		exchange_start(c);
}

static void
on_idle_late(void *arg)
{
	struct client *c = arg;

	proxy_count(c->proxy, WHY_CLIENT_IDLE);
	client_close(c);
}

void
client_idle(struct client *c)
{
	struct proxy *p = c->proxy;

	c->exchange = NULL;
	client_move(c, c->served > 0 ? CLIENT_IDLE : CLIENT_FRESH);
	stream_adopt(&c->stream, on_idle, c);
	timer_set(p->loop, &c->timer, loop_now(p->loop) + p->conf.client_idle_usec, on_idle_late, c);
	if (p->draining)
		client_drain(c);
}

void
client_reading(struct client *c)
{
	if (c->place != CLIENT_READING)
		client_move(c, CLIENT_READING);
}

void
client_busy(struct client *c, struct exchange *x, stream_f *fn)
{
	c->exchange = x;
	if (c->place != CLIENT_BUSY)
		client_move(c, CLIENT_BUSY);
	stream_adopt(&c->stream, fn, x);
}

/* ---- the end ---- */

static void on_linger_timer(void *arg);

/*
 * Closing with unread bytes in the socket would make the kernel reset the connection, and the client might
 * lose an answer that it has not read yet. So: end our direction, and throw away what comes until theirs ends. A client
 * that is in the middle of an upload may read our answer only when it has sent all of it.
 */
static void
on_linger(void *arg)
{
	struct client *c = arg;
	struct loop *l = c->proxy->loop;
	unsigned before = c->lingered;
	char waste[16384];
	enum io_result shut = stream_shut(&c->stream), res;	/* again, when our end had to wait */
	size_t got;

	while ((res = stream_read(&c->stream, waste, sizeof waste, &got)) == IO_DONE) {
		c->lingered += (unsigned)got;
		c->quiet_usec = loop_now(l);
		if (c->lingered > LINGER_BYTES)
			break;
		if (c->lingered - before > LINGER_TURN) {
			timer_set(l, &c->timer, loop_now(l) + 1, on_linger_timer, c);
			return;
		}
	}
	if (res != IO_AGAIN && (res != IO_EOF || shut != IO_AGAIN))
		client_close(c);
}

/* Goes on reading after a break, and closes when the client has been silent, or has gone on, for long enough. */
static void
on_linger_timer(void *arg)
{
	struct client *c = arg;
	int64_t now = loop_now(c->proxy->loop), until = c->quiet_usec + LINGER_USEC;
	int64_t most = c->ended_usec + (c->proxy->draining ? LINGER_USEC : LINGER_MOST);

	if (until > most)
		until = most;
	if (now >= until) {
		client_close(c);
		return;
	}
	timer_set(c->proxy->loop, &c->timer, until, on_linger_timer, c);
	on_linger(c);
}

void
client_linger(struct client *c)
{
	struct proxy *p = c->proxy;

	c->exchange = NULL;
	c->ended_usec = c->quiet_usec = loop_now(p->loop);
	client_move(c, CLIENT_LINGERING);
	stream_adopt(&c->stream, on_linger, c);
	timer_set(p->loop, &c->timer, loop_now(p->loop) + LINGER_USEC, on_linger_timer, c);
	on_linger(c);
}

void
client_finish(struct client *c)
{
	if (stream_may_close(&c->stream))
		client_close(c);
	else
		client_linger(c);
}

/* A drain: whoever has been served may go; who has just come may still say what for, but not take all day. */
void
client_drain(struct client *c)
{
	struct proxy *p = c->proxy;

	if (c->served > 0)
		client_linger(c);
	else
		timer_set(p->loop, &c->timer, loop_now(p->loop) + LINGER_USEC, on_idle_late, c);
}

void
client_refuse(struct client *c, const struct why *why)
{
	char out[ANSWER_MAX];
	struct str answer = answer_make(out, why, false, false);
	struct iovec v = { out, answer.len };
	size_t put;

	proxy_count(c->proxy, why);
	stream_writev(&c->stream, &v, 1, &put);		/* as far as that goes without waiting */
	client_linger(c);
}

/* ---- who it is, and whether there is room ---- */

static void
client_give_way(struct client *c)
{
	if (c->exchange != NULL)
		exchange_give_way(c->exchange);
	else {
		proxy_count(c->proxy, WHY_HEAD_GAVE_WAY);
		client_close(c);
	}
}

/*
 * Room for a newcomer: those who are leaving anyway go first, then who has been idle longest, then who has kept us waiting for a first
 * request longest. Were the silent among these taken first, a crowd that drips would push out whoever has just come.
 */
static bool
make_room(struct proxy *p)
{
	struct client *c;

	if ((c = TAILQ_FIRST(&p->lingering)) != NULL)
		client_close(c);
	else if ((c = TAILQ_FIRST(&p->idle)) != NULL) {
		proxy_count(p, WHY_CLIENT_IDLE);
		client_close(c);
	} else if ((c = TAILQ_FIRST(&p->reading)) != NULL)
		client_give_way(c);
	return c != NULL;
}

/* The oldest of an address that is between requests or has not said anything, if it is found soon. */
static bool
own_silent(const struct client_list *list, const struct ip *ip, struct client **c)
{
	int looks = 0;

	TAILQ_FOREACH(*c, list, link) {
		if ((*c)->exchange == NULL && (*c)->counted && tally_same(&(*c)->sender.ip, ip))
			return true;
		if (++looks == OWN_LOOKS)
			return false;
	}
	return false;
}

/* An address that has all the connections that it may: one of its own gives way. */
static bool
address_makes_room(struct proxy *p, const struct ip *ip)
{
	struct client *c;

	if (!own_silent(&p->idle, ip, &c) && !own_silent(&p->reading, ip, &c))
		return false;
	proxy_count(p, WHY_CLIENT_IDLE);
	client_close(c);
	return true;
}

/* May this address have one more? If so, it is counted, unless it is trusted. */
static const struct why *
address_admit(struct proxy *p, const struct ip *ip, bool *counted)
{
	unsigned most = p->conf.clients_per_address;

	*counted = most > 0 && !ip_nets_have(p->conf.trusted, p->conf.ntrusted, ip);
	if (!*counted)
		return NULL;
	if (tally_count(p->tally, ip) >= most && !address_makes_room(p, ip)) {
		*counted = false;
		return WHY_ADDRESS_LIMIT;
	}
	*counted = tally_add(p->tally, ip);
	return *counted ? NULL : WHY_NO_MEMORY;
}

/* Nobody is there for this connection: says why, as far as that goes without waiting. */
static void
turn_away(struct proxy *p, int fd, const struct why *why)
{
	char out[ANSWER_MAX], waste[4096];
	struct str answer = answer_make(out, why, false, false);

	proxy_count(p, why);
	if (send(fd, answer.p, answer.len, MSG_NOSIGNAL) > 0) {
		shutdown(fd, SHUT_WR);
		for (int i = 0; i < 16 && recv(fd, waste, sizeof waste, 0) == (ssize_t)sizeof waste; i++)
			;
	}
	close(fd);
}

static void
client_is(struct client *c, const struct ip *ip)
{
	const struct proxy_conf *conf = &c->proxy->conf;

	sender_init(&c->sender, ip, ip_nets_have(conf->trusted, conf->ntrusted, ip));
}

void
client_trust(struct client *c)
{
	const struct proxy_conf *conf = &c->proxy->conf;

	c->sender.trusted = !c->unnamed && ip_nets_have(conf->trusted, conf->ntrusted, &c->sender.ip);
}

/* ---- the PROXY protocol ---- */

static void
proxy_header_fail(struct client *c, const struct why *why)
{
	proxy_count(c->proxy, why);
	client_close(c);
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
	char header[PROXY_HEADER_MAX];
	const struct why *why = NULL;
	size_t got;

	if (stream_read(&c->stream, header, used, &got) != IO_DONE || got != used) {
		client_close(c);
		return;
	}
	if (h->local) {		/* behind a proxy that may be anybody, whose address it has but not whose word */
		c->unnamed = true;
		c->sender.trusted = false;
	} else {
		client_is(c, &h->source);
		why = address_admit(c->proxy, &h->source, &c->counted);
	}
	if (why != NULL) {
		client_refuse(c, why);
		return;
	}
	client_idle(c);
	on_idle(c);
}

/*
 * The header is looked at where it lies, in the socket, until all of it is there: a connection that waits for it holds no buffer.
 * Who connects and leaves without a word (a check of the port) is nothing to speak of.
 */
static void
on_proxy_header(void *arg)
{
	struct client *c = arg;
	char bytes[PROXY_HEADER_MAX];
	struct proxy_header h;
	size_t got = 0, used;

	if (!c->sender.trusted) {	/* no longer, after a reload */
		proxy_header_fail(c, WHY_PROXY_HEADER_UNTRUSTED);
		return;
	}
	switch (stream_peek(&c->stream, bytes, sizeof bytes, &got)) {
	case IO_DONE:
		break;
	case IO_AGAIN:
		return;
	default:
		client_close(c);
		return;
	}
	switch (proxy_header_parse((struct str){ bytes, got }, &h, &used)) {
	case PARSE_DONE:
		proxy_header_take(c, &h, used);
		return;
	case PARSE_MORE:
		if (!stream_peer_ended(&c->stream) && !stream_is_broken(&c->stream))
			return;
		/* fall through */
	default:
		proxy_header_fail(c, WHY_PROXY_HEADER_BAD);
	}
}

/* Anybody else would speak for whomever he likes. */
static void
proxy_header_await(struct client *c)
{
	struct proxy *p = c->proxy;

	if (!c->sender.trusted) {
		proxy_header_fail(c, WHY_PROXY_HEADER_UNTRUSTED);
		return;
	}
	stream_adopt(&c->stream, on_proxy_header, c);
	timer_set(p->loop, &c->timer, loop_now(p->loop) + p->conf.client_head_usec, on_proxy_header_late, c);
}

/* ---- the beginning ---- */

void
client_open(struct proxy *p, int fd, const struct addr *peer, bool proxied)
{
	struct ip ip = ip_of(peer);
	const struct why *why;
	struct client *c;
	bool counted;

	if ((why = address_admit(p, &ip, &counted)) == NULL && p->nclients >= p->conf.clients_max && !make_room(p))
		why = WHY_TOO_MANY_CLIENTS;
	if (why == NULL && (c = slab_take(p->clients)) == NULL)
		why = WHY_NO_MEMORY;
	if (why != NULL) {
		if (counted)
			tally_take(p->tally, &ip);
		turn_away(p, fd, why);
		return;
	}
	memset(c, 0, sizeof *c);
	c->proxy = p;
	c->counted = counted;
	client_is(c, &ip);
	p->nclients++;
	live_gauge_add(p->conf.live, p->conf.worker, LIVE_CLIENTS, 1);
	stream_open(&c->stream, p->loop, fd, on_idle, c);
	client_idle(c);
	if (proxied)
		proxy_header_await(c);
}
