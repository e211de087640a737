#include <string.h>

#include "base/bug.h"
#include "http/h2_guard.h"
#include "ledger.h"
#include "mirror.h"
#include "raw.h"
#include "resets.h"
#include "table_make.h"
#include "world/table.h"

#define PATIENCE_USEC	(8 * USEC_PER_SEC)
#define ROUND_MOST	20			/* streams at once */
#define INEXACT		2			/* resets: lines are as late as a turn is long */

static struct {
	const struct plan_resets *how;
	struct raw	 client;
	struct host	 nowhere;
	struct port	 swallows;
	bool		 begun, open;		/* a round is */
	unsigned	 opened, sent;		/* streams; and resets of them */
	uint8_t		 out[ROUND_MOST * 64];
	size_t		 out_len, out_sent;
	unsigned	 lines;			/* of streams that were reset while they were served */
	int64_t		 first_usec, last_usec;	/* of these */
} g;

static const char preface[] = RAW_PREFACE;
/* GET http://resets/reset, without a place in the table of fields */
static const char block[] = "\x82\x86\x04\x06/reset\x01\x06resets";

void
resets_draw(struct plan *p, struct rng r)
{
	struct plan_resets *k = &p->resets;
	bool few = p->clients_max < CLIENTS || p->per_address > 0 || p->starved_usec > 0 || p->no_ports_usec > 0;

	k->there = may(&r, 25) && !p->rush && !p->storm && !p->flood && !p->crowd && !p->proxied && !p->brain.there && !few &&
	    p->log_trouble == 0;
	k->starts_usec = between(&r, 0, 2 * USEC_PER_SEC);
	k->round = 5 + (unsigned)rng_below(&r, ROUND_MOST - 4);
	k->gap_usec = between(&r, 2000, 5000);
	k->before = H2_RESETS_BURST - 1 - (unsigned)rng_below(&r, 50);
	k->pause_usec = between(&r, 500, 1500) * USEC_PER_MSEC;
	switch (rng_below(&r, 4)) {
	case 0:
		k->count = k->before;
		break;
	case 1:		/* what has come back meanwhile */
		k->count = k->before + (unsigned)(k->pause_usec * H2_RESETS_PER_SEC / USEC_PER_SEC) - 1;
		break;
	default:
		k->count = 2 * H2_RESETS_BURST;
		k->before = k->count;
	}
	k->weather = raw_weather(&r);
	if (k->there)
		p->clients_max += ROUND_MOST;
}

/* ---- the client ---- */

static void
flush(void)
{
	ssize_t n = 0;

	while (g.out_sent < g.out_len && (n = end_write(g.client.end, g.out + g.out_sent, g.out_len - g.out_sent)) > 0)
		g.out_sent += (size_t)n;
	if (g.out_sent == g.out_len)
		g.out_len = g.out_sent = 0;
}

static void
add(const void *bytes, size_t len)
{
	ASSERT(len <= sizeof g.out - g.out_len);
	memcpy(g.out + g.out_len, bytes, len);
	g.out_len += len;
}

static void
frame_add(uint8_t type, uint8_t flags, unsigned stream, const void *payload, size_t len)
{
	uint32_t id = 2 * stream + 1;
	uint8_t head[RAW_HEAD] = { 0, 0, (uint8_t)len, type, flags, 0, (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };

	add(head, sizeof head);
	add(payload, len);
}

/* Opens some, or resets them. Nothing is added behind what has not gone yet. */
static void
on_turn(void *arg, uint64_t n)
{
	static const uint8_t cancel[4] = { 0, 0, 0, NGHTTP2_CANCEL };
	int64_t wait = g.how->gap_usec;

	(void)arg;
	(void)n;
	if (g.client.end == NULL)
		return;
	if (g.sent == g.how->count) {
		raw_over(&g.client);
		return;
	}
	for (; g.out_len == 0 && g.open; g.open = g.sent < g.opened)
		for (; g.sent < g.opened; g.sent++)
			frame_add(NGHTTP2_RST_STREAM, 0, g.sent, cancel, sizeof cancel);
	if (g.out_len == 0) {
		unsigned until = g.sent < g.how->before ? g.how->before : g.how->count;
		for (unsigned i = 0; i < g.how->round && g.opened < until; i++)
			frame_add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, g.opened++, block,
			    sizeof block - 1);
		g.open = true;
	} else if (g.sent == g.how->before)
		wait = g.how->pause_usec;
	flush();
	wire_at(wire_now() + wait, on_turn, NULL, 0);
}

