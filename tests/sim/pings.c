#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/bug.h"
#include "frames.h"
#include "http/h2_guard.h"
#include "ledger.h"
#include "pings.h"

#define HEAD		9			/* of a frame */
#define NO_CODE		UINT32_MAX
#define PATIENCE_USEC	(5 * USEC_PER_SEC)
#define AHEAD		1000			/* PINGs without a response yet: of many more, Mola does not keep the responses */

static struct {
	const struct plan_pings *how;
	struct host	 host;
	struct addr	 to;
	struct end	*end;
	int64_t		 began_usec, heard_usec;
	unsigned	 sent, left;		/* of the PINGs; bytes of the one that is under way */
	unsigned	 acks;
	uint32_t	 code;			/* of GOAWAY */
	struct frames_in in;
} g;

static const char preface[] = NGHTTP2_CLIENT_MAGIC "\0\0\0\4\0\0\0\0";	/* and its NUL: empty SETTINGS */
static const uint8_t ping[HEAD + 8] = { 0, 0, 8, NGHTTP2_PING };

void
pings_draw(struct plan *p, struct rng r)
{
	struct plan_pings *k = &p->pings;

	k->there = may(&r, 8) && !p->rush && !p->storm && !p->flood && !p->crowd && !p->proxied;
	k->starts_usec = between(&r, 0, 2 * USEC_PER_SEC);
	k->count = rng_below(&r, 2) ? H2_FRAMES_BURST - 1 - rng_below(&r, 20) : H2_FRAMES_BURST + rng_below(&r, 3000);
	k->weather = (struct weather){ .delay_usec = between(&r, 20, 2000), .jitter_usec = between(&r, 0, 300), .window = 65536,
		.room = 65536, .seed = rng_u64(&r) };
}

/* ---- the client ---- */

static void
over(void)
{
	end_close(g.end, false);
	g.end = NULL;
	wire_note("pinged", g.acks, g.code);
}

/* What there is room for: first the beginning, then one PING after another. */
static void
speak(void)
{
	ssize_t n = 0;

	while (n >= 0 && (g.left > 0 || (g.sent < g.how->count && g.sent - g.acks < AHEAD))) {
		if (g.left == 0) {
			g.sent++;
			g.left = sizeof ping;
		}
		bool first = g.sent == 0;
		size_t len = first ? sizeof preface : sizeof ping;
		n = end_write(g.end, (first ? (const uint8_t *)preface : ping) + len - g.left, g.left);
		if (n > 0)
			g.left -= (unsigned)n;
	}
}

static void
on_frame(void)
{
	if (g.in.head[3] == NGHTTP2_PING && (g.in.head[4] & NGHTTP2_FLAG_ACK) != 0) {
		g.acks++;
		g.heard_usec = wire_now();
	} else if (g.in.head[3] == NGHTTP2_GOAWAY)
		g.code = frames_in_code(&g.in);
}

static void
on_end(void *arg, unsigned what)
{
	uint8_t bytes[4096];
	ssize_t n;

	(void)arg;
	(void)what;
	if (g.end == NULL)
		return;
	while ((n = end_read(g.end, bytes, sizeof bytes, false)) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (frames_in_take(&g.in, bytes[i]))
				on_frame();
	if (n == 0 || errno != EAGAIN || g.acks == g.how->count)
		over();
	else
		speak();
}

static void
on_late(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	if (g.end != NULL)
		over();
}

static void
on_start(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	g.began_usec = wire_now();
	g.end = end_connect(&g.host, &g.to, &g.how->weather, on_end, NULL);
	wire_at(wire_now() + PATIENCE_USEC, on_late, NULL, 0);
}

void
pings_begin(const struct plan *p, const struct addr *front)
{
	memset(&g, 0, sizeof g);
	g.how = &p->pings;
	g.to = *front;
	g.left = sizeof preface;
	g.code = NO_CODE;
	ASSERT(addr_parse(str_of("10.0.8.1:1"), &g.host.addr) == NULL);
	if (p->pings.there)
		wire_at(wire_now() + p->pings.starts_usec, on_start, NULL, 0);
}

/* ---- what must be true ---- */

/* What comes with time counts from when it connected until the last response was there. */
void
pings_check(void)
{
	int64_t most = H2_FRAMES_BURST + (g.heard_usec - g.began_usec) * H2_FRAMES_PER_SEC / USEC_PER_SEC;

	if (g.acks > 0 && g.acks + 1 > most)			/* and the SETTINGS */
		broken("%u PINGs were responded to, and %lld frames are allowed", g.acks, (long long)most);
	if (g.code == NGHTTP2_ENHANCE_YOUR_CALM && g.sent + 1 <= H2_FRAMES_BURST)
		broken("%u PINGs were too many", g.sent);
	if (g.how->there && ledger_is_calm() && g.acks < g.how->count && g.code == NO_CODE)
		broken("of %u PINGs %u were responded to, and nothing says why", g.how->count, g.acks);
}
