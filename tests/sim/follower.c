/*
 * Its requests are HTTP/1.0: where the brain ends a stream, the connection ends.
 */
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "brains.h"
#include "follower.h"
#include "ledger.h"
#include "watcher.h"

#define AGAIN_USEC	USEC_PER_SEC
#define SILENCE_USEC	(10 * USEC_PER_SEC)	/* that the stream has at the most (admin/stream.c) */
#define SLACK_USEC	(3 * USEC_PER_SEC)

static struct {
	struct host	 host;
	struct addr	 at;
	struct weather	 weather;
	const char	*request;
	struct end	*end;			/* NULL: there is none */
	bool		 asked, over;
	int64_t		 began_usec, heard_usec;
} f;

static wire_f on_dial;

static void
hang_up(void)
{
	end_close(f.end, false);
	f.end = NULL;
	wire_at(wire_now() + AGAIN_USEC, on_dial, NULL, 0);
}

static void
ended(void)
{
	if (f.heard_usec > 0 && brains_well_since() < f.began_usec)
		broken("a stream ended after %lld us, and the brain has not", (long long)(wire_now() - f.began_usec));
	wire_note("followed", f.heard_usec > 0, 0);
	hang_up();
}

static void
on_end(void *arg, unsigned what)
{
	char bytes[8192];
	ssize_t n;

	(void)arg;
	(void)what;
	if (f.end == NULL)
		return;
	if (!f.asked && (end_is(f.end) & (END_OUT | END_BROKEN)) == END_OUT) {
		f.asked = true;
		end_write(f.end, f.request, strlen(f.request));
	}
	while ((n = end_read(f.end, bytes, sizeof bytes, false)) > 0) {
		if (f.heard_usec == 0 && strncmp(bytes, "HTTP/1.1 200 ", (size_t)n < 13 ? (size_t)n : 13) != 0)
			broken("a stream begins: %.20s", bytes);
		if (f.heard_usec == 0)
			wire_note("follow", (uint64_t)n, 0);
		f.heard_usec = wire_now();
	}
	if (n == 0 || errno != EAGAIN || (end_is(f.end) & END_BROKEN) != 0)
		ended();
}

static void
on_look(void *arg, uint64_t n)
{
	int64_t since = f.heard_usec > brains_well_since() ? f.heard_usec : brains_well_since();

	if (f.over)
		return;
	wire_at(wire_now() + AGAIN_USEC, on_look, arg, n);
	if (f.end != NULL && f.heard_usec > 0 && wire_now() - since > SILENCE_USEC + SLACK_USEC)
		broken("nothing has come on a stream for %lld us", (long long)(wire_now() - f.heard_usec));
}

static void
on_dial(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	if (f.over || f.end != NULL)
		return;
	f.asked = false;
	f.began_usec = wire_now();
	f.heard_usec = 0;
	f.end = end_connect(&f.host, &f.at, &f.weather, on_end, NULL);
}

void
follower_begin(const struct plan *p)
{
	memset(&f, 0, sizeof f);
	if (!p->brain.watched)
		return;
	f.request = p->seed % 2 == 0 ? "GET /api/v1/stream?topics=events HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
	    : "GET /api/v1/stream?topics=nodes,events HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
	f.weather = (struct weather){ .delay_usec = 50, .window = 65536, .room = 65536, .seed = p->seed };
	ASSERT(addr_parse(STR(WATCHER_AT), &f.at) == NULL);
	f.host.addr = f.at;
	wire_at(wire_now() + AGAIN_USEC, on_dial, NULL, 0);
	wire_at(wire_now() + AGAIN_USEC, on_look, NULL, 0);
}

void
follower_end(void)
{
	f.over = true;
}
