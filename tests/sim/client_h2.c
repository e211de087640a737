/*
 * What a call does wrong is done to its stream, and where it leaves "by a reset", to the connection and all that is on it.
 */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "chain.h"
#include "client_h2.h"
#include "coded.h"
#include "frames.h"
#include "front.h"
#include "handshake.h"
#include "heads.h"
#include "memory.h"
#include "response.h"
#include "rpc.h"

#define REDIAL_USEC	(USEC_PER_SEC / 10)
#define DIALS_MOST	20
#define GRACE_USEC	(60 * USEC_PER_SEC)

/* A call, from its first frame on. */
struct call_h2 {
	struct client_h2 *client;
	const struct call *call;
	struct entry	*entry;
	int32_t		 id;			/* of the stream; 0: there is none */
	bool		 headed, ended, leaves;
	struct response	 in;
	struct head_text head;
	uint64_t	 sent;
	int64_t		 due_usec;		/* no byte before */
	bool		 stalled, deferred;
	int32_t		 unread;		/* bytes that the client has not made room for again */
	int64_t		 reads_usec;		/* when it does */
};

struct client_h2 {
	const struct plan *plan;
	const struct plan_client *how;
	unsigned	 number;
	struct host	 host;
	const struct addr *proxy;
	struct end	*end;			/* NULL: there is no connection */
	struct handshake handshake;
	uint64_t	 life;
	bool		 connected, over, going;	/* going: no more streams on this one */
	nghttp2_session	*session;
	struct call_h2	 call[CALLS];
	unsigned	 next, open, dials;
	int64_t		 due_usec;		/* no new call before */
	struct frames	 out;
	struct bound	 bound[SERVICES];
};

static void client_turn(struct client_h2 *);

static void
on_timer(void *arg, uint64_t life)
{
	struct client_h2 *c = arg;

	if (life == c->life)
		client_turn(c);
}

static void
turn_at(struct client_h2 *c, int64_t usec)
{
	wire_at(usec, on_timer, c, c->life);
}

static void
on_end(void *arg, unsigned what)
{
	(void)what;
	client_turn(arg);
}

/* ---- what nghttp2 calls ---- */

static int
on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t nlen, const uint8_t *value, size_t len,
    uint8_t flags, void *arg)
{
	struct call_h2 *k = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
	const char *n = (const char *)name, *v = (const char *)value;

	(void)nlen;
	(void)flags;
	(void)arg;
	if (k != NULL)
		rpc_see(&k->entry->rpc, k->headed, n, v);
	if (k == NULL || k->headed)
		return 0;
	if (n[0] != ':')
		chain_see(&k->in.seen, n, v);
	if (strcmp(n, ":status") == 0)
		k->head = (struct head_text){ .len = 0 };
	head_text_add(&k->head, n, v);
	if (strcmp(n, ":status") == 0)
		k->in = (struct response){ .status = atoi(v), .exchange = NOBODY };
	else if (strcmp(n, "x-by") == 0)
		snprintf(k->in.by, sizeof k->in.by, "%s", v);
	else if (strcmp(n, "set-cookie") == 0 && strncmp(v, "at=", 3) == 0)
		snprintf(k->in.cookie, sizeof k->in.cookie, "%.*s", (int)strcspn(v + 3, ";"), v + 3);
	else if (strcmp(n, "content-length") == 0) {
		k->in.has_length = true;
		k->in.length = strtoull(v, NULL, 10);
	} else if (strcmp(n, "x-tag") == 0)
		k->in.exchange = (uint32_t)strtoul(v, NULL, 10);
	else if (strcmp(n, "x-also") == 0)
		k->in.added = !k->in.added;
	else if (strcmp(n, "mola-why") == 0) {
		k->in.ours = true;
		snprintf(k->in.why, sizeof k->in.why, "%.*s", (int)len, v);
	}
	return 0;
}

/* Its heads are not there in time, on purpose. */
static bool
is_late(const struct client_h2 *c)
{
	return c->how->parts.usec >= HEAD_USEC && c->out.last.began_usec > 0;
}

/* Mola has had enough of it: not without a reason, nor before that was there. */
static void
goaway_check(const struct client_h2 *c, uint32_t code)
{
	int64_t usec = wire_now() - c->out.last.began_usec, way = 4 * (c->how->weather.delay_usec + c->how->weather.jitter_usec);

	if (code == NGHTTP2_ENHANCE_YOUR_CALM && c->how->parts.heads > 0 && !(is_late(c) && usec >= HEAD_USEC) && !frames_seem_late(&c->out, way))
		broken("client %u had to leave, %lld us after a head has begun", c->number, (long long)usec);
}

