/*
 * account: the request for an account at a CA (RFC 8555, 7.3). Pure.
 */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

#include "acme/jose.h"

struct account_conf {
	const struct jose_key *key;
	const char	*url;		/* of newAccount */
	const char	*email;		/* NULL: none */
	const char	*eab_id;	/* of the account at the CA that it is bound to (7.3.4), NULL: none */
	struct str	 eab_secret;	/* octets */
};

void	account_request(const struct account_conf *, struct buf *out);	/* its payload, as JSON */

#endif
