/*
 * h2_peer: a client of HTTP/2, played with nghttp2's client side, and a stage whose listener takes it.
 */
#ifndef H2_PEER_H
#define H2_PEER_H

#include "stage.h"

#include <nghttp2/nghttp2.h>

#define PEER_STREAMS 512

struct got {			/* what came on a stream */
	char		 head[65536];	/* "name: value\n", of all heads and trailers */
	char		 body[256 * 1024];
	size_t		 len;
	bool		 ended, closed;
	uint32_t	 code;		/* of its RST_STREAM */
	int		 interims;
};

struct peer {
	int		 fd;
	nghttp2_session	*session;
	bool		 over;		/* the socket has ended */
	bool		 gone;		/* GOAWAY */
	uint32_t	 code;
	int32_t		 last_id;
	bool		 reads;		/* it opens its windows */
	struct got	*got[PEER_STREAMS];
	/* a body that is being sent */
	const char	*up;
	size_t		 up_len, up_at;
	bool		 up_open;	/* more may be appended */
};

static struct got *
got_of(struct peer *p, int32_t id)
{
	id = id < PEER_STREAMS ? id : 0;		/* where nobody looks */
	if (p->got[id] == NULL)
		p->got[id] = must_zalloc(sizeof *p->got[id]);
	return p->got[id];
}

static int
peer_on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *n, size_t nl, const uint8_t *v, size_t vl,
    uint8_t flags, void *arg)
{
	struct got *g = got_of(arg, f->hd.stream_id);
	size_t at = strlen(g->head);

	(void)s, (void)flags;
	snprintf(g->head + at, sizeof g->head - at, "%.*s: %.*s\n", (int)nl, (const char *)n, (int)vl, (const char *)v);
	g->interims += nl == 7 && vl == 3 && v[0] == '1';
	return 0;
}

static int
peer_on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *arg)
{
	struct peer *p = arg;
	struct got *g = got_of(p, id);

	(void)flags;
	assert_true(g->len + len <= sizeof g->body);
	memcpy(g->body + g->len, data, len);
	g->len += len;
	if (p->reads)
		nghttp2_session_consume(s, id, len);
	return 0;
}

static int
peer_on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct peer *p = arg;

	(void)s;
	if (f->hd.type == NGHTTP2_GOAWAY) {
		p->gone = true;
		p->code = f->goaway.error_code;
		p->last_id = f->goaway.last_stream_id;
	}
	if ((f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && (f->hd.type == NGHTTP2_DATA || f->hd.type == NGHTTP2_HEADERS))
		got_of(p, f->hd.stream_id)->ended = true;
	if (f->hd.type == NGHTTP2_RST_STREAM)
		got_of(p, f->hd.stream_id)->code = f->rst_stream.error_code;
	return 0;
}

static int
peer_on_closed(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
	(void)s, (void)code;
	got_of(arg, id)->closed = true;
	return 0;
}

static struct peer *
peer_new(uint32_t window)
{
	struct peer *p = must_zalloc(sizeof *p);
	nghttp2_settings_entry window_size = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window };
	nghttp2_session_callbacks *cb;
	nghttp2_option *o;

	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, peer_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, peer_on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, peer_on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, peer_on_closed);
	nghttp2_option_new(&o);
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_http_messaging(o, 1);
	assert_int_equal(nghttp2_session_client_new2(&p->session, cb, p, o), 0);
	nghttp2_option_del(o);
	nghttp2_session_callbacks_del(cb);
	assert_int_equal(nghttp2_submit_settings(p->session, 0, &window_size, 1), 0);
	p->fd = dial();
	p->reads = true;
	return p;
}

static void
peer_free(struct peer *p)
{
	for (int i = 0; i < PEER_STREAMS; i++)
		free(p->got[i]);
	nghttp2_session_del(p->session);
	close(p->fd);
	free(p);
}

/* All that can be sent and received now. */
static void
peer_turn(struct peer *p)
{
	const uint8_t *out;
	char in[16384];
	ssize_t n;

	stage_turn();
	while ((n = recv(p->fd, in, sizeof in, 0)) > 0)
		assert_int_equal(nghttp2_session_mem_recv(p->session, (uint8_t *)in, (size_t)n), n);
	p->over |= n == 0 || (errno != EAGAIN);
	while (!p->over && (n = nghttp2_session_mem_send(p->session, &out)) > 0)
		say_bytes(p->fd, (const char *)out, (size_t)n);
}

#define PEER_UNTIL(p, condition) do { \
	int64_t peer_until_ = clock_mono_usec() + PATIENCE; \
	while (!(condition)) { \
		if (clock_mono_usec() > peer_until_) \
			fail_msg("waited in vain: %s", #condition); \
		peer_turn(p); \
	} \
} while (0)

static ssize_t
up_read(nghttp2_session *s, int32_t id, uint8_t *to, size_t cap, uint32_t *flags, nghttp2_data_source *src, void *arg)
{
	struct peer *p = arg;
	size_t n = p->up_len - p->up_at < cap ? p->up_len - p->up_at : cap;

	(void)s, (void)id, (void)src;
	if (n == 0 && p->up_open)
		return NGHTTP2_ERR_DEFERRED;
	memcpy(to, p->up + p->up_at, n);
	p->up_at += n;
	if (p->up_at == p->up_len && !p->up_open)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define NV(n, v) { (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0 }

/* With one more field if there is a name for it, and a body if peer->up is set. */
static int32_t
peer_ask(struct peer *p, const char *method, const char *path, const char *name, const char *value)
{
	nghttp2_nv nv[] = { NV(":method", method), NV(":scheme", "http"), NV(":authority", "a.example"), NV(":path", path),
		NV(name == NULL ? "" : name, value == NULL ? "" : value) };
	nghttp2_data_provider body = { .read_callback = up_read };

	return nghttp2_submit_request(p->session, NULL, nv, name == NULL ? 4 : 5,
	    p->up != NULL || p->up_open ? &body : NULL, NULL);
}

static int32_t
peer_get(struct peer *p, const char *path)
{
	return peer_ask(p, "GET", path, NULL, NULL);
}

/* The head of the request that a task gets. */
static int
task_gets(struct peer *p, const char *want)
{
	char got[4096] = "";
	size_t at = 0;
	int task = -1, origin;
	ssize_t n;

	PEER_UNTIL(p, (task = answer_any(&origin)) >= 0);
	while (strstr(got, "\r\n\r\n") == NULL) {
		PEER_UNTIL(p, (n = recv(task, got + at, 1, 0)) >= 0 || errno != EAGAIN);
		assert_true(n == 1 && at < sizeof got - 1);
		got[++at] = '\0';
	}
	if (strstr(got, want) == NULL)
		fail_msg("the task got:\n%s\nand not:\n%s", got, want);
	return task;
}

/* ---- a stage whose listener takes HTTP/2 ---- */

static void
h2_open(int norigins)
{
	stage_open(norigins);
	stage.conf.listener[0] = proxy_listener_of(&stage.front);
	stage.conf.listener[0].http2 = true;
	stage.conf.nlisteners = 1;
	proxy_reconf(stage.proxy, &stage.conf);
}

static void
h2_close(struct peer *p)
{
	peer_free(p);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0);
	stage_close();
}

static bool
has(struct peer *p, int32_t id, const char *line)
{
	return p->got[id] != NULL && strstr(p->got[id]->head, line) != NULL;
}

#endif
