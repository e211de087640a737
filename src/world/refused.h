/*
 * refused: handshakes of TLS that failed, by reason and by the host that the client asked for: the
 * last few kinds that a worker has seen. In shared memory: the worker alone writes, the brain reads
 * and believes nothing of it without a look.
 */
#ifndef WORLD_REFUSED_H
#define WORLD_REFUSED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/why.h"

#define REFUSED_KINDS	16	/* that are kept; one more takes the place of the oldest */
#define REFUSED_HOST	128	/* bytes of a host that are kept, with a NUL */

struct refused {
	struct refused_row {
		_Atomic uint32_t serial;	/* odd: it is being written */
		_Atomic uint32_t why;
		_Atomic uint64_t count;
		_Atomic int64_t last_usec;	/* 0: there is none */
		_Atomic uint64_t host[REFUSED_HOST / 8];
	} row[REFUSED_KINDS];
};

struct refused_kind {
	const struct why *why;
	uint64_t	 count;
	int64_t		 last_usec;	/* monotonic */
	char		 host[REFUSED_HOST];	/* of printable characters; empty: none was asked for */
};

void	refused_note(struct refused *, const struct why *, struct str host, int64_t now_usec);
/* False: none is at this place, below REFUSED_KINDS. */
bool	refused_read(const struct refused *, unsigned at, struct refused_kind *);

#endif
