/*
 * cert_index: which certificate serves a host. It is filled once and does not change: another
 * set of certificates is another index.
 */
#ifndef NET_CERT_INDEX_H
#define NET_CERT_INDEX_H

#include "net/cert.h"

struct cert_index;

/* One certificate of each kind of key at most: the client's abilities decide which is shown. */
struct cert_group {
	struct cert	*kind[CERT_KINDS];
};

struct cert_index	*cert_index_new(void);
void			 cert_index_free(struct cert_index **);
/* Holds a reference. Of two with the same name and kind of key, that which is valid longer
 * serves. */
void			 cert_index_add(struct cert_index *, struct cert *);
/* For clients that name no host, or one that is not here. The certificate need not have names. */
void			 cert_index_set_default(struct cert_index *, struct cert *);
/*
 * By the exact name, else by the wildcard for its first label, else the default; in any case.
 * The empty host is that of a client that names none. NULL: nothing serves it.
 */
const struct cert_group	*cert_index_find(const struct cert_index *, struct str host);
unsigned		 cert_index_count(const struct cert_index *);	/* of certificates */

#endif
