/*
 * issue_priv: an attempt, as its two halves see it: issue.c walks from state to state,
 * issue_challenge.c does what the authorizations need.
 */
#ifndef ACME_ISSUE_PRIV_H
#define ACME_ISSUE_PRIV_H

#include "acme/hook.h"
#include "acme/issue.h"

struct issue_challenge {		/* of an authorization that is pending */
	enum challenge_kind kind;
	const char	*url, *name, *token, *answer;
	bool		 sent;		/* to the CA, by this process: once is enough */
	bool		 presented;	/* by the hook */
};

struct issue {
	struct issue_conf conf;
	issue_note_f	*note;
	issue_ended_f	*ended;
	void		*arg;
	struct arena	*arena;		/* of all texts of the attempt */
	struct timer	 timer;
	struct hook	*hook;
	const char	*phase;

	unsigned	 attempt;
	bool		 recorded;	/* it is in the store, and so are its answers */
	const char	*order;		/* its URL */
	const char	*key;		/* of the certificate, PEM */
	struct reply_order reply;	/* the last one */
	struct issue_challenge challenge[REPLY_AUTHZ_MAX];
	unsigned	 nchallenges;
	struct record_answer answer[REPLY_AUTHZ_MAX];	/* of an order that was found in the store */
	unsigned	 nanswers;
	bool		 walked;	/* all authorizations were read */
	unsigned	 at;		/* which authorization or challenge is looked at */
	bool		 seeks_problem;	/* the order is invalid: the authorizations are read to see why */
	bool		 lone;		/* the CA does not want to hear what is replaced */

	int64_t		 began_usec;	/* to wait for the CA */
	int64_t		 wait_usec;	/* before the next look */
	bool		 over;
	struct issue_end end;
	struct deferred	 deferred;
};

/* issue.c */
void	issue_enter(struct issue *, const char *phase);
void	issue_go(struct issue *, timer_f *next);	/* in a later turn, with the right to act */
/* Ends it, after the hook has cleaned up; the text is copied. */
void	issue_fail(struct issue *, const struct why *, const char *detail, bool for_good);
void	issue_refused(struct issue *, const struct ca_reply *, bool for_good);
void	issue_record(struct issue *);		/* all authorizations of a new order are known */
void	issue_wait(struct issue *);		/* for the CA to validate */
bool	issue_may_act(struct issue *);		/* false: the lease is lost, and the attempt has ended */

/* issue_challenge.c */
void	issue_authz(void *);			/* reads the next authorization */
void	issue_present(void *);			/* has the hook present the next answer */
void	issue_clean(void *);			/* has it take the next one back, then ends */
void	issue_send(void *);			/* tells the CA of the next challenge */

#endif
