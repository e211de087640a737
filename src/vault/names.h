/* names: of objects in a vault, and of the certificates in it. */
#ifndef VAULT_NAMES_H
#define VAULT_NAMES_H

#include <stdbool.h>

#define NAMES_HASH_BYTES 17

/* [a-z0-9.-] with a letter or digit at both ends, at most VAULT_NAME_MAX bytes. */
bool	names_is_object(const char *name);
/* One text for a set of host names, in any order and case: 16 hexadecimal digits. n > 0. */
void	names_hash(const char *const *name, unsigned n, char out[NAMES_HASH_BYTES]);

#endif
