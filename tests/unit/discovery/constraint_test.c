/* constraint: whom an expression takes, and what is said of one that is not understood. */
#include "stage.h"

#include "discovery/constraint.c"

static const struct swarm_label labels[] = { { .name = "com.docker.stack.namespace", .value = "shop" }, { .name = "empty", .value = "" },
	{ .name = "traefik.constraint-label", .value = "traefik-public" }, { .name = "zone", .value = "prod \"1\"" } };

static void
expect(const char *expression, bool takes)
{
	struct arena *a = arena_new();
	char problem[CONSTRAINT_PROBLEM] = "";
	const struct constraint *c = constraint_parse(a, str_of(expression), problem);

	if (c == NULL)
		fail_msg("%s: %s", expression, problem);
	if (constraint_match(c, labels, sizeof labels / sizeof *labels) != takes)
		fail_msg("%s", expression);
	arena_free(&a);
}

static void
expressions_take_whom_traefiks_do(void **state)
{
	(void)state;
	expect("Label(`traefik.constraint-label`, `traefik-public`)", true);
	expect("Label(\"traefik.constraint-label\",\"traefik-public\")", true);
	expect("Label(`traefik.constraint-label`, `internal`)", false);
	expect("Label(`Traefik.Constraint-Label`, `traefik-public`)", false);
	expect("!Label(`absent`, `x`)", true);
	expect("Label(`absent`, ``) && Label(`empty`, ``)", true);
	expect("LabelRegex(`com.docker.stack.namespace`, `^(shop|blog)$`)", true);
	expect("LabelRegex(`zone`, `^dev`)", false);
	expect("LabelRegex(`absent`, `.*`)", true);
	expect("Label(`zone`, \"prod \\\"1\\\"\")", true);
	expect("Label(`a`,`b`) && Label(`a`,`b`) || Label(`empty`,``)", true);
	expect("Label(`a`,`b`) && (Label(`a`,`b`) || Label(`empty`,``))", false);
	expect("!(Label(`a`,`b`) || Label(`c`,`d`))", true);
	expect("!!Label(`empty`,``)", true);
	expect("!Label(`a`,`b`) && !Label(`c`,`d`)\n", true);
}

static void
refused(const char *expression, const char *words)
{
	struct arena *a = arena_new();
	char problem[CONSTRAINT_PROBLEM] = "";

	assert_null(constraint_parse(a, str_of(expression), problem));
	if (strstr(problem, words) == NULL)
		fail_msg("%s: %s", expression, problem);
	arena_free(&a);
}

static void
what_is_not_understood_is_refused(void **state)
{
	char deep[400];

	(void)state;
	refused("", "column 1: expected Label");
	refused("label(`a`,`b`)", "expected Label");
	refused("Label(`a`)", "column 10: expected two strings");
	refused("Label('a','b')", "expected two strings");
	refused("Label(`a`,`b`", "expected ')'");
	refused("Label(`a`,`b`) and Label(`c`,`d`)", "column 16: expected && or ||");
	refused("Label(`a`,`b`) &&", "expected Label");
	refused("(Label(`a`,`b`)", "expected ')', && or ||");
	refused("LabelRegex(`a`,`(?=x)`)", "is not understood: what follows '(?'");
	refused("Label(`a`,\"\\x41\")", "expected two strings");
	refused("Name(`a`)", "expected Label");
	memset(deep, '!', 300);
	deep[300] = '\0';
	refused(deep, "nested deeper");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_take_whom_traefiks_do),
		cmocka_unit_test(what_is_not_understood_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
