/*
 * pattern_find: where an expression matches first, and what its groups have of it. As in
 * pattern.c, all ways through the program are walked at once; here each way carries where its
 * groups begin and end, and those that Go would try first come first (Pike's construction). Time
 * and memory are bounded by the program and the text, whoever wrote them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/pattern_priv.h"

#define NOWHERE		UINT32_MAX

/* Ways in their order, the preferred first: where each stands, and its places. */
struct ways {
	uint32_t	 n, *at, *slot;
};

struct todo {
	uint32_t	 pc;		/* NOWHERE: gives a place back */
	uint32_t	 slot, value;
};

struct find {
	const struct pattern *of;
	struct ways	 came, now;		/* behind the last character; before the next */
	uint32_t	*mark, turn;
	uint32_t	*slot, *best;		/* of the way that is followed; of the match */
	struct todo	*todo;
	struct pattern_place place;
	uint32_t	 nslots;
	bool		 matched;
};

static void
ways_add(struct find *f, struct ways *w, uint32_t at, const uint32_t *slot)
{
	ASSERT(w->n < f->of->n);
	memcpy(w->slot + (size_t)w->n * f->nslots, slot, f->nslots * sizeof *slot);
	w->at[w->n++] = at;
}

/* All that is reached from `from` at this place of the text without taking a character, in
 * order. */
static void
reach(struct find *f, uint32_t from, uint32_t here)
{
	uint32_t n = 0;

	f->todo[n++] = (struct todo){ .pc = from };
	while (n > 0) {
		ASSERT(n <= 2 * f->of->n + 1);
		struct todo t = f->todo[--n];
		const struct pattern_inst *i;
		if (t.pc == NOWHERE) {
			f->slot[t.slot] = t.value;
			continue;
		}
		i = &f->of->inst[t.pc];
		if (f->mark[t.pc] == f->turn)
			continue;
		f->mark[t.pc] = f->turn;
		if (i->op == OP_SET || i->op == OP_MATCH)
			ways_add(f, &f->now, t.pc, f->slot);
		else if (i->op == OP_SPLIT || i->op == OP_JUMP) {
			if (i->op == OP_SPLIT)
				f->todo[n++] = (struct todo){ .pc = i->y };
			f->todo[n++] = (struct todo){ .pc = i->x };
		} else if (i->op == OP_SAVE) {
			f->todo[n++] = (struct todo){ NOWHERE, i->x, f->slot[i->x] };
			f->slot[i->x] = here;
			f->todo[n++] = (struct todo){ .pc = t.pc + 1 };
		} else if (pattern_holds(&f->place, i->op))
			f->todo[n++] = (struct todo){ .pc = t.pc + 1 };
	}
}

/* The ways that take this character go on; a match ends all that come after it in the order. */
static void
step(struct find *f, uint32_t rune, uint32_t here)
{
	f->came.n = 0;
	for (uint32_t i = 0; i < f->now.n; i++) {
		const struct pattern_inst *inst = &f->of->inst[f->now.at[i]];
		uint32_t *slot = f->now.slot + (size_t)i * f->nslots;
		if (inst->op == OP_MATCH) {
			memcpy(f->best, slot, f->nslots * sizeof *slot);
			f->best[1] = here;
			f->matched = true;
			return;
		}
		if (!f->place.end && pattern_set_has(f->of, inst, rune))
			ways_add(f, &f->came, f->now.at[i] + 1, slot);
	}
}

static void
reach_all(struct find *f, uint32_t here, bool anew)
{
	f->turn++;
	f->now.n = 0;
	for (uint32_t i = 0; i < f->came.n; i++) {
		memcpy(f->slot, f->came.slot + (size_t)i * f->nslots, f->nslots * sizeof *f->slot);
		reach(f, f->came.at[i], here);
	}
	if (!anew)
		return;
	memset(f->slot, 0xff, f->nslots * sizeof *f->slot);
	f->slot[0] = here;
	reach(f, 0, here);
}

/* The character that ends at `from`, which is not the text's beginning. */
static uint32_t
rune_before(struct str text, size_t from)
{
	size_t least = from > 4 ? from - 4 : 0, at = from - 1;
	uint32_t rune = 0;

	while (at > least && ((unsigned char)text.p[at] & 0xc0) == 0x80)
		at--;
	for (struct str rest = { text.p + at, from - at }; rest.len > 0; )
		rune = pattern_rune(&rest);
	return rune;
}

/* Returns how many characters it has looked at. */
static size_t
walk(struct find *f, struct str text, size_t from)
{
	bool tied = f->of->inst[0].op == OP_BEGIN;
	struct str rest = { text.p + from, text.len - from };
	uint32_t before = from > 0 ? rune_before(text, from) : '\n', rune;
	size_t looked = 0;

	for (;; looked++) {
		uint32_t here = (uint32_t)(text.len - rest.len);
		struct str behind = rest;
		f->place.begin = here == 0;
		f->place.end = rest.len == 0;
		if (f->came.n == 0 && (f->matched || (tied && !f->place.begin)))
			break;
		rune = f->place.end ? '\n' : pattern_rune(&behind);
		pattern_place(&f->place, before, rune);
		reach_all(f, here, !f->matched && (!tied || f->place.begin));
		step(f, rune, here);
		if (f->place.end)
			break;
		before = rune;
		rest = behind;
	}
	return looked;
}

/* ---- memory: one block ---- */

#define SMALL	6000			/* words: of most expressions, on the stack */

static size_t
words_of(const struct pattern *p)
{
	size_t n = p->n, nslots = 2 * (size_t)p->groups;

	return 2 * n * (1 + nslots) + n + 2 * nslots + 3 * (2 * n + 2);
}

