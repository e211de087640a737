/*
 * What a probe asks, and how the response is read: the head alone counts.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "http/h1_read.h"
#include "proxy/health_priv.h"
#include "proxy/proxy_header.h"

/* ---- what is sent ---- */

/* The health path with the task's address as Host. */
static size_t
request_write(const struct probe *p, struct str path, char text[REQUEST_MAX])
{
	char host[ADDR_TEXT_MAX];

	return (size_t)snprintf(text, REQUEST_MAX,
	    "GET %.*s HTTP/1.1\r\nHost: %s\r\nUser-Agent: mola-health\r\n"
	    "Connection: close\r\n\r\n", STR_ARG(path),
	    p->addr.sa.any.sa_family == AF_UNIX ? "localhost" : addr_text(&p->addr, host));
}

/* A task that expects a PROXY header gets one, of a connection of our own. */
bool
probe_set_request(struct probe *p, const struct table *t, const struct table_service *s)
{
	bool connects = s->kind == SERVICE_TCP;
	char text[REQUEST_MAX];
	size_t len = connects ? proxy_header_write(text, s->proxy_version, NULL)
	    : request_write(p, table_text(t, s->health_path), text);

	if (len >= sizeof text)
		return false;
	if (connects == p->connects && len == p->request_len && memcmp(text, p->request, len) == 0)
		return true;
	p->connects = connects;
	if (p->response != NULL) {
		probe_stop(p);
		timer_set(p->health->loop, &p->timer, loop_now(p->health->loop), probe_start, p);
	}
	memcpy(p->request, text, len);
	p->request_len = len;
	return true;
}

/* ---- what comes of it ---- */

static struct stream *
probe_io(struct probe *p)
{
	return p->h2 != NULL ? &p->exchange : &p->stream;
}

/* IO_AGAIN: more is to come. IO_DONE: a whole head, and h->head holds it. IO_FAIL, IO_EOF: no
 * response. */
static enum io_result
probe_read(struct probe *p)
{
	const struct why *why;
	size_t scanned = 0, used, got;
	enum io_result res;

	ASSERT(p->response != NULL && p->got < RESPONSE_BYTES);
	while ((res = stream_read(probe_io(p), p->response + p->got, RESPONSE_BYTES - p->got,
	    &got)) == IO_DONE) {
		struct str in = { p->response, p->got += got };
		switch (h1_read_response(&p->health->head, in, false, &scanned, &used, &why)) {
		case PARSE_DONE:
			return IO_DONE;
		case PARSE_BAD:		/* also when it does not fit */
			return IO_FAIL;
		case PARSE_MORE:
			break;
		}
	}
	return res;
}

static enum io_result
probe_write(struct probe *p)
{
	while (p->sent < p->request_len) {
		struct iovec v = { p->request + p->sent, p->request_len - p->sent };
		size_t put;
		enum io_result res = stream_writev(probe_io(p), &v, 1, &put);
		if (res != IO_DONE)
			return res;
		p->sent += put;
	}
	return IO_DONE;
}

void
probe_exchange(void *arg)
{
	struct probe *p = arg;
	enum io_result res;
	int status;

	p->tried = 0;
	if ((res = probe_write(p)) == IO_DONE && !p->connects)
		res = probe_read(p);
	if (res == IO_AGAIN)
		return;
	if (res != IO_DONE) {
		probe_fails(p, p->got > 0 ? WHY_UPSTREAM_BAD_HEAD : WHY_UPSTREAM_GONE, 0);
		return;
	}
	status = p->connects ? 200 : p->health->head.status;
	if (status >= 200 && status < 400)
		probe_passes(p);
	else
		probe_fails(p, WHY_UPSTREAM_STATUS, status);
}
