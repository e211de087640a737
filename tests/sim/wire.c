/*
 * Of each direction: bytes that were written (w), that have left (l), that have arrived (a), that were read (r); r <= a <= l <= w.
 * Not more than a window is between r and l, and not more than there is room for between l and w. As Linux has it: closing
 * with unread bytes resets, what arrives at an end that is closed is responded to with a reset, and bytes that arrived before a
 * reset can still be read.
 */
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "memory.h"
#include "wire_priv.h"

static struct {
	struct port	*ports;
	uint64_t	 conns;
} net;

/* ---- connections ---- */

struct direction {
	char		*bytes;			/* those from r on, from `start` on */
	size_t		 start, cap;
	uint64_t	 w, l, a, r;
	bool		 end_queued, end_left, ended;
	int64_t		 last_usec;		/* when the last of it arrives */
	int64_t		 left_usec;		/* when the last of it has left */
	int64_t		 came_usec;		/* when bytes arrived last */
	int64_t		 stalled_usec;
};

struct end {
	struct conn	*conn;
	struct end	*peer;
	struct direction in;
	bool		 connected, closed, shut, dead, starved;
	int		 error;
	end_f		*fn;
	void		*arg;
	struct host	*host;
	struct addr	 addr;
	struct secure	*secure;
};

struct conn {
	struct end	 end[2];	/* who called, and who was called */
	struct weather	 weather;
	struct rng	 rng;
	uint64_t	 number;
};

void
wire_forget(void)
{
	net.ports = NULL;
	net.conns = 0;
}

static wire_f on_arrival, on_window, on_end, on_reset, on_call, on_accepted;

bool
host_is_cut(const struct host *h)
{
	return h != NULL && wire_now() >= h->cut_usec && wire_now() < h->heals_usec;
}

static int64_t
delay(struct conn *c)
{
	const struct weather *w = &c->weather;

	return w->delay_usec + (w->jitter_usec > 0 ? rng_below(&c->rng, (uint32_t)w->jitter_usec) : 0);
}

static void
tell(struct end *e, unsigned what)
{
	if (e->fn != NULL)
		e->fn(e->arg, what);
}

/* Not now, but when both machines can be reached, and nothing stops it. False: it may happen. */
static bool
put_off(struct end *to, wire_f *fn, uint64_t n)
{
	const struct host *a = to->host, *b = to->peer->host;
	int64_t until = to->in.stalled_usec;

	if (host_is_cut(a) && a->heals_usec > until)
		until = a->heals_usec;
	if (host_is_cut(b) && b->heals_usec > until)
		until = b->heals_usec;
	if (until <= wire_now())
		return false;
	if (until < INT64_MAX)
		wire_at(until, fn, to, n);
	return true;
}

/* Something arrives at `to`, behind all that is on its way there already. */
static void
send_to(struct end *to, wire_f *fn, uint64_t n)
{
	struct direction *d = &to->in;
	int64_t at = wire_now() + delay(to->conn);

	d->last_usec = at > d->last_usec ? at : d->last_usec;
	d->left_usec = wire_now();
	wire_at(d->last_usec, fn, to, n);
}

/* As much leaves as the window takes. */
static void
leave(struct end *to)
{
	struct direction *d = &to->in;
	const struct weather *w = &to->conn->weather;

	while (d->l < d->w && d->l - d->r < w->window) {
		uint64_t n = d->w - d->l, most = w->window - (d->l - d->r);
		if (n > most)
			n = most;
		if (w->piece_most > 0 && n > 1) {
			most = 1 + rng_below(&to->conn->rng, w->piece_most);
			n = n < most ? n : most;
		}
		d->l += n;
		send_to(to, on_arrival, d->l);
	}
	if (d->l == d->w && d->end_queued && !d->end_left) {
		d->end_left = true;
		send_to(to, on_end, d->l);
	}
}

static void
arrive(struct end *e, uint64_t upto)
{
	if (upto <= e->in.a)
		return;
	e->in.a = upto;
	e->in.came_usec = wire_now();
}

static void
send_reset(struct end *to)
{
	send_to(to, on_reset, to->in.l);
}

static void
on_arrival(void *arg, uint64_t upto)
{
	struct end *e = arg;

	if (put_off(e, on_arrival, upto))
		return;
	if (e->closed) {
		if (!e->dead && !e->peer->dead)
			send_reset(e->peer);
		e->dead = true;
		return;
	}
	if (e->dead)
		return;
	arrive(e, upto);
	tell(e, END_IN);
}

