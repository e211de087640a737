#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "ledger.h"
#include "memory.h"
#include "operator.h"
#include "watcher.h"

#define AGAIN_USEC	(500 * USEC_PER_MSEC)
#define PATIENCE_USEC	(7 * USEC_PER_SEC)	/* the API responds within 5 s */

struct attempt {
	struct end	*end;			/* NULL: it is over */
	bool		 asked;
	char		 text[2000];
	size_t		 len;
};

static struct {
	const struct plan *plan;
	struct host	 host;
	struct addr	 at;
	bool		 wants, unsure;
	int64_t		 since;			/* when it was responded that the node is as wanted */
	struct attempt	*attempt;		/* under way */
} o;

static void attempt_new(void);

enum drain
operator_node(unsigned node)
{
	if (o.plan == NULL || o.plan->brain.drain_usec == 0 || node != o.plan->brain.drain_node)
		return SERVES;
	return o.unsure ? UNSURE : o.wants ? DRAINS : SERVES;
}

bool
operator_drains(unsigned node, int64_t since)
{
	return operator_node(node) == DRAINS && since >= o.since;
}

static void
on_again(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	if (o.unsure && o.attempt == NULL)
		attempt_new();
}

/* `done`: it is so. */
static void
attempt_end(struct attempt *a, bool done)
{
	end_close(a->end, false);
	a->end = NULL;
	if (o.attempt != a)
		return;
	o.attempt = NULL;
	if (done) {
		o.unsure = false;
		o.since = wire_now();
		wire_note(o.wants ? "drained" : "undrained", o.plan->brain.drain_node, 0);
	} else
		wire_at(wire_now() + AGAIN_USEC, on_again, NULL, 0);
}

static void
response_read(struct attempt *a)
{
	int status = a->len > 9 ? (int)strtol(a->text + 9, NULL, 10) : 0;
	bool so = strstr(a->text, "\"pending\":false") != NULL;

	if (wire_verbose && a->len > 0)
		printf("#              operator: %.12s %s\n", a->text, strstr(a->text, "\r\n\r\n") == NULL ? "" : strstr(a->text, "\r\n\r\n") + 4);
	if (status != 0 && status != 200 && status != 202 && status != 404)
		broken("the operator's request is responded to with %d", status);
	attempt_end(a, status == 200 && so);
}

static void
on_end(void *arg, unsigned what)
{
	struct attempt *a = arg;
	char body[80], request[400];
	ssize_t n = 0;

	(void)what;
	if (a->end == NULL)
		return;
	if (!a->asked && (end_is(a->end) & (END_OUT | END_BROKEN)) == END_OUT) {
		a->asked = true;
		snprintf(body, sizeof body, "{\"node\":\"host%u\",\"drain\":%s}", o.plan->brain.drain_node, o.wants ? "true" : "false");
		snprintf(request, sizeof request, "POST /api/v1/drain HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " OPERATOR_TOKEN
		    "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
		end_write(a->end, request, strlen(request));
	}
	while (a->len < sizeof a->text - 1 && (n = end_read(a->end, a->text + a->len, sizeof a->text - 1 - a->len, false)) > 0)
		a->len += (size_t)n;
	if (n == 0)
		response_read(a);
	else if ((end_is(a->end) & END_BROKEN) != 0)
		attempt_end(a, false);
}

static void
on_late(void *arg, uint64_t n)
{
	struct attempt *a = arg;

	(void)n;
	if (a->end != NULL)
		attempt_end(a, false);
}

static void
attempt_new(void)
{
	struct weather weather = { .delay_usec = 50, .window = 65536, .room = 65536, .seed = o.plan->seed };
	struct attempt *a = sim_alloc(sizeof *a);

	o.attempt = a;
	a->end = end_connect(&o.host, &o.at, &weather, on_end, a);
	wire_at(wire_now() + PATIENCE_USEC, on_late, a, 0);
}

static void
on_want(void *arg, uint64_t drain)
{
	(void)arg;
	o.wants = drain;
	o.unsure = true;
	if (o.attempt != NULL)
		attempt_end(o.attempt, false);
	attempt_new();
}

void
operator_begin(const struct plan *p)
{
	const struct plan_brain *b = &p->brain;

	memset(&o, 0, sizeof o);
	o.plan = p;
	ASSERT(addr_parse(STR(WATCHER_AT), &o.at) == NULL);
	o.host.addr = o.at;
	if (b->drain_usec > 0)
		wire_at(wire_now() + b->drain_usec, on_want, NULL, 1);
	if (b->undrain_usec > 0)
		wire_at(wire_now() + b->undrain_usec, on_want, NULL, 0);
}
