/*
 * breaker_rule: read as Go reads an expression: comparisons bind closest, then &&, then ||.
 * Must not know where the values of its metrics come from.
 */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "world/breaker_rule.h"

#define DEPTH_MAX	32
#define NUMBER_MAX	32		/* characters of one */

struct reader {
	struct str	 rest;
	struct breaker_rule *rule;
	char		*problem;
	unsigned	 depth;
};

/* What a part of the expression is. */
struct operand {
	enum { IS_NODE, IS_METRIC, IS_WHOLE, IS_REAL } is;
	unsigned	 at;		/* of IS_NODE and IS_METRIC */
	double		 number;
};

static const struct {
	const char	*name;
	unsigned	 arguments;
	bool		 real;		/* they are */
} functions[] = {
	[BREAKER_LATENCY] = { "LatencyAtQuantileMS", 1, true },
	[BREAKER_ERRORS] = { "NetworkErrorRatio", 0, false },
	[BREAKER_CODES] = { "ResponseCodeRatio", 4, false },
};

static bool wrong(struct reader *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool
wrong(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->problem, BREAKER_PROBLEM, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- words ---- */

static void
skip(struct reader *r, size_t n)
{
	ASSERT(n <= r->rest.len);
	r->rest = (struct str){ r->rest.p + n, r->rest.len - n };
}

static bool
takes(struct reader *r, const char *word)
{
	r->rest = str_trim(r->rest);
	if (!str_starts(r->rest, str_of(word)))
		return false;
	skip(r, strlen(word));
	return true;
}

static size_t
digits_at(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && isdigit((unsigned char)s.p[at + n]))
		n++;
	return n;
}

/* The length of a number in front: 12, 0.5, .5, 5., 1e-3; 0: there is none. */
static size_t
number_length(struct str s, bool *real)
{
	size_t n = digits_at(s, 0), more;

	*real = n < s.len && s.p[n] == '.';
	if (*real) {
		more = digits_at(s, n + 1);
		if (n + more == 0)
			return 0;
		n += 1 + more;
	}
	if (n > 0 && n < s.len && (s.p[n] == 'e' || s.p[n] == 'E')) {
		size_t sign = n + 1 < s.len && (s.p[n + 1] == '-' || s.p[n + 1] == '+');
		if ((more = digits_at(s, n + 1 + sign)) == 0)
			return 0;
		n += 1 + sign + more;
		*real = true;
	}
	return n;
}

/* Those that Go would read as octal, and the like, are none. */
static bool
take_number(struct reader *r, struct operand *out)
{
	char text[NUMBER_MAX];
	bool real;
	size_t n;

	r->rest = str_trim(r->rest);
	n = number_length(r->rest, &real);
	if (n == 0 || n >= sizeof text || (n < r->rest.len && (isalnum((unsigned char)r->rest.p[n])
	    || r->rest.p[n] == '_' || r->rest.p[n] == '.')))
		return wrong(r, "expected a number at \"%.20s\"", r->rest.len == 0 ? "" :
		    str_copy(text, sizeof text, r->rest) > 0 ? text : "");
	str_copy(text, sizeof text, (struct str){ r->rest.p, n });
	if (!real && n > 1 && text[0] == '0')
		return wrong(r, "expected %s without a zero in front", text);
	if (!real && n > 15)
		return wrong(r, "%s is too large", text);
	*out = (struct operand){ .is = real ? IS_REAL : IS_WHOLE, .number = strtod(text, NULL) };
	if (!isfinite(out->number))
		return wrong(r, "%s is too large", text);
	skip(r, n);
	return true;
}

/* ---- functions ---- */

static bool
take_arguments(struct reader *r, enum breaker_function f, struct breaker_metric *m)
{
	struct operand o;

	if (!takes(r, "("))
		return wrong(r, "expected ( after %s", functions[f].name);
	for (unsigned i = 0; i < functions[f].arguments; i++) {
		if (i > 0 && !takes(r, ","))
			return wrong(r, "expected %u numbers for %s", functions[f].arguments, functions[f].name);
		if (!take_number(r, &o))
			return false;
		if ((o.is == IS_REAL) != functions[f].real)
			return wrong(r, "expected numbers with%s a point for %s", functions[f].real ? "" : "out",
			    functions[f].name);
		if (f == BREAKER_LATENCY)
			m->quantile = o.number;
		else
			m->code[i] = (int64_t)o.number;
	}
	return takes(r, ")") || wrong(r, "expected ) at the end of %s", functions[f].name);
}

static bool
take_function(struct reader *r, enum breaker_function f, struct operand *out)
{
	struct breaker_rule *rule = r->rule;

	if (rule->nmetrics == BREAKER_METRICS)
		return wrong(r, "it looks at more than %d metrics", BREAKER_METRICS);
	rule->metric[rule->nmetrics].function = f;
	if (!take_arguments(r, f, &rule->metric[rule->nmetrics]))
		return false;
	*out = (struct operand){ .is = IS_METRIC, .at = rule->nmetrics++ };
	return true;
}

/* ---- operators ---- */

static bool take_or(struct reader *, struct operand *);

static bool
take_primary(struct reader *r, struct operand *out)
{
	char text[24];

	if (takes(r, "(")) {
		if (r->depth == DEPTH_MAX)
			return wrong(r, "it is nested too deeply");
		r->depth++;
		if (!take_or(r, out))
			return false;
		r->depth--;
		return takes(r, ")") || wrong(r, "a ) is missing");
	}
	for (unsigned f = 0; f < sizeof functions / sizeof *functions; f++)
		if (takes(r, functions[f].name))
			return take_function(r, (enum breaker_function)f, out);
	r->rest = str_trim(r->rest);
	if (r->rest.len == 0)
		return wrong(r, "something is missing at its end");
	if (isdigit((unsigned char)r->rest.p[0]) || r->rest.p[0] == '.')
		return take_number(r, out);
	str_copy(text, sizeof text, r->rest);
	return wrong(r, "expected LatencyAtQuantileMS, NetworkErrorRatio or ResponseCodeRatio at \"%s\"",
	    text);
}

static bool
add_node(struct reader *r, struct breaker_node node, struct operand *out)
{
	struct breaker_rule *rule = r->rule;

	if (rule->nnodes == BREAKER_NODES)
		return wrong(r, "it has more than %d operators", BREAKER_NODES);
	rule->node[rule->nnodes] = node;
	*out = (struct operand){ .is = IS_NODE, .at = rule->nnodes++ };
	return true;
}

static bool
take_comparison(struct reader *r, struct operand *out)
{
	static const struct {
		const char	*word;
		enum breaker_op	 op;
	} ops[] = { { "==", BREAKER_EQ }, { "!=", BREAKER_NE }, { "<=", BREAKER_LE }, { ">=", BREAKER_GE },
		{ "<", BREAKER_LT }, { ">", BREAKER_GT } };
	struct operand with;
	unsigned i;

	if (!take_primary(r, out))
		return false;
	for (;;) {
		for (i = 0; i < sizeof ops / sizeof *ops && !takes(r, ops[i].word); i++)
			;
		if (i == sizeof ops / sizeof *ops)
			return true;
		if (!take_primary(r, &with))
			return false;
		if (out->is != IS_METRIC || with.is == IS_NODE || with.is == IS_METRIC)
			return wrong(r, "expected a metric before %s, and a number behind it", ops[i].word);
		if ((r->rule->metric[out->at].function == BREAKER_LATENCY) != (with.is == IS_WHOLE))
			return wrong(r, "expected a number with a point for a ratio, and without one for a latency");
		if (!add_node(r, (struct breaker_node){ .op = ops[i].op, .metric = (uint8_t)out->at,
		    .number = with.number }, out))
			return false;
	}
}

static bool
take_joined(struct reader *r, const char *word, enum breaker_op op,
    bool (*take)(struct reader *, struct operand *), struct operand *out)
{
	struct operand with;

	if (!take(r, out))
		return false;
	while (takes(r, word)) {
		if (!take(r, &with))
			return false;
		if (out->is != IS_NODE || with.is != IS_NODE)
			return wrong(r, "expected comparisons on both sides of %s", word);
		if (!add_node(r, (struct breaker_node){ .op = op, .left = (uint8_t)out->at,
		    .right = (uint8_t)with.at }, out))
			return false;
	}
	return true;
}

static bool
take_and(struct reader *r, struct operand *out)
{
	return take_joined(r, "&&", BREAKER_AND, take_comparison, out);
}

static bool
take_or(struct reader *r, struct operand *out)
{
	return take_joined(r, "||", BREAKER_OR, take_and, out);
}

const struct breaker_rule *
breaker_rule_parse(struct arena *a, struct str text, char problem[BREAKER_PROBLEM])
{
	struct breaker_rule *rule = arena_zalloc(a, sizeof *rule);
	struct reader r = { .rest = text, .rule = rule, .problem = problem };
	struct operand all;
	char end[24];

	if (!take_or(&r, &all))
		return NULL;
	r.rest = str_trim(r.rest);
	if (r.rest.len > 0) {
		str_copy(end, sizeof end, r.rest);
		wrong(&r, "expected its end, or an operator, at \"%s\"", end);
		return NULL;
	}
	if (all.is != IS_NODE) {
		wrong(&r, "it compares nothing");
		return NULL;
	}
	ASSERT(all.at == rule->nnodes - 1);
	return rule;
}

/* ---- what it is worth ---- */

static bool
compare(enum breaker_op op, double value, double number)
{
	switch (op) {
	case BREAKER_EQ: return value == number;
	case BREAKER_NE: return value != number;
	case BREAKER_LT: return value < number;
	case BREAKER_LE: return value <= number;
	case BREAKER_GT: return value > number;
	case BREAKER_GE: return value >= number;
	default: BUG("no comparison");
	}
}

bool
breaker_rule_holds(const struct breaker_rule *rule, const double value[BREAKER_METRICS])
{
	bool holds[BREAKER_NODES];

	ASSERT(rule->nnodes > 0 && rule->nnodes <= BREAKER_NODES);
	for (unsigned i = 0; i < rule->nnodes; i++) {
		const struct breaker_node *n = &rule->node[i];
		if (n->op == BREAKER_AND)
			holds[i] = holds[n->left] && holds[n->right];
		else if (n->op == BREAKER_OR)
			holds[i] = holds[n->left] || holds[n->right];
		else
			holds[i] = compare(n->op, value[n->metric], n->number);
	}
	return holds[rule->nnodes - 1];
}
