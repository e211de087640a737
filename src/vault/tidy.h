/*
 * tidy: removes from a vault what has had its time. Names say what an object is:
 *
 *	cert.H.G	once the certificate of generation G + 2 or later is a day old
 *	order.H.G.A	a day after a certificate of its generation or a later one; an hour after a
 *			later attempt; after thirty days in any case
 *	tickets.E	once there is E + 3
 *
 * Times are those of the store; a clock that is wrong removes too early or too late, and never
 * the last two generations. An object that cannot be read replaces nothing. Others stay.
 */
#ifndef VAULT_TIDY_H
#define VAULT_TIDY_H

#include "vault/vault.h"

struct tidy;

/* The next one to be removed, NULL: there is none. */
const struct vault_object *tidy_next(const struct vault *, int64_t now_sec);

/* Removes them, one after the other. */
struct tidy	*tidy_new(struct vault *);
void		 tidy_free(struct tidy **);		/* before the vault */

#endif
