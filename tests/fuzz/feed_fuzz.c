/*
 * An agent's stream, in pieces with a line of "----" between them: blocks become samples or a reason, and the page that is kept
 * stays within its bound.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "collect/feed.c"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int64_t last_usec;

static void
on_sample(void *arg, struct world_node *n, const struct sample *s, double inflight)
{
	(void)arg;
	(void)n;
	ASSERT(s->taken_usec > last_usec && s->cores > 0 && s->busy >= 0 && inflight == 0);
	last_usec = s->taken_usec;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct loop *l;
	struct str rest = { (const char *)bytes, len }, part;
	struct world_node node = { .name = (char *)"n" };
	static struct phys *phys;
	static struct live *live;
	struct world world;
	struct world_task task = { .node = &node, .slot = 1, .container = (char *)"aaaaaaaaaaaa" }, other = { .node = &node, .slot = 2,
	    .container = (char *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct scrape_task tasks[] = { { .task = &task }, { .task = &other } };
	struct scrape scrape = { .on_sample = on_sample, .period_usec = USEC_PER_SEC, .world = &world };
	struct scrape_target target = { .scrape = &scrape, .name = (char *)"n", .node = &node, .task = tasks, .ntasks = 2 };
	struct source *src = &target.agent;
	struct fetch_result r = { .why = NULL, .status = 200, .detail = "" };
	bool more = true;

	if (l == NULL) {
		l = loop_new();
		phys = phys_init(must_zalloc(phys_bytes()));
		live = live_init(must_zalloc(live_bytes()), 1);
	}
	world = (struct world){ .phys = phys, .live = live };
	scrape.loop = l;
	scrape.live = live;
	rng_seed(&scrape.rng, 1);
	*src = (struct source){ .target = &target, .kind = SOURCE_AGENT, .url = (char *)"http://127.0.0.1:1/stream", .backoff_usec = BACKOFF_LEAST_USEC };
	src->counters = node_new(SOURCE_AGENT);
	target.exporter.target = &target;
	buf_init(&src->page, BLOCK_MAX);
	last_usec = 0;
	while (more && talk_part(&rest, &part)) {
		loop_turn(l, 0);		/* so that the clock moves */
		more = feed_piece(src, part);
		ASSERT(isnan(task.available) || (task.available >= 0 && task.available <= 1e6));
		ASSERT(src->page.len <= BLOCK_MAX && (more || src->verdict != NULL));
	}
	feed_done(src, &r);
	ASSERT(src->fetch == NULL);
	timer_clear(l, &src->timer);
	timer_clear(l, &target.silence);
	buf_fini(&src->page);
	node_free(&src->counters);
	free(src->detail);
	return 0;
}
