/*
 * pattern_program: the tree of an expression becomes a program of a few instructions. The order in
 * which a program tries its ways is that of Go's, so that of several matches it is the same one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/pattern_priv.h"

struct pattern_writer {
	struct pattern_inst *inst;
	struct rune_range *range;
	uint32_t	 n, nranges, room, ranges_room;
	unsigned	 groups;		/* that are kept */
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

/* Whether it may match nothing. */
static bool
is_nullable(const struct pattern_node *n)
{
	switch (n->kind) {
	case NODE_EMPTY:
	case NODE_ASSERT:
		return true;
	case NODE_SET:
		return false;
	case NODE_CAT:
		return is_nullable(n->left) && is_nullable(n->right);
	case NODE_ALT:
		return is_nullable(n->left) || is_nullable(n->right);
	case NODE_REPEAT:
		return n->least == 0 || is_nullable(n->left);
	case NODE_GROUP:
		return is_nullable(n->left);
	}
	BUG("no kind of node");
}

/* Two ways: into the repetition, which follows, and past it, to `out`. */
static void
patch_split(struct pattern_writer *w, uint32_t at, uint32_t in, uint32_t out, bool lazy)
{
	if (w->full)
		return;
	w->inst[at].x = lazy ? out : in;
	w->inst[at].y = lazy ? in : out;
}

/* Once or more. */
static void
write_plus(struct pattern_writer *w, const struct pattern_node *n, bool lazy)
{
	uint32_t begin = w->n, split;

	write_node(w, n);
	split = emit(w, (struct pattern_inst){ .op = OP_SPLIT });
	patch_split(w, split, begin, w->n, lazy);
}

/* Of what may match nothing, (x+)?: the order in which ways are tried is Go's. */
static void
write_star(struct pattern_writer *w, const struct pattern_node *n, bool lazy)
{
	uint32_t split = emit(w, (struct pattern_inst){ .op = OP_SPLIT });

	if (is_nullable(n))
		write_plus(w, n, lazy);
	else {
		write_node(w, n);
		emit(w, (struct pattern_inst){ .op = OP_JUMP, .x = split });
	}
	patch_split(w, split, split + 1, w->n, lazy);
}

/* (x(x(x)?)?)? */
static void
write_optional(struct pattern_writer *w, const struct pattern_node *n, unsigned times, bool lazy)
{
	uint32_t split;

	if (times == 0 || w->full)
		return;
	split = emit(w, (struct pattern_inst){ .op = OP_SPLIT });
	write_node(w, n);
	write_optional(w, n, times - 1, lazy);
	patch_split(w, split, split + 1, w->n, lazy);
}

static bool
is_same_repeat(const struct pattern_node *a, const struct pattern_node *b)
{
	return b->kind == NODE_REPEAT && a->least == b->least && a->most == b->most &&
	    a->lazy == b->lazy && a->least <= 1 &&
	    (a->most == UINT32_MAX || (a->least == 0 && a->most == 1));
}

/* As Go simplifies it: x{3,} is xxx+, x{2,4} is xx(x(x)?)?, and (?:x*)* is x*. */
static void
write_repeat(struct pattern_writer *w, const struct pattern_node *n)
{
	const struct pattern_node *sub = n->left;
	unsigned copies = n->most == UINT32_MAX && n->least > 0 ? n->least - 1 : n->least;

	if (sub->kind == NODE_EMPTY || n->most == 0)
		emit(w, (struct pattern_inst){ .op = OP_JUMP, .x = w->n + 1 });
	else if (is_same_repeat(n, sub))
		write_node(w, sub);
	else {
		for (unsigned i = 0; i < copies && !w->full; i++)
			write_node(w, sub);
		if (n->most != UINT32_MAX)
			write_optional(w, sub, n->most - n->least, n->lazy);
		else if (n->least == 0)
			write_star(w, sub, n->lazy);
		else
			write_plus(w, sub, n->lazy);
	}
}

static void
write_group(struct pattern_writer *w, const struct pattern_node *n)
{
	bool kept = n->group < w->groups;

	if (kept)
		emit(w, (struct pattern_inst){ .op = OP_SAVE, .x = 2 * n->group });
	write_node(w, n->left);
	if (kept)
		emit(w, (struct pattern_inst){ .op = OP_SAVE, .x = 2 * n->group + 1 });
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
	case NODE_GROUP:
		write_group(w, n);
		break;
	}
}

const struct pattern *
pattern_program(struct arena *a, const struct pattern_node *root, unsigned groups)
{
	struct pattern_writer w = { .groups = groups };
	struct pattern *p = NULL;

	write_node(&w, root);
	if (!w.full) {
		w.inst = grow(w.inst, w.n, &w.room, sizeof *w.inst);
		w.inst[w.n++] = (struct pattern_inst){ .op = OP_MATCH };
		p = arena_zalloc(a, sizeof *p + w.n * sizeof *w.inst + w.nranges * sizeof *w.range);
		p->n = w.n;
		p->nranges = w.nranges;
		p->groups = groups;
		memcpy(p->inst, w.inst, w.n * sizeof *w.inst);
		if (w.nranges > 0)
			memcpy(p->inst + w.n, w.range, w.nranges * sizeof *w.range);
		ASSERT(pattern_valid(p, pattern_bytes(p)));
	}
	free(w.inst);
	free(w.range);
	return p;
}
