/*
 * list: the verbs that show a list of the API as a table, with a row or more for each of its items.
 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/grid.h"

struct list_view {
	const char	*path;		/* of the API */
	const char	*list;		/* the member of its response */
	const char	*narrow;	/* key of the query that takes the argument; NULL: no argument */
	const char	*const *titles;	/* for grid_new */
	void		(*row)(struct grid *, const json_t *item);	/* whole rows, and notes */
};

/* The whole verb with its options; returns the exit status. */
int	list_main(const struct list_view *, int argc, char **argv);

#endif
