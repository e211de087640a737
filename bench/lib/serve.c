/*
 * One serve_request per connection, recycled for its requests. The head is parsed where it was read. A client that
 * leaves before its response leaves a request without a stream, which is freed with the response.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/buf.h"
#include "http/message.h"
#include "serve.h"

#define HEAD_MAX	8192
#define OUT_MAX		(4 << 20)
#define STREAM_LATE_MAX	(1 << 20)	/* what a slow client of a stream has not read yet */

struct serve_listener {
	LIST_ENTRY(serve_listener) link;
	struct io	 io;
	struct serve	*serve;
	serve_f		*fn;
	void		*tag;
};

struct serve {
	struct loop	*loop;
	LIST_HEAD(, serve_listener) listeners;
	LIST_HEAD(, serve_request) requests;
};

struct serve_request {
	LIST_ENTRY(serve_request)	 link;
	struct stream	 stream;
	struct deferred	 deferred;
	struct serve_listener	*listener;
	bool		 busy;			/* `fn` has it */
	bool		 keep, streams;
	bool		 ended;
	struct str	 method, path, query;
	size_t		 skip;			/* request body still to come */
	size_t		 len;			/* bytes in `in` */
	struct buf	 out;
	struct str	 tail;			/* after `out`, not ours */
	char		 in[HEAD_MAX];
};

static void	ask_go(void *arg);

struct serve *
serve_new(struct loop *l)
{
	struct serve *s = must_zalloc(sizeof *s);

	s->loop = l;
	LIST_INIT(&s->listeners);
	LIST_INIT(&s->requests);
	return s;
}

static void
ask_free(void *arg)
{
	struct serve_request *a = arg;

	LIST_REMOVE(a, link);
	buf_fini(&a->out);
	free(a);
}

static void
request_close(struct serve_request *a)
{
	stream_close(&a->stream);
	if (a->busy || a->ended)
		return;
	a->ended = true;
	loop_defer(stream_loop(&a->stream), &a->deferred, ask_free, a);
}

static void
on_accept(void *arg, uint32_t events)
{
	struct serve_listener *d = arg;
	struct addr peer;
	struct serve_request *a;
	int fd;

	(void)events;
	while ((fd = sock_accept(d->io.fd, &peer)) >= 0) {
		a = must_alloc(sizeof *a);
		memset(a, 0, offsetof(struct serve_request, in));
		buf_init(&a->out, OUT_MAX);
		a->listener = d;
		LIST_INSERT_HEAD(&d->serve->requests, a, link);
		stream_open(&a->stream, d->serve->loop, fd, ask_go, a);
	}
}

bool
serve_listen(struct serve *s, const struct addr *addr, serve_f *fn, void *tag)
{
	struct serve_listener *d;
	int fd;

	if (sock_listen(addr, false, &fd) != NULL)
		return false;
	d = must_zalloc(sizeof *d);
	d->serve = s;
	d->fn = fn;
	d->tag = tag;
	LIST_INSERT_HEAD(&s->listeners, d, link);
	loop_watch(s->loop, &d->io, fd, LOOP_LEVEL, on_accept, d);
	return true;
}

void
serve_free(struct serve **sp)
{
	struct serve *s = *sp;
	struct serve_listener *d;
	struct serve_request *a, *next;

	*sp = NULL;
	while ((d = LIST_FIRST(&s->listeners)) != NULL) {
		int fd = d->io.fd;
		LIST_REMOVE(d, link);
		loop_unwatch(s->loop, &d->io);
		close(fd);
		free(d);
	}
	for (a = LIST_FIRST(&s->requests); a != NULL; a = next) {
		next = LIST_NEXT(a, link);
		ASSERT(!a->ended);
		stream_close(&a->stream);
		ask_free(a);
	}
	free(s);
}

static struct str
head_value(struct str head, struct str name)
{
	struct str line;

	while (str_split(&head, '\n', &line))
		if (line.len > name.len && str_eq_nocase((struct str){ line.p, name.len }, name))
			return str_trim((struct str){ line.p + name.len, line.len - name.len - (line.p[line.len - 1] == '\r') });
	return str_of(NULL);
}

/* False: not for us. `head` includes the empty line. */
static bool
request_parse(struct serve_request *a, struct str head)
{
	struct str rest = head, line, target, version, value;
	uint64_t body = 0;

	if (!str_split(&rest, '\n', &line) || !str_split(&line, ' ', &a->method)
	    || !str_split(&line, ' ', &target) || !str_split(&line, '\r', &version))
		return false;
	if (!str_split(&target, '?', &a->path))
		return false;
	a->query = target;
	value = head_value(rest, STR("connection:"));
	a->keep = str_eq(version, STR("HTTP/1.1")) ? !str_eq_nocase(value, STR("close"))
	    : str_eq_nocase(value, STR("keep-alive"));
	value = head_value(rest, STR("content-length:"));
	if (value.len > 0 && !str_to_u64(value, &body))
		return false;
	a->skip = body;
	return head_value(rest, STR("transfer-encoding:")).len == 0;
}

