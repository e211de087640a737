/*
 * breaker_rule: when a circuit breaker opens, in the language that Traefik has for it:
 * "LatencyAtQuantileMS(50.0) > 100 || NetworkErrorRatio() > 0.3", with ResponseCodeRatio(500, 600,
 * 0, 600), the six comparisons, &&, || and parentheses. Its numbers have types: a ratio is compared
 * with one that has a point, a latency with one that has none.
 */
#ifndef WORLD_BREAKER_RULE_H
#define WORLD_BREAKER_RULE_H

#include <stdint.h>

#include "base/arena.h"

#define BREAKER_NODES	64
#define BREAKER_METRICS	8		/* that one rule looks at */
#define BREAKER_PROBLEM	120

enum breaker_function { BREAKER_LATENCY, BREAKER_ERRORS, BREAKER_CODES };

struct breaker_metric {
	enum breaker_function function;
	double		 quantile;	/* of BREAKER_LATENCY, in percent */
	int64_t		 code[4];	/* of BREAKER_CODES: from, below; of all from, below */
};

enum breaker_op { BREAKER_AND, BREAKER_OR, BREAKER_EQ, BREAKER_NE, BREAKER_LT, BREAKER_LE,
	BREAKER_GT, BREAKER_GE };

struct breaker_node {			/* operands stand before it */
	enum breaker_op	 op;
	uint8_t		 left, right;	/* of AND and OR: nodes */
	uint8_t		 metric;	/* of comparisons, with `number` */
	double		 number;
};

struct breaker_rule {			/* its last node is all of it */
	unsigned	 nnodes, nmetrics;
	struct breaker_node node[BREAKER_NODES];
	struct breaker_metric metric[BREAKER_METRICS];
};

/* NULL: `problem` says what is wrong. */
const struct breaker_rule *breaker_rule_parse(struct arena *, struct str,
    char problem[BREAKER_PROBLEM]);
bool	breaker_rule_holds(const struct breaker_rule *, const double value[BREAKER_METRICS]);

#endif
