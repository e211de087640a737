/*
 * jose: signed requests as ACME wants them (RFC 7515, flattened JSON; RFC 7638 thumbprints):
 * ES256 with an account's key, HS256 for the binding to an account elsewhere. Pure: texts in,
 * texts out.
 */
#ifndef ACME_JOSE_H
#define ACME_JOSE_H

#include "base/buf.h"

struct jose_key;			/* a private key on P-256; freed memory is overwritten */

#define JOSE_PEM_MAX	1024		/* bytes of a key */

struct jose_key	*jose_key_new(void);
struct jose_key	*jose_key_parse(struct str pem);	/* NULL: none, or on another curve */
void		 jose_key_free(struct jose_key **);
void		 jose_key_write(const struct jose_key *, struct buf *);		/* adds PEM (PKCS#8) */

/* Each adds to the buffer, whose limit is the caller's to check (`full`). */
void		 jose_jwk(const struct jose_key *, struct buf *);		/* the public key, as JSON */
void		 jose_thumbprint(const struct jose_key *, struct buf *);
/* The answer to a challenge: "token.thumbprint". */
void		 jose_answer(const struct jose_key *, struct str token, struct buf *);
/* SHA-256 in base64url, as the TXT record of dns-01 has an answer. */
void		 jose_digest(struct str, struct buf *);
/* `head` is the protected header, JSON. An empty payload is that of POST-as-GET. */
void		 jose_sign(const struct jose_key *, struct str head, struct str payload, struct buf *);
void		 jose_sign_mac(struct str secret, struct str head, struct str payload, struct buf *);

#endif
