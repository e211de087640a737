/*
 * pattern_parse: an expression becomes a tree, the tree a program of a few instructions.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/pattern_priv.h"

#define DEPTH_MAX	32		/* groups within groups */
#define REPEAT_MAX	1000		/* RE2's */
#define RUNE_MAX	0x10ffffu

struct rune_set {
	unsigned	 n;
	bool		 not, written;
	uint32_t	 at;			/* its first range in the program, once written */
	struct rune_range *range;
};

struct pattern_node {
	enum node_kind { NODE_EMPTY, NODE_SET, NODE_CAT, NODE_ALT, NODE_REPEAT, NODE_ASSERT } kind;
	enum pattern_op	 assert;		/* of NODE_ASSERT */
	const struct pattern_node *left, *right;
	struct rune_set	*set;
	unsigned	 least, most;		/* of a repeat; most UINT32_MAX: no end */
};

/* ---- reading ---- */

struct pattern_reader {
	struct arena	*arena;
	struct str	 rest;
	unsigned	 depth;
	bool		 fold;			/* (?i) */
	bool		 dot_all;		/* (?s) */
	bool		 lines;			/* (?m) */
	char		*problem;
	bool		 failed;
};

static const struct pattern_node *read_alt(struct pattern_reader *);

static const struct pattern_node *
refuse(struct pattern_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static const struct pattern_node *
refuse(struct pattern_reader *r, const char *fmt, ...)
{
	va_list ap;

	if (!r->failed) {
		va_start(ap, fmt);
		vsnprintf(r->problem, PATTERN_PROBLEM, fmt, ap);
		va_end(ap);
	}
	r->failed = true;
	r->rest.len = 0;
	return NULL;
}

static struct pattern_node *
node_new(struct pattern_reader *r, enum node_kind kind, const struct pattern_node *left,
    const struct pattern_node *right)
{
	struct pattern_node *n = arena_zalloc(r->arena, sizeof *n);

	ASSERT(r->failed || (kind == NODE_CAT || kind == NODE_ALT) == (right != NULL));
	*n = (struct pattern_node){ .kind = kind, .left = left, .right = right };
	return n;
}

static bool
peek(const struct pattern_reader *r, char c)
{
	return r->rest.len > 0 && *r->rest.p == c;
}

static void
advance(struct pattern_reader *r, size_t n)
{
	ASSERT(n <= r->rest.len);
	r->rest = (struct str){ r->rest.p + n, r->rest.len - n };
}

static bool
take(struct pattern_reader *r, const char *s)
{
	if (!str_starts(r->rest, str_of(s)))
		return false;
	advance(r, strlen(s));
	return true;
}

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
	bool braces = take(r, "{");
	unsigned n = 0;

	*rune = 0;
	for (int v; r->rest.len > 0 && (braces || n < 2) && (v = hex_value(*r->rest.p)) >= 0; n++) {
		*rune = *rune * 16 + (uint32_t)v;
		if (*rune > RUNE_MAX)
			return false;
		advance(r, 1);
	}
	return braces ? n > 0 && take(r, "}") : n == 2;
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
	if (take(r, "x"))
		return hex_take(r, rune) && (*rune < 0x80 || !r->fold);
	if ((at = strchr(from, c)) != NULL)
		*rune = (unsigned char)to[at - from];
	else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return false;
	else
		*rune = (unsigned char)c;
	advance(r, 1);
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
	bool not = take(r, "^");

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		const struct rune_range *range = classes[i].range;
		unsigned n = 0;
		if (!str_starts(r->rest, str_of(classes[i].name)))
			continue;
		advance(r, strlen(classes[i].name));
		while (n < 4 && range[n].to > 0)
			n++;
		if (not)
			set_add_all_but(r, s, range, n);
		for (unsigned k = 0; k < n && !not; k++)
			set_add(r, s, range[k].from, range[k].to);
		return take(r, ":]");
	}
	return false;
}

static bool
class_rune(struct pattern_reader *r, uint32_t *rune)
{
	if (take(r, "\\"))
		return escape_take(r, rune);
	*rune = pattern_rune(&r->rest);
	return *rune < 0x80 || !r->fold;
}

