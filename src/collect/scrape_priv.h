/*
 * scrape_priv: a node's sources of samples, shared by scrape.c (which nodes have which sources),
 * exporter.c (requests a page each period), feed.c (keeps an agent's stream open), source.c (what a
 * page or a failure means) and scrape_tasks.c (what a page says of the node's tasks).
 */
#ifndef COLLECT_SCRAPE_PRIV_H
#define COLLECT_SCRAPE_PRIV_H

#include "base/buf.h"
#include "base/map.h"
#include "base/rng.h"
#include "collect/scrape.h"
#include "score/throttle.h"

#define PAGE_MAX	(4u << 20)
#define BLOCK_MAX	(1u << 20)		/* of an agent's stream */
#define LONG_PERIODS	10			/* a rate over so long says nothing of now */
#define EAGER_PAGES	3			/* the first pages come sooner: a node counts from two samples on */
#define EAGER_USEC	(250 * USEC_PER_MSEC)
/* Between two first pages of thousands of nodes: if all of them were under way at once, so would be
 * all the memory that this takes, and connections would lie scattered in it. */
#define START_USEC	500
#define BACKOFF_LEAST_USEC (100 * USEC_PER_MSEC)

struct source {				/* one URL */
	struct scrape_target *target;
	enum sample_source kind;
	char		*url;		/* NULL: there is no such source */
	struct node_counters *counters;	/* of its last page; NULL: there is no such source */
	struct timer	 timer;		/* the next start; of a stream under way: when the next block is overdue */
	int64_t		 due_usec;
	int64_t		 backoff_usec;
	struct fetch	*fetch;		/* under way, or NULL */
	struct buf	 page;		/* what has come of it, and when it began */
	int64_t		 began_usec;
	double		 inflight;	/* our requests on the node then */
	const struct why *verdict;	/* why we ended the exchange ourselves */
	unsigned	 pages;		/* sound ones since the counters were last forgotten */
	int64_t		 good_usec;	/* the last sound one; 0: never */
	const struct why *why;		/* what is wrong now; NULL: nothing, or nothing known */
	char		*detail;	/* NULL: nothing was wrong yet */
};

struct scrape_task {			/* in a container */
	struct world_task *task;
	unsigned	 at;		/* where its container was among those of the last page */
	double		 inflight;	/* our requests on it at the last page; 0: there was none yet */
};

struct scrape_target {			/* one node, with up to two sources */
	LIST_ENTRY(scrape_target) link;
	struct scrape	*scrape;
	char		*name;
	struct world_node *node;	/* until the next pass */
	bool		 seen;		/* in the sync under way */
	int64_t		 sampled_usec;	/* the last sample, from either source */
	struct source	 exporter, agent;
	struct scrape_task *task;	/* on this node; until the next pass */
	unsigned	 ntasks, task_room;
	bool		 unbound;	/* another task is on it, whose container is not known */
	struct timer	 silence;	/* then nothing is known of its containers any more */
	bool		 known;		/* until then something may be */
};

struct throttles {			/* by slot; pages of it that nobody uses do not exist */
	struct throttle	 task[TASKS_MAX];
	struct throttle_best service[LIVE_SERVICES];
};

struct scrape {
	struct loop	*loop;
	struct fetcher	*fetcher;
	scrape_sample_f	*on_sample;
	void		*arg;
	struct world	*world;
	const struct live *live;
	int64_t		 period_usec, timeout_usec;
	struct rng	 rng;
	struct map	*by_name;
	struct throttles *throttles;	/* NULL: no task had a limit yet */
	LIST_HEAD(, scrape_target) targets;
};

/* What the two sources together mean becomes the node's signal.why. */
void	scrape_target_update_signal(struct scrape_target *);

void	exporter_start(struct source *);	/* after a random delay, then each period */
void	feed_start(struct source *);		/* after a random delay, then again when it ends */

/* Between the first pages of a node, and the time in which those of all nodes begin. */
int64_t	source_eager_usec(const struct source *);
int64_t	source_random_delay(const struct source *);	/* before the first start: not all at once */
bool	source_is_fresh(const struct source *);		/* nothing wrong, and its last page is fresh */
void	source_request(struct source *, const char *url, int64_t timeout_usec, fetch_data_f *,
	    fetch_done_f *);
/* A piece of a response; false, with a verdict: too much. */
bool	source_add_piece(struct source *, struct str);
/* A whole response, or one block of a stream: becomes a sample, or a failure, which is returned. */
const struct why *source_read_page(struct source *, struct str);
void	source_set_failed(struct source *, const struct why *, const char *detail);
/* After a fetch: with the verdict's or the result's reason. */
void	source_set_fetch_failed(struct source *, const struct fetch_result *);

/* scrape_tasks.c. After each pass; then a sound page of a source, and its sample if it gave one. */
void	scrape_tasks_sync(struct scrape *);
void	scrape_tasks_take(struct source *, const struct sample *);
void	scrape_tasks_stop(struct scrape_target *);

#endif
