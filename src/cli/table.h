/*
 * table: the verbs that show a list of the API as a table, a row or more for each of its items.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/sheet.h"

struct table {
	const char	*path;		/* of the API */
	const char	*list;		/* the member of its answer */
	const char	*narrow;	/* the query that an argument is the value of; NULL: the verb takes none */
	const char	*const *titles;	/* sheet_new */
	void		(*row)(struct sheet *, const json_t *item);
};

/* The whole verb, its options too; returns its exit status. */
int	table_main(const struct table *, int argc, char **argv);

#endif
