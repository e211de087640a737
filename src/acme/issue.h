/*
 * issue: one attempt for one certificate, from the order to the chain that the CA returns. What
 * must survive a kill at any point is in the store before the next step is taken, and the first
 * step of each attempt is to look there: an order that is under way, ours or another's, is gone
 * on with.
 */
#ifndef ACME_ISSUE_H
#define ACME_ISSUE_H

#include "acme/ca.h"
#include "acme/record.h"

struct issue;

struct issue_conf {			/* all of it outlives the attempt */
	struct loop	*loop;
	struct ca	*ca;		/* with a key */
	struct store	*store;
	const struct record_names *names;
	const char	*hash;		/* of the names */
	unsigned	 generation;	/* of the certificate that comes */
	unsigned	 failed;	/* attempts up to this one are known to have failed */
	enum challenge_kind challenge[CHALLENGE_KINDS];	/* that we can answer, the preferred one first */
	unsigned	 nchallenges;
	const char	*profile;	/* NULL: the CA's default */
	const char	*replaces;	/* the renewal id of the certificate in force, NULL: none */
	const char	*hook;		/* program for dns-01, NULL: none */
	int64_t		 hook_usec;
};

struct issue_end {			/* valid during the callback */
	const struct why *why;		/* NULL: there is a certificate */
	const char	*detail;	/* for people */
	int64_t		 retry_after;	/* seconds, -1: the CA did not say */
	unsigned	 failed;	/* the attempt that has come to nothing; 0: it can be gone on with */
	const char	*key, *chain;	/* PEM */
};

typedef void	issue_ended_f(void *arg, const struct issue_end *);
/*
 * For the log: an order was made, resumed, left behind (text: its URL); a phase has begun.
 * `what` is the event's name.
 */
typedef void	issue_note_f(void *arg, const char *what, const char *text);

/*
 * `ended` is called exactly once, in a later turn, unless issue_free comes first; it may free
 * it.
 */
struct issue	*issue_new(const struct issue_conf *, issue_note_f *, issue_ended_f *, void *arg);
void		 issue_free(struct issue **);

#endif
