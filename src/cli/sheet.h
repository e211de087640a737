/*
 * sheet: tables for people: aligned columns, humane units, colours only on a terminal. Nothing that came from
 * elsewhere can steer the terminal.
 */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include <jansson.h>
#include <stdbool.h>

/* A text without control characters, cut to fit. */
struct clean {
	char	text[512];
};
const char	*clean(const char *, struct clean *);

enum hue { HUE_PLAIN, HUE_GOOD, HUE_DOUBT, HUE_BAD, HUE_FAINT };

struct sheet;

/* Titles of columns, ended by NULL; one that begins with '>' is for numbers, aligned to the right. */
struct sheet	*sheet_new(const char *const *titles);
/* Cells from left to right; after the last column comes the next row. Text is cleaned. */
void		 sheet_text(struct sheet *, const char *, enum hue);
void		 sheet_number(struct sheet *, const json_t *, int digits);	/* "-" when it is null */
void		 sheet_count(struct sheet *, const json_t *);			/* 950, 12.3k, 4.5M */
void		 sheet_percent(struct sheet *, const json_t *);			/* of a share 0..1 */
/* A line of its own below the row just begun or ended. */
void		 sheet_note(struct sheet *, const char *text);
void		 sheet_print(struct sheet **);			/* on stdout, and frees */

enum hue	 hue_of(const char *state);			/* of a node or a task */
const char	*hue_on(enum hue);				/* escape sequences, "" when not on a terminal */
const char	*hue_off(void);
int		 screen_width(void);
/* Words wrapped to the screen, each line after `indent` spaces. */
void		 print_wrapped(const char *text, int indent);
const char	*text_of(const json_t *object, const char *key);	/* "" when it is not a string */
const char	*bytes_text(double, char out[16]);			/* 15.6 GiB */

#endif
