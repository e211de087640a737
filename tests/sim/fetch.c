/*
 * Everything that happens to a request is an event of the network: it arrives, and then pieces of the response and its end do, in
 * order. What has arrived waits in a queue until the loop of the process that asked has its turn, as it would in a socket. The
 * memory of requests is the simulator's: a process that is killed leaves none behind.
 */
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bug.h"
#include "fetch.h"
#include "kernel.h"
#include "memory.h"
#include "net/fetch.h"

#define BODY_MAX	(16u << 20)
#define NETWORK_USEC	150

/* A piece that has come; or the end, if it has no bytes. */
struct arrival {
	struct arrival	*next;
	struct str	 bytes;
	bool		 is_end, good;
	const char	*detail;
};

struct fetch {
	TAILQ_ENTRY(fetch) link;
	struct fetcher	*fetcher;		/* NULL: it has ended */
	struct server	*server;
	char		 method[8], path[1024], at[64];
	const char	*wanted;
	struct str	 body;			/* of the request */
	const char	**fields;		/* of it */
	unsigned	 nfields;
	void		(*on_head)(void *);
	void		(*on_field)(void *, struct str, struct str);
	int64_t		 stall_usec;
	struct timer	 limit, stall;
	fetch_data_f	*on_data;
	fetch_done_f	*done;
	void		*arg;
	size_t		 most;
	/* the response */
	struct reply	 reply;
	bool		 began, sent, ends;
	int64_t		 last_usec;		/* when the last of it arrives */
	struct arrival	*first, **last;
	char		*text;
	size_t		 len, room;
	int64_t		 first_byte_usec;
};

struct fetcher {
	struct loop	*loop;
	struct io	 io;
	int		 event;
	unsigned	 process;
	struct fetcher	*next;
	TAILQ_HEAD(, fetch) fetches;
};

static struct {
	struct host	*from;
	struct server	*servers;
	struct fetcher	*fetchers;
} f;

void
fetch_begin(struct host *from)
{
	memset(&f, 0, sizeof f);
	f.from = from;
}

void
server_open(struct server *s)
{
	s->next = f.servers;
	f.servers = s;
}

/* ---- what arrives ---- */

static void
arrive(struct fetch *x, struct arrival a)
{
	struct arrival *one = sim_alloc(sizeof *one);

	*one = a;
	*x->last = one;
	x->last = &one->next;
	kernel_event_set(x->fetcher->event, true);
}

/* Not now, but when both machines can be reached. */
static bool
put_off(struct fetch *x, wire_f *fn, void *arg)
{
	const struct host *h = x->server->host;
	int64_t until = host_is_cut(h) ? h->heals_usec : 0;

	if (host_is_cut(f.from) && f.from->heals_usec > until)
		until = f.from->heals_usec;
	if (until == 0)
		return false;
	if (until < INT64_MAX)
		wire_at(until, fn, arg, 0);
	return true;
}

struct piece {
	struct fetch	*fetch;
	struct arrival	 what;
};

static void
on_piece(void *arg, uint64_t n)
{
	struct piece *p = arg;

	(void)n;
	if (p->fetch->fetcher != NULL && !put_off(p->fetch, on_piece, arg))
		arrive(p->fetch, p->what);
}

static void
send_later(struct fetch *x, int64_t usec, struct arrival a)
{
	struct piece *p = sim_alloc(sizeof *p);

	*p = (struct piece){ x, a };
	if (usec < x->last_usec)
		usec = x->last_usec;
	x->last_usec = usec;
	wire_at(usec, on_piece, p, 0);
}

static void
send_end(struct fetch *x, int64_t usec, bool good, const char *detail)
{
	x->ends = true;
	send_later(x, usec, (struct arrival){ .is_end = true, .good = good, .detail = detail });
}

static void
send_reply(struct fetch *x)
{
	const struct reply *r = &x->reply;
	int64_t at = wire_now() + r->delay_usec + NETWORK_USEC;
	size_t len = r->ending == BREAKS_OFF ? r->body.len / 2 : r->body.len, piece = r->piece > 0 ? r->piece : len;

	for (size_t done = 0; done < len; done += piece, at += r->piece_usec)
		send_later(x, at, (struct arrival){ .bytes = { r->body.p + done, len - done < piece ? len - done : piece } });
	if (r->ending == WHOLE)
		send_end(x, at, true, "");
	else if (r->ending == BREAKS_OFF)
		send_end(x, at, false, "transfer closed with outstanding read data remaining");
}

