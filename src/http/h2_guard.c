/*
 * Two buckets of tokens.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "http/h2_guard.h"

#define TOKEN	USEC_PER_SEC

void
h2_guard_init(struct h2_guard *g, int64_t now)
{
	*g = (struct h2_guard){ .since_usec = now, .resets = H2_RESETS_BURST * TOKEN,
	    .frames = H2_FRAMES_BURST * TOKEN };
}

static void
fill(int64_t *tokens, int64_t more, int64_t most)
{
	*tokens += more;
	if (*tokens > most)
		*tokens = most;
}

static void
elapse(struct h2_guard *g, int64_t now)
{
	int64_t usec = now - g->since_usec;

	ASSERT(usec >= 0);
	if (usec > 3600 * USEC_PER_SEC)		/* both are full by then, and nothing overflows */
		usec = 3600 * USEC_PER_SEC;
	g->since_usec = now;
	fill(&g->resets, usec * H2_RESETS_PER_SEC, H2_RESETS_BURST * TOKEN);
	fill(&g->frames, usec * H2_FRAMES_PER_SEC, H2_FRAMES_BURST * TOKEN);
}

bool
h2_guard_reset(struct h2_guard *g, int64_t now)
{
	elapse(g, now);
	g->resets -= TOKEN;
	return g->resets >= 0;
}

bool
h2_guard_frame(struct h2_guard *g, int64_t now)
{
	elapse(g, now);
	g->frames -= TOKEN;
	return g->frames >= 0;
}

void
h2_guard_head(struct h2_guard *g)
{
	fill(&g->frames, H2_FRAMES_PER_HEAD * TOKEN, H2_FRAMES_BURST * TOKEN);
}

void
h2_guard_data(struct h2_guard *g, size_t bytes)
{
	size_t most = (H2_FRAMES_BURST + 1) * H2_BYTES_PER_FRAME;	/* and a debt of one */

	ASSERT(bytes > 0);
	if (bytes > most)
		bytes = most;
	g->bytes += bytes;
	fill(&g->frames, (int64_t)(H2_FRAMES_PER_DATA + g->bytes / H2_BYTES_PER_FRAME) * TOKEN,
	    H2_FRAMES_BURST * TOKEN);
	g->bytes %= H2_BYTES_PER_FRAME;
}