static void
eat(struct serve_request *a, size_t n)
{
	memmove(a->in, a->in + n, a->len - n);
	a->len -= n;
}

/* True: a whole head was there, and its request is under way or its connection closed. */
static bool
request_next(struct serve_request *a)
{
	char *end;
	size_t n = a->skip < a->len ? a->skip : a->len;

	if (n > 0) {
		eat(a, n);
		a->skip -= n;
	}
	if (a->skip > 0 || (end = memmem(a->in, a->len, "\r\n\r\n", 4)) == NULL)
		return false;
	n = (size_t)(end + 4 - a->in);
	if (!request_parse(a, (struct str){ a->in, n })) {
		request_close(a);
		return true;
	}
	a->busy = true;
	a->skip += n;			/* the head is eaten with the body, at the response */
	a->listener->fn(a->listener->tag, a);
	return true;
}

static bool
request_flush(struct serve_request *a)
{
	size_t put, n;

	while (a->out.len + a->tail.len > 0) {
		struct iovec iov[2] = { { a->out.p, a->out.len }, { (char *)(uintptr_t)a->tail.p, a->tail.len } };
		switch (stream_writev(&a->stream, iov, 2, &put)) {
		case IO_DONE:
			n = put < a->out.len ? put : a->out.len;
			buf_eat(&a->out, n);
			a->tail = (struct str){ a->tail.p + (put - n), a->tail.len - (put - n) };
			break;
		case IO_AGAIN:
			return false;
		default:
			request_close(a);
			return false;
		}
	}
	return true;
}

/* Reads while nothing is under way: a busy connection's next request can wait in the kernel. */
static void
ask_go(void *arg)
{
	struct serve_request *a = arg;
	enum io_result r;
	size_t got;

	if (a->busy && stream_is_broken(&a->stream))
		request_close(a);
	else if (a->streams)
		request_flush(a);
	while (stream_is_open(&a->stream) && !a->busy && request_flush(a) && !request_next(a)) {
		if (a->len == sizeof a->in) {
			request_close(a);
			return;
		}
		r = stream_read(&a->stream, a->in + a->len, sizeof a->in - a->len, &got);
		if (r == IO_AGAIN)
			return;
		if (r != IO_DONE) {
			request_close(a);
			return;
		}
		a->len += got;
	}
}

struct loop *
serve_loop(const struct serve_request *a)
{
	return a->listener->serve->loop;
}

struct str
serve_method(const struct serve_request *a)
{
	return a->method;
}

struct str
serve_path(const struct serve_request *a)
{
	return a->path;
}

struct str
serve_value(const struct serve_request *a, const char *name)
{
	struct str rest = a->query, pair, key;

	while (str_split(&rest, '&', &pair))
		if (str_split(&pair, '=', &key) && str_eq(key, str_of(name)))
			return pair;
	return STR("");
}

double
serve_number(const struct serve_request *a, const char *name, double absent)
{
	double v;

	return str_to_double(serve_value(a, name), &v) ? v : absent;
}

static void
respond(struct serve_request *a, int status, const char *fields, struct str copied, struct str in_place)
{
	ASSERT(a->busy);
	a->busy = false;
	if (!stream_is_open(&a->stream)) {
		request_close(a);
		return;
	}
	buf_printf(&a->out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n%s%s\r\n", status, status_reason(status),
	    copied.len + in_place.len, fields != NULL ? fields : "", a->keep ? "" : "Connection: close\r\n");
	buf_adds(&a->out, copied);
	a->tail = in_place;
	if (!request_flush(a))
		return;
	if (!a->keep)
		request_close(a);
	else if (stream_can_read(&a->stream) || a->len > a->skip)
		ask_go(a);
}

void
serve_respond(struct serve_request *a, int status, const char *fields, struct str body)
{
	respond(a, status, fields, body, STR(""));
}

void
serve_respond_in_place(struct serve_request *a, int status, const char *fields, struct str body)
{
	respond(a, status, fields, STR(""), body);
}

bool
serve_stream(struct serve_request *a, const char *fields)
{
	ASSERT(a->busy && !a->streams);
	a->streams = true;
	buf_printf(&a->out, "HTTP/1.1 200 OK\r\nConnection: close\r\n%s\r\n", fields);
	return serve_piece(a, STR(""));
}

bool
serve_piece(struct serve_request *a, struct str piece)
{
	ASSERT(a->busy && a->streams);
	if (a->out.len + piece.len <= STREAM_LATE_MAX)
		buf_adds(&a->out, piece);
	if (stream_is_open(&a->stream))
		request_flush(a);
	if (stream_is_open(&a->stream))
		return true;
	a->busy = false;
	request_close(a);
	return false;
}