/* Behind the opening bracket. */
static const struct pattern_node *
read_class(struct pattern_reader *r)
{
	struct pattern_node *n = node_new(r, NODE_SET, NULL, NULL);
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);
	uint32_t from, to;

	s->not = take(r, "^");
	for (bool first = true; first || !peek(r, ']'); first = false) {
		if (r->rest.len == 0)
			return refuse(r, "a '[' that nothing closes");
		if (take(r, "[:")) {
			if (!set_add_named(r, s))
				return refuse(r, "[: :] with a name that is not known");
			continue;
		}
		if (r->rest.len > 1 && peek(r, '\\') && set_add_class(r, s, r->rest.p[1])) {
			advance(r, 2);
			continue;
		}
		if (!class_rune(r, &from))
			return refuse(r, "an escape or a character inside of brackets");
		to = from;
		if (r->rest.len > 1 && peek(r, '-') && r->rest.p[1] != ']') {
			advance(r, 1);
			if (!class_rune(r, &to) || to < from)
				return refuse(r, "a range inside of brackets");
		}
		set_add(r, s, from, to);
	}
	advance(r, 1);
	n->set = s;
	return n;
}

static const struct pattern_node *
node_rune(struct pattern_reader *r, uint32_t rune)
{
	struct pattern_node *n = node_new(r, NODE_SET, NULL, NULL);
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);

	if (rune >= 0x80 && r->fold)
		return refuse(r, "a character beyond ASCII under (?i)");
	set_add(r, s, rune, rune);
	n->set = s;
	return n;
}

static const struct pattern_node *
node_any(struct pattern_reader *r)
{
	static const struct rune_range newline[] = { { '\n', '\n' } };
	struct pattern_node *n = node_new(r, NODE_SET, NULL, NULL);
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);

	set_add_all_but(r, s, newline, r->dot_all ? 0 : 1);
	n->set = s;
	return n;
}

/* Behind "(?": flags, a name, or nothing but the colon. False: refused. `alone`: it was (?flags),
 * which hold to the group's end. */
static bool
read_flags(struct pattern_reader *r, bool *alone)
{
	bool on = true;

	*alone = false;
	if (take(r, "P<") || take(r, "<")) {
		while (r->rest.len > 0 && *r->rest.p != '>' && *r->rest.p != '=' && *r->rest.p != '!')
			advance(r, 1);
		return take(r, ">");
	}
	for (; r->rest.len > 0; advance(r, 1))
		if (peek(r, '-'))
			on = false;
		else if (peek(r, 'i'))
			r->fold = on;
		else if (peek(r, 's'))
			r->dot_all = on;
		else if (peek(r, 'm'))
			r->lines = on;
		else if (!peek(r, 'U'))		/* as short as can be: whether it matches is the same */
			break;
	*alone = peek(r, ')');
	return *alone || take(r, ":");
}

/* Behind the opening parenthesis. */
static const struct pattern_node *
read_group(struct pattern_reader *r)
{
	bool fold = r->fold, dot_all = r->dot_all, lines = r->lines, alone = false;
	const struct pattern_node *n;

	if (take(r, "?") && !read_flags(r, &alone))
		return refuse(r, "what follows '(?'");
	if (alone) {
		advance(r, 1);
		return node_new(r, NODE_EMPTY, NULL, NULL);
	}
	if (++r->depth > DEPTH_MAX)
		return refuse(r, "groups nested deeper than %d", DEPTH_MAX);
	n = read_alt(r);
	ASSERT(r->depth > 0);
	r->depth--;
	if (!r->failed && !take(r, ")"))
		return refuse(r, "a '(' that nothing closes");
	r->fold = fold;
	r->dot_all = dot_all;
	r->lines = lines;
	return n;
}

static const struct pattern_node *
node_assert(struct pattern_reader *r, enum pattern_op op)
{
	struct pattern_node *n = node_new(r, NODE_ASSERT, NULL, NULL);

	n->assert = op;
	return n;
}

static const struct pattern_node *
read_escape(struct pattern_reader *r)
{
	struct rune_set *s = arena_zalloc(r->arena, sizeof *s);
	struct pattern_node *n;
	uint32_t rune;

	if (take(r, "b"))
		return node_assert(r, OP_WORD);
	if (take(r, "B"))
		return node_assert(r, OP_NOT_WORD);
	if (take(r, "A"))
		return node_assert(r, OP_BEGIN);
	if (take(r, "z"))
		return node_assert(r, OP_END);
	if (r->rest.len > 0 && set_add_class(r, s, *r->rest.p)) {
		advance(r, 1);
		n = node_new(r, NODE_SET, NULL, NULL);
		n->set = s;
		return n;
	}
	return escape_take(r, &rune) ? node_rune(r, rune) :
	    refuse(r, "the escape \\%.1s", r->rest.len > 0 ? r->rest.p : "");
}

