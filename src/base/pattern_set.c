/*
 * pattern_set: the parts of an expression that stand for one character: a letter, an escape, a
 * class.
 */
#include <string.h>

#include "base/bug.h"
#include "base/pattern_priv.h"

#define RUNE_MAX	0x10ffffu

static void
set_put(struct pattern_reader *r, struct rune_set *s, uint32_t from, uint32_t to)
{
	struct rune_range *grown;

	ASSERT(from <= to);
	if ((s->n & (s->n - 1)) == 0) {		/* room for a power of two */
		grown = arena_zalloc(r->arena, (s->n == 0 ? 1 : 2 * s->n) * sizeof *grown);
		if (s->n > 0)
			memcpy(grown, s->range, s->n * sizeof *grown);
		s->range = grown;
	}
	s->range[s->n++] = (struct rune_range){ from, to };
}

/* Under (?i), ASCII alone (others are refused there), and the two beyond it that fold to ASCII. */
static void
set_add(struct pattern_reader *r, struct rune_set *s, uint32_t from, uint32_t to)
{
	set_put(r, s, from, to);
	for (uint32_t c = 'a'; r->fold && c <= 'z'; c++) {
		uint32_t big = c - 'a' + 'A', far = c == 'k' ? 0x212a : c == 's' ? 0x17f : 0;
		bool has_small = from <= c && c <= to, has_big = from <= big && big <= to;
		if (has_small != has_big)
			set_put(r, s, has_small ? big : c, has_small ? big : c);
		if (far != 0 && (has_small || has_big))
			set_put(r, s, far, far);
	}
}

static void
set_add_all_but(struct pattern_reader *r, struct rune_set *s, const struct rune_range *range,
    unsigned n)
{
	uint32_t from = 0;

	for (unsigned i = 0; i < n; i++) {
		if (range[i].from > from)
			set_add(r, s, from, range[i].from - 1);
		from = range[i].to + 1;
	}
	set_add(r, s, from, RUNE_MAX);
}

/* \d, \s, \w and their opposites. */
static bool
set_add_class(struct pattern_reader *r, struct rune_set *s, char c)
{
	static const struct rune_range digits[] = { { '0', '9' } },
	    spaces[] = { { '\t', '\n' }, { '\f', '\r' }, { ' ', ' ' } },
	    words[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
	const struct rune_range *of = c == 'd' || c == 'D' ? digits : c == 's' || c == 'S' ? spaces :
	    c == 'w' || c == 'W' ? words : NULL;
	unsigned n = of == digits ? 1 : of == spaces ? 3 : 4;

	if (of == NULL)
		return false;
	if (c < 'a')
		set_add_all_but(r, s, of, n);
	else
		for (unsigned i = 0; i < n; i++)
			set_add(r, s, of[i].from, of[i].to);
	return true;
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind \x: two digits, or some in braces. */
static bool
hex_take(struct pattern_reader *r, uint32_t *rune)
{
	bool braces = pattern_take(r, "{");
	unsigned n = 0;

	*rune = 0;
	for (int v; r->rest.len > 0 && (braces || n < 2) && (v = hex_value(*r->rest.p)) >= 0; n++) {
		*rune = *rune * 16 + (uint32_t)v;
		if (*rune > RUNE_MAX)
			return false;
		pattern_advance(r, 1);
	}
	return braces ? n > 0 && pattern_take(r, "}") : n == 2;
}

/* Behind the backslash: one character. */
static bool
escape_take(struct pattern_reader *r, uint32_t *rune)
{
	static const char from[] = "tnrfva", to[] = "\t\n\r\f\v\a";
	char c = r->rest.len > 0 ? *r->rest.p : '\0';
	const char *at;

	if (c == '\0' || (unsigned char)c >= 0x80)
		return false;
	if (pattern_take(r, "x"))
		return hex_take(r, rune) && (*rune < 0x80 || !r->fold);
	if ((at = strchr(from, c)) != NULL)
		*rune = (unsigned char)to[at - from];
	else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return false;
	else
		*rune = (unsigned char)c;
	pattern_advance(r, 1);
	return true;
}

/* Behind "[:": the rest of [:alpha:] and the like. */
static bool
set_add_named(struct pattern_reader *r, struct rune_set *s)
{
	static const struct { const char *name; struct rune_range range[4]; } classes[] = {
		{ "alnum", { { '0', '9' }, { 'A', 'Z' }, { 'a', 'z' } } },
		{ "alpha", { { 'A', 'Z' }, { 'a', 'z' } } }, { "ascii", { { 0, 0x7f } } },
		{ "blank", { { '\t', '\t' }, { ' ', ' ' } } }, { "cntrl", { { 0, 0x1f }, { 0x7f, 0x7f } } },
		{ "digit", { { '0', '9' } } }, { "graph", { { '!', '~' } } }, { "lower", { { 'a', 'z' } } },
		{ "print", { { ' ', '~' } } },
		{ "punct", { { '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' } } },
		{ "space", { { '\t', '\r' }, { ' ', ' ' } } }, { "upper", { { 'A', 'Z' } } },
		{ "word", { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } } },
		{ "xdigit", { { '0', '9' }, { 'A', 'F' }, { 'a', 'f' } } } };
	bool not = pattern_take(r, "^");

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		const struct rune_range *range = classes[i].range;
		unsigned n = 0;
		if (!str_starts(r->rest, str_of(classes[i].name)))
			continue;
		pattern_advance(r, strlen(classes[i].name));
		while (n < 4 && range[n].to > 0)
			n++;
		if (not)
			set_add_all_but(r, s, range, n);
		for (unsigned k = 0; k < n && !not; k++)
			set_add(r, s, range[k].from, range[k].to);
		return pattern_take(r, ":]");
	}
	return false;
}