static void
on_end(void *arg, uint64_t upto)
{
	struct end *e = arg;

	if (put_off(e, on_end, upto) || e->dead)
		return;
	arrive(e, upto);
	e->in.ended = true;
	if (!e->closed)
		tell(e, END_IN | END_HUNG | (e->shut ? END_OVER : 0));
}

static void
die(struct end *e, int error)
{
	e->dead = true;
	e->error = error;
	e->peer->in.w = e->peer->in.l;		/* what has not left never will */
	tell(e, END_IN | END_OUT | END_HUNG | END_BROKEN | END_OVER);
}

static void
on_reset(void *arg, uint64_t upto)
{
	struct end *e = arg;

	if (put_off(e, on_reset, upto) || e->dead)
		return;
	arrive(e, upto);
	if (e->closed)
		e->dead = true;
	else
		die(e, !e->connected ? ECONNREFUSED : e->in.ended && !e->shut ? EPIPE : ECONNRESET);
}

static bool
has_room(const struct end *e)
{
	uint64_t queued = e->peer->in.w - e->peer->in.l, room = e->conn->weather.room;

	return queued < room && room - queued >= queued / 2;
}

/* The other end has read: what waited may leave, and there may be room again. */
static void
on_window(void *arg, uint64_t n)
{
	struct end *e = arg;

	if (put_off(e, on_window, n) || e->dead)
		return;
	leave(e->peer);
	if (e->starved && !e->closed && has_room(e)) {
		e->starved = false;
		tell(e, END_OUT);
	}
}

struct end *
end_connect(struct host *from, const struct addr *to, const struct weather *w, end_f *fn, void *arg)
{
	struct conn *c = sim_alloc(sizeof *c);
	struct end *e = &c->end[0], *peer = &c->end[1];

	c->weather = *w;
	c->number = net.conns++;
	rng_seed(&c->rng, w->seed ^ c->number << 32);
	rng_seed(&c->rng, rng_u64(&c->rng));
	e->conn = peer->conn = c;
	e->peer = peer;
	peer->peer = e;
	e->host = from;
	e->addr = from->addr;
	addr_set_port(&e->addr, 1024 + (unsigned)(c->number % 60000));
	e->fn = fn;
	e->arg = arg;
	peer->addr = *to;
	peer->connected = true;
	for (struct port *p = net.ports; p != NULL && peer->host == NULL; p = p->next)
		if (addr_eq(&p->addr, to))
			peer->host = p->host;
	wire_note("call", c->number, addr_port(to));
	send_to(peer, on_call, 0);
	return e;
}

/* As SO_REUSEPORT has it, by a hash of who calls. */
static struct port *
port_for(const struct end *e)
{
	struct port *one = NULL;
	unsigned n = 0;
	struct rng r;

	rng_seed(&r, e->conn->weather.seed ^ e->conn->number << 32 ^ 1);
	for (struct port *p = net.ports; p != NULL; p = p->next)
		if (addr_eq(&p->addr, &e->addr) && p->accept != NULL && (n++ == 0 || rng_below(&r, n) == 0))
			one = p;
	return one;
}

static void
on_call(void *arg, uint64_t n)
{
	struct end *e = arg;
	struct port *p;

	if (put_off(e, on_call, n))
		return;
	if (e->peer->closed)
		return;
	if ((p = port_for(e)) == NULL) {
		send_reset(e->peer);
		return;
	}
	e->host = p->host;
	send_to(e->peer, on_accepted, 0);
	p->accept(p->arg, e);
}

static void
on_accepted(void *arg, uint64_t n)
{
	struct end *e = arg;

	if (put_off(e, on_accepted, n))
		return;
	if (e->closed) {		/* meanwhile, and nothing told the other end */
		send_reset(e->peer);
		return;
	}
	if (e->dead)
		return;
	e->connected = true;
	tell(e, END_OUT);
}

void
raw_adopt(struct end *e, end_f *fn, void *arg)
{
	e->fn = fn;
	e->arg = arg;
}

static int
broken(struct end *e, int otherwise)
{
	int error = e->error != 0 ? e->error : otherwise;

	e->error = 0;
	errno = error;
	return error == 0 ? 0 : -1;
}

