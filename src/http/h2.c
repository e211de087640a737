/*
 * What the HTTP/2 connections of a loop share: the options of nghttp2, its memory, which is that
 * of clients, and room for what is parsed within one step.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/h2_priv.h"

/*
 * The session's buffer for frames is most of what a connection takes, and means nothing between
 * frames: it gets pages of its own, which an idle connection gives back (h2_conn_rest).
 */
#define PAGE	4096
#define IS_FRAMES(bytes) ((bytes) >= H2_FRAMES_BYTES && (bytes) < 2 * H2_FRAMES_BYTES)

static void
mem_free(void *p, void *arg)
{
	struct h2_conn *c = arg;

	if (p == c->frames)
		c->frames = NULL;
	free(p);
}

static void *
mem_realloc(void *p, size_t bytes, void *arg)
{
	struct h2_conn *c = arg;

	if (p != NULL || c->frames != NULL || !IS_FRAMES(bytes)) {
		if (p == c->frames)
			c->frames = NULL;	/* where it goes, pages may be shared */
		return reserve_realloc(p, bytes);
	}
	c->frames = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
	return c->frames != NULL ? c->frames : reserve_alloc(bytes);
}

/* Newer versions only: what else they find odd, such as frames on closed streams, which are not
 * shown to us. Their own limit has been too low for what is under way when a stream is reset. */
void nghttp2_option_set_glitch_rate_limit(nghttp2_option *, uint64_t burst,
    uint64_t rate) __attribute__((weak));

/* Its own limits on resets and CONTINUATIONs are ours to have, with reasons that are counted. */
static void
option_init(nghttp2_option *o)
{
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_max_outbound_ack(o, 10000);
	nghttp2_option_set_max_send_header_block_length(o, 1 << 20);
	nghttp2_option_set_stream_reset_rate_limit(o, 1 << 30, 1 << 30);
	nghttp2_option_set_max_continuations(o, 64);
	if (nghttp2_option_set_glitch_rate_limit != NULL)
		nghttp2_option_set_glitch_rate_limit(o, 10000, 1000);
}

nghttp2_mem
h2_memory_of(struct h2_conn *c)
{
	nghttp2_mem mem = h2_memory;

	mem.mem_user_data = c;
	mem.free = mem_free;
	mem.realloc = mem_realloc;
	return mem;
}

struct h2 *
h2_new(struct loop *l, const struct h2_ops *ops)
{
	struct h2 *h2 = must_zalloc(sizeof *h2);

	h2->loop = l;
	h2->ops = ops;
	h2->streams = slab_new(l, sizeof(struct h2_stream), 1024);
	if (nghttp2_option_new(&h2->option) != 0 || nghttp2_session_callbacks_new(&h2->callbacks) != 0)
		BUG("no memory at the start");
	option_init(h2->option);
	h2_frames_init(h2->callbacks);
	return h2;
}

void
h2_set_conf(struct h2 *h2, const struct h2_conf *conf)
{
	ASSERT(conf->head_usec > 0 && conf->write_usec > 0);
	h2->conf = *conf;
	h2->conf.response = head_limits_more(conf->response);
	h2->head.field = must_realloc(h2->head.field,
	    (size_t)h2->conf.response.fields * sizeof *h2->head.field);
}

void
h2_free(struct h2 **h2p)
{
	struct h2 *h2 = *h2p;

	*h2p = NULL;
	if (h2 == NULL)
		return;
	ASSERT(h2->nconns == 0);
	slab_free(&h2->streams);
	nghttp2_option_del(h2->option);
	nghttp2_session_callbacks_del(h2->callbacks);
	h2_fields_fini(&h2->fields);
	free(h2->head.field);
	free(h2);
}

size_t
h2_tidy(struct h2 *h2)
{
	return slab_tidy(h2->streams);
}
