/*
 * haproxy_request: sends one command, or some, and waits for the response. Must not know what
 * commands mean.
 *
 * With `prompt` HAProxy takes a command from each line, until `quit`, and its prompt is behind
 * each response. Separated by ';' they would be on one connection as well, but then an empty line
 * separates responses, and some messages end without their own newline: two become one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "targets/haproxy_request.h"

#define PIECE	16384
#define PROMPT	"\n> "

bool
haproxy_batch_next(struct str *rest, struct str *one)
{
	const char *end = rest->len == 0 ? NULL : memmem(rest->p, rest->len, PROMPT, sizeof PROMPT - 1);

	if (end == NULL)
		return false;
	*one = (struct str){ rest->p, (size_t)(end - rest->p) };
	rest->len -= one->len + sizeof PROMPT - 1;
	rest->p = end + sizeof PROMPT - 1;
	return true;
}

void
haproxy_request_cancel(struct haproxy_request *q)
{
	if (!q->busy)
		return;
	q->busy = false;
	timer_clear(q->loop, &q->timer);
	stream_close(&q->stream);
	buf_fini(&q->command);
	buf_fini(&q->response);
}

/* The response is moved out first, because the callback may start the next request at once. */
static void
request_finish(struct haproxy_request *q, const struct why *why, const char *detail)
{
	struct buf response = q->response;
	struct str text = why == NULL ? buf_str(&response) : (struct str){ "", 0 }, prompt;

	ASSERT(q->busy && (why != NULL || response.len > 0));
	if (q->batch && why == NULL && !haproxy_batch_next(&text, &prompt))
		text.len = 0;
	buf_init(&q->response, 0);
	haproxy_request_cancel(q);
	q->on_response(q->arg, why, detail, text);
	buf_fini(&response);
}

static void
fail_errno(struct haproxy_request *q, int error)
{
	char detail[128];

	snprintf(detail, sizeof detail, "%s", strerror(error));
	request_finish(q, WHY_PROXY_GONE, detail);
}

static void
on_timeout(void *arg)
{
	struct haproxy_request *q = arg;

	if (q->connect_errno != 0)
		fail_errno(q, q->connect_errno);
	else if (stream_is_connecting(&q->stream))
		request_finish(q, WHY_PROXY_GONE, "the connection was not accepted in time");
	else
		request_finish(q, WHY_PROXY_GONE, "no response in time");
}

static bool
command_send(struct haproxy_request *q)
{
	size_t put;

	while (q->command.len > 0) {
		struct iovec iov = { q->command.p, q->command.len };
		enum io_result r = stream_writev(&q->stream, &iov, 1, &put);
		if (r != IO_DONE)
			return r == IO_AGAIN;
		buf_eat(&q->command, put);
	}
	return true;
}

static enum io_result
response_read(struct haproxy_request *q)
{
	char piece[PIECE];
	enum io_result r;
	size_t got;

	while ((r = stream_read(&q->stream, piece, sizeof piece, &got)) == IO_DONE)
		if (!buf_add(&q->response, piece, got))
			return IO_FAIL;
	return r;
}

static void
on_stream(void *arg)
{
	struct haproxy_request *q = arg;
	enum io_result r = stream_connected(&q->stream);

	if (r == IO_AGAIN)
		return;
	if (r == IO_FAIL || !command_send(q)) {
		fail_errno(q, stream_error(&q->stream));
		return;
	}
	r = response_read(q);
	if (q->response.full)
		request_finish(q, WHY_PROXY_GONE, "its response is larger than 16 MiB");
	else if (r == IO_FAIL)
		fail_errno(q, stream_error(&q->stream));
	else if (r == IO_EOF && q->response.len == 0)
		request_finish(q, WHY_PROXY_GONE, "it closed the connection without a response");
	else if (r == IO_EOF)
		request_finish(q, NULL, "");
}

static void
begin(struct haproxy_request *q, struct loop *l, haproxy_response_f *on_response, void *arg,
    size_t bytes)
{
	ASSERT(!q->busy);
	*q = (struct haproxy_request){ .loop = l, .busy = true, .on_response = on_response, .arg = arg };
	buf_init(&q->command, bytes);
	buf_init(&q->response, HAPROXY_RESPONSE_BYTES_MAX);
}

static void
line_add(struct haproxy_request *q, const char *command)
{
	ASSERT(strchr(command, '\n') == NULL);
	buf_printf(&q->command, "%s\n", command);
}

static void
connect_to(struct haproxy_request *q, const struct addr *to, int64_t timeout_usec)
{
	ASSERT(timeout_usec > 0 && !q->command.full);
	if (stream_connect(&q->stream, q->loop, to, on_stream, q) != NULL) {
		q->connect_errno = errno;
		timeout_usec = 0;
	}
	timer_set(q->loop, &q->timer, loop_now(q->loop) + timeout_usec, on_timeout, q);
}

void
haproxy_request_start(struct haproxy_request *q, struct loop *l, const struct addr *to,
    const char *command, int64_t timeout_usec, haproxy_response_f *on_response, void *arg)
{
	begin(q, l, on_response, arg, strlen(command) + 2);
	line_add(q, command);
	connect_to(q, to, timeout_usec);
}

void
haproxy_request_start_batch(struct haproxy_request *q, struct loop *l, const struct addr *to,
    const char *const *command, unsigned n, int64_t timeout_usec, haproxy_response_f *on_response,
    void *arg)
{
	size_t bytes = 32;

	ASSERT(n > 0);
	for (unsigned i = 0; i < n; i++)
		bytes += strlen(command[i]) + 1;
	begin(q, l, on_response, arg, bytes);
	q->batch = true;
	line_add(q, "prompt");
	for (unsigned i = 0; i < n; i++)
		line_add(q, command[i]);
	line_add(q, "quit");
	connect_to(q, to, timeout_usec);
}
