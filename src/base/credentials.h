/* credentials: what a client says in Authorization about who it is. */
#ifndef BASE_CREDENTIALS_H
#define BASE_CREDENTIALS_H

#include "base/str.h"

#define CREDENTIALS_MAX	2048		/* bytes of user and password as Basic has them */

struct basic_credentials {
	char		 text[CREDENTIALS_MAX];
	struct str	 user, password;	/* of any bytes; point into it */
};

/* False: it is not Basic, or longer than that. */
bool	basic_read(struct str value, struct basic_credentials *);

struct digest_credentials {
	struct str	 user, realm, nonce, uri, response, algorithm, opaque, qop, nc, cnonce;
};

/* Values as they stand, without quotes; of what is there twice, the last. False: it is not Digest,
 * or malformed. */
bool	digest_read(struct str value, struct digest_credentials *);

#endif
