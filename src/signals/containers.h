/*
 * containers: what an agent reports of a node's containers, from one page or one block of its
 * stream. Names of the metrics stand in tbl/container_metrics.h.
 */
#ifndef SIGNALS_CONTAINERS_H
#define SIGNALS_CONTAINERS_H

#include <stdbool.h>

#include "base/str.h"
#include "signals/prom_text.h"

#define CONTAINERS_MAX		1024	/* of one node; more are not kept */
/* So all lines of as many containers are found in any order: what goes further is made to cost. */
#define CONTAINERS_SEARCH_MOST	(2u * CONTAINERS_MAX * CONTAINERS_MAX)
#define CONTAINERS_ID_BYTES	65	/* 64 hexadecimal digits */

struct container {
	char	id[CONTAINERS_ID_BYTES];
	double	available;		/* cores that it could have; NAN: not known */
	double	used;			/* cores that it used; NAN: not known */
	double	quota;			/* cores, INFINITY: none */
};

struct containers {
	struct container *of;
	unsigned	 n, room;
	unsigned	 next;		/* lines keep their order: the next one is most likely here */
	unsigned	 searched;	/* places beside that, on this page */
};

void	containers_fini(struct containers *);
void	containers_clear(struct containers *);
/* False: the line is not of a container, or cannot be. */
bool	containers_take(struct containers *, const struct prom_value *);
/* By its id, or at least the first digits of it; NULL: none, or several that begin so. *at is where
 * it was last time: a whole id that is there again is found at once. */
const struct container *containers_find(const struct containers *, const char *id, unsigned *at);

#endif