ssize_t
raw_write(struct end *e, const void *p, size_t n)
{
	struct direction *d = &e->peer->in;
	uint64_t room, queued = d->w - d->l;
	size_t held = (size_t)(d->w - d->r);
	char *bytes;

	ASSERT(!e->closed && n > 0);
	if (e->dead || e->shut)
		return broken(e, EPIPE);
	room = e->connected && queued < e->conn->weather.room ? e->conn->weather.room - queued : 0;
	if (n > room) {
		e->starved = true;
		n = room;
	}
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (d->start + held + n > d->cap) {
		bytes = d->bytes;
		if (held + n > d->cap / 2) {
			d->cap = 4 * (held + n);
			bytes = sim_alloc(d->cap);
		}
		if (held > 0)
			memmove(bytes, d->bytes + d->start, held);
		d->bytes = bytes;
		d->start = 0;
	}
	memcpy(d->bytes + d->start + held, p, n);
	d->w += n;
	leave(e->peer);
	return (ssize_t)n;
}

ssize_t
raw_read(struct end *e, void *p, size_t cap, bool peek)
{
	struct direction *d = &e->in;
	uint64_t n = d->a - d->r;

	ASSERT(!e->closed && cap > 0);
	if (n == 0) {
		if (d->ended)
			return 0;
		if (e->dead)
			return broken(e, 0);
		errno = EAGAIN;
		return -1;
	}
	n = n < cap ? n : cap;
	memcpy(p, d->bytes + d->start, n);
	if (peek)
		return (ssize_t)n;
	d->start += n;
	d->r += n;
	if (!e->peer->closed || d->l < d->w || d->end_queued)
		wire_at(wire_now() + delay(e->conn), on_window, e->peer, 0);
	return (ssize_t)n;
}

unsigned
raw_is(const struct end *e)
{
	if (e->dead)
		return END_IN | END_OUT | END_HUNG | END_OVER | (e->error != 0 ? END_BROKEN : 0);
	if (!e->connected)
		return 0;
	return (e->in.a > e->in.r || e->in.ended ? END_IN : 0) | (e->in.ended ? END_HUNG : 0) |
	    (e->shut || has_room(e) ? END_OUT : 0) | (e->in.ended && e->shut ? END_OVER : 0);
}

int64_t
end_came_usec(const struct end *e)
{
	return e->in.came_usec;
}

int
end_error(struct end *e)
{
	int error = e->error;

	e->error = 0;
	return error;
}

void
raw_shut(struct end *e)
{
	ASSERT(!e->closed);
	if (e->dead || e->shut)
		return;
	e->shut = true;
	e->peer->in.end_queued = true;
	leave(e->peer);
}

void
raw_close(struct end *e, bool reset)
{
	ASSERT(!e->closed);
	e->fn = NULL;
	e->closed = true;
	if (e->dead)
		return;
	if (reset || e->in.a > e->in.r || !e->connected) {
		e->dead = true;
		e->peer->in.w = e->peer->in.l;
		if (e->connected)
			send_reset(e->peer);
	} else if (!e->shut) {
		e->shut = true;
		e->peer->in.end_queued = true;
		leave(e->peer);
	}
}

struct secure **
raw_secure(struct end *e)
{
	return &e->secure;
}

const struct addr *
end_addr(const struct end *e)
{
	return &e->addr;
}

bool
end_is_between(const struct end *a, const struct end *b)
{
	return a->peer == b;
}

const struct addr *
end_peer_addr(const struct end *e)
{
	return &e->peer->addr;
}

bool
end_unacknowledged(const struct end *e, int64_t *since)
{
	const struct direction *d = &e->peer->in;
	const struct host *a = e->host, *b = e->peer->host;
	int64_t cut = host_is_cut(b) ? b->cut_usec : host_is_cut(a) ? a->cut_usec : 0;

	if (cut == 0 || (d->l == d->a && !(d->end_left && !d->ended)))
		return false;
	*since = d->left_usec > cut ? d->left_usec : cut;
	return true;
}

void
end_stall(struct end *e, int64_t until)
{
	if (until > e->in.stalled_usec)
		e->in.stalled_usec = until;
}

/* ---- listening ---- */

void
port_open(struct port *p)
{
	p->next = net.ports;
	net.ports = p;
}

void
port_close(struct port *p)
{
	struct port **pp = &net.ports;

	while (*pp != p) {
		ASSERT(*pp != NULL);
		pp = &(*pp)->next;
	}
	*pp = p->next;
}
