/*
 * grid: cells are collected first and printed last, when the widths of the columns are known.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "cli/grid.h"

#define COLUMNS_MAX 12

struct grid_cell {
	char		*text;
	enum hue	 hue;
	bool		 note;		/* on a line of its own */
};

struct grid {
	unsigned	 ncolumns, column;	/* where the next cell goes */
	bool		 right[COLUMNS_MAX];
	int		 width[COLUMNS_MAX];
	struct grid_cell	*cell;
	size_t		 n, cap;
};

size_t
grid_character(const char *s, uint32_t *out)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 :
	    u[0] < 0xf5 ? 4 : 0;

	*out = n == 1 ? u[0] : u[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)	/* as the end of the text is, too */
			return 0;
		*out = *out << 6 | (u[i] & 0x3fu);
	}
	return n;
}

/* Control characters, and those that turn the direction in which others are shown. */
static bool
is_hidden(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

const char *
printable(const char *s, struct printable *out)
{
	size_t n = 0, len;
	uint32_t c;

	for (; *s != '\0' && n < sizeof out->text - 1; s += len > 0 ? len : 1) {
		len = grid_character(s, &c);
		if (len == 0 || is_hidden(c))
			out->text[n++] = '?';
		else if (len < sizeof out->text - n) {
			memcpy(out->text + n, s, len);
			n += len;
		} else
			break;
	}
	ASSERT(n < sizeof out->text);
	out->text[n] = '\0';
	return out->text;
}

/* Characters, not bytes, of UTF-8. */
static int
width_of(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static struct grid_cell *
grid_cell_add(struct grid *s, const char *text, enum hue hue)
{
	struct printable safe;

	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 64 : s->cap * 2;
		s->cell = must_realloc(s->cell, s->cap * sizeof *s->cell);
	}
	s->cell[s->n] = (struct grid_cell){ must_strdup(printable(text, &safe)), hue, false };
	return &s->cell[s->n++];
}

void
grid_text(struct grid *s, const char *text, enum hue hue)
{
	int width = width_of(grid_cell_add(s, *text == '\0' ? "-" : text, hue)->text);

	ASSERT(s->column < s->ncolumns);
	if (width > s->width[s->column])
		s->width[s->column] = width;
	s->column = (s->column + 1) % s->ncolumns;
}

struct grid *
grid_new(const char *const *titles)
{
	struct grid *s = must_zalloc(sizeof *s);

	for (; titles[s->ncolumns] != NULL; s->ncolumns++) {
		ASSERT(s->ncolumns < COLUMNS_MAX);
		s->right[s->ncolumns] = titles[s->ncolumns][0] == '>';
	}
	ASSERT(s->ncolumns > 0);
	for (unsigned i = 0; i < s->ncolumns; i++)
		grid_text(s, titles[i] + s->right[i], HUE_FAINT);
	return s;
}

void
grid_number(struct grid *s, const json_t *j, int digits)
{
	char text[64] = "";
	bool is_minus_zero;

	ASSERT(digits >= 0 && digits <= 6);
	if (json_is_number(j))
		snprintf(text, sizeof text, "%.*f", digits, json_number_value(j));
	is_minus_zero = text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1);
	grid_text(s, is_minus_zero ? text + 1 : text, HUE_PLAIN);
}

void
grid_count(struct grid *s, const json_t *j)
{
	static const char unit[] = "kMGTP";
	char text[64] = "";
	double x = json_number_value(j);
	size_t u = 0;

	if (json_is_number(j) && x < 100000)
		snprintf(text, sizeof text, "%.0f", x);
	else if (json_is_number(j)) {
		for (x /= 1000; x >= 1000 && u < sizeof unit - 2; x /= 1000)
			u++;
		snprintf(text, sizeof text, "%.*f%c", x < 100 ? 1 : 0, x, unit[u]);
	}
	grid_text(s, text, HUE_PLAIN);
}

void
grid_percent(struct grid *s, const json_t *j)
{
	char text[64] = "";

	if (json_is_number(j))
		snprintf(text, sizeof text, "%.0f%%", 100 * json_number_value(j));
	grid_text(s, text, HUE_PLAIN);
}

