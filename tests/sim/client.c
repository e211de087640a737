/*
 * Whatever happens, client_turn() looks at everything: is a connection needed, is something to be sent, has something come?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "client_priv.h"
#include "front.h"
#include "heads.h"
#include "memory.h"
#include "response.h"

#define REDIAL_USEC	(USEC_PER_SEC / 10)
#define DIALS_MOST	20

static void client_turn(struct client *);

static void
on_timer(void *arg, uint64_t life)
{
	struct client *c = arg;

	if (life == c->life)
		client_turn(c);
}

void
client_at(struct client *c, int64_t usec)
{
	wire_at(usec, on_timer, c, c->life);
}

static void
on_end(void *arg, unsigned what)
{
	(void)what;
	client_turn(arg);
}

/* ---- ends ---- */

void
client_hang_up(struct client *c, bool reset, enum fate f)
{
	unsigned i = c->waiting;

	if (f == DROPPED && c->stays)
		end_adopt(c->end, NULL, NULL);
	else
		end_close(c->end, reset);
	c->stays = false;
	c->end = NULL;
	c->life++;
	for (; i < c->how->ncalls && (i < c->sending || (i == c->sending && c->begun)); i++) {
		struct entry *e = entry(c, i);
		bool middle = i == c->waiting && (c->in.head || c->in.len > 0);
		if (e->fate == WAITING)
			entry_end(e, f != DROPPED ? f : middle ? CUT : DROPPED);
		if (c->ending || i > c->waiting)
			e->may_drop = true;
	}
	c->sending = c->waiting = c->first = i;
	c->begun = false;
	c->ending = false;
	c->due_usec = wire_now() + (c->dials > 1 ? REDIAL_USEC : 0);
	client_at(c, c->due_usec);
	if (c->dials > DIALS_MOST)
		c->sending = c->waiting = c->how->ncalls;
}

void
client_stop(struct client *c)
{
	if (c->end != NULL)
		client_hang_up(c, true, LEFT);
	c->sending = c->waiting = c->how->ncalls;
	c->life++;
}

bool
client_is_done(const struct client *c)
{
	return c->end == NULL && c->waiting == c->how->ncalls;
}

/* ---- receiving ---- */

/* What HTTP/1 alone says of a response. */
static void
head_note(struct client *c)
{
	const struct call *l = call(c, c->waiting);

	if (l->minor == 0) {		/* its connection ends, unless the response says otherwise */
		c->in.keeps = c->in.keeps && c->in.says_keep;
		if (c->in.chunked)
			broken("x%u got chunks, which HTTP/1.0 does not have", l->id);
	}
	if (c->in.minor != 1)
		broken("x%u got a response of HTTP/1.%d", l->id, c->in.minor);
	c->in.keeps &= c->in.status != 101;
	if (c->in.endless && c->in.keeps)
		broken("x%u got a response without an end", l->id);
}

static struct response
response_of(const struct reading *in)
{
	struct response r = { .status = in->status, .ours = in->ours, .added = in->added, .exchange = in->exchange, .body = in->body,
		.seen = in->seen, .coded = in->coded, .has_length = in->has_length, .length = in->length };

	memcpy(r.why, in->why, sizeof r.why);
	memcpy(r.by, in->by, sizeof r.by);
	memcpy(r.cookie, in->cookie, sizeof r.cookie);
	return r;
}

/* A whole response, of the call that is waited for. False: the connection is over. */
static bool
response_done(struct client *c)
{
	const struct call *l = call(c, c->waiting);
	struct response r = response_of(&c->in);
	bool early = c->waiting == c->sending;

	/* its end is that of the connection, and a process that is killed ends those */
	response_whole(l, entry(c, c->waiting), &r, !c->in.chunked && !c->in.has_length && !c->in.to_head && entry(c, c->waiting)->lost);
	c->ending = !c->in.keeps;
	c->was_ours = c->in.ours;
	if (early && !c->ending)
		broken("x%u was responded to before all of it was sent, and the connection is to go on", l->id);
	if (l->closes && !c->ending)
		broken("x%u asked for the end of the connection, and did not get it", l->id);
	c->waiting++;
	c->served = true;
	c->dials = 0;
	if (early) {
		c->begun = false;
		c->sending++;
	}
	c->read = 0;
	c->read_due_usec = 0;
	c->paused = false;
	reading_begin(&c->in, DOWN);
	if (c->ending)
		return true;		/* the end is waited for */
	if (c->waiting == c->how->ncalls || l->shuts) {
		client_hang_up(c, false, LEFT);
		return false;
	}
	if (!c->begun) {
		c->idle_usec = c->sending == c->waiting ? wire_now() : 0;
		c->due_usec = wire_now() + call(c, c->waiting)->think_usec;
		client_at(c, c->due_usec);
	}
	return true;
}

