/*
 * Whatever happens, client_turn() looks at everything: is a connection needed, is something to be sent, has something come?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "client.h"
#include "ledger.h"
#include "memory.h"

#define CONTINUE_USEC	USEC_PER_SEC	/* for which a 100 is waited for */
#define REDIAL_USEC	(USEC_PER_SEC / 10)
#define DIALS_MOST	20
#define GRACE_USEC	(60 * USEC_PER_SEC)	/* no response takes so long */

struct client {
	const struct plan *plan;
	const struct plan_client *how;
	unsigned	 number;
	struct host	 host;
	const struct addr *proxy;

	struct end	*end;			/* NULL: there is no connection */
	uint64_t	 life;			/* of it: timers of others mean nothing */
	bool		 connected, served;
	unsigned	 dials;			/* since something was served */
	unsigned	 first;			/* call of this connection */
	unsigned	 sending, waiting;	/* which call is sent; whose response is next */

	/* the call that is sent */
	bool		 begun, stalled, continued;
	char		 head[24000];
	size_t		 head_len, head_sent;
	struct writing	 body;
	char		 out[8192];
	size_t		 out_len, out_sent;
	uint64_t	 sent, all;
	int64_t		 due_usec;		/* no byte before */

	struct reading	 in;
	uint64_t	 read;			/* bytes of this response */
	int64_t		 read_due_usec;
	bool		 paused;
	bool		 was_ours, ending;	/* the last response said so */
};

static void client_turn(struct client *);

static const struct call *
call(const struct client *c, unsigned i)
{
	return &c->how->call[i];
}

static struct entry *
entry(const struct client *c, unsigned i)
{
	return ledger_of(call(c, i)->id);
}

static void
on_timer(void *arg, uint64_t life)
{
	struct client *c = arg;

	if (life == c->life)
		client_turn(c);
}

static void
turn_at(struct client *c, int64_t usec)
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

static void
fate(struct client *c, unsigned i, enum fate f)
{
	struct entry *e = entry(c, i);

	ASSERT(e->fate == UNSENT || e->fate == WAITING);
	e->fate = f;
	e->ended_usec = wire_now();
	wire_note("fate", call(c, i)->id, (uint64_t)f);
}

/* The connection is over, for all calls that were begun on it. */
static void
hang_up(struct client *c, bool reset, enum fate f)
{
	unsigned i = c->waiting;

	end_close(c->end, reset);
	c->end = NULL;
	c->life++;
	for (; i < c->how->ncalls && (i < c->sending || (i == c->sending && c->begun)); i++) {
		struct entry *e = entry(c, i);
		bool middle = i == c->waiting && (c->in.head || c->in.len > 0);
		if (e->fate == WAITING)
			fate(c, i, f != DROPPED ? f : middle ? CUT : DROPPED);
		if (c->ending || i > c->waiting)
			e->may_drop = true;
	}
	c->sending = c->waiting = c->first = i;
	c->begun = false;
	c->ending = false;
	c->due_usec = wire_now() + (c->dials > 1 ? REDIAL_USEC : 0);
	turn_at(c, c->due_usec);
	if (c->dials > DIALS_MOST)
		c->sending = c->waiting = c->how->ncalls;
}

void
client_stop(struct client *c)
{
	if (c->end != NULL)
		hang_up(c, true, LEFT);
	c->sending = c->waiting = c->how->ncalls;
	c->life++;
}

bool
client_is_done(const struct client *c)
{
	return c->end == NULL && c->waiting == c->how->ncalls;
}

/* ---- sending ---- */

static const char *const spoilt[BADS] = {
	[WELL] = "", [BAD_FIELD] = "X y: 1\r\n", [BAD_LENGTHS] = "Content-Length: 1\r\nContent-Length: 2\r\n",
	[BAD_HOST] = "Host: other\r\n",
};

