/*
 * source: where a node's samples come from, shared by scrape.c (who is looked at), exporter.c (asks again and again),
 * feed.c (keeps an agent's stream open) and source.c (what a page or a failure means). Nobody else's.
 */
#ifndef COLLECT_SOURCE_H
#define COLLECT_SOURCE_H

#include "base/buf.h"
#include "base/map.h"
#include "base/rng.h"
#include "collect/scrape.h"

#define PAGE_MAX	(4u << 20)
#define BLOCK_MAX	(1u << 20)		/* of an agent's stream */
#define LONG_PERIODS	10			/* a rate over so long says nothing of now */
#define EAGER_PAGES	3			/* the first pages come sooner: nobody is judged before two samples */
#define EAGER_USEC	(250 * USEC_PER_MSEC)
#define BACKOFF_LEAST_USEC (100 * USEC_PER_MSEC)

struct source {				/* one URL */
	struct eye	*eye;
	enum sample_source kind;
	char		*url;		/* NULL: there is no such source */
	struct node	*node;		/* its last page */
	struct timer	 timer;		/* the next start; of a stream under way: when the next block is overdue */
	int64_t		 due_usec;
	int64_t		 backoff_usec;
	struct fetch	*fetch;		/* under way, or NULL */
	struct buf	 page;		/* what has come of it, and when it began */
	int64_t		 began_usec;
	double		 inflight;	/* then */
	const struct why *verdict;	/* why we ended the exchange ourselves */
	unsigned	 pages;		/* sound ones since the node was last forgotten */
	int64_t		 good_usec;	/* the last sound one; 0: never */
	const struct why *why;		/* what is wrong now; NULL: nothing, or nothing known */
	char		 detail[NODE_DETAIL_MAX];
};

struct eye {				/* one node, with up to two sources */
	LIST_ENTRY(eye)	 link;
	struct scrape	*scrape;
	char		*name;
	struct world_node *node;	/* until the next pass */
	bool		 seen;		/* in the sync under way */
	int64_t		 sampled_usec;	/* the last, from either source */
	struct source	 exporter, agent;
};

struct scrape {
	struct loop	*loop;
	struct fetcher	*fetcher;
	scrape_sample_f	*fn;
	void		*arg;
	const struct live *live;
	int64_t		 period_usec, timeout_usec;
	struct rng	 rng;
	struct map	*by_name;
	LIST_HEAD(, eye) eyes;
};

int64_t	source_moment(const struct source *);		/* to begin after: not everybody at once */
bool	source_speaks(const struct source *);		/* nothing wrong, and its last page is fresh */
void	source_start(struct source *, const char *url, int64_t timeout_usec, fetch_data_f *, fetch_done_f *);
/* A piece of an answer; false, with a verdict: too much. */
bool	source_piece(struct source *, struct str);
/* A whole answer, or one block of a stream: becomes a sample, or a failure, which is returned. */
const struct why *source_page(struct source *, struct str);
void	source_lost(struct source *, const struct why *, const char *detail);
void	source_failed(struct source *, const struct fetch_result *);	/* the verdict's or the result's reason */
void	eye_judge(struct eye *);			/* tells the world what the two sources together mean */

void	exporter_start(struct source *);		/* within a moment, then each period */
void	feed_start(struct source *);			/* within a moment, then again whenever it ends */

#endif
