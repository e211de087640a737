/*
 * known: who has shown a password lately, so that its hash is computed once in some minutes and not
 * for each request. Only a keyed digest is kept of it, and of the hash that it fits: another
 * password, or another hash, is not known. Of fixed size; one for each worker, and one for the
 * admin interface.
 */
#ifndef BASE_KNOWN_H
#define BASE_KNOWN_H

#include "base/str.h"

#define KNOWN_USEC	(5 * 60 * INT64_C(1000000))
#define KNOWN_BYTES	16

struct known;

struct known_mark {
	uint8_t	 b[KNOWN_BYTES];
};

struct known	*known_new(void);
void		 known_free(struct known **);
/* False: it cannot be had, and nothing is known. */
bool		 known_mark(const struct known *, struct str hash, struct str password,
		    struct known_mark *);
bool		 known_has(const struct known *, const struct known_mark *, int64_t now_usec);
void		 known_add(struct known *, const struct known_mark *, int64_t now_usec);

#endif
