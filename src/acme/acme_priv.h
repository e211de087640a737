/*
 * acme_priv: the certificates that acme looks after: acme.c has their lives, acme_read.c takes
 * what the store says, acme_order.c decides when one is due and orders it.
 */
#ifndef ACME_ACME_PRIV_H
#define ACME_ACME_PRIV_H

#include <sys/queue.h>

#include "acme/acme.h"
#include "acme/issue.h"
#include "base/map.h"
#include "base/rng.h"

#define ISSUES_MAX	4		/* attempts at a time */
#define TICK_USEC	(500 * USEC_PER_MSEC)
#define UNWANTED_USEC	(7 * 24 * 3600 * USEC_PER_SEC)	/* then it goes from the store, too */
#define ANSWERS_MAX	1024		/* challenges at a time */

struct acme_cert {
	TAILQ_ENTRY(acme_cert) link;
	struct acme	*acme;
	struct arena	*arena;		/* of its names and texts */
	struct record_names names;
	char		 hash[RECORD_HASH_LEN + 1];
	const char	*title;		/* one of its names, for people */
	char		 id[CERTS_ID_MAX];	/* in certs/ */
	const char	*source, *refused;	/* as in acme_want */
	bool		 wanted, seen;
	int64_t		 unwanted_usec;	/* since when; 0: it is wanted */

	/* of the store */
	unsigned	 generation;	/* the newest that is there; 0: none */
	unsigned	 served;	/* the generation in force */
	int64_t		 not_before, not_after;	/* of that one, seconds since the epoch */
	char		 renewal_id[200];	/* "" when it has none */
	char		*ca_url;		/* that it is from */
	unsigned	 failures, failed;	/* in a row; the last attempt that came to nothing */
	int64_t		 again;		/* not before that time, seconds since the epoch */

	/* of our own */
	double		 chance;	/* where in its window we renew */
	bool		 has_window;	/* of ARI */
	struct when_window window;
	int64_t		 ask_usec;	/* when the CA is asked for it next, monotonic */
	bool		 asking;
	struct ca	*asked;
	bool		 forced;	/* by an operator */
	struct issue	*issue;
	const char	*ordering;	/* URL of the CA that it is with */
	bool		 saving;	/* a new certificate is on its way to the store */
	unsigned	 saving_generation;
	const struct why *why;		/* of the last failure, NULL: none since the last certificate */
	char		 detail[CERTS_DETAIL_MAX];
};

struct acme_ca {
	struct ca	*ca;
	struct jose_key	*key;
	bool		 creating;	/* its key is on its way to the store */
};

struct acme_answer {			/* to a challenge, as it stands in certs/ */
	enum certs_challenge kind;
	char		*name;		/* the token, or the host name */
	char		*answer;	/* "token.thumbprint" */
	bool		 seen;
};

struct acme {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct certs	*certs;
	struct certs_source source;
	acme_event_f	*event;
	void		*arg;
	const struct conf *conf;	/* NULL: none yet */
	struct store	*store;
	struct acme_ca	 ca[CONF_ACME_CAS_MAX];
	unsigned	 ncas;
	TAILQ_HEAD(, acme_cert) certs_list;
	struct acme_answer answer[ANSWERS_MAX];
	unsigned	 nanswers;
	struct map	*known;		/* ids of objects whose data was read already */
	struct rng	 rng;
	struct timer	 tick;
	const struct why *store_why;	/* as it was reported */
};

struct acme_cert *acme_cert_of(struct acme *, const struct record_names *);	/* made, if need be */
bool	acme_cert_ended(struct acme_cert *);
int64_t	acme_now(void);			/* seconds since the epoch */
struct acme_cert *acme_cert_find(struct acme *, const char *hash);
void	acme_tell(struct acme_cert *, enum log_level, const char *event, const struct why *,
	    const char *text);
void	acme_note(struct acme_cert *);	/* tells certs/ how it stands */
/* seconds since the epoch; 0: as soon as possible */
int64_t	acme_renew_at(const struct acme_cert *);

/* acme_read.c */
void	acme_read(struct acme *);	/* the store has changed */
void	acme_read_failures(struct acme *);	/* of names that are new */
void	acme_read_nothing(struct acme *);	/* there is no store any more */
void	acme_read_end(struct acme *);
/* Puts it in force. False: it cannot be used. */
bool	acme_serve(struct acme_cert *, unsigned generation, const char *ca_url, struct str chain,
	    struct str key);

/* acme_order.c */
void	acme_step(struct acme *);	/* whatever is due */
void	acme_drop(struct acme *);	/* all that is under way */
void	acme_cert_drop(struct acme_cert *);	/* the same of one */
void	acme_cert_remove(struct acme_cert *);	/* from the store: it goes when that has happened */

#endif
