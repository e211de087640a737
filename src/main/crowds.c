/*
 * A node is crowded when threads of others want all its cores in two samples one after another: a
 * single sample counts threads at one moment, and bursts of that length are no news. It is relieved
 * when they want less than half of the cores in every sample of some seconds, so that a load near
 * the border is logged once. What is logged steers nothing: the law takes each sample as it is.
 */
#include "base/clock.h"
#include "base/log.h"
#include "main/crowds.h"

#define CROWDED_SAMPLES	2
#define RELIEVED_PART	.5
#define RELIEVED_USEC	(5 * USEC_PER_SEC)

static void
log_node(const char *event, const struct world_node *n, const char *text)
{
	double others = n->steering.row.law.others;

	log_event(LOG_INFO, event, "node", n->name, "cores", LOG_F(n->observed.sample.cores, 1), "others",
	    LOG_F(others > 0 ? others : 0, 1), "text", text, NULL);
}

static void
node_look(struct world_node *n)
{
	double others = n->steering.row.law.others, cores = n->observed.sample.cores;
	int64_t at = n->observed.sample.taken_usec;

	n->crowd.looked_usec = at;
	n->crowd.samples = others >= cores ? n->crowd.samples + 1 : 0;
	if (!n->crowd.reported && n->crowd.samples >= CROWDED_SAMPLES) {
		n->crowd.reported = true;
		log_node("node.crowded", n, "threads of others want all its cores");
	}
	if (others >= RELIEVED_PART * cores || n->crowd.calm_usec == 0)
		n->crowd.calm_usec = at;
	if (n->crowd.reported && at - n->crowd.calm_usec >= RELIEVED_USEC) {
		n->crowd.reported = false;
		log_node("node.relieved", n, "threads of others want less than half of its cores");
	}
}

void
crowds_tick(struct world *w)
{
	struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link) {
		int64_t taken = n->observed.samples > 0 ? n->observed.sample.taken_usec : 0;
		if (taken != 0 && taken != n->crowd.looked_usec && taken == n->steering.row.law.sampled_usec)
			node_look(n);
	}
}
