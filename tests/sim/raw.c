#include <errno.h>

#include "base/bug.h"
#include "ledger.h"
#include "raw.h"

struct weather
raw_weather(struct rng *r)
{
	return (struct weather){ .delay_usec = between(r, 20, 2000), .jitter_usec = between(r, 0, 300), .window = 65536, .room = 65536,
		.seed = rng_u64(r) };
}

void
raw_over(struct raw *w)
{
	end_close(w->end, false);
	w->end = NULL;
	wire_note(w->name, *w->count, w->code);
}

static void
hear(struct raw *w, uint8_t byte)
{
	if (!frames_in_take(&w->in, byte))
		return;
	if (w->in.head[3] == NGHTTP2_GOAWAY)
		w->code = frames_in_code(&w->in);
	w->on_frame(&w->in);
}

static void
on_end(void *arg, unsigned what)
{
	struct raw *w = arg;
	uint8_t bytes[4096];
	ssize_t n;

	(void)what;
	if (w->end == NULL)
		return;
	while ((n = end_read(w->end, bytes, sizeof bytes, false)) > 0)
		for (ssize_t i = 0; i < n; i++)
			hear(w, bytes[i]);
	if (n == 0 || errno != EAGAIN || !w->go_on())
		raw_over(w);
}

static void
on_late(void *arg, uint64_t n)
{
	struct raw *w = arg;

	(void)n;
	if (w->end != NULL)
		raw_over(w);
}

static void
on_start(void *arg, uint64_t n)
{
	struct raw *w = arg;

	(void)n;
	w->on_connect();
	w->end = end_connect(&w->host, &w->to, w->weather, on_end, w);
	wire_at(wire_now() + w->patience_usec, on_late, w, 0);
}

void
raw_begin(struct raw *w, const char *from, const struct addr *to, int64_t starts_usec)
{
	w->to = *to;
	ASSERT(addr_parse(str_of(from), &w->host.addr) == NULL);
	wire_at(wire_now() + starts_usec, on_start, w, 0);
}
