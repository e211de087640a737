/*
 * import: certificates of a Traefik's acme.json, so that a switch orders none anew. The file is
 * only read; what is taken goes the way of a certificate that was ordered.
 */
#ifndef ACME_IMPORT_H
#define ACME_IMPORT_H

#include "acme/record.h"
#include "base/arena.h"

#define IMPORT_DETAIL_MAX 200

enum import_worth {
	WORTH_NOTHING,		/* of a CA for trials, which is not ours */
	WORTH_SOMETHING,	/* of another CA than ours, or nobody knows whose */
	WORTH_MOST
};

struct import_pair {
	char		*chain, *key;	/* PEM; NULL: there is none */
	int64_t		 not_after;	/* seconds since the epoch */
	enum import_worth worth;
};

/*
 * The certificate of the file that has all these names and is valid for the longest time, of those
 * that have not expired at `now`: one of the CA with this URL, or else one of another, but for CAs
 * for trials. False: the file cannot be read, or is none of Traefik's, and
 * `detail` says so. The caller frees the pair.
 */
bool	import_find(const char *path, const char *ca, const struct record_names *, int64_t now,
	    struct import_pair *, char detail[IMPORT_DETAIL_MAX]);
void	import_free(struct import_pair *);	/* overwrites the key */
/* For `mola check`: how many certificates the file has with their keys, and how many more that
 * cannot be used; false and `detail` as above. */
bool	import_count(const char *path, const char *ca, unsigned *n, unsigned *bad,
	    char detail[IMPORT_DETAIL_MAX]);

#endif
