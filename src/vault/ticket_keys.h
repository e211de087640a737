/*
 * ticket_keys: the keys of TLS session tickets, shared through a vault, so that a client's session
 * goes on at any worker of any replica, and after a restart. A key is an object, tickets.E, made
 * by whichever Mola is the first to find that it is due: every 12 hours.
 */
#ifndef VAULT_TICKET_KEYS_H
#define VAULT_TICKET_KEYS_H

#include "vault/vault.h"

#define TICKET_KEYS_BYTES	80		/* name 16, HMAC 32, AES 32 */
#define TICKET_KEYS_MAX		3		/* that are in use at once */

struct ticket_keys;

/* The keys have changed. */
typedef void	ticket_keys_changed_f(void *arg);

struct ticket_keys	*ticket_keys_new(struct loop *, struct vault *, ticket_keys_changed_f *,
			    void *arg);
void		 ticket_keys_free(struct ticket_keys **);	/* before the vault */
/*
 * How many there are; the first one encrypts, all decrypt. A new key encrypts after a minute, when
 * all others have read it. Slices are valid until the vault changes.
 */
unsigned	 ticket_keys_list(const struct ticket_keys *, struct str key[TICKET_KEYS_MAX]);

#endif