static const struct pattern_node *
read_atom(struct pattern_reader *r)
{
	if (r->rest.len > 0 && strchr("*+?", *r->rest.p) != NULL)
		return refuse(r, "'%c' with nothing before it that could be repeated", *r->rest.p);
	if (take(r, "("))
		return read_group(r);
	if (take(r, "["))
		return read_class(r);
	if (take(r, "\\"))
		return read_escape(r);
	if (take(r, "."))
		return node_any(r);
	if (take(r, "^"))
		return node_assert(r, r->lines ? OP_LINE_BEGIN : OP_BEGIN);
	if (take(r, "$"))
		return node_assert(r, r->lines ? OP_LINE_END : OP_END);
	return node_rune(r, pattern_rune(&r->rest));
}

static bool
count_take(struct str *s, unsigned *n)
{
	size_t digits = 0;
	uint64_t x;

	while (digits < s->len && s->p[digits] >= '0' && s->p[digits] <= '9')
		digits++;
	if (digits == 0)
		return false;
	if (!str_to_u64((struct str){ s->p, digits }, &x) || x > REPEAT_MAX)
		x = REPEAT_MAX + 1;
	*n = (unsigned)x;
	*s = (struct str){ s->p + digits, s->len - digits };
	return true;
}

/* "{2}", "{2,}" or "{2,5}"; false: these are plain characters, or too many, which is refused. */
static bool
braces_take(struct pattern_reader *r, unsigned *least, unsigned *most)
{
	struct str s = r->rest;

	if (s.len == 0 || *s.p != '{')
		return false;
	s = (struct str){ s.p + 1, s.len - 1 };
	if (!count_take(&s, least))
		return false;
	*most = *least;
	if (s.len > 0 && *s.p == ',') {
		s = (struct str){ s.p + 1, s.len - 1 };
		*most = UINT32_MAX;
		if (s.len > 0 && *s.p != '}' && !count_take(&s, most))
			return false;
	}
	if (s.len == 0 || *s.p != '}')
		return false;
	if (*least > REPEAT_MAX || (*most > REPEAT_MAX && *most != UINT32_MAX))
		return refuse(r, "a repetition of more than %d times", REPEAT_MAX) != NULL;
	r->rest = (struct str){ s.p + 1, s.len - 1 };
	return true;
}

static bool
repeat_take(struct pattern_reader *r, unsigned *least, unsigned *most)
{
	*least = 0;
	*most = UINT32_MAX;
	if (take(r, "*"))
		return true;
	if (take(r, "+")) {
		*least = 1;
		return true;
	}
	if (take(r, "?")) {
		*most = 1;
		return true;
	}
	return braces_take(r, least, most);
}

static const struct pattern_node *
read_repeat(struct pattern_reader *r)
{
	const struct pattern_node *n = read_atom(r);
	unsigned least, most;
	struct pattern_node *all;

	if (r->failed || !repeat_take(r, &least, &most))
		return n;
	if (most < least)
		return refuse(r, "a repetition whose maximum is below its minimum");
	take(r, "?");				/* as short as can be: whether it matches is the same */
	if (r->rest.len > 0 && repeat_take(r, &(unsigned){ 0 }, &(unsigned){ 0 }))
		return refuse(r, "two repetitions after each other");
	all = node_new(r, NODE_REPEAT, n, NULL);
	all->least = least;
	all->most = most;
	return all;
}

static const struct pattern_node *
read_cat(struct pattern_reader *r)
{
	const struct pattern_node *n = node_new(r, NODE_EMPTY, NULL, NULL);

	while (r->rest.len > 0 && !peek(r, '|') && !peek(r, ')'))
		n = node_new(r, NODE_CAT, n, read_repeat(r));
	return n;
}

static const struct pattern_node *
read_alt(struct pattern_reader *r)
{
	const struct pattern_node *n = read_cat(r);

	while (!r->failed && take(r, "|"))
		n = node_new(r, NODE_ALT, n, read_cat(r));
	return n;
}

/* ---- the program ---- */

struct pattern_writer {
	struct pattern_inst *inst;
	struct rune_range *range;
	uint32_t	 n, nranges, room, ranges_room;
	bool		 full;
};

/* Room for one more, of items of this size. */
static void *
grow(void *items, uint32_t n, uint32_t *room, size_t size)
{
	if (n < *room)
		return items;
	*room = *room == 0 ? 64 : 2 * *room;
	return must_realloc(items, *room * size);
}

static uint32_t
emit(struct pattern_writer *w, struct pattern_inst inst)
{
	ASSERT(w->n <= PROGRAM_MAX && inst.op < OP_COUNT);
	if (w->n == PROGRAM_MAX) {
		w->full = true;
		return 0;
	}
	w->inst = grow(w->inst, w->n, &w->room, sizeof *w->inst);
	w->inst[w->n] = inst;
	return w->n++;
}