static void
head_make(struct client *c, const struct call *l)
{
	char *p = c->head, *end = c->head + sizeof c->head;

	p += snprintf(p, 200, "%s %s/x%u HTTP/1.%d\r\nHost: s%u\r\n%s", l->method, l->bad == BAD_LINE ? "%% " : "", l->id, l->minor,
	    l->service, spoilt[l->bad] == NULL ? "" : spoilt[l->bad]);
	if (l->closes)
		p += snprintf(p, 100, "Connection: close\r\n");
	else if (l->minor == 0)
		p += snprintf(p, 100, "Connection: keep-alive\r\n");
	if (l->chunked)
		p += snprintf(p, 100, "Transfer-Encoding: chunked\r\n");
	else if (l->body > 0 || strcmp(l->method, "POST") == 0)
		p += snprintf(p, 100, "Content-Length: %llu\r\n", (unsigned long long)l->body);
	if (l->expects)
		p += snprintf(p, 100, "Expect: 100-continue\r\n");
	if (l->bad == HEAD_LARGE) {
		p += snprintf(p, 100, "X-Large: ");
		memset(p, 'x', 9000);
		p += 9000;
		p += snprintf(p, 100, "\r\n");
	}
	if (l->bad != HEAD_STOPS)
		p += snprintf(p, 100, "\r\n");
	ASSERT(p < end);
	c->head_len = (size_t)(p - c->head);
	c->head_sent = 0;
}

static void
call_begin(struct client *c)
{
	const struct call *l = call(c, c->sending);

	head_make(c, l);
	c->body = (struct writing){ .exchange = l->id, .side = UP, .chunked = l->chunked, .wrong = l->bad == BAD_CHUNK,
	    .length = l->body, .chunk = 900 };
	c->all = c->head_len + (l->bad == HEAD_STOPS ? 0 : writing_bytes(&c->body));
	c->sent = 0;
	c->out_len = c->out_sent = 0;
	c->begun = true;
	c->stalled = c->continued = false;
	entry(c, c->sending)->fate = WAITING;
	entry(c, c->sending)->began_usec = wire_now();
	wire_note("send", l->id, c->all);
}

/* Bytes for the wire, of what is to be sent now. */
static void
out_fill(struct client *c, const struct call *l)
{
	size_t n = sizeof c->out;

	if (c->out_sent < c->out_len)
		return;
	c->out_sent = c->out_len = 0;
	if (l->piece > 0 && l->piece < n)
		n = l->piece;
	if (l->stall_at >= 0 && !c->stalled && c->sent + n > (uint64_t)l->stall_at)
		n = (size_t)((uint64_t)l->stall_at - c->sent);
	if (l->leave_at >= 0 && c->sent + n > (uint64_t)l->leave_at)
		n = (size_t)((uint64_t)l->leave_at - c->sent);
	if (c->head_sent < c->head_len) {
		if (n > c->head_len - c->head_sent)
			n = c->head_len - c->head_sent;
		memcpy(c->out, c->head + c->head_sent, n);
		c->head_sent += n;
		c->out_len = n;
	} else
		c->out_len = writing_take(&c->body, c->out, n);
}

/* False: nothing is to be sent now. */
static bool
may_send(struct client *c, const struct call *l)
{
	int64_t now = wire_now();

	if (now < c->due_usec)
		return false;
	if (l->stall_at >= 0 && !c->stalled && c->out_sent == c->out_len && c->sent == (uint64_t)l->stall_at) {
		c->stalled = true;
		c->due_usec = now + l->stall_usec;
		turn_at(c, c->due_usec);
		return false;
	}
	if (l->expects && !c->continued && c->sent == c->head_len) {
		c->continued = true;
		c->due_usec = now + CONTINUE_USEC;
		turn_at(c, c->due_usec);
		return false;
	}
	return true;
}

static void
call_sent(struct client *c)
{
	const struct call *l = call(c, c->sending);

	entry(c, c->sending)->sent_usec = wire_now();
	if (l->shuts)
		end_shut(c->end);
	c->begun = false;
	c->sending++;
	c->due_usec = 0;
	turn_at(c, wire_now() + GRACE_USEC);
	if (l->leave_usec >= 0)
		turn_at(c, wire_now() + l->leave_usec);
}

/* Whether the next call may begin. */
static bool
may_begin(struct client *c)
{
	if (c->sending >= c->how->ncalls || c->ending)
		return false;
	if (c->sending > c->waiting) {
		const struct call *before = call(c, c->sending - 1);
		return call(c, c->sending)->pipelined && !before->closes && before->bad == WELL && !before->shuts;
	}
	return true;
}

/* True: it has sent something, or nobody is there any more. */
static bool
send_some(struct client *c)
{
	const struct call *l = call(c, c->sending);
	ssize_t n;

	if (!may_send(c, l))
		return false;
	if (l->leave_at >= 0 && c->sent == (uint64_t)l->leave_at && c->out_sent == c->out_len) {
		hang_up(c, l->leaves_by_reset, LEFT);
		return false;
	}
	out_fill(c, l);
	if (c->out_len == 0) {
		if (c->sent == c->all)
			call_sent(c);
		return c->end != NULL;
	}
	n = end_write(c->end, c->out + c->out_sent, c->out_len - c->out_sent);
	if (n < 0)
		return false;		/* a break is found when reading */
	c->out_sent += (size_t)n;
	c->sent += (size_t)n;
	entry(c, c->sending)->sent = c->sent;
	if (c->sent == c->all)
		call_sent(c);
	else if (l->piece > 0) {
		c->due_usec = wire_now() + l->piece_usec;
		turn_at(c, c->due_usec);
	}
	return true;
}

