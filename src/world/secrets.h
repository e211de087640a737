/*
 * secrets: named values that workers need and nobody else may read, such as the keys of
 * certificates. A set travels as tables do, as one block in a sealed memfd from the brain through
 * the parent to the workers, but never inside a table: the brain, too, maps tables, and what they
 * hold is what the admin API shows. Workers map a set, and a brain that begins, to go on with what
 * the one before had; it is left out of core dumps. The newest set replaces the one before as a
 * whole.
 */
#ifndef WORLD_SECRETS_H
#define WORLD_SECRETS_H

#include "base/str.h"
#include "base/why.h"

#define SECRETS_MAX		16384			/* in a set */
#define SECRETS_BYTES_MAX	(64u << 20)		/* of a set, names and values */
#define SECRETS_NAME_MAX	512			/* bytes of a name */

/* ---- reading ---- */

struct secrets;		/* mapped, read-only, checked */

/*
 * Takes over `fd`, whatever comes of it, and gives a set with one reference.
 * WHY_SECRETS_BROKEN: it is not sealed, or it is no such block. WHY_SYSTEM: errno.
 */
const struct why	*secrets_open(int fd, struct secrets **);
struct secrets		*secrets_ref(struct secrets *);
void			 secrets_unref(struct secrets **);	/* the last one unmaps the set */
uint64_t		 secrets_serial(const struct secrets *);
unsigned		 secrets_count(const struct secrets *);
/* False: there is none of that name. The value lies in the set and lives as long as it. */
bool			 secrets_find(const struct secrets *, struct str name, struct str *value);

/* All of them by number, in the order of their names. */
void			 secrets_at(const struct secrets *, unsigned i, struct str *name, struct str *value);

/* ---- building, in the brain ---- */

struct secrets_maker;

struct secrets_maker	*secrets_maker_new(uint64_t serial);
/* Names (1 to SECRETS_NAME_MAX bytes) are unique; name and value are copied. */
void			 secrets_maker_add(struct secrets_maker *, struct str name, struct str value);
/* Seals what was added. On success *fd belongs to the caller. WHY_SECRETS_LARGE: over a limit;
 * WHY_SYSTEM: errno. */
const struct why	*secrets_maker_seal(struct secrets_maker *, int *fd);
void			 secrets_maker_free(struct secrets_maker **);	/* overwrites what it holds */

#endif