static int
on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct client_h2 *c = arg;
	struct call_h2 *k = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);

	if (f->hd.type == NGHTTP2_GOAWAY) {
		c->going = true;
		goaway_check(c, f->goaway.error_code);
		wire_note("goaway", f->goaway.error_code, (uint64_t)f->goaway.last_stream_id);
	}
	if (k == NULL)
		return 0;
	if (f->hd.type == NGHTTP2_HEADERS && !k->headed && k->in.status >= 200) {
		k->headed = true;
		k->in.coded = k->in.ours ? NULL : coded_new(k->in.seen.coding, k->call->id);
		rpc_check_head(k->entry, k->in.ours, k->in.why, (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
		response_head(c->plan, k->call, k->entry, &k->in, c->bound);
		if (!k->in.ours)
			heads_check_response(k->entry, head_text_keep(&k->head), true);
	}
	if ((f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) && (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		k->ended = true;
	return 0;
}

static void
make_room(struct call_h2 *k, size_t n)
{
	const struct call *l = k->call;

	if (l->read_piece == 0 || k->client->how->h2_window == 0) {
		nghttp2_session_consume_stream(k->client->session, k->id, n);
		return;
	}
	if (k->unread == 0) {
		k->reads_usec = wire_now() + l->read_usec;
		turn_at(k->client, k->reads_usec);
	}
	k->unread += (int32_t)n;
}

static int
on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
	struct call_h2 *k = nghttp2_session_get_stream_user_data(s, id);

	(void)flags;
	(void)arg;
	nghttp2_session_consume_connection(s, n);
	if (k == NULL)
		return 0;
	if (k->in.coded != NULL)
		coded_add(k->in.coded, (const char *)p, n);
	for (size_t i = 0; i < n && !k->in.ours && k->in.coded == NULL; i++)
		if (p[i] != rpc_byte(k->call, DOWN, k->in.body + i)) {
			broken("x%u got a byte that is not this exchange's", k->call->id);
			break;
		}
	k->in.body += n;
	k->leaves |= k->call->leave_read >= 0 && k->in.body >= (uint64_t)k->call->leave_read;
	make_room(k, n);
	return 0;
}

static int
on_close(nghttp2_session *s, int32_t id, uint32_t error, void *arg)
{
	struct client_h2 *c = arg;
	struct call_h2 *k = nghttp2_session_get_stream_user_data(s, id);

	if (k == NULL || k->id == 0)
		return 0;
	k->id = 0;
	c->open--;
	wire_note("stream closed", k->call->id, error);
	if (k->entry->fate != WAITING)
		return 0;
	c->dials = 0;
	if (k->ended && k->headed)
		response_whole(k->call, k->entry, &k->in, false);
	else {
		k->entry->may_drop |= error == NGHTTP2_REFUSED_STREAM;
		k->entry->rpc.reset = true;
		k->entry->rpc.code = error;
		entry_end(k->entry, k->headed ? CUT : DROPPED);
	}
	return 0;
}

static ssize_t
on_body(nghttp2_session *s, int32_t id, uint8_t *p, size_t cap, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct call_h2 *k = source->ptr;
	const struct call *l = k->call;
	uint64_t n = rpc_may_send(l, UP, k->in.body) - k->sent;

	(void)s;
	(void)id;
	(void)arg;
	if (n == 0) {			/* the other side is to say something first */
		k->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (l->stall_at >= 0 && !k->stalled && k->sent + n > (uint64_t)l->stall_at)
		n = (uint64_t)l->stall_at > k->sent ? (uint64_t)l->stall_at - k->sent : 0;
	if (n == 0 && k->sent < l->body && !k->stalled) {
		k->stalled = true;
		k->due_usec = wire_now() + l->stall_usec;
		turn_at(k->client, k->due_usec);
	}
	if (l->leave_at >= 0 && k->sent >= (uint64_t)l->leave_at)
		k->leaves = true;
	if (k->leaves || wire_now() < k->due_usec) {
		k->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	n = n < cap ? n : cap;
	n = l->piece > 0 && n > l->piece ? l->piece : n;
	for (uint64_t i = 0; i < n; i++)
		p[i] = rpc_byte(l, UP, k->sent + i);
	k->sent += n;
	if (l->piece > 0) {
		k->due_usec = wire_now() + l->piece_usec;
		turn_at(k->client, k->due_usec);
	}
	if (k->sent == l->body) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		k->entry->sent_usec = wire_now();
	}
	return (ssize_t)n;
}

static void
session_begin(struct client_h2 *c)
{
	nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, c->how->h2_window };
	nghttp2_session_callbacks *cb;
	nghttp2_option *option;

	ASSERT(nghttp2_session_callbacks_new(&cb) == 0 && nghttp2_option_new(&option) == 0);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	ASSERT(nghttp2_session_client_new2(&c->session, cb, c, option) == 0);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &window, c->how->h2_window > 0);
}

/* ---- ends ---- */

/* The connection is over, and so is what was on it. */
static void
hang_up(struct client_h2 *c, bool reset, enum fate f)
{
	end_close(c->end, reset);
	c->end = NULL;
	c->life++;
	nghttp2_session_del(c->session);
	c->session = NULL;
	for (unsigned i = 0; i < c->next; i++) {
		struct call_h2 *k = &c->call[i];
		if (k->entry->fate == WAITING && k->id != 0) {
			k->entry->may_drop |= (c->going && !k->headed) || is_late(c);
			entry_end(k->entry, f != DROPPED ? f : k->headed ? CUT : DROPPED);
		}
		k->id = 0;
	}
	frames_again(&c->out);
	c->open = 0;
	c->over = c->next == c->how->ncalls || c->dials > DIALS_MOST;
	c->due_usec = wire_now() + (c->dials > 1 ? REDIAL_USEC : 0);
	turn_at(c, c->due_usec);
}

/* False: the connection is over. */
static bool
leave(struct client_h2 *c, struct call_h2 *k)
{
	if (k->call->leaves_by_reset) {
		hang_up(c, true, LEFT);
		return false;
	}
	entry_end(k->entry, LEFT);
	k->leaves = false;
	nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, k->id, NGHTTP2_CANCEL);
	return true;
}

