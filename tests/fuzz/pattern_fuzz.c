/*
 * Expressions, each with a text and a template: a line, a line, and the rest. Both walks agree on whether it matches, groups lie within
 * the text, and the program is one that pattern_valid lets through.
 */
#include <string.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/pattern.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(struct arena *a, struct str expression, struct str text, struct str template)
{
	struct str group[PATTERN_GROUPS];
	char problem[PATTERN_PROBLEM] = "";
	struct pattern_names names;
	const struct pattern *p = pattern_parse_groups(a, expression, &names, problem);
	bool matched;
	struct buf out;

	if (p == NULL) {
		ASSERT(problem[0] != '\0' && strlen(problem) < sizeof problem);
		return;
	}
	ASSERT(pattern_valid(p, pattern_bytes(p)));
	matched = pattern_match(p, text);
	ASSERT((pattern_find(p, text, 0, group) == PATTERN_FOUND) == matched);
	for (unsigned i = 0; i < PATTERN_GROUPS && text.len > 0; i++)
		ASSERT(group[i].p == NULL || (group[i].p >= text.p && group[i].p + group[i].len <= text.p + text.len));
	buf_init(&out, 4096);
	if (pattern_replace(p, &names, text, template, &out) && !matched)
		ASSERT(str_eq(buf_str(&out), text));
	buf_fini(&out);
	pattern_template_valid(template);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, expression = { "", 0 }, text = { "", 0 };
	struct arena *a = arena_new();

	if (len < 2000 && str_split(&rest, '\n', &expression) && str_split(&rest, '\n', &text))
		check(a, expression, text, rest);
	arena_free(&a);
	return 0;
}
