#include <string.h>

#include "http/h2_guard.h"
#include "ledger.h"
#include "pings.h"
#include "raw.h"

#define PATIENCE_USEC	(5 * USEC_PER_SEC)
#define AHEAD		1000			/* PINGs without a response yet: of many more, Mola does not keep the responses */

static struct {
	const struct plan_pings *how;
	struct raw	 client;
	int64_t		 began_usec, heard_usec;
	unsigned	 sent, left;		/* of the PINGs; bytes of the one that is under way */
	unsigned	 acks;
} g;

static const char preface[] = RAW_PREFACE;
static const uint8_t ping[RAW_HEAD + 8] = { 0, 0, 8, NGHTTP2_PING };

void
pings_draw(struct plan *p, struct rng r)
{
	struct plan_pings *k = &p->pings;

	k->there = may(&r, 8) && !p->rush && !p->storm && !p->flood && !p->crowd && !p->proxied;
	k->starts_usec = between(&r, 0, 2 * USEC_PER_SEC);
	k->count = rng_below(&r, 2) ? H2_FRAMES_BURST - 1 - rng_below(&r, 20) : H2_FRAMES_BURST + rng_below(&r, 3000);
	k->weather = raw_weather(&r);
}

/* ---- the client ---- */

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
		n = end_write(g.client.end, (first ? (const uint8_t *)preface : ping) + len - g.left, g.left);
		if (n > 0)
			g.left -= (unsigned)n;
	}
}

static bool
go_on(void)
{
	if (g.acks == g.how->count)
		return false;
	speak();
	return true;
}

static void
on_frame(const struct frames_in *in)
{
	if (in->head[3] == NGHTTP2_PING && (in->head[4] & NGHTTP2_FLAG_ACK) != 0) {
		g.acks++;
		g.heard_usec = wire_now();
	}
}

static void
on_connect(void)
{
	g.began_usec = wire_now();
}

void
pings_begin(const struct plan *p, const struct addr *front)
{
	memset(&g, 0, sizeof g);
	g.how = &p->pings;
	g.left = sizeof preface;
	g.client = (struct raw){ .name = "pinged", .weather = &p->pings.weather, .patience_usec = PATIENCE_USEC, .on_connect = on_connect,
		.on_frame = on_frame, .go_on = go_on, .count = &g.acks, .code = RAW_NO_CODE };
	if (p->pings.there)
		raw_begin(&g.client, "10.0.8.1:1", front, p->pings.starts_usec);
}

/* ---- what must be true ---- */

/* What comes with time counts from when it connected until the last response was there. */
void
pings_check(void)
{
	int64_t most = H2_FRAMES_BURST + (g.heard_usec - g.began_usec) * H2_FRAMES_PER_SEC / USEC_PER_SEC;

	if (g.acks > 0 && g.acks + 1 > most)			/* and the SETTINGS */
		broken("%u PINGs were responded to, and %lld frames are allowed", g.acks, (long long)most);
	if (g.client.code == NGHTTP2_ENHANCE_YOUR_CALM && g.sent + 1 <= H2_FRAMES_BURST)
		broken("%u PINGs were too many", g.sent);
	if (g.how->there && ledger_is_calm() && g.acks < g.how->count && g.client.code == RAW_NO_CODE)
		broken("of %u PINGs %u were responded to, and nothing says why", g.how->count, g.acks);
}
