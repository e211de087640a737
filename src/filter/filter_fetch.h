/*
 * filter_fetch: a request of a filter to a server that is no task, such as that of forwardAuth.
 * Whoever makes a worker's means says how such a request is made; a filter says what it is, and
 * takes what comes.
 */
#ifndef FILTER_FILTER_FETCH_H
#define FILTER_FILTER_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct filter_fetch {
	/* the filter's: all of it lives until `done`, or until it is cancelled */
	const char	*url;
	const char	*method;
	const char	*const *fields;	/* "Name: value", or "Name;" where the value is empty */
	unsigned	 nfields;
	struct str	 body;		/* of the request */
	size_t		 body_max;	/* of the response */
	int64_t		 timeout_usec;
	bool		 insecure;	/* whoever responds over TLS is believed */
	/* What comes, as it comes: a head begins (interim ones, too), and its fields. */
	void		(*on_head)(struct filter_fetch *);
	void		(*on_field)(struct filter_fetch *, struct str name, struct str value);
	/* The end, in a later turn. `status` is 0 when there was no whole response; `large`: because
	 * its body is larger than body_max. */
	void		(*done)(struct filter_fetch *, int status, bool large, struct str body);
	void		*own;		/* of whoever makes the request */
};

struct filter_fetch_ops {
	/* False: too many are under way. */
	bool		(*start)(void *arg, struct filter_fetch *);
	void		(*cancel)(void *arg, struct filter_fetch *);	/* nothing is called any more */
	void		*arg;
};

#endif
