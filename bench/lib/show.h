/*
 * show: the picture of the demo, drawn in place on a terminal, or told in lines elsewhere.
 */
#ifndef BENCH_SHOW_H
#define BENCH_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#define SHOW_NODES	16
#define SHOW_POLICIES	8
#define SHOW_EVENTS	32

struct show_node {
	double		 cores;
	unsigned	 others, hog;	/* threads: all foreign ones, and the hog's part of them */
	unsigned	 ours;		/* requests in flight there */
	double		 share;		/* of the last second's requests */
	double		 cost;		/* NAN: not known */
	char		 reason[240];	/* in Mola's words */
	char		 state[16];	/* of its task, in Mola's word; "": not known */
};

struct show_policy {
	char		 name[32];
	unsigned long	 sent, done, failed, inflight, unfinished;
	double		 p50, p99, recent_p50, recent_p99;	/* ms */
	bool		 at_least;	/* so many are unanswered that p99 is a lower bound */
};

struct show {
	bool		 terminal, utf8, colour;
	unsigned	 width;
	double		 seconds, total, rate;
	unsigned	 nnodes, npolicies;
	struct show_node node[SHOW_NODES];		/* of the first policy's set */
	struct show_policy policy[SHOW_POLICIES];
	unsigned	 nevents;
	struct show_event {
		double		 at;
		char		 text[120];
	} event[SHOW_EVENTS];
	unsigned	 watched;	/* a node whose reason is worth a line, from 0 */
	char		 page[160];	/* the address of the page */
	char		 where[160];	/* what to type meanwhile */
};

void	show_begin(struct show *, FILE *);		/* finds out what the stream can do */
struct show_policy *show_policy(struct show *, const char *name);	/* NULL: none of that name */
void	show_event(struct show *, FILE *, const char *text);
void	show_draw(struct show *, FILE *);		/* terminal: the picture; elsewhere nothing */
void	show_line(struct show *, FILE *);		/* elsewhere: where we are, in a line */
void	show_end(struct show *, FILE *);		/* leaves the picture, the cursor below it */
void	show_table(const struct show *, FILE *);	/* the closing table */
void	show_words(const struct show *, FILE *);	/* what it means, in one sentence */

#endif