/* ---- calls ---- */

static nghttp2_nv
field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0 };
}

static void
call_begin(struct client_h2 *c)
{
	const struct call *l = &c->how->call[c->next];
	struct call_h2 *k = &c->call[c->next++];
	char path[16], host[16], length[24];
	nghttp2_data_provider body = { .source.ptr = k, .read_callback = on_body };
	struct chain_ask asks[CHAIN_ASKS];
	unsigned nasks = chain_asks(c->plan, l, asks);
	const struct bound *bound = &c->bound[l->service];
	char cookie[32], timeout[RPC_ROOM];
	nghttp2_nv nv[7 + CHAIN_ASKS + RPC_FIELDS];
	size_t n = 4;

	snprintf(path, sizeof path, "/x%u", l->id);
	snprintf(host, sizeof host, "s%u", l->service);
	snprintf(length, sizeof length, "%llu", (unsigned long long)l->body);
	nv[0] = field(":method", l->method);
	nv[1] = field(":scheme", c->how->secure.on ? "https" : "http");
	nv[2] = field(":authority", host);
	nv[3] = field(":path", path);
	if (l->body > 0 && !l->chunked)
		nv[n++] = field("content-length", length);
	for (unsigned i = 0; i < nasks; i++)
		nv[n++] = field(asks[i].name, asks[i].value);
	n += rpc_asks(l, nv + n, timeout);
	if (bound->cookie[0] != '\0') {	/* as browsers send several */
		snprintf(cookie, sizeof cookie, "at=%s", bound->cookie);
		nv[n++] = field("cookie", "a=b");
		nv[n++] = field("cookie", cookie);
	}
	*k = (struct call_h2){ .client = c, .call = l, .entry = ledger_of(l->id), .in.exchange = NOBODY };
	for (size_t i = 0; i < n; i++)
		head_text_add(&k->head, (char *)nv[i].name, (char *)nv[i].value);
	k->entry->asked = head_text_keep(&k->head);
	memcpy(k->entry->bound, bound->by, sizeof bound->by);
	k->entry->fate = WAITING;
	k->entry->end = c->end;
	handshake_note(&c->handshake, k->entry);
	k->entry->port = addr_port(end_addr(c->end));
	k->entry->began_usec = wire_now();
	k->entry->sent_usec = l->body > 0 ? 0 : wire_now();
	k->id = nghttp2_submit_request(c->session, NULL, nv, n, l->body > 0 ? &body : NULL, k);
	ASSERT(k->id > 0);
	c->open++;
	wire_note("stream", l->id, (uint64_t)k->id);
	turn_at(c, wire_now() + GRACE_USEC);
	if (l->leave_usec >= 0)
		turn_at(c, wire_now() + l->leave_usec);
	if (c->next < c->how->ncalls) {
		c->due_usec = wire_now() + c->how->call[c->next].think_usec;
		turn_at(c, c->due_usec);
	}
}

