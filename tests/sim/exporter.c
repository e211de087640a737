/*
 * A node has two cores. How much of them was used is what was so at each request for a page, for the time since the one before it;
 * other work comes and goes by a rule of the node's own.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "exporter.h"
#include "fetch.h"
#include "memory.h"

#define CORES	2
#define PAGE	4096
#define HOT_USEC	(12 * USEC_PER_SEC)

struct exporter {
	struct server	 server, agent;
	struct fetch	*stream;	/* the agent's last one; NULL: none ever */
	int64_t		 period;
	uint64_t	 streams;
	unsigned	 node;
	int64_t		 at;		/* of the page before */
	double		 busy, idle;	/* seconds of each core, ever */
	struct str	 page;		/* the page before */
};

static struct {
	const struct plan *plan;
	exporter_busy_f	*busy;
	int64_t		 began;
	struct exporter	 of[NODES];
} x;

static const struct trouble *
trouble_now(unsigned node)
{
	int64_t t = wire_now() - x.began;

	for (unsigned i = 0; i < TROUBLES; i++) {
		const struct trouble *one = &x.plan->brain.exporter[node][i];
		if (one->from_usec > 0 && t >= one->from_usec && t < one->until_usec)
			return one;
	}
	return NULL;
}

/* Threads of others. */
static unsigned
tenants(const struct exporter *e)
{
	if (x.plan->brain.moves)		/* until it has cooled down */
		return e->node == x.plan->brain.hot && wire_now() - x.began < HOT_USEC ? 8 : 0;
	return (unsigned)((wire_now() / USEC_PER_SEC * (7 + e->node) + e->node * 3) % 5);
}

static void
pass(struct exporter *e)
{
	double seconds = (double)(wire_now() - e->at) / USEC_PER_SEC;
	unsigned want = x.busy(e->node) + tenants(e);
	double share = want >= CORES ? 1 : (double)want / CORES;

	e->busy += seconds * share;
	e->idle += seconds * (1 - share);
	e->at = wire_now();
}

static size_t __attribute__((format(printf, 3, 4)))
add(char *page, size_t len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	len += (size_t)vsnprintf(page + len, PAGE - len, fmt, args);
	va_end(args);
	ASSERT(len < PAGE);
	return len;
}

/* `lies`: numbers that cannot be. */
static struct str
page_make(struct exporter *e, bool lies)
{
	unsigned want = x.busy(e->node) + tenants(e);
	char *p = sim_alloc(PAGE);
	size_t len = 0;

	pass(e);
	for (unsigned c = 0; c < CORES; c++) {
		len = add(p, len, "node_cpu_seconds_total{cpu=\"%u\",mode=\"user\"} %s%.6f\n", c, lies ? "-" : "", e->busy);
		len = add(p, len, "node_cpu_seconds_total{cpu=\"%u\",mode=\"idle\"} %.6f\n", c, lies ? (double)NAN : e->idle);
	}
	len = add(p, len, "node_procs_running %s%u\n", lies ? "1e300" : "", want + 1);
	len = add(p, len, "node_load1 %u\n", want);
	len = add(p, len, "node_memory_MemTotal_bytes 1e+09\nnode_memory_MemAvailable_bytes %s\n",
	    lies ? "9e99" : e->node % 2 == 0 ? "6e+08" : "2e+08");
	return (struct str){ p, len };
}

static void
on_request(void *arg, const struct query *q, struct reply *r)
{
	struct exporter *e = arg;
	const struct trouble *t = trouble_now(e->node);

	r->delay_usec = 3000;
	if (strcmp(q->path, "/metrics") != 0) {
		r->status = 404;
		return;
	}
	switch (t == NULL ? EXPORTER_GOOD : t->what) {
	case EXPORTER_DOWN:
		r->ending = REFUSES;
		return;
	case EXPORTER_HANGS:
		r->ending = NEVER;
		return;
	case EXPORTER_STUCK:
		r->body = e->page;
		return;
	case EXPORTER_RESTARTS:
		e->busy = e->idle = 0;
		break;
	case EXPORTER_LATE:
		r->delay_usec = t->usec;
		break;
	case EXPORTER_BREAKS:
		r->ending = BREAKS_OFF;
		break;
	case EXPORTER_SLOW:
		r->piece = 50;
		r->piece_usec = t->usec / 20;
		break;
	default:
		break;
	}
	r->body = page_make(e, t != NULL && t->what == EXPORTER_LIES);
	if (t == NULL)
		e->page = r->body;
}

/* ---- as an agent ---- */

static void
on_block(void *arg, uint64_t stream)
{
	struct exporter *e = arg;
	const struct trouble *t = trouble_now(e->node);
	unsigned what = t == NULL ? EXPORTER_GOOD : t->what;
	struct str page = e->page;
	bool there = true;

	if (stream != e->streams)
		return;
	if (what == EXPORTER_DOWN) {
		fetch_end(e->stream);
		return;
	}
	if (what == EXPORTER_RESTARTS)
		e->busy = e->idle = 0;
	if (what != EXPORTER_STUCK)
		page = page_make(e, what == EXPORTER_LIES);
	if (what == EXPORTER_BREAKS || what == EXPORTER_SLOW)	/* the rest of it comes with the next one, or not */
		page.len /= 2;
	if (what != EXPORTER_HANGS)
		there = fetch_push(e->stream, page) && (page.len == 0 || fetch_push(e->stream, STR("# EOF\n")));
	if (what == EXPORTER_BREAKS)
		fetch_end(e->stream);
	else if (there)
		wire_at(wire_now() + e->period + (what == EXPORTER_LATE ? t->usec : 0), on_block, e, stream);
}

static void
on_stream(void *arg, const struct query *q, struct reply *r)
{
	const struct trouble *t = trouble_now(((struct exporter *)arg)->node);
	struct exporter *e = arg;
	unsigned msec;

	if (sscanf(q->path, "/stream?period=%ums", &msec) != 1)
		r->status = 404;
	else if (t != NULL && t->what == EXPORTER_DOWN)
		r->ending = REFUSES;
	else {
		r->ending = GOES_ON;
		e->stream = q->fetch;
		e->period = msec * USEC_PER_MSEC;
		wire_at(wire_now() + 1000, on_block, e, ++e->streams);
	}
}

void
exporters_begin(const struct plan *p, struct host node[NODES], exporter_busy_f *busy)
{
	memset(&x, 0, sizeof x);
	x.plan = p;
	x.busy = busy;
	x.began = wire_now();
	for (unsigned i = 0; i < NODES; i++) {
		struct exporter *e = &x.of[i];
		*e = (struct exporter){ .node = i, .at = wire_now(), .busy = 1000, .idle = 1000,
		    .server = { .host = &node[i], .fn = on_request, .arg = e } };
		snprintf(e->server.at, sizeof e->server.at, "10.0.2.%u:%u", i + 1, EXPORTER_PORT);
		e->page = page_make(e, false);
		server_open(&e->server);
		e->agent = (struct server){ .host = &node[i], .fn = on_stream, .arg = e };
		snprintf(e->agent.at, sizeof e->agent.at, "10.0.2.%u:%u", i + 1, AGENT_PORT);
		server_open(&e->agent);
	}
}
