/*
 * canvas: puts characters into cells. Must not know what they are about, nor of any terminal.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "cli/canvas.h"

#define CELLS_MAX	(1 << 20)

void
canvas_init(struct canvas *c, int rows, int cols)
{
	ASSERT(rows > 0 && cols > 0 && rows < CELLS_MAX / cols);
	*c = (struct canvas){ .rows = rows, .cols = cols };
	c->cell = must_alloc((unsigned long)rows * (unsigned long)cols * sizeof *c->cell);
	canvas_clear(c);
}

void
canvas_fini(struct canvas *c)
{
	free(c->cell);
	*c = (struct canvas){ 0 };
}

void
canvas_clear(struct canvas *c)
{
	for (int i = 0; i < c->rows * c->cols; i++)
		c->cell[i] = (struct canvas_cell){ ' ', HUE_PLAIN };
}

/* How many columns: 0 for one that is left out. Where the locale has no such character, none of
 * it can be shown. */
static int
width_of_character(uint32_t *c)
{
	int width;

	if (*c < 0x80)
		return 1;
	width = wcwidth((wchar_t)*c);
	if (width < 0) {
		*c = '?';
		return 1;
	}
	return width;
}

int
text_width(const char *text)
{
	struct printable safe;
	const char *s = printable(text, &safe);
	int width = 0;
	uint32_t c;

	while (*s != '\0') {
		s += grid_character(s, &c);
		width += width_of_character(&c);
	}
	return width;
}

int
canvas_put(struct canvas *v, int row, int col, int width, const char *text, unsigned style)
{
	struct printable safe;
	const char *s = printable(text, &safe);
	int end = width < v->cols - col ? col + width : v->cols, wide;
	struct canvas_cell *line;
	uint32_t c;

	if (row < 0 || row >= v->rows || col < 0)
		return col;
	line = v->cell + (size_t)row * (size_t)v->cols;
	for (; *s != '\0'; col += wide) {
		s += grid_character(s, &c);
		wide = width_of_character(&c);
		if (wide == 0)
			continue;
		if (col + wide > end)
			break;
		line[col] = (struct canvas_cell){ c, (unsigned char)style };
		if (wide == 2)
			line[col + 1] = (struct canvas_cell){ 0, (unsigned char)style };
	}
	return col;
}

int
canvas_put_right(struct canvas *v, int row, int col, int width, const char *text, unsigned style)
{
	int used = text_width(text);

	canvas_put(v, row, used < width ? col + width - used : col, width, text, style);
	return col + width;
}

int
canvas_fill(struct canvas *v, int row, int col, int width, char c, unsigned style)
{
	ASSERT(c >= ' ');
	for (int i = col; i < col + width && i < v->cols; i++)
		if (row >= 0 && row < v->rows && i >= 0)
			v->cell[row * v->cols + i] = (struct canvas_cell){ (uint32_t)c, (unsigned char)style };
	return col + width;
}

void
canvas_mark(struct canvas *v, int row, int col, int width, unsigned flags)
{
	for (int i = col; i < col + width && i < v->cols; i++)
		if (row >= 0 && row < v->rows && i >= 0)
			v->cell[row * v->cols + i].style |= (unsigned char)flags;
}

static size_t
utf8_put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

const char *
canvas_row(const struct canvas *v, int row, char out[CANVAS_ROW_MAX])
{
	size_t n = 0;

	ASSERT(row >= 0 && row < v->rows);
	for (int i = 0; i < v->cols && n < CANVAS_ROW_MAX - 8; i++)
		if (v->cell[row * v->cols + i].c != 0)
			n += utf8_put(out + n, v->cell[row * v->cols + i].c);
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}
