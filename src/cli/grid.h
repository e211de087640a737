/*
 * grid: tables for people: aligned columns, readable units, colours only on a terminal. Text from
 * elsewhere cannot control the terminal.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text of UTF-8 without control characters, or what turns its direction, cut to fit. */
struct printable {
	char	text[512];
};
const char	*printable(const char *, struct printable *);
/* Bytes of the first character of a text in UTF-8; 0: it is none. */
size_t		 grid_character(const char *, uint32_t *out);

enum hue { HUE_PLAIN, HUE_GOOD, HUE_WARN, HUE_BAD, HUE_FAINT, HUES };

struct grid;

/* Titles of columns, ended by NULL; one that begins with '>' is for numbers, aligned to the
 * right. */
struct grid	*grid_new(const char *const *titles);
/* Cells from left to right; the one after the last column begins the next row. Text is made
 * printable. */
void		 grid_text(struct grid *, const char *, enum hue);
void		 grid_number(struct grid *, const json_t *, int digits);	/* "-" when it is null */
void		 grid_count(struct grid *, const json_t *);			/* 950, 12.3k, 4.5M */
void		 grid_percent(struct grid *, const json_t *);			/* of a share 0..1 */
/* A line of its own below the row, which is complete. */
void		 grid_note(struct grid *, const char *text);
bool		 grid_is_at_row(const struct grid *);		/* no row is incomplete */
void		 grid_print(struct grid **);			/* on stdout, and frees */

enum hue	 hue_of(const char *state);			/* of a node, a task or a query */
const char	*hue_on(enum hue);				/* escape sequences, "" when not on a terminal */
const char	*hue_off(void);
/* Words wrapped to the screen, each line after `indent` spaces. */
void		 print_wrapped(const char *text, int indent);
/* The same with a label before the first line, which fits into the indent. */
void		 print_labelled(const char *label, const char *text, int indent);
const char	*text_of(const json_t *object, const char *key);	/* "" when it is not a string */
const char	*bytes_text(double, char out[16]);			/* 15.6 GiB */

#endif
