/*
 * One line at a time, by hand: a page of 300 KiB arrives from every node every second. A cursor
 * runs over the line and never past its end; each eater either moves it behind what it ate or
 * names what was expected. Must not know what any metric means.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "signals/prom_text.h"

struct cursor {
	const char	*p, *end;
	const char	*expected;	/* set by the eater that failed */
};

void
prom_text_init(struct prom_text *t, prom_value_f *fn, void *arg)
{
	*t = (struct prom_text){ .fn = fn, .arg = arg };
}

static bool
bad(struct cursor *c, const char *expected)
{
	c->expected = expected;
	return false;
}

static bool
at(const struct cursor *c, char want)
{
	return c->p < c->end && *c->p == want;
}

static void
skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

static bool
is_name_byte(char ch, bool first, bool colon)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || (colon && ch == ':') ||
	    (!first && ch >= '0' && ch <= '9');
}

static bool
eat_name(struct cursor *c, bool colon, struct str *name)
{
	const char *start = c->p;

	while (c->p < c->end && is_name_byte(*c->p, c->p == start, colon))
		c->p++;
	*name = (struct str){ start, (size_t)(c->p - start) };
	return name->len > 0;
}

static bool
eat_quoted(struct cursor *c, struct str *value)
{
	const char *start;

	if (!at(c, '"'))
		return bad(c, "a quote before the label's value");
	start = ++c->p;
	while (c->p < c->end && *c->p != '"') {
		if (*c->p == '\\' && (++c->p == c->end || (*c->p != '\\' && *c->p != '"' && *c->p != 'n')))
			return bad(c, "\\\\, \\\" or \\n");
		c->p++;
	}
	if (c->p == c->end)
		return bad(c, "a quote after the label's value");
	*value = (struct str){ start, (size_t)(c->p++ - start) };
	return true;
}

static bool
eat_label(struct cursor *c, struct prom_label *label)
{
	if (!eat_name(c, false, &label->name))
		return bad(c, "a label's name");
	skip_blanks(c);
	if (!at(c, '='))
		return bad(c, "= after the label's name");
	c->p++;
	skip_blanks(c);
	return eat_quoted(c, &label->value);
}

/* {a="b",c="d",}: the last comma is allowed. */
static bool
eat_labels(struct cursor *c, struct prom_label label[PROM_LABELS_MAX], unsigned *n)
{
	ASSERT(at(c, '{'));
	*n = 0;
	c->p++;
	for (;;) {
		skip_blanks(c);
		if (at(c, '}'))
			break;
		if (*n == PROM_LABELS_MAX)
			return bad(c, "fewer labels");
		if (!eat_label(c, &label[(*n)++]))
			return false;
		skip_blanks(c);
		if (at(c, ','))
			c->p++;
		else if (!at(c, '}'))
			return bad(c, ", or } after a label");
	}
	c->p++;
	return true;
}

static struct str
eat_token(struct cursor *c)
{
	const char *start;

	skip_blanks(c);
	start = c->p;
	while (c->p < c->end && *c->p != ' ' && *c->p != '\t')
		c->p++;
	return (struct str){ start, (size_t)(c->p - start) };
}

/* name[{labels}] value [timestamp] [# exemplar] */
static bool
eat_value_line(struct cursor *c, struct prom_text *t)
{
	struct prom_label label[PROM_LABELS_MAX];
	struct prom_value v = { .label = label };
	const char *name_end;
	struct str token;
	double when;

	if (!eat_name(c, true, &v.name))
		return bad(c, "the name of a metric");
	name_end = c->p;
	skip_blanks(c);
	if (at(c, '{')) {
		if (!eat_labels(c, label, &v.nlabels))
			return false;
	} else if (c->p == name_end)
		return bad(c, "{ or a blank after the name of a metric");
	if (!prom_number(eat_token(c), &v.value))
		return bad(c, "a number");
	token = eat_token(c);
	if (token.len > 0 && token.p[0] != '#') {
		if (!prom_number(token, &when))
			return bad(c, "a timestamp or nothing after the value");
		v.timed = true;
		token = eat_token(c);
	}
	if (token.len > 0 && token.p[0] != '#')
		return bad(c, "the end of the line");
	t->fn(t->arg, &v);
	return true;
}

