/* Rules of Traefik's. What comes out is hosts and paths as a table may hold them; what is refused is refused in words. */
#include <string.h>

#include "base/bug.h"
#include "discovery/rule.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *a = arena_new();
	char problem[120] = "";
	struct rule r;

	if (!rule_parse((struct str){ (const char *)bytes, len }, a, &r, problem))
		ASSERT(problem[0] != '\0' && strlen(problem) < sizeof problem);
	else {
		ASSERT(r.n <= RULE_TERMS_MAX && strlen(r.unsupported) < sizeof r.unsupported);
		for (unsigned i = 0; i < r.n; i++) {
			ASSERT(r.term[i].host != NULL || r.term[i].path != NULL || r.term[i].partial);
			ASSERT(r.term[i].host == NULL || (r.term[i].host[0] != '\0' && (r.term[i].host[0] != '*' || r.term[i].partial)));
			ASSERT(r.term[i].path == NULL || r.term[i].path[0] == '/');
		}
	}
	if (rule_parse_tcp((struct str){ (const char *)bytes, len }, a, &r, problem)) {
		ASSERT(r.n <= RULE_TERMS_MAX && strlen(r.unsupported) < sizeof r.unsupported);
		for (unsigned i = 0; i < r.n; i++)
			ASSERT(r.term[i].path == NULL && (r.term[i].host == NULL || r.term[i].host[0] != '\0'));
	}
	arena_free(&a);
	return 0;
}