/* ---- receiving ---- */

static void
response_note(struct client *c)
{
	const struct call *l = call(c, c->waiting);
	struct entry *e = entry(c, c->waiting);

	e->status = c->in.status;
	memcpy(e->why, c->in.why, sizeof e->why);
	if (!c->in.ours && c->in.exchange != l->id)
		broken("x%u got the response of x%u", l->id, c->in.exchange);
	if (!c->in.ours && c->in.status != l->status && !(l->slip == STATUS_503 && c->in.status == 503))
		broken("x%u got status %d in place of %d", l->id, c->in.status, l->status);
}

/* A whole response, of the call that is waited for. False: the connection is over. */
static bool
response_done(struct client *c)
{
	const struct call *l = call(c, c->waiting);
	uint64_t due = c->in.to_head || l->status == 204 || l->status == 304 ? 0 : l->answer;
	bool early = c->waiting == c->sending;

	bool cut_unseen = l->framing == BY_END && l->slip == CLOSES_IN_BODY;

	if (!c->in.ours && c->in.status != 503 && c->in.body != due && !cut_unseen)
		broken("x%u got %llu bytes of %llu, as if they were all", l->id, (unsigned long long)c->in.body,
		    (unsigned long long)due);
	fate(c, c->waiting, c->in.ours ? REFUSED : ANSWERED);
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
		hang_up(c, false, LEFT);
		return false;
	}
	if (!c->begun) {
		c->due_usec = wire_now() + call(c, c->waiting)->think_usec;
		turn_at(c, c->due_usec);
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
		p += used;
		n -= used;
		if (c->in.bad != NULL) {
			broken("x%u got %s", call(c, c->waiting)->id, c->in.bad);
			return false;
		}
		if (c->in.head && c->in.status < 200) {
			if (c->in.status == 100)
				c->due_usec = 0;
			reading_begin(&c->in, DOWN);
			continue;
		}
		if (c->in.head)
			response_note(c);
		if (c->in.done && !response_done(c))
			return false;
	}
	return true;
}

static void
ended(struct client *c, bool clean)
{
	if (clean && c->in.head && c->waiting < c->sending + c->begun && reading_end(&c->in)) {
		c->in.keeps = false;
		if (!response_done(c))
			return;
	}
	hang_up(c, false, DROPPED);
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
		hang_up(c, l->leaves_by_reset, LEFT);
		return false;
	}
	n = end_read(c->end, bytes, cap, false);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		ended(c, n == 0);
		return false;
	}
	c->read += (uint64_t)n;
	if (!take(c, bytes, (size_t)n))
		return false;
	if (l != NULL && l == call(c, c->waiting) && l->read_piece > 0 && !(c->paused && l->read_usec > USEC_PER_SEC)) {	/* a long one is one only */
		c->paused = true;
		c->read_due_usec = wire_now() + l->read_usec;
		turn_at(c, c->read_due_usec);
	}
	return c->end != NULL;
}

/* ---- turns ---- */

static void
dial(struct client *c)
{
	struct weather w = c->how->weather;

	w.seed += c->life;
	c->connected = c->ending = c->served = false;
	c->dials++;
	c->read = 0;
	c->read_due_usec = 0;
	c->paused = false;
	reading_begin(&c->in, DOWN);
	c->end = end_connect(&c->host, c->proxy, &w, on_end, c);
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
		hang_up(c, l->leaves_by_reset, LEFT);
}

static void
client_turn(struct client *c)
{
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
			hang_up(c, false, DROPPED);
			c->sending = c->waiting = c->how->ncalls;	/* nobody listens any more */
			return;
		}
		if ((is & END_OUT) == 0)
			return;
		c->connected = true;
		c->due_usec = 0;
	}
	while (c->end != NULL && receive_some(c))
		continue;
	while (c->end != NULL && (c->begun || may_begin(c)) && wire_now() >= c->due_usec) {
		if (!c->begun)
			call_begin(c);
		if (!send_some(c))
			break;
	}
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
