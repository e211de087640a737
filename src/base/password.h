/*
 * password: hashes of passwords as htpasswd writes them: {SHA}, MD5 ($apr1$ and $1$), and bcrypt
 * ($2a$, $2b$, $2x$ and $2y$, which are taken for the same, as Go's library does).
 */
#ifndef BASE_PASSWORD_H
#define BASE_PASSWORD_H

#include "base/str.h"

#define PASSWORD_MAX	1024		/* bytes; a longer one fits no hash */

/* How long it takes to see whether a password fits: in microseconds, roughly. 0: the hash is of no
 * kind that is known, or one of bcrypt that takes longer than some seconds. */
unsigned	password_usec(struct str hash);
/* Less is nothing that a loop notices. */
#define PASSWORD_CHEAP_USEC	10
/* Safe in any thread. */
bool		password_fits(struct str hash, struct str password);
/* The same in the time that `slowest` takes, whatever the hash is, also none (""): nobody learns
 * from the time whether there is such a user. */
bool		password_fits_as_slow(struct str hash, struct str slowest, struct str password);
/* `user` is "NAME:HASH": its hash takes the place of *slowest, "" at first, if it takes longer. */
void		password_slower(struct str user, struct str *slowest);

#endif