static void
on_request(void *arg, uint64_t n)
{
	struct fetch *x = arg;
	struct query q = { .method = x->method, .path = x->path, .body = x->body, .fetch = x, .fields = x->fields,
		.nfields = x->nfields };

	(void)n;
	if (x->fetcher == NULL)
		return;
	if (x->server == NULL) {
		arrive(x, (struct arrival){ .is_end = true, .detail = "Could not connect to server" });
		return;
	}
	if (put_off(x, on_request, arg))
		return;
	x->server->fn(x->server->arg, &q, &x->reply);
	wire_note("fetch", x->reply.ending, (uint64_t)x->reply.status);
	if (wire_verbose)
		printf("#              %s %s %s: %d, %zu bytes, ending %d\n", x->at, x->method, x->path, x->reply.status,
		    x->reply.body.len, (int)x->reply.ending);
	x->reply.status = x->reply.status == 0 ? 200 : x->reply.status;
	x->sent = x->reply.ending != REFUSES;
	if (x->reply.ending == REFUSES)
		send_end(x, wire_now() + NETWORK_USEC, false, "Could not connect to server");
	else if (x->reply.ending != NEVER)
		send_reply(x);
}

bool
fetch_push(struct fetch *x, struct str text)
{
	char *copy;

	if (x->fetcher == NULL || x->ends)
		return false;
	copy = sim_alloc(text.len);
	memcpy(copy, text.p, text.len);
	send_later(x, wire_now() + NETWORK_USEC, (struct arrival){ .bytes = { copy, text.len } });
	return true;
}

void
fetch_end(struct fetch *x)
{
	if (x->fetcher != NULL && !x->ends)
		send_end(x, wire_now() + NETWORK_USEC, false, "Connection reset by peer");
}

/* ---- in a turn of the brain ---- */

static void
fetch_leave(struct fetch *x)
{
	struct fetcher *fr = x->fetcher;

	timer_clear(fr->loop, &x->limit);
	timer_clear(fr->loop, &x->stall);
	TAILQ_REMOVE(&fr->fetches, x, link);
	x->fetcher = NULL;
}

static void
fetch_finish(struct fetch *x, const struct why *why, const char *detail)
{
	struct fetch_result r = { .why = why, .detail = detail, .status = x->began ? x->reply.status : 0, .body = { x->text, x->len },
	    .wanted = str_of(x->began && x->wanted != NULL && x->reply.wanted != NULL ? x->reply.wanted : ""), .sent = x->sent,
	    .first_byte_usec = x->first_byte_usec };

	if (why == NULL && (r.status < 200 || r.status >= 300))
		r.why = WHY_METRICS_STATUS;
	fetch_leave(x);
	x->done(x->arg, &r);
}

static void
on_stall(void *arg)
{
	fetch_finish(arg, WHY_METRICS_FETCH, "nothing came");
}

static void
on_limit(void *arg)
{
	fetch_finish(arg, WHY_METRICS_FETCH, "Timeout was reached");
}

static void
text_add(struct fetch *x, struct str piece)
{
	char *more;

	if (x->len + piece.len > x->room) {
		x->room = 2 * (x->len + piece.len);
		more = sim_alloc(x->room);
		memcpy(more, x->text, x->len);
		x->text = more;
	}
	memcpy(x->text + x->len, piece.p, piece.len);
	x->len += piece.len;
}

/* Its head is here. */
static void
begin(struct fetch *x)
{
	struct str rest = str_of(x->reply.fields == NULL ? "" : x->reply.fields), line, name;

	x->began = true;
	x->first_byte_usec = clock_mono_usec();
	if (x->on_head != NULL)
		x->on_head(x->arg);
	while (x->on_field != NULL && str_split(&rest, '\n', &line))
		if (line.len > 0 && str_split(&line, ':', &name))
			x->on_field(x->arg, name, str_trim(line));
}

static void
piece_read(struct fetch *x, struct str piece)
{
	struct loop *l = x->fetcher->loop;
	bool ok = x->reply.status >= 200 && x->reply.status < 300;

	if (!x->began)
		begin(x);
	if (x->stall_usec > 0)
		timer_set(l, &x->stall, loop_now(l) + x->stall_usec, on_stall, x);
	if (x->most > 0 && x->len + piece.len > x->most) {
		fetch_finish(x, WHY_METRICS_LARGE, "");
		return;
	}
	if (x->on_data == NULL || !ok)
		text_add(x, piece);
	else if (!x->on_data(x->arg, piece) && x->fetcher != NULL)
		fetch_finish(x, NULL, "");
}

/* True: something was read. */
static bool
fetch_read(struct fetch *x)
{
	struct arrival *a = x->first;

	if (a == NULL)
		return false;
	x->first = a->next;
	x->last = a->next == NULL ? &x->first : x->last;
	if (!a->is_end)
		piece_read(x, a->bytes);
	else {
		if (a->good && !x->began)
			begin(x);
		fetch_finish(x, a->good ? NULL : WHY_METRICS_FETCH, a->detail);
	}
	return true;
}

