/*
 * haproxy_request: the waiting for one answer. Must not know what is asked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "targets/haproxy_request.h"

#define PIECE	16384

void
haproxy_request_cancel(struct haproxy_request *a)
{
	if (!a->busy)
		return;
	a->busy = false;
	timer_clear(a->loop, &a->timer);
	stream_close(&a->stream);
	buf_fini(&a->line);
	buf_fini(&a->answer);
}

/* The answer is handed over with its memory, so that the next may be asked at once. */
static void
finish(struct haproxy_request *a, const struct why *why, const char *detail)
{
	struct buf answer = a->answer;

	buf_init(&a->answer, 0);
	haproxy_request_cancel(a);
	a->fn(a->arg, why, detail, why == NULL ? buf_str(&answer) : (struct str){ "", 0 });
	buf_fini(&answer);
}

static void
broke(struct haproxy_request *a, int error)
{
	char detail[128];

	snprintf(detail, sizeof detail, "%s", strerror(error));
	finish(a, WHY_PROXY_GONE, detail);
}

static void
too_late(void *arg)
{
	struct haproxy_request *a = arg;

	if (a->failed != 0)
		broke(a, a->failed);
	else
		finish(a, WHY_PROXY_GONE, stream_is_connecting(&a->stream) ? "the connection was not accepted in time" : "no response in time");
}

static bool
speak(struct haproxy_request *a)
{
	size_t put;

	while (a->line.len > 0) {
		struct iovec iov = { a->line.p, a->line.len };
		enum io_result r = stream_writev(&a->stream, &iov, 1, &put);
		if (r != IO_DONE)
			return r == IO_AGAIN;
		buf_eat(&a->line, put);
	}
	return true;
}

static enum io_result
listen_to(struct haproxy_request *a)
{
	char piece[PIECE];
	enum io_result r;
	size_t got;

	while ((r = stream_read(&a->stream, piece, sizeof piece, &got)) == IO_DONE)
		if (!buf_add(&a->answer, piece, got))
			return IO_FAIL;
	return r;
}

static void
on_stream(void *arg)
{
	struct haproxy_request *a = arg;
	enum io_result r = stream_connected(&a->stream);

	if (r == IO_AGAIN)
		return;
	if (r == IO_FAIL || !speak(a)) {
		broke(a, stream_error(&a->stream));
		return;
	}
	r = listen_to(a);
	if (a->answer.full)
		finish(a, WHY_PROXY_GONE, "its response is larger than 16 MiB");
	else if (r == IO_FAIL)
		broke(a, stream_error(&a->stream));
	else if (r == IO_EOF && a->answer.len == 0)
		finish(a, WHY_PROXY_GONE, "it closed the connection without a response");
	else if (r == IO_EOF)
		finish(a, NULL, "");
}

void
haproxy_request_start(struct haproxy_request *a, struct loop *l, const struct addr *to, const char *line, int64_t timeout_usec,
    haproxy_response_f *fn, void *arg)
{
	ASSERT(!a->busy);
	*a = (struct haproxy_request){ .loop = l, .busy = true, .fn = fn, .arg = arg };
	buf_init(&a->line, strlen(line) + 2);
	buf_init(&a->answer, HAPROXY_RESPONSE_BYTES_MAX);
	buf_printf(&a->line, "%s\n", line);
	if (stream_connect(&a->stream, l, to, on_stream, a) != NULL) {
		a->failed = errno;
		timeout_usec = 0;
	}
	timer_set(l, &a->timer, loop_now(l) + timeout_usec, too_late, a);
}
