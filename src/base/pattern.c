/*
 * All ways through the program are walked at once, one character of the text after the other
 * (Thompson's construction). Nothing goes back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/pattern_priv.h"

struct pattern_walk {
	const struct pattern *of;
	uint32_t	*at, n;			/* where the ways stand that wait for a character */
	uint32_t	*mark;			/* by instruction: the turn in which it was last reached */
	uint32_t	*todo;			/* a stack */
	uint32_t	 turn;
	struct pattern_place place;
	bool		 matched;
};

uint32_t
pattern_rune(struct str *s)
{
	const unsigned char *p = (const unsigned char *)s->p;
	unsigned n = *p < 0x80 ? 1 : *p >= 0xf0 && *p < 0xf5 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 0;
	uint32_t rune = n == 1 ? *p : *p & (n == 2 ? 0x1f : n == 3 ? 0x0f : 0x07);
	bool good = n > 0 && *p < 0xf5 && n <= s->len;

	for (unsigned i = 1; good && i < n; i++) {
		good = (p[i] & 0xc0) == 0x80;
		rune = rune << 6 | (p[i] & 0x3f);
	}
	if (!good) {
		n = 1;
		rune = 0xfffd;
	}
	*s = (struct str){ s->p + n, s->len - n };
	return rune;
}

static const struct rune_range *
ranges_of(const struct pattern *p)
{
	return (const struct rune_range *)(p->inst + p->n);
}

bool
pattern_holds(const struct pattern_place *at, uint32_t op)
{
	switch ((enum pattern_op)op) {
	case OP_BEGIN:
		return at->begin;
	case OP_END:
		return at->end;
	case OP_LINE_BEGIN:
		return at->line_begin;
	case OP_LINE_END:
		return at->line_end;
	case OP_WORD:
		return at->word;
	case OP_NOT_WORD:
		return !at->word;
	case OP_SET:
	case OP_SPLIT:
	case OP_JUMP:
	case OP_SAVE:
	case OP_MATCH:
	case OP_COUNT:
		break;
	}
	BUG("no assertion");
}

/* All that is reached from an instruction without taking a character. */
static void
walk_reach(struct pattern_walk *w, uint32_t from)
{
	uint32_t n = 0;

	w->todo[n++] = from;
	while (n > 0) {
		ASSERT(n <= 2 * w->of->n && w->todo[n - 1] < w->of->n);
		uint32_t pc = w->todo[--n];
		const struct pattern_inst *i = &w->of->inst[pc];
		if (w->mark[pc] == w->turn)
			continue;
		w->mark[pc] = w->turn;
		if (i->op == OP_SET)
			w->at[w->n++] = pc;
		else if (i->op == OP_MATCH)
			w->matched = true;
		else if (i->op == OP_SPLIT || i->op == OP_JUMP) {
			if (i->op == OP_SPLIT)
				w->todo[n++] = i->y;
			w->todo[n++] = i->x;
		} else if (i->op == OP_SAVE || pattern_holds(&w->place, i->op))
			w->todo[n++] = pc + 1;
	}
}

bool
pattern_set_has(const struct pattern *p, const struct pattern_inst *i, uint32_t rune)
{
	const struct rune_range *range = ranges_of(p) + i->x;
	bool not = (i->y & SET_NOT) != 0;

	for (uint32_t k = 0; k < (i->y & ~SET_NOT); k++)
		if (rune >= range[k].from && rune <= range[k].to)
			return !not;
	return not;
}

static bool
is_word(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

void
pattern_place(struct pattern_place *at, uint32_t before, uint32_t rune)
{
	at->line_begin = at->begin || before == '\n';
	at->line_end = rune == '\n';
	at->word = is_word(before) != is_word(rune);
}

/* Each place of the text: the ways that came here, and one that begins here, if it may. */
static bool
walk_all(struct pattern_walk *w, struct str text, uint32_t *came)
{
	bool tied = w->of->inst[0].op == OP_BEGIN;
	uint32_t before = '\n', rune = 0, ncame = 0;
	struct pattern_place *at = &w->place;

	for (at->begin = true; !w->matched; at->begin = false) {
		struct str rest = text;
		if (tied && !at->begin && ncame == 0)
			break;
		at->end = text.len == 0;
		rune = at->end ? '\n' : pattern_rune(&rest);
		pattern_place(at, before, rune);
		ASSERT(ncame <= w->of->n);
		w->n = 0;
		w->turn++;
		for (uint32_t i = 0; i < ncame; i++)
			walk_reach(w, came[i]);
		if (!tied || at->begin)
			walk_reach(w, 0);
		if (at->end)
			break;
		ncame = 0;
		for (uint32_t i = 0; i < w->n; i++)
			if (pattern_set_has(w->of, &w->of->inst[w->at[i]], rune))
				came[ncame++] = w->at[i] + 1;
		before = rune;
		text = rest;
	}
	return w->matched;
}

#define ROOM_OF(n)	(5 * (size_t)(n))
#define SMALL		256		/* most expressions: their room is the stack's */

bool
pattern_match(const struct pattern *p, struct str text)
{
	uint32_t small[ROOM_OF(SMALL)];
	uint32_t *room = p->n <= SMALL ? small : must_alloc(ROOM_OF(p->n) * sizeof *room);
	struct pattern_walk w = { .of = p, .at = room, .mark = room + p->n, .todo = room + 2 * p->n };
	bool matched;

	ASSERT(p->n > 0 && p->n <= PROGRAM_MAX + 1 && p->inst[p->n - 1].op == OP_MATCH);
	memset(w.mark, 0, p->n * sizeof *w.mark);
	matched = walk_all(&w, text, room + 4 * p->n);
	if (room != small)
		free(room);
	return matched;
}

/* ---- as a block ---- */

static size_t
bytes_of(size_t n, size_t nranges)
{
	return sizeof(struct pattern) + n * sizeof(struct pattern_inst) +
	    nranges * sizeof(struct rune_range);
}

size_t
pattern_bytes(const struct pattern *p)
{
	return bytes_of(p->n, p->nranges);
}

static bool
inst_valid(const struct pattern *p, const struct pattern_inst *i)
{
	if (i->op >= OP_COUNT)
		return false;
	if (i->op == OP_SAVE)
		return i->x < 2 * p->groups;
	if (i->op == OP_SET)
		return (uint64_t)i->x + (i->y & ~SET_NOT) <= p->nranges;
	return (i->op != OP_SPLIT && i->op != OP_JUMP) ||
	    (i->x < p->n && (i->op == OP_JUMP || i->y < p->n));
}

/* The last one is OP_MATCH, so that there is one behind each of the others. */
bool
pattern_valid(const void *bytes, size_t len)
{
	const struct pattern *p = bytes;

	if (len < sizeof *p || p->n == 0 || p->n > PROGRAM_MAX + 1 || p->nranges > RANGES_MAX ||
	    p->groups > PATTERN_GROUPS ||
	    len != bytes_of(p->n, p->nranges) || p->inst[p->n - 1].op != OP_MATCH)
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		if (!inst_valid(p, &p->inst[i]))
			return false;
	return true;
}
