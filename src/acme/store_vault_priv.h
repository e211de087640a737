/*
 * store_vault_priv: a store over a vault, as its two halves see it: store_vault.c has the view and
 * the writes, store_lease.c the lease.
 */
#ifndef ACME_STORE_VAULT_PRIV_H
#define ACME_STORE_VAULT_PRIV_H

#include <sys/queue.h>

#include "acme/store_vault.h"
#include "vault/lease.h"

struct op;			/* a write of ACME's, until it is known what it has come to */

struct store_vault {
	struct store	 store;
	struct loop	*loop;
	struct vault	*vault;
	struct vault_watcher watcher;
	bool		 shared;
	struct store_object *object;	/* the view */
	unsigned	 n;
	TAILQ_HEAD(, op) ops;

	struct lease	 lease;
	struct timer	 timer;
	struct vault_call *beat;	/* under way */
	enum lease_step	 step;		/* that it is for */
	json_t		*notes;		/* to be written with the next beat; null: the label goes */
	json_t		*sent;		/* those of the beat under way */
	bool		 held;		/* as last reported */
	char		 why_logged[VAULT_DETAIL_MAX];
	uint64_t	 unreadable;	/* a hash of the names of those that were logged */
};

/* store_vault.c */
/* Before anything is called that may look at it: the objects of the view before are gone. */
void	store_vault_view(struct store_vault *);
void	store_vault_report(struct store_vault *);	/* to people, and to the store's owner */

/* store_lease.c; the last three are of store_ops */
void	store_lease_look(struct store_vault *);		/* after a good read */
void	store_lease_pump(struct store_vault *);		/* does what is next */
bool	store_lease_is_held(const struct store *);
void	store_lease_set_wanted(struct store *, bool);
void	store_lease_add_note(struct store *, const char *key, const char *value);

#endif