bool
grid_is_at_row(const struct grid *s)
{
	return s->column == 0;
}

void
grid_note(struct grid *s, const char *text)
{
	ASSERT(s->column == 0);
	grid_cell_add(s, text, HUE_FAINT)->note = true;
}

static void
grid_cell_print(const struct grid *s, const struct grid_cell *c, unsigned column)
{
	int pad = s->width[column] - width_of(c->text);
	bool last = column + 1 == s->ncolumns;

	ASSERT(column < s->ncolumns && pad >= 0);	/* the widest cell made the width */
	if (s->right[column])
		printf("%*s", pad, "");
	printf("%s%s%s", hue_on(c->hue), c->text, c->hue == HUE_PLAIN ? "" : hue_off());
	if (!s->right[column] && !last)
		printf("%*s", pad, "");
	fputs(last ? "\n" : "  ", stdout);
}

void
grid_print(struct grid **sp)
{
	struct grid *s = *sp;
	unsigned column = 0;

	ASSERT(s->column == 0 && s->n >= s->ncolumns);		/* whole rows, and the titles */
	for (size_t i = 0; i < s->n; i++) {
		const struct grid_cell *c = &s->cell[i];
		if (c->note) {
			ASSERT(column == 0);
			print_wrapped(c->text, 2);
		} else {
			grid_cell_print(s, c, column);
			column = (column + 1) % s->ncolumns;
		}
		free(c->text);
	}
	free(s->cell);
	free(s);
	*sp = NULL;
}

enum hue
hue_of(const char *state)
{
	static const struct {
		const char	*state;
		enum hue	 hue;
	} hues[] = {
		{ "fresh", HUE_GOOD }, { "up", HUE_GOOD }, { "ok", HUE_GOOD },
		{ "new", HUE_WARN }, { "stale", HUE_WARN }, { "partial", HUE_WARN }, { "ejected", HUE_WARN },
		{ "degraded", HUE_WARN }, { "draining", HUE_WARN }, { "drained", HUE_WARN },
		{ "blind", HUE_BAD }, { "down", HUE_BAD }, { "failed", HUE_BAD },
	};

	for (size_t i = 0; i < sizeof hues / sizeof *hues; i++)
		if (strcmp(state, hues[i].state) == 0)
			return hues[i].hue;
	return HUE_PLAIN;
}

static bool
has_colours(void)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (none == NULL || *none == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

const char *
hue_on(enum hue h)
{
	static const char *const on[HUES] = { "", "\033[32m", "\033[33m", "\033[31m", "\033[2m" };

	ASSERT(h < HUES);
	return has_colours() ? on[h] : "";
}

const char *
hue_off(void)
{
	return has_colours() ? "\033[0m" : "";
}

static int
screen_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40 ? w.ws_col : 80;
}

void
print_labelled(const char *label, const char *text, int indent)
{
	struct printable safe, name;
	int at = 0, room = screen_width() - indent, given;
	char *rest = NULL;

	ASSERT(indent >= 0 && room > 0);
	printable(text, &safe);
	printf("%s", printable(label, &name));
	given = width_of(name.text);
	for (char *word = strtok_r(safe.text, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest)) {
		int width = width_of(word);
		if (at > 0 && at + 1 + width > room) {
			putchar('\n');
			at = 0;
		}
		printf("%*s%s", at > 0 ? 1 : given < indent ? indent - given : 0, "", word);
		given = 0;
		at += width + (at > 0);
	}
	putchar('\n');
}

void
print_wrapped(const char *text, int indent)
{
	print_labelled("", text, indent);
}

const char *
text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

const char *
bytes_text(double bytes, char out[16])
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	unsigned u = 0;

	while (bytes >= 1024 && u < 5) {
		bytes /= 1024;
		u++;
	}
	snprintf(out, 16, "%.*f %s", bytes < 100 && u > 0 ? 1 : 0, bytes, unit[u]);
	return out;
}
