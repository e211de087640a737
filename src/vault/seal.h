/*
 * seal: data that lies where others may read it, encrypted and bound to the name under which it
 * lies. Several secrets can be known at once, so that one can be replaced: the first seals, all
 * open.
 *
 *	key id (1) | nonce (12) | AES-256-GCM of the data | tag (16)
 *
 * The key and its id come from the secret by HKDF; the name is authenticated with the data.
 */
#ifndef VAULT_SEAL_H
#define VAULT_SEAL_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

#define SEAL_SECRETS_MAX	4
#define SEAL_SECRET_MIN		32	/* bytes */
#define SEAL_BYTES		(1 + 12 + 16)	/* that sealing adds */
#define SEAL_NAME_BYTES	17

struct seal;

struct seal	*seal_new(void);
void		 seal_free(struct seal **);		/* overwrites the keys */
/* White space at both ends does not count. STORE_SECRET: it is too short; STORE_SECRETS: one too
 * many. */
const struct why *seal_add(struct seal *, struct str secret);
unsigned	 seal_secrets(const struct seal *);

/* A name of the secret that seals, which says nothing about it; and whether one is that of a
 * secret that is known. */
void		 seal_name(const struct seal *, char out[SEAL_NAME_BYTES]);
bool		 seal_knows(const struct seal *, const char *name);

/* Appends to `out`. False: it did not fit. */
bool		 seal_close(const struct seal *, struct str name, struct str data, struct buf *out);
/*
 * `data` has seal_data_bytes(sealed) bytes. STORE_SEALED: under a secret that is not known here;
 * STORE_TAMPERED: it is not what was sealed under that name. `which` is the secret's number.
 */
size_t		 seal_data_bytes(struct str sealed);
const struct why *seal_open(const struct seal *, struct str name, struct str sealed, char *data,
		    unsigned *which);

#endif
