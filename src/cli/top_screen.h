/*
 * top_screen: the terminal of `mola top`, by ncurses: a canvas is shown, keys and signals are read.
 * Whatever ends the process, the terminal is as it was before.
 */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include "cli/canvas.h"

struct screen;

struct screen_size {
	int	rows, cols;
};

/* NULL: the type of the terminal is not known, and nothing was changed. One at a time. */
struct screen	*screen_open(void);
void		 screen_close(struct screen **);

int		 screen_fd(const struct screen *);	/* can be read when there are keys or signals */
/* Reads signals. False: one of them, or the end of the terminal, ends the program. */
bool		 screen_goes_on(struct screen *);
unsigned	 screen_key(struct screen *);		/* enum top_key, or a character */
struct screen_size screen_size(const struct screen *);
void		 screen_show(struct screen *, const struct canvas *);
void		 screen_redraw(struct screen *);	/* all of it, with the next show */
int		 screen_signal(const struct screen *);	/* that has ended it; 0: none */

#endif
