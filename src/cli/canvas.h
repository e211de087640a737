/*
 * canvas: a screen of cells, before it is anybody's terminal: text of known width in rows and
 * columns, with styles. Text is made printable, and never leaves its field.
 */
#ifndef CLI_CANVAS_H
#define CLI_CANVAS_H

#include <stdint.h>

#include "cli/grid.h"

/* One of enum hue, and any of: */
#define STYLE_BOLD	0x10
#define STYLE_REVERSE	0x20

struct canvas_cell {
	uint32_t	 c;		/* 0: the right half of the character before */
	unsigned char	 style;
};

struct canvas {
	int		 rows, cols;
	struct canvas_cell *cell;
};

void	canvas_init(struct canvas *, int rows, int cols);	/* spaces */
void	canvas_fini(struct canvas *);
void	canvas_clear(struct canvas *);

/* What is outside of the canvas is left out. These return the column behind what they have put. */
int	canvas_put(struct canvas *, int row, int col, int width, const char *text, unsigned style);
int	canvas_put_right(struct canvas *, int row, int col, int width, const char *text,
	    unsigned style);
int	canvas_fill(struct canvas *, int row, int col, int width, char, unsigned style);
/* Adds flags to what is there. */
void	canvas_mark(struct canvas *, int row, int col, int width, unsigned flags);

/* Columns that a text takes. */
int	text_width(const char *);

/* A row as UTF-8, without the spaces at its end. */
#define CANVAS_ROW_MAX	4096
const char *canvas_row(const struct canvas *, int row, char out[CANVAS_ROW_MAX]);

#endif