/* From the beginning after each: callbacks begin and cancel others. */
static void
on_event(void *arg, uint32_t events)
{
	struct fetcher *fr = arg;
	struct fetch *x;

	(void)events;
	kernel_event_set(fr->event, false);
	do
		TAILQ_FOREACH(x, &fr->fetches, link)
			if (fetch_read(x))
				break;
	while (x != NULL);
}

/* ---- in the place of net/fetch.c ---- */

struct fetcher *
fetcher_new(struct loop *l)
{
	struct fetcher *fr = sim_alloc(sizeof *fr);

	fr->loop = l;
	fr->process = kernel_process();
	fr->next = f.fetchers;
	f.fetchers = fr;
	TAILQ_INIT(&fr->fetches);
	fr->event = kernel_event();
	loop_watch(l, &fr->io, fr->event, LOOP_LEVEL, on_event, fr);
	return fr;
}

void
fetcher_free(struct fetcher **fp)
{
	struct fetcher *fr = *fp;
	struct fetch *x;

	*fp = NULL;
	if (fr == NULL)
		return;
	while ((x = TAILQ_FIRST(&fr->fetches)) != NULL)
		fetch_leave(x);
	loop_unwatch(fr->loop, &fr->io);
	close(fr->event);
	fr->process = 0;
}

void
fetch_forget(unsigned process)
{
	struct fetch *x;

	for (struct fetcher *fr = f.fetchers; fr != NULL; fr = fr->next)
		if (fr->process == process) {
			TAILQ_FOREACH(x, &fr->fetches, link)
				x->fetcher = NULL;
			fr->process = 0;
		}
}

/* http://HOST:PORT/PATH, and a unix socket is a server of that name. */
static void
url_read(struct fetch *x, const struct fetch_conf *c)
{
	struct str rest = str_of(c->url), at;

	ASSERT(str_starts(rest, STR("http://")));
	rest.p += 7;
	rest.len -= 7;
	if (!str_split(&rest, '/', &at))
		at = rest, rest = STR("");
	str_copy(x->at, sizeof x->at, c->unix_socket != NULL ? str_of(c->unix_socket) : at);
	ASSERT(rest.len + 2 < sizeof x->path);
	x->path[0] = '/';
	memcpy(x->path + 1, rest.p, rest.len);
	for (x->server = f.servers; x->server != NULL && strcmp(x->server->at, x->at) != 0; x->server = x->server->next)
		continue;
}

struct fetch *
fetch_start(struct fetcher *fr, const struct fetch_conf *c, fetch_data_f *on_data, fetch_done_f *done, void *arg)
{
	struct fetch *x = sim_alloc(sizeof *x);
	char *body = sim_alloc(c->body.len);

	ASSERT(c->url != NULL && done != NULL && (c->on_field == NULL || c->fields != NULL));
	*x = (struct fetch){ .fetcher = fr, .wanted = c->wanted, .stall_usec = c->stall_usec, .on_data = on_data, .done = done,
	    .arg = arg, .most = c->body_max == 0 && on_data == NULL ? BODY_MAX : c->body_max };
	x->on_head = c->on_head;
	x->on_field = c->on_field;
	x->nfields = c->nfields;
	x->fields = sim_alloc(c->nfields * sizeof *x->fields + 1);
	for (unsigned i = 0; i < c->nfields; i++)
		x->fields[i] = strcpy(sim_alloc(strlen(c->fields[i]) + 1), c->fields[i]);
	x->last = &x->first;
	x->text = (char *)x->path;	/* not NULL */
	snprintf(x->method, sizeof x->method, "%s", c->method != NULL ? c->method : c->body.len > 0 ? "POST" : "GET");
	url_read(x, c);
	if (c->body.len > 0)
		memcpy(body, c->body.p, c->body.len);
	x->body = (struct str){ body, c->body.len };
	TAILQ_INSERT_TAIL(&fr->fetches, x, link);
	if (c->timeout_usec > 0)
		timer_set(fr->loop, &x->limit, loop_now(fr->loop) + c->timeout_usec, on_limit, x);
	if (c->stall_usec > 0)
		timer_set(fr->loop, &x->stall, loop_now(fr->loop) + c->stall_usec, on_stall, x);
	wire_at(wire_now() + NETWORK_USEC, on_request, x, 0);
	return x;
}

void
fetch_cancel(struct fetch *x)
{
	ASSERT(x->fetcher != NULL);
	fetch_leave(x);
}
