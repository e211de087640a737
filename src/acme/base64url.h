/*
 * base64url: RFC 4648's alphabet for URLs, without padding, as JWS wants it.
 */
#ifndef ACME_BASE64URL_H
#define ACME_BASE64URL_H

#include "base/buf.h"

bool	base64url_add(struct buf *, struct str bytes);		/* false: the buffer is full */
/*
 * Adds the bytes; false: a character that is none of the alphabet, a length that cannot be,
 * bits that are left over, or the buffer is full; the buffer is then as before.
 */
bool	base64url_decode(struct buf *, struct str text);

#endif
