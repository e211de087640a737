/*
 * pattern_priv: an expression becomes a tree (pattern_parse.c, and pattern_set.c for what stands
 * for one character), the tree a program (pattern_program.c), which pattern.c and pattern_find.c
 * walk. A program is one block without pointers, so that it can be read in place by another
 * process. Private to base/.
 */
#ifndef BASE_PATTERN_PRIV_H
#define BASE_PATTERN_PRIV_H

#include "base/pattern.h"

#define PROGRAM_MAX	4000		/* instructions */
#define RANGES_MAX	16000

enum pattern_op { OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_LINE_BEGIN, OP_LINE_END, OP_WORD,
    OP_NOT_WORD, OP_SAVE, OP_MATCH, OP_COUNT };

struct rune_range {
	uint32_t	 from, to;
};

#define SET_NOT	UINT32_C(0x80000000)

struct pattern_inst {
	uint32_t	 op;
	/* OP_SPLIT: where to, x first; OP_JUMP: x; OP_SET: first range, how many | SET_NOT; OP_SAVE: x is
	 * twice the group, and one more at its end */
	uint32_t	 x, y;
};

struct pattern {
	uint32_t	 n, nranges, groups;	/* groups: that are kept, the whole match among them */
	struct pattern_inst inst[];		/* and the ranges behind them */
};

/* Where a walk stands in the text, for what holds between two characters. */
struct pattern_place {
	bool		 begin, end, line_begin, line_end, word;	/* word: a boundary of one */
};

/* ---- the tree ---- */

struct rune_set {
	unsigned	 n;
	bool		 not, written;
	uint32_t	 at;			/* its first range in the program, once written */
	struct rune_range *range;
};

struct pattern_node {
	enum node_kind { NODE_EMPTY, NODE_SET, NODE_CAT, NODE_ALT, NODE_REPEAT, NODE_ASSERT,
	    NODE_GROUP } kind;
	enum pattern_op	 assert;		/* of NODE_ASSERT */
	const struct pattern_node *left, *right;
	struct rune_set	*set;
	unsigned	 least, most;		/* of a repeat; most UINT32_MAX: no end */
	bool		 lazy;			/* of a repeat: as few as possible first */
	unsigned	 group;			/* its number */
};

struct pattern_reader {
	struct arena	*arena;
	struct str	 rest;
	unsigned	 depth, groups;
	bool		 fold;			/* (?i) */
	bool		 dot_all;		/* (?s) */
	bool		 lines;			/* (?m) */
	bool		 lazy;			/* (?U) */
	struct pattern_names *names;		/* never NULL */
	char		*problem;
	bool		 failed;
};

/* pattern_parse.c. Refusing is NULL, to be returned. */
const struct pattern_node *pattern_refuse(struct pattern_reader *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
struct pattern_node *pattern_node_new(struct pattern_reader *, enum node_kind,
	    const struct pattern_node *left, const struct pattern_node *right);
bool	pattern_peek(const struct pattern_reader *, char);
void	pattern_advance(struct pattern_reader *, size_t bytes);
bool	pattern_take(struct pattern_reader *, const char *);	/* false: it is not what comes next */

/* pattern_set.c: what is behind an opening bracket; one character; any; what is behind a
 * backslash; a place between two */
const struct pattern_node *pattern_class(struct pattern_reader *);
const struct pattern_node *pattern_one(struct pattern_reader *, uint32_t rune);
const struct pattern_node *pattern_any(struct pattern_reader *);
const struct pattern_node *pattern_escape(struct pattern_reader *);
const struct pattern_node *pattern_assert(struct pattern_reader *, enum pattern_op);

/* pattern_program.c: `groups`: how many are kept, 0 for none. NULL: it would be too large. */
const struct pattern *pattern_program(struct arena *, const struct pattern_node *, unsigned groups);

/* ---- walking ---- */

/* pattern.c */
bool	pattern_holds(const struct pattern_place *, uint32_t op);
bool	pattern_set_has(const struct pattern *, const struct pattern_inst *, uint32_t rune);
/* The place between two characters; those beyond the ends of the text are newlines. */
void	pattern_place(struct pattern_place *, uint32_t before, uint32_t rune);
/* The next character of a text that is not empty; a byte that is no UTF-8 is one, as in Go. */
uint32_t	pattern_rune(struct str *);

#endif
