/*
 * All ways through the program are walked at once, one character of the text after the other
 * (Thompson's construction). Nothing goes back.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/pattern_priv.h"

struct pattern_walk {
	const struct pattern *of;
	unsigned	*at, n;			/* where the ways stand that wait for a character */
	unsigned	*mark;			/* by instruction: the turn in which it was last reached */
	unsigned	*todo;			/* a stack */
	unsigned	 turn;
	bool		 begin, end, word;	/* of this place in the text; word: a boundary of one */
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

/* All that is reached from an instruction without taking a character. */
static void
walk_reach(struct pattern_walk *w, unsigned from)
{
	unsigned n = 0;

	w->todo[n++] = from;
	while (n > 0) {
		ASSERT(n <= 2 * w->of->n && w->todo[n - 1] < w->of->n);
		unsigned pc = w->todo[--n];
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
		} else if (i->op == OP_BEGIN ? w->begin : i->op == OP_END ? w->end :
		    (i->op == OP_WORD) == w->word)
			w->todo[n++] = pc + 1;
	}
}

static bool
set_has(const struct rune_set *s, uint32_t rune)
{
	for (unsigned i = 0; i < s->n; i++)
		if (rune >= s->range[i].from && rune <= s->range[i].to)
			return !s->not;
	return s->not;
}

static bool
is_word(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

/* Each place of the text: the ways that came here, and one that begins here. */
static bool
walk_all(struct pattern_walk *w, struct str text, unsigned *came)
{
	uint32_t before = 0, rune = 0;
	unsigned ncame = 0;

	for (w->begin = true; !w->matched; w->begin = false) {
		struct str rest = text;
		w->end = text.len == 0;
		rune = w->end ? 0 : pattern_rune(&rest);
		w->word = is_word(before) != is_word(rune);
		ASSERT(ncame <= w->of->n);
		w->n = 0;
		w->turn++;
		for (unsigned i = 0; i < ncame; i++)
			walk_reach(w, came[i]);
		walk_reach(w, 0);
		if (w->end)
			break;
		ncame = 0;
		for (unsigned i = 0; i < w->n; i++)
			if (set_has(w->of->inst[w->at[i]].set, rune))
				came[ncame++] = w->at[i] + 1;
		before = rune;
		text = rest;
	}
	return w->matched;
}

bool
pattern_match(const struct pattern *p, struct str text)
{
	unsigned *all = must_zalloc(5 * (size_t)p->n * sizeof *all);
	struct pattern_walk w = { .of = p, .at = all, .mark = all + p->n, .todo = all + 2 * p->n };
	bool matched;

	ASSERT(p->n > 0 && p->n <= PROGRAM_MAX + 1 && p->inst[p->n - 1].op == OP_MATCH);
	matched = walk_all(&w, text, all + 4 * p->n);

	free(all);
	return matched;
}