/* False: the connection is over. */
static bool
call_turn(struct client_h2 *c, struct call_h2 *k)
{
	const struct call *l = k->call;
	int64_t now = wire_now();

	if (k->id == 0 || k->entry->fate != WAITING)
		return true;
	if (k->leaves || (l->leave_usec >= 0 && now - k->entry->began_usec >= l->leave_usec))
		return leave(c, k);
	if (k->deferred && now >= k->due_usec) {
		k->deferred = false;
		nghttp2_session_resume_data(c->session, k->id);
	}
	if (k->unread > 0 && now >= k->reads_usec) {
		int32_t n = k->unread < (int32_t)l->read_piece ? k->unread : (int32_t)l->read_piece;
		nghttp2_session_consume_stream(c->session, k->id, (size_t)n);
		k->unread -= n;
		k->reads_usec = now + l->read_usec;
		turn_at(c, k->reads_usec);
	}
	if (now - k->entry->began_usec >= 2 * GRACE_USEC)
		broken("x%u has waited for its response for two minutes", l->id);
	return true;
}

/* ---- bytes ---- */

/* True: there may be more. */
static bool
receive(struct client_h2 *c)
{
	uint8_t bytes[16384];
	ssize_t n = end_read(c->end, bytes, sizeof bytes, false), used;

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		hang_up(c, false, DROPPED);
		return false;
	}
	if ((used = nghttp2_session_mem_recv(c->session, bytes, (size_t)n)) != n)
		broken("a client of HTTP/2 got what is none: %s", used < 0 ? nghttp2_strerror((int)used) : "unread");
	return broken_text() == NULL;
}

/* A head that is too late is not waited for until then. */
static void
send_frames(struct client_h2 *c)
{
	bool waits = frames_due(&c->out) > 0;

	if (c->out.last.until_usec > 0 && wire_now() >= c->out.last.until_usec && c->out.len > 0 && is_late(c) && ledger_is_calm() && !c->going)
		broken("client %u was not told that its head is late", c->number);
	frames_send(&c->out, c->session, c->end);
	if (!waits && frames_due(&c->out) > 0)
		turn_at(c, frames_due(&c->out));
}

/* ---- turns ---- */

static void
dial(struct client_h2 *c)
{
	struct weather w = c->how->weather;

	w.seed += c->life;
	c->connected = c->going = false;
	c->dials++;
	c->end = end_connect(&c->host, c->proxy, &w, on_end, c);
	handshake_begin(&c->handshake, c->plan, c->number, c->end);
	end_adopt(c->end, on_end, c);
	session_begin(c);
}

static bool
is_connected(struct client_h2 *c)
{
	unsigned is = end_is(c->end);
	char header[128];
	size_t n;

	if (c->connected)
		return true;
	if ((is & (END_BROKEN | END_OVER)) != 0) {
		bool none = !end_is_secure(c->end);
		handshake_failed(&c->handshake, c->end);
		hang_up(c, false, DROPPED);
		c->over |= none;		/* nobody listens any more */
		return false;
	}
	c->connected = (is & END_OUT) != 0;
	if (c->connected && (n = front_header(c->plan, c->number, addr_port(end_addr(c->end)), header)) > 0)
		end_write(c->end, header, n);
	if (c->connected)
		handshake_done(&c->handshake, c->end);
	return c->connected;
}

static void
client_turn(struct client_h2 *c)
{
	if (c->over || broken_text() != NULL)
		return;
	if (c->end == NULL && wire_now() >= c->due_usec)
		dial(c);
	if (c->end == NULL || !is_connected(c))
		return;
	while (c->end != NULL && receive(c))
		continue;
	if (c->end == NULL || broken_text() != NULL)
		return;
	while (c->next < c->how->ncalls && !c->going && c->open < c->how->h2_streams && wire_now() >= c->due_usec)
		call_begin(c);
	send_frames(c);
	for (unsigned i = 0; i < c->next; i++)
		if (!call_turn(c, &c->call[i]))
			return;
	send_frames(c);
	if (c->open == 0 && (c->next == c->how->ncalls || c->going))
		hang_up(c, false, LEFT);
}

struct client_h2 *
client_h2_new(const struct plan *p, unsigned number, const struct addr *proxy)
{
	struct client_h2 *c = sim_alloc(sizeof *c);
	char name[32];

	c->plan = p;
	c->how = &p->client[number];
	c->out.how = &c->how->parts;
	c->number = number;
	c->proxy = proxy;
	snprintf(name, sizeof name, "10.0.1.%u:1", 1 + number / 2);
	ASSERT(addr_parse(str_of(name), &c->host.addr) == NULL);
	c->due_usec = wire_now() + c->how->starts_usec;
	turn_at(c, c->due_usec);
	return c;
}

bool
client_h2_is_done(const struct client_h2 *c)
{
	return c->over && c->end == NULL;
}