/* Its ranges stand in the program once, however often it is repeated. */
static void
write_set(struct pattern_writer *w, struct rune_set *s)
{
	if (!s->written && s->n > RANGES_MAX - w->nranges) {
		w->full = true;
		return;
	}
	if (!s->written) {
		s->at = w->nranges;
		for (unsigned i = 0; i < s->n; i++) {
			w->range = grow(w->range, w->nranges, &w->ranges_room, sizeof *w->range);
			w->range[w->nranges++] = s->range[i];
		}
		s->written = true;
	}
	emit(w, (struct pattern_inst){ OP_SET, s->at, s->n | (s->not ? SET_NOT : 0) });
}

static void	write_node(struct pattern_writer *, const struct pattern_node *);

static void
write_optional(struct pattern_writer *w, const struct pattern_node *n, bool again)
{
	uint32_t split = emit(w, (struct pattern_inst){ .op = OP_SPLIT });

	w->inst[split].x = w->n;
	write_node(w, n);
	if (again)
		emit(w, (struct pattern_inst){ .op = OP_JUMP, .x = split });
	w->inst[split].y = w->n;
}

static void
write_repeat(struct pattern_writer *w, const struct pattern_node *n)
{
	for (unsigned i = 0; i < n->least && !w->full; i++)
		write_node(w, n->left);
	if (n->most == UINT32_MAX)
		write_optional(w, n->left, true);
	for (unsigned i = n->least; n->most != UINT32_MAX && i < n->most && !w->full; i++)
		write_optional(w, n->left, false);
}

static void
write_alt(struct pattern_writer *w, const struct pattern_node *n)
{
	uint32_t split = emit(w, (struct pattern_inst){ .op = OP_SPLIT }), jump;

	w->inst[split].x = w->n;
	write_node(w, n->left);
	jump = emit(w, (struct pattern_inst){ .op = OP_JUMP });
	w->inst[split].y = w->n;
	write_node(w, n->right);
	w->inst[jump].x = w->n;
}

/* Even nothing is an instruction: repetitions of it, too, come to the program's end. */
static void
write_node(struct pattern_writer *w, const struct pattern_node *n)
{
	if (w->full)
		return;
	switch (n->kind) {
	case NODE_EMPTY:
		emit(w, (struct pattern_inst){ .op = OP_JUMP, .x = w->n + 1 });
		break;
	case NODE_SET:
		write_set(w, n->set);
		break;
	case NODE_CAT:
		write_node(w, n->left);
		write_node(w, n->right);
		break;
	case NODE_ALT:
		write_alt(w, n);
		break;
	case NODE_REPEAT:
		write_repeat(w, n);
		break;
	case NODE_ASSERT:
		emit(w, (struct pattern_inst){ .op = n->assert });
		break;
	}
}

static const struct pattern *
program_make(struct arena *a, const struct pattern_node *root)
{
	struct pattern_writer w = { .n = 0 };
	struct pattern *p = NULL;

	write_node(&w, root);
	if (!w.full) {
		w.inst = grow(w.inst, w.n, &w.room, sizeof *w.inst);
		w.inst[w.n++] = (struct pattern_inst){ .op = OP_MATCH };
		p = arena_zalloc(a, sizeof *p + w.n * sizeof *w.inst + w.nranges * sizeof *w.range);
		p->n = w.n;
		p->nranges = w.nranges;
		memcpy(p->inst, w.inst, w.n * sizeof *w.inst);
		if (w.nranges > 0)
			memcpy(p->inst + w.n, w.range, w.nranges * sizeof *w.range);
		ASSERT(pattern_valid(p, pattern_bytes(p)));
	}
	free(w.inst);
	free(w.range);
	return p;
}

const struct pattern *
pattern_parse(struct arena *a, struct str s, char problem[PATTERN_PROBLEM])
{
	struct pattern_reader r = { .arena = a, .rest = s, .problem = problem };
	const struct pattern_node *root;
	const struct pattern *p;

	if (s.len > PATTERN_MAX)
		return refuse(&r, "an expression of more than %d bytes", PATTERN_MAX), NULL;
	if (memchr(s.p == NULL ? "" : s.p, '\0', s.len) != NULL)
		return refuse(&r, "a zero byte"), NULL;
	root = read_alt(&r);
	if (!r.failed && r.rest.len > 0)
		refuse(&r, "a ')' that nothing opens");
	if (r.failed)
		return NULL;
	p = program_make(a, root);
	return p != NULL ? p : (refuse(&r, "repetitions that are too large altogether"), NULL);
}