/* There is no room for the connection, and that is what the bytes say. */
static bool
turned_away(struct client *c, const char *p, size_t n)
{
	if (reading_eat(&c->in, p, n) != n || c->in.bad != NULL)
		broken("client %u got bytes that it did not ask for", c->number);
	else if (!c->in.done)
		return true;
	else if (!c->in.ours || c->in.keeps || c->served)
		broken("client %u got a response that it did not ask for", c->number);
	c->ending = c->was_ours = true;
	return true;
}

static bool
take(struct client *c, const char *p, size_t n)
{
	while (n > 0) {
		size_t used;
		if (c->ending) {		/* a head that was not understood may have been a HEAD */
			if (!c->was_ours)
				broken("client %u got bytes after the last response", c->number);
			return true;
		}
		if (c->waiting >= c->sending + c->begun)
			return turned_away(c, p, n);
		c->in.to_head = strcmp(call(c, c->waiting)->method, "HEAD") == 0;
		used = reading_eat(&c->in, p, n);
		entry(c, c->waiting)->got += used;
		entry(c, c->waiting)->got_usec = wire_now();
		entry(c, c->waiting)->data = c->in.body;
		p += used;
		n -= used;
		if (c->in.bad != NULL) {
			broken("x%u got %s", call(c, c->waiting)->id, c->in.bad);
			return false;
		}
		if (c->in.head && c->in.status < 200 && c->in.status != 101) {
			if (c->in.status == 100) {
				client_go_on(c);
				entry(c, c->waiting)->went_on = true;
			}
			if (call(c, c->waiting)->minor == 0)
				broken("x%u got %d, which HTTP/1.0 does not have", call(c, c->waiting)->id, c->in.status);
			reading_begin(&c->in, DOWN);
			continue;
		}
		if (c->in.head) {
			struct response r = response_of(&c->in);
			head_note(c);
			response_head(c->plan, call(c, c->waiting), entry(c, c->waiting), &r, c->bound);
			if (!c->in.ours && c->in.whole[0] != '\0')
				heads_check_response(entry(c, c->waiting), c->in.whole, false);
			c->in.whole[0] = '\0';		/* once */
			if (call(c, c->waiting)->upgrades && c->begun && !c->switched)
				client_upgraded(c, c->in.status == 101);
		}
		if (c->in.done && !response_done(c))
			return false;
	}
	return true;
}

void
client_check_idle(const struct client *c, bool closed)
{
	const struct weather *w = &c->how->weather;
	int64_t slack = 2 * (w->delay_usec + w->jitter_usec) + 10000, idle = wire_now() - c->idle_usec;
	bool even = w->piece_most == 0 && w->window == 65536 && w->room == 65536;

	if (c->idle_usec == 0 || !ledger_is_calm())
		return;
	for (unsigned i = c->first; i < c->waiting; i++)	/* or that is when it has read what Mola wrote long before */
		even = even && call(c, i)->read_piece == 0;
	if (!closed && idle > IDLE_USEC + slack)
		broken("client %u was left idle for %lld us", c->number, (long long)idle);
	if (closed && even && idle < IDLE_USEC - slack)
		broken("client %u was idle for %lld us only", c->number, (long long)idle);
}

static void
ended(struct client *c, bool clean)
{
	client_check_idle(c, true);
	c->stays = clean && c->waiting > 0 && call(c, c->waiting - 1)->stays;
	if (clean && c->in.head && c->waiting < c->sending + c->begun && reading_end(&c->in)) {
		c->in.keeps = false;
		if (!response_done(c))
			return;
	}
	client_hang_up(c, false, DROPPED);
}

