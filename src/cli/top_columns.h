/*
 * top_columns: the columns of each pane of `mola top`: what is in them, how they are sorted, and
 * how wide they get.
 */
#ifndef CLI_TOP_COLUMNS_H
#define CLI_TOP_COLUMNS_H

#include "cli/canvas.h"
#include "cli/top_model.h"

enum top_pane { PANE_NODES, PANE_SERVICES, PANE_TASKS, PANE_EVENTS, PANES };

#define COLUMNS_MOST	16

struct top_column;

/* Rows of a pane, by place. */
size_t		 rows_count(const struct top_model *, enum top_pane);
const void	*rows_at(const struct top_model *, enum top_pane, size_t);
const char	*rows_name(const void *row, enum top_pane);	/* what the row is known by */
bool		 rows_match(const void *row, enum top_pane, const char *filter);	/* any text has it */

unsigned	 columns_count(enum top_pane);
const struct top_column *column_at(enum top_pane, unsigned);
const char	*column_title(const struct top_column *);
bool		 column_falls(const struct top_column *);	/* sorted from the largest on, at first */
/* Rising; rows of which nothing is known come last in either direction. */
int		 column_compare(const struct top_column *, const void *, const void *, bool reverse);

/* The width of each column on a screen of `cols`, 0: not shown. `name` is the width of the longest
 * name. */
void		 columns_fit(enum top_pane, int cols, int name, int width[COLUMNS_MOST]);
void		 columns_titles(struct canvas *, int row, enum top_pane, const int *width, unsigned sorted);
void		 columns_row(struct canvas *, int row, enum top_pane, const int *width, const void *);

#endif