/* Its rounds begin when it hears Mola's SETTINGS. */
static void
on_frame(const struct frames_in *in)
{
	(void)in;
	if (!g.begun)
		wire_at(wire_now(), on_turn, NULL, 0);
	g.begun = true;
}

static bool
go_on(void)
{
	flush();
	return g.client.code == RAW_NO_CODE;
}

static void
on_connect(void)
{
	add(preface, sizeof preface);
}

void
resets_begin(const struct plan *p, const struct addr *front)
{
	memset(&g, 0, sizeof g);
	g.how = &p->resets;
	g.nowhere.heals_usec = INT64_MAX;
	g.client = (struct raw){ .name = "resets", .weather = &p->resets.weather, .patience_usec = PATIENCE_USEC, .on_connect = on_connect,
		.on_frame = on_frame, .go_on = go_on, .count = &g.sent, .code = RAW_NO_CODE };
	if (!p->resets.there)
		return;
	g.swallows.host = &g.nowhere;
	ASSERT(addr_parse(str_of("10.0.8.3:8000"), &g.swallows.addr) == NULL);
	port_open(&g.swallows);
	raw_begin(&g.client, "10.0.8.2:1", front, p->resets.starts_usec);
}

/* ---- its service ---- */

void
resets_route(struct table_maker *t, const struct plan *p)
{
	struct table_ref name = table_maker_text(t, STR("resets"));
	uint32_t number;

	if (!p->resets.there)
		return;
	number = table_maker_service(t, &(struct table_service){ .name = name, .slot = MIRROR_SLOT + 1 + SERVICES, .pass_host = true,
	    .connect_usec = CONNECT_USEC, .response_usec = RESPONSE_USEC, .idle_usec = PIECE_USEC, .tunnel_usec = TUNNEL_USEC,
	    .health_interval_usec = USEC_PER_SEC, .health_timeout_usec = USEC_PER_SEC / 2, .health_rise = 1, .health_fall = 2,
	    .eject_window_usec = USEC_PER_SEC, .panic = 50, .overload_bound = 4, .overload_wait_usec = WAIT_USEC, .retry_attempts = 1 });
	table_maker_task(t, &(struct table_task){ .name = table_maker_text(t, STR("resets.0")), .addr = g.swallows.addr,
	    .slot = ALL_SERVICES * TASKS + MIRROR_TASKS });
	table_maker_route(t, &(struct table_route){ .host = name, .path = table_maker_text(t, STR("/")), .service = number });
}

/* ---- what must be true ---- */

void
resets_line(const char *path, const char *why)
{
	if (strncmp(path, "\"/reset\"", 8) != 0 || strncmp(why, "\"client_gone\"", 13) != 0)
		return;
	g.last_usec = wire_now();
	if (g.lines++ == 0)
		g.first_usec = g.last_usec;
}

/* The allowance is full at first, and never again: what has come back counts from the first reset until the last one. One too many
 * ends its connection, and those of its round with it. A request whose reset came before it was served, as to a worker that hung, has
 * no line. */
void
resets_check(void)
{
	int64_t most = H2_RESETS_BURST + (g.last_usec - g.first_usec) * H2_RESETS_PER_SEC / USEC_PER_SEC;
	unsigned ended = g.client.code == NGHTTP2_ENHANCE_YOUR_CALM ? g.how->round : 0;

	if (g.lines > most + ended + INEXACT)
		broken("%u requests were served and reset, and %lld are allowed", g.lines, (long long)most);
	if (g.client.code == NGHTTP2_ENHANCE_YOUR_CALM && g.lines + INEXACT < most)
		broken("%u requests that were reset were too many, and %lld are allowed", g.lines, (long long)most);
	if (g.how->there && ledger_is_calm() && g.client.code == RAW_NO_CODE && g.lines != g.how->count)
		broken("of %u requests that were reset %u are logged, and nothing says why", g.how->count, g.lines);
}
