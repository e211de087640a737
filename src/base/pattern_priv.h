/*
 * pattern_priv: the program that an expression becomes: pattern_parse.c writes it, pattern.c walks
 * it. One block without pointers, so that it can be read in place by another process.
 */
#ifndef BASE_PATTERN_PRIV_H
#define BASE_PATTERN_PRIV_H

#include "base/pattern.h"

#define PROGRAM_MAX	4000		/* instructions */
#define RANGES_MAX	16000

enum pattern_op { OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_LINE_BEGIN, OP_LINE_END, OP_WORD,
    OP_NOT_WORD, OP_MATCH, OP_COUNT };

struct rune_range {
	uint32_t	 from, to;
};

#define SET_NOT	UINT32_C(0x80000000)

struct pattern_inst {
	uint32_t	 op;
	uint32_t	 x, y;		/* OP_SPLIT: where to; OP_JUMP: x; OP_SET: first range, how many | SET_NOT */
};

struct pattern {
	uint32_t	 n, nranges;
	struct pattern_inst inst[];		/* and the ranges behind them */
};

/* The next character of a text that is not empty; a byte that is no UTF-8 is one, as in Go. */
uint32_t	pattern_rune(struct str *);

#endif