/* True: there may be more. */
static bool
receive_some(struct client *c)
{
	const struct call *l = c->waiting < c->how->ncalls ? call(c, c->waiting) : NULL;
	char bytes[16384];
	size_t cap = sizeof bytes;
	ssize_t n;

	if (wire_now() < c->read_due_usec)
		return false;
	if (l != NULL && l->read_piece > 0)
		cap = l->read_piece < cap ? l->read_piece : cap;
	if (l != NULL && l->leave_read >= 0 && (uint64_t)l->leave_read - c->read < cap)
		cap = (size_t)((uint64_t)l->leave_read - c->read);
	if (cap == 0) {
		client_hang_up(c, l->leaves_by_reset, LEFT);
		return false;
	}
	n = end_read(c->end, bytes, cap, false);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		ended(c, n == 0 && !c->is_reset);
		return false;
	}
	c->read += (uint64_t)n;
	if (!take(c, bytes, (size_t)n))
		return false;
	if (l != NULL && l == call(c, c->waiting) && l->read_piece > 0 && !(c->paused && l->read_usec > USEC_PER_SEC)) {	/* a long one is one only */
		c->paused = true;
		c->read_due_usec = wire_now() + l->read_usec;
		client_at(c, c->read_due_usec);
	}
	return c->end != NULL;
}

/* ---- turns ---- */

static void
dial(struct client *c)
{
	struct weather w = c->how->weather;

	w.seed += c->life;
	c->connected = c->ending = c->served = c->is_reset = false;
	c->idle_usec = 0;
	c->dials++;
	c->read = 0;
	c->read_due_usec = 0;
	c->paused = false;
	reading_begin(&c->in, DOWN);
	c->end = end_connect(&c->host, c->proxy, &w, on_end, c);
	handshake_begin(&c->handshake, c->plan, c->number, c->end);
	end_adopt(c->end, on_end, c);
}

static void
late(struct client *c)
{
	const struct call *l = call(c, c->waiting);
	const struct entry *e = entry(c, c->waiting);

	if (e->sent_usec == 0)
		return;
	if (wire_now() - e->sent_usec >= GRACE_USEC)
		broken("x%u has waited for its response for a minute", l->id);
	if (l->leave_usec >= 0 && wire_now() - e->sent_usec >= l->leave_usec)
		client_hang_up(c, l->leaves_by_reset, LEFT);
}

static void
client_turn(struct client *c)
{
	char header[128];
	size_t n;

	if (broken_text() != NULL)
		return;
	if (c->end == NULL) {
		if (c->waiting < c->how->ncalls && wire_now() >= c->due_usec)
			dial(c);
		return;
	}
	if (!c->connected) {
		unsigned is = end_is(c->end);
		if ((is & (END_BROKEN | END_OVER)) != 0) {
			bool none = !end_is_secure(c->end);
			handshake_failed(&c->handshake, c->end);
			client_hang_up(c, false, DROPPED);
			if (none)
				c->sending = c->waiting = c->how->ncalls;	/* nobody listens any more */
			return;
		}
		if ((is & END_OUT) == 0)
			return;
		c->connected = true;
		handshake_done(&c->handshake, c->end);
		n = front_header(c->plan, c->number, addr_port(end_addr(c->end)), header);
		if (n > 0)
			end_write(c->end, header, n);
		c->due_usec = 0;
	}
	while (c->end != NULL && receive_some(c))
		continue;
	client_send(c);
	if (c->end != NULL && c->waiting < c->sending)
		late(c);
}

struct client *
client_new(const struct plan *p, unsigned number, const struct addr *proxy)
{
	struct client *c = sim_alloc(sizeof *c);
	char name[32];

	c->plan = p;
	c->how = &p->client[number];
	c->number = number;
	c->proxy = proxy;
	snprintf(name, sizeof name, "10.0.1.%u:1", 1 + number / 2);
	ASSERT(addr_parse(str_of(name), &c->host.addr) == NULL);
	wire_at(wire_now() + c->how->starts_usec, on_timer, c, 0);
	return c;
}
