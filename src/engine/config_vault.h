/*
 * config_vault: a vault (vault/vault.h) in Swarm's raft: each object is a config, which any
 * manager shows and all of them agree on. Nothing of it depends on the Engine for less than a
 * minute: that is how long a Swarm may be without a leader.
 */
#ifndef ENGINE_CONFIG_VAULT_H
#define ENGINE_CONFIG_VAULT_H

#include "engine/engine.h"
#include "vault/seal.h"
#include "vault/vault.h"

#define CONFIG_VAULT_PREFIX_MAX	15

/* [a-z0-9-] with a letter or digit at both ends. */
bool		 config_vault_prefix_is_valid(const char *prefix);
/* Names of configs are PREFIX.NAME. The seal is kept by reference. */
struct vault	*config_vault_new(struct loop *, struct seal *, const char *prefix);
/*
 * NULL: there is none, or it is about to be freed. While the Engine is not a manager, the view
 * is lost with ENGINE_CLIENT.
 */
void		 config_vault_engine(struct vault *, struct engine *);

#endif
