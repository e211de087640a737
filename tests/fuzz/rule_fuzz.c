/*
 * Rules of Traefik's. What comes out is hosts and paths as a table may hold them, and a condition that is checked and
 * walked; what is refused is refused in words.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/rule.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
field(const void *arg, struct str name, unsigned nth, struct str *value)
{
	(void)arg;
	*value = name;
	return nth == 0;
}

static void
check_terms(const struct rule *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct rule_term *t = &r->term[i];
		ASSERT(t->host == NULL || (t->host[0] != '\0' && (t->host[0] != '*' || t->partial)));
		ASSERT(t->path == NULL ? !t->whole : t->path[0] == '/');
		ASSERT(!t->partial || r->condition != NULL);
	}
}

static void
check(struct str text, enum rule_syntax syntax)
{
	static const uint8_t client[16] = { [15] = 1 };
	const struct request_view v = { .method = STR("GET"), .query = STR("a=b;c=%zz"), .client = client, .field = field };
	struct arena *a = arena_new();
	char problem[RULE_PROBLEM] = "";
	struct rule r;

	if (!rule_parse(text, syntax, a, &r, problem))
		ASSERT(problem[0] != '\0' && strlen(problem) < sizeof problem);
	else {
		ASSERT(r.n <= RULE_TERMS_MAX && strlen(r.unsupported) < sizeof r.unsupported);
		check_terms(&r);
		if (r.condition != NULL) {
			ASSERT(condition_valid(r.condition, condition_bytes(r.condition)));
			condition_holds(r.condition, &v, STR("a.example.org"), STR("/a/b"));
			condition_holds(r.condition, &v, STR(""), STR("/"));
		}
	}
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = { (const char *)bytes, len };
	struct arena *a = arena_new();
	char problem[RULE_PROBLEM];
	struct rule r;

	check(text, RULE_ANY);
	check(text, RULE_V2);
	check(text, RULE_V3);
	if (rule_parse_tcp(text, a, &r, problem)) {
		ASSERT(r.n <= RULE_TERMS_MAX && strlen(r.unsupported) < sizeof r.unsupported);
		for (unsigned i = 0; i < r.n; i++)
			ASSERT(r.term[i].path == NULL && (r.term[i].host == NULL || r.term[i].host[0] != '\0'));
	}
	arena_free(&a);
	return 0;
}
