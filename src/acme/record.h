/*
 * record: what the objects of the store say, and what they are called. Pure: JSON in, JSON out;
 * what is read lives in the arena.
 *
 *	account.K	the key of an account; K of the directory's URL
 *	order.H.G.A	attempt A for generation G of the certificate for the names of H
 *	cert.H.G	that generation
 */
#ifndef ACME_RECORD_H
#define ACME_RECORD_H

#include "acme/reply.h"
#include "acme/store.h"

#define RECORD_HASH_LEN	16		/* hexadecimal digits of H and K */

struct record_names {			/* sorted, lower case, each once */
	char		**name;
	unsigned	 n;
};

/* Adds a list of names in any order; false: more than REPLY_AUTHZ_MAX. */
bool	record_names_make(struct arena *, const char *const *names, unsigned n, struct record_names *);
void	record_hash(const struct record_names *, char out[RECORD_HASH_LEN + 1]);
void	record_url_hash(const char *url, char out[RECORD_HASH_LEN + 1]);
/* "order.H.G.A" with attempt > 0, "cert.H.G" without; false: it is none. */
bool	record_name_parse(const char *name, char hash[RECORD_HASH_LEN + 1], unsigned *generation,
	    unsigned *attempt);

struct record_answer {
	enum challenge_kind kind;
	const char	*name;		/* without "*." */
	const char	*token, *answer;	/* "token.thumbprint" */
};

struct record_order {
	const char	*ca;		/* URL of its directory */
	const char	*url;
	struct str	 key;		/* of the certificate, PEM */
	struct record_names names;
	struct record_answer answer[REPLY_AUTHZ_MAX];
	unsigned	 nanswers;
};

struct record_cert {
	const char	*ca;
	struct str	 chain, key;	/* PEM */
	struct record_names names;
};

/* The caller overwrites the buffer: keys are in it. */
void	record_account_write(const char *ca, struct str key, struct buf *);
void	record_order_write(const struct record_order *, struct buf *);
void	record_cert_write(const struct record_cert *, struct buf *);
bool	record_account_read(struct arena *, struct str, struct str *key);
bool	record_order_read(struct arena *, struct str, struct record_order *);
bool	record_cert_read(struct arena *, struct str, struct record_cert *);

#endif
