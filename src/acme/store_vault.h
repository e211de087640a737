/*
 * store_vault: the store of ACME over a vault (vault/vault.h), whichever kind that is: what it
 * adds is that writes are repeated until it is known what became of them, and the lease.
 */
#ifndef ACME_STORE_VAULT_H
#define ACME_STORE_VAULT_H

#include "acme/store.h"
#include "vault/vault.h"

/*
 * Takes the vault over. `shared`: other Molas use it, too; else the lease is taken at once,
 * whoever had it. `changed` is as in acme/store.h.
 */
struct store	*store_vault_new(struct loop *, struct vault *, bool shared, store_changed_f *changed,
		    void *arg);

#endif
