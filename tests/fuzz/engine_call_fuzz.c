/*
 * What comes back from Engines, and from whatever sits before them, to calls under way: versions, refusals, pages, streams, silence. An input is a
 * script of parts with a line of "----" between them; the first line of each says what happens:
 *	gN sN oN pN wN	N is called: read, streamed, read in the Engine's own version, posted as read in version 1.N, written with patience
 *	cN	the N-th call that is open is cancelled
 *	rN	the oldest exchange ends with status N, and what follows;	rN VERSION	which names this as its own
 *	fN	it fails: 0 nobody is there, 1 after it was sent, 2 larger than may be
 *	dN	a piece of the N-th exchange comes, if it is a stream
 *	n	all is closed, and begins with another number of endpoints
 * Each call ends once, with words that are printable, or is cancelled; what is posted goes to another endpoint only where nobody can have read it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "engine/engine_priv.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST	24

/* ---- exchanges, in place of net/fetch.c ---- */

struct fetch {
	bool		 used, stream, sent;
	const char	*wanted;
	char		 url[600];
	fetch_data_f	*on_data;
	fetch_done_f	*done;
	void		*arg;
};

static struct fetch exchange[MOST * 2];
static unsigned order[MOST * 2], nexchanges;	/* the oldest first */

struct fetch *
fetch_start(struct fetcher *f, const struct fetch_conf *c, fetch_data_f *on_data, fetch_done_f *done, void *arg)
{
	unsigned i = 0;

	(void)f;
	while (exchange[i].used)
		ASSERT(++i < MOST * 2);
	ASSERT(strlen(c->url) < sizeof exchange[i].url && (c->timeout_usec > 0 || on_data != NULL));
	exchange[i] = (struct fetch){ .used = true, .stream = on_data != NULL, .wanted = c->wanted, .on_data = on_data, .done = done, .arg = arg };
	snprintf(exchange[i].url, sizeof exchange[i].url, "%s", c->url);
	order[nexchanges++] = i;
	return &exchange[i];
}

static struct fetch
exchange_take(unsigned at)
{
	struct fetch one = exchange[order[at]];

	ASSERT(at < nexchanges && one.used);
	exchange[order[at]].used = false;
	memmove(&order[at], &order[at + 1], (--nexchanges - at) * sizeof *order);
	return one;
}

void
fetch_cancel(struct fetch *f)
{
	for (unsigned i = 0; i < nexchanges; i++)
		if (&exchange[order[i]] == f) {
			exchange_take(i);
			return;
		}
	BUG("an exchange that is not there is cancelled");
}

/* ---- calls ---- */

static struct loop *l;
static struct engine *e;

static struct call {
	struct engine_call *call;
	bool	 open, again;		/* `again`: its end makes another one, as watchers do */
} calls[MOST];

