/*
 * view: what a read has found in a vault (struct vault_view); made by vault_view_add and
 * vault_view_keep (backend.h), looked at by vault.c.
 */
#ifndef VAULT_VIEW_PRIV_H
#define VAULT_VIEW_PRIV_H

#include "vault/backend.h"

/* What an object's texts and data are kept in; views share it. */
struct vault_raw {
	unsigned refs;
	uint64_t tag;
	char	*name, *id, *data, *sealed;
	size_t	 data_bytes, sealed_bytes;
	json_t	*labels;
};

void	 view_clear(struct vault_view *);
/* *at: its place, or where it would be. */
const struct vault_object *view_find(const struct vault_view *, const char *name, unsigned *at);
uint64_t view_hash(const struct vault_view *);	/* only compared within this process */

#endif
