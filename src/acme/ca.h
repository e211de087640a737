/*
 * ca: a client of one ACME CA: its directory, its nonces, an account there, and signed
 * requests, one at a time. What the requests are for is issue.c's.
 */
#ifndef ACME_CA_H
#define ACME_CA_H

#include "acme/jose.h"
#include "acme/reply.h"
#include "net/fetch.h"

struct ca;

struct ca_conf {			/* strings are copied */
	const char	*directory;	/* URL */
	const char	*trust;		/* PEM file with the authorities of its own TLS; NULL: the system's */
	const char	*email;		/* of the account, NULL: none */
	const char	*eab_id;	/* external account binding, NULL: none */
	struct str	 eab_secret;	/* octets */
};

struct ca_reply {			/* valid during the callback */
	/*
	 * NULL: 2xx. ACME_GONE: no answer, so what was asked for may have been done.
	 * ACME_LIMIT: too much or too early. ACME_ACCOUNT: it takes no account from us.
	 * ACME_REFUSED: any other problem. ACME_REPLY: not understood.
	 */
	const struct why *why;
	const char	*detail;	/* for people; "" when there is none */
	const char	*type;		/* of the problem, "" */
	long		 status;
	struct str	 body;
	const char	*location;	/* URL, "" when there is none */
	int64_t		 retry_after;	/* seconds; -1: not said */
};

typedef void	ca_done_f(void *arg, const struct ca_reply *);

struct ca	*ca_new(struct loop *, struct fetcher *, const struct ca_conf *);
/* Cancels what is under way, without callbacks; never within one. */
void		 ca_free(struct ca **);
/* The account's key; the caller keeps it, and it outlives the CA. Before the first request. */
void		 ca_set_key(struct ca *, const struct jose_key *);
const struct jose_key *ca_key(const struct ca *);	/* NULL: none yet */

/*
 * `done` is called exactly once, in a later turn, unless ca_cancel comes first. The directory
 * and the account come first where they are needed, and a refused nonce is replaced by another.
 */
void		 ca_post(struct ca *, const char *url, struct str payload, ca_done_f *, void *arg);
/* POST-as-GET */
void		 ca_read(struct ca *, const char *url, ca_done_f *, void *arg);
void		 ca_order(struct ca *, struct str payload, ca_done_f *, void *arg);	/* newOrder */
/* ARI's answer for a certificate; ACME_REFUSED with status 0 when the CA has no ARI. */
void		 ca_renewal(struct ca *, const char *renewal_id, ca_done_f *, void *arg);
/* Reads the directory if it is not known: for what depends on it, such as profiles. */
void		 ca_contact(struct ca *, ca_done_f *, void *arg);
void		 ca_cancel(struct ca *, const void *arg);	/* all calls with that arg */

const struct reply_directory *ca_directory(const struct ca *);	/* NULL: not read yet */
const char	*ca_url(const struct ca *);		/* of the directory */

#endif
