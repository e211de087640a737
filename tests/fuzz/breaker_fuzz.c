/*
 * The expression of a circuit breaker: what comes out can be worth something, and what is refused is refused in words.
 */
#include <string.h>

#include "base/bug.h"
#include "world/breaker_rule.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const double values[][BREAKER_METRICS] = { { 0 }, { 1, 100, .5, 1, 100, .5, 1, 100 } };
	struct arena *a = arena_new();
	char problem[BREAKER_PROBLEM] = "";
	const struct breaker_rule *r = breaker_rule_parse(a, (struct str){ (const char *)bytes, len }, problem);

	if (r == NULL)
		ASSERT(problem[0] != '\0' && strlen(problem) < sizeof problem);
	else {
		ASSERT(r->nnodes > 0 && r->nnodes <= BREAKER_NODES && r->nmetrics > 0 && r->nmetrics <= BREAKER_METRICS);
		for (unsigned i = 0; i < r->nnodes; i++) {
			const struct breaker_node *n = &r->node[i];
			if (n->op == BREAKER_AND || n->op == BREAKER_OR)
				ASSERT(n->left < i && n->right < i);
			else
				ASSERT(n->metric < r->nmetrics);
		}
		for (unsigned i = 0; i < sizeof values / sizeof *values; i++)
			breaker_rule_holds(r, values[i]);
	}
	arena_free(&a);
	return 0;
}