static bool
class_rune(struct pattern_reader *r, uint32_t *rune)
{
	if (pattern_take(r, "\\"))
		return escape_take(r, rune);
	*rune = pattern_rune(&r->rest);
	return *rune < 0x80 || !r->fold;
}

/* Behind the opening bracket. */
const struct pattern_node *
pattern_class(struct pattern_reader *r)
{
	struct pattern_node *n = pattern_node_new(r, NODE_SET, NULL, NULL);
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);
	uint32_t from, to;

	s->not = pattern_take(r, "^");
	for (bool first = true; first || !pattern_peek(r, ']'); first = false) {
		if (r->rest.len == 0)
			return pattern_refuse(r, "a '[' that nothing closes");
		if (pattern_take(r, "[:")) {
			if (!set_add_named(r, s))
				return pattern_refuse(r, "[: :] with a name that is not known");
			continue;
		}
		if (r->rest.len > 1 && pattern_peek(r, '\\') && set_add_class(r, s, r->rest.p[1])) {
			pattern_advance(r, 2);
			continue;
		}
		if (!class_rune(r, &from))
			return pattern_refuse(r, "an escape or a character inside of brackets");
		to = from;
		if (r->rest.len > 1 && pattern_peek(r, '-') && r->rest.p[1] != ']') {
			pattern_advance(r, 1);
			if (!class_rune(r, &to) || to < from)
				return pattern_refuse(r, "a range inside of brackets");
		}
		set_add(r, s, from, to);
	}
	pattern_advance(r, 1);
	n->set = s;
	return n;
}

const struct pattern_node *
pattern_one(struct pattern_reader *r, uint32_t rune)
{
	struct pattern_node *n = pattern_node_new(r, NODE_SET, NULL, NULL);
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);

	if (rune >= 0x80 && r->fold)
		return pattern_refuse(r, "a character beyond ASCII under (?i)");
	set_add(r, s, rune, rune);
	n->set = s;
	return n;
}

const struct pattern_node *
pattern_any(struct pattern_reader *r)
{
	static const struct rune_range newline[] = { { '\n', '\n' } };
	struct pattern_node *n = pattern_node_new(r, NODE_SET, NULL, NULL);
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);

	set_add_all_but(r, s, newline, r->dot_all ? 0 : 1);
	n->set = s;
	return n;
}

const struct pattern_node *
pattern_assert(struct pattern_reader *r, enum pattern_op op)
{
	struct pattern_node *n = pattern_node_new(r, NODE_ASSERT, NULL, NULL);

	n->assert = op;
	return n;
}

const struct pattern_node *
pattern_escape(struct pattern_reader *r)
{
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);
	struct pattern_node *n;
	uint32_t rune;

	if (pattern_take(r, "b"))
		return pattern_assert(r, OP_WORD);
	if (pattern_take(r, "B"))
		return pattern_assert(r, OP_NOT_WORD);
	if (pattern_take(r, "A"))
		return pattern_assert(r, OP_BEGIN);
	if (pattern_take(r, "z"))
		return pattern_assert(r, OP_END);
	if (r->rest.len > 0 && set_add_class(r, s, *r->rest.p)) {
		pattern_advance(r, 1);
		n = pattern_node_new(r, NODE_SET, NULL, NULL);
		n->set = s;
		return n;
	}
	return escape_take(r, &rune) ? pattern_one(r, rune) :
	    pattern_refuse(r, "the escape \\%.1s", r->rest.len > 0 ? r->rest.p : "");
}
