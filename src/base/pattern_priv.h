/*
 * pattern_priv: the program that an expression becomes: pattern_parse.c writes it, pattern.c walks
 * it.
 */
#ifndef BASE_PATTERN_PRIV_H
#define BASE_PATTERN_PRIV_H

#include "base/pattern.h"

#define PROGRAM_MAX	4000		/* instructions */

struct rune_range {
	uint32_t	 from, to;
};

struct rune_set {
	unsigned	 n;
	bool		 not;
	struct rune_range	*range;
};

struct pattern_inst {
	enum { OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_WORD, OP_NOT_WORD, OP_MATCH } op;
	unsigned	 x, y;			/* where to: OP_SPLIT both, OP_JUMP x */
	const struct rune_set *set;
};

struct pattern {
	struct pattern_inst	*inst;
	unsigned	 n;
};

/* The next character of a text that is not empty; a byte that is no UTF-8 is one, as in Go. */
uint32_t	pattern_rune(struct str *);

#endif