static void
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		ASSERT((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void
on_done(void *arg, const struct engine_response *a)
{
	struct call *c = arg;

	ASSERT(c->open);
	c->open = false;
	ASSERT((a->why == NULL) == (a->status >= 200 && a->status < 300) || a->why == WHY_ENGINE_LARGE || a->why == WHY_ENGINE_GONE);
	is_printable(a->detail);
	if (c->again) {
		c->again = false;
		c->open = true;
		c->call = engine_get(e, "/again", on_done, c);
	}
}

static bool
on_piece(void *arg, struct str piece)
{
	ASSERT(((struct call *)arg)->open);
	return piece.len % 7 != 6;
}

static void
call_make(char verb, unsigned n)
{
	struct call *c = calls;

	while (c < calls + MOST && c->open)
		c++;
	if (c == calls + MOST)
		return;
	*c = (struct call){ .open = true, .again = n % 5 == 4 };
	switch (verb) {
	case 'g': c->call = engine_get(e, "/services?status=true", on_done, c); break;
	case 's': c->call = engine_stream(e, "/events?type=service", on_piece, on_done, c); break;
	case 'o': c->call = engine_get_own(e, "/services/x", on_done, c); break;
	case 'p': c->call = engine_post(e, "/services/x/update?version=1", MINOR_LEAST + n % 30, STR("{}"), on_done, c); break;
	default: c->call = engine_write(e, n % 2 == 0 ? "POST" : "DELETE", "/configs/x", n % 2 == 0 ? STR("{\"a\":1}") : STR(""),
	    (1 + n) * USEC_PER_SEC, on_done, c);
	}
}

static void
call_cancel(unsigned n)
{
	for (unsigned i = 0; i < MOST; i++)
		if (calls[i].open && n-- == 0) {
			calls[i].open = false;
			engine_cancel(calls[i].call);
			return;
		}
}

/* ---- what comes back ---- */

static void
respond(unsigned status, struct str version, struct str body)
{
	struct fetch f;
	struct fetch_result r = { .detail = "", .status = status, .sent = true, .body = body };
	char text[40];

	if (nexchanges == 0)
		return;
	f = exchange_take(0);
	str_copy(text, sizeof text, version);
	r.why = status >= 200 && status < 300 ? NULL : status == 0 ? WHY_METRICS_FETCH : WHY_METRICS_STATUS;
	if (f.wanted != NULL)
		r.wanted = str_of(text);
	if (f.stream && r.why == NULL)
		r.body = STR("");
	f.done(f.arg, &r);
}

static void
fail(unsigned how, struct str words)
{
	struct fetch_result r = { .why = how == 2 ? WHY_METRICS_LARGE : WHY_METRICS_FETCH, .sent = how != 0, .status = how == 2 ? 200 : 0 };
	char text[200];
	struct fetch f;

	if (nexchanges == 0)
		return;
	f = exchange_take(0);
	str_copy(text, sizeof text, words);
	r.detail = text;
	f.done(f.arg, &r);
}

static void
piece(unsigned n, struct str text)
{
	struct fetch_result r = { .detail = "", .status = 200, .sent = true };
	struct fetch f;

	if (n >= nexchanges || !exchange[order[n]].stream || exchange[order[n]].on_data(exchange[order[n]].arg, text))
		return;
	f = exchange_take(n);
	f.done(f.arg, &r);
}

/* ---- */

static void
begin(unsigned n)
{
	static char *const endpoint[] = { (char *)"unix:///nobody.sock", (char *)"tcp://10.0.0.1:2375", (char *)"unix:///dev/null" };
	const struct engine_conf c = { .endpoint = endpoint + (n == 4 ? 2 : 0), .nendpoints = n == 4 ? 1 : 1 + n % 3, .ca = n % 2 == 0 ? NULL : "/ca" };

	e = engine_new(l, NULL, &c);
	ASSERT(engine_endpoint(e)[0] == '\0');
}

static void
end(void)
{
	engine_free(&e);
	loop_turn(l, 0);
	ASSERT(nexchanges == 0);
	memset(calls, 0, sizeof calls);
}

static void
step(struct str part)
{
	struct str line;
	unsigned n;
	char verb = talk_step(&part, &line, &n);

	if (verb == 0)
		return;
	switch (verb) {
	case 'g': case 's': case 'o': case 'p': case 'w': call_make(verb, n); break;
	case 'c': call_cancel(n); break;
	case 'r': respond(n, line, part); break;
	case 'f': fail(n % 3, part); break;
	case 'd': piece(n, part); break;
	case 'n': end(); begin(n); break;
	}
	loop_turn(l, 0);
	if (engine_version(e)[0] != '\0')
		ASSERT(engine_endpoint(e)[0] != '\0' && engine_is_untried(e) == (strcmp(engine_version(e), "1.56") > 0 || strlen(engine_version(e)) > 4));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, part;

	if (l == NULL)
		l = loop_new();
	begin(0);
	while (talk_part(&rest, &part))
		step(part);
	end();
	return 0;
}