static void
find_init(struct find *f, const struct pattern *p, uint32_t *room)
{
	size_t n = p->n, nslots = 2 * (size_t)p->groups;

	*f = (struct find){ .of = p, .nslots = (uint32_t)nslots };
	f->todo = (struct todo *)room;
	room += 3 * (2 * n + 2);
	f->came = (struct ways){ 0, room, room + n };
	room += n * (1 + nslots);
	f->now = (struct ways){ 0, room, room + n };
	room += n * (1 + nslots);
	f->slot = room;
	f->best = room + nslots;
	f->mark = room + 2 * nslots;
	memset(f->mark, 0, n * sizeof *f->mark);
}

static enum pattern_found
find(const struct pattern *p, struct str text, size_t from, struct str group[PATTERN_GROUPS],
    size_t *looked)
{
	size_t words = words_of(p);
	uint32_t small[SMALL], *room = words <= SMALL ? small : malloc(words * sizeof *room);
	struct find f;
	bool matched;

	ASSERT(p->groups > 0 && from <= text.len && text.len < NOWHERE);
	if (room == NULL)
		return PATTERN_STARVED;
	find_init(&f, p, room);
	*looked += walk(&f, text, from) + 1;
	for (uint32_t i = 0; i < PATTERN_GROUPS; i++) {
		group[i] = (struct str){ NULL, 0 };
		if (f.matched && i < p->groups && f.best[2 * i] != NOWHERE && f.best[2 * i + 1] != NOWHERE)
			group[i] = (struct str){ text.p + f.best[2 * i], f.best[2 * i + 1] - f.best[2 * i] };
	}
	matched = f.matched;
	if (room != small)
		free(room);
	return matched ? PATTERN_FOUND : PATTERN_NONE;
}

enum pattern_found
pattern_find(const struct pattern *p, struct str text, size_t from,
    struct str group[PATTERN_GROUPS])
{
	size_t looked = 0;

	if (text.p == NULL)
		text.p = "";
	return find(p, text, from, group, &looked);
}

/* ---- replacing ---- */

static bool
is_name_part(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

/* Behind a dollar: the name of a group. False: none is there, and the dollar is plain. */
static bool
take_name(struct str *s, struct str *name)
{
	bool brace = s->len > 0 && *s->p == '{';
	struct str rest = { s->p + brace, s->len - brace };
	size_t n = 0;

	while (n < rest.len && is_name_part(rest.p[n]))
		n++;
	if (n == 0 || (brace && (n == rest.len || rest.p[n] != '}')))
		return false;
	*name = (struct str){ rest.p, n };
	*s = (struct str){ rest.p + n + brace, rest.len - n - brace };
	return true;
}

/* As Go reads it: of digits alone, and without a zero before others, it is a number. */
static struct str
group_named(const struct pattern_names *names, struct str name,
    const struct str group[PATTERN_GROUPS])
{
	const struct str none = { NULL, 0 };
	uint64_t number;
	bool digits = true;

	for (size_t i = 0; i < name.len; i++)
		digits = digits && name.p[i] >= '0' && name.p[i] <= '9';
	if (digits && !(name.len > 1 && *name.p == '0'))
		return str_to_u64(name, &number) && number < PATTERN_GROUPS ? group[number] : none;
	for (unsigned i = 1; i < PATTERN_GROUPS; i++)
		if (str_eq(names->name[i], name))
			return group[i];
	return none;
}

static void
expand(const struct pattern_names *names, struct str template,
    const struct str group[PATTERN_GROUPS], struct buf *out)
{
	struct str name;

	while (template.len > 0) {
		char c = *template.p;
		template = (struct str){ template.p + 1, template.len - 1 };
		if (c == '$' && template.len > 0 && *template.p == '$')
			template = (struct str){ template.p + 1, template.len - 1 };
		else if (c == '$' && take_name(&template, &name)) {
			struct str of = group_named(names, name, group);
			if (of.len > 0)
				buf_adds(out, of);
			continue;
		}
		buf_add(out, &c, 1);
	}
}

/* Letters beyond ASCII are parts of names, for Go; no group that we know has such a name. */
bool
pattern_template_valid(struct str t)
{
	for (size_t i = 0; i + 1 < t.len; i++) {
		size_t n = i + 1;
		if (t.p[i] != '$')
			continue;
		if (t.p[n] == '$') {
			i++;
			continue;
		}
		n += t.p[n] == '{';
		while (n < t.len && is_name_part(t.p[n]))
			n++;
		if (n < t.len && (unsigned char)t.p[n] >= 0x80)
			return false;
	}
	return true;
}

/* A match of nothing right behind another is none, and the search goes on by a character at
 * least. */
bool
pattern_replace(const struct pattern *p, const struct pattern_names *names, struct str text,
    struct str template, struct buf *out)
{
	size_t at = 0, done = 0, looked = 0, most = 16 * text.len + 1024;
	struct str group[PATTERN_GROUPS];

	if (text.p == NULL)
		text.p = "";
	while (at <= text.len) {
		enum pattern_found found = find(p, text, at, group, &looked);
		size_t begin, end, width;
		if (found == PATTERN_STARVED || looked > most)
			return false;
		if (found == PATTERN_NONE)
			break;
		begin = (size_t)(group[0].p - text.p);
		end = begin + group[0].len;
		ASSERT(begin >= at && done <= begin);
		buf_add(out, text.p + done, begin - done);
		if (end > done || begin == 0)
			expand(names, template, group, out);
		done = end;
		if (at < text.len) {
			struct str rest = { text.p + at, text.len - at };
			pattern_rune(&rest);
			width = text.len - rest.len - at;
		} else
			width = 1;
		at = at + width > end ? at + width : end;
	}
	buf_add(out, text.p + done, text.len - done);
	return !out->full;
}