static bool
eat_line(struct cursor *c, struct prom_text *t)
{
	struct str line = { c->p, (size_t)(c->end - c->p) };

	ASSERT(c->p <= c->end && c->expected == NULL);
	skip_blanks(c);
	if (c->p == c->end)
		return true;
	if (t->eof)
		return bad(c, "nothing after # EOF");
	if (*c->p != '#')
		return eat_value_line(c, t);
	t->eof = str_eq(line, STR("# EOF"));
	return true;
}

const struct why *
prom_text_read(struct prom_text *t, struct str text, bool last, size_t *used)
{
	const char *p = text.p, *end = text.p + text.len, *newline;

	ASSERT(t->expected == NULL);		/* nothing is to be read after a failure */
	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		struct cursor c = { p, newline != NULL ? newline : end, NULL };
		if (newline == NULL && !last && c.end - c.p <= PROM_LINE_MAX)
			break;
		t->line++;
		if (c.end - c.p > PROM_LINE_MAX)
			bad(&c, "a shorter line");
		else
			eat_line(&c, t);
		ASSERT(c.p <= c.end);
		if (c.expected != NULL) {
			t->expected = c.expected;
			return WHY_METRICS_SYNTAX;
		}
		p = newline != NULL ? newline + 1 : end;
	}
	*used = text.len - (size_t)(end - p);
	return NULL;
}

struct str
prom_label(const struct prom_value *v, struct str name)
{
	for (unsigned i = 0; i < v->nlabels; i++)
		if (str_eq(v->label[i].name, name))
			return v->label[i].value;
	return (struct str){ NULL, 0 };
}

size_t
prom_unescape(struct str value, char *out, size_t cap)
{
	size_t n = 0;

	ASSERT(cap > 0);
	for (size_t i = 0; i < value.len && n + 1 < cap; i++) {
		char ch = value.p[i];
		if (ch == '\\' && i + 1 < value.len)
			ch = value.p[++i] == 'n' ? '\n' : value.p[i];
		out[n++] = ch;
	}
	out[n] = '\0';
	return n;
}

static bool
odd_number(struct str s, double *out)
{
	double sign = 1;

	if (s.len > 0 && (*s.p == '+' || *s.p == '-')) {
		sign = *s.p == '-' ? -1 : 1;
		s.p++, s.len--;
	}
	if (str_eq_nocase(s, STR("inf")) || str_eq_nocase(s, STR("infinity")))
		*out = sign * INFINITY;
	else if (str_eq_nocase(s, STR("nan")))
		*out = NAN;
	else
		return false;
	return true;
}

/* e+09 and the like; the empty slice is none. */
static bool
exponent_of(struct str s, int *out)
{
	bool minus = false;
	uint64_t e = 0;

	if (s.len > 0) {
		if (*s.p != 'e' && *s.p != 'E')
			return false;
		s.p++, s.len--;
		if (s.len > 0 && (*s.p == '+' || *s.p == '-'))
			minus = *s.p == '-', s.p++, s.len--;
		if (!str_to_u64(s, &e) || e > 99)
			return false;
	}
	*out = minus ? -(int)e : (int)e;
	return true;
}

/* Up to 15 digits and a power of ten up to 22 are exact in one multiplication or division
 * (Clinger 1990). */
static bool
easy_number(struct str s, double *out)
{
	static const double ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	const char *p = s.p, *end = s.p + s.len;
	uint64_t digits = 0;
	int n = 0, fraction = 0, power;
	bool point = false;

	for (; p < end; p++) {
		if (*p == '.' && !point)
			point = true;
		else if (*p >= '0' && *p <= '9' && ++n <= 15) {
			digits = digits * 10 + (unsigned)(*p - '0');
			fraction += point;
		} else
			break;
	}
	if (n == 0 || !exponent_of((struct str){ p, (size_t)(end - p) }, &power))
		return false;
	power -= fraction;
	if (power < -22 || power > 22)
		return false;
	*out = power < 0 ? (double)digits / ten[-power] : (double)digits * ten[power];
	return true;
}

bool
prom_number(struct str s, double *out)
{
	if (s.len == 0)
		return false;
	if (easy_number(s, out))
		return true;
	for (size_t i = 0; i < s.len; i++)	/* strtod also reads hexadecimal and words of its own */
		if (strchr("0123456789+-.eE", s.p[i]) == NULL || s.p[i] == '\0')
			return odd_number(s, out);
	return str_to_double(s, out);
}
