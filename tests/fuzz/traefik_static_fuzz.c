/*
 * traefik_static: a service's specification, and the file that it names: the first byte says which of the two the rest is. What comes
 * out stays within its bounds, and a file that adds to arguments never takes a demand away.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/constraint.h"
#include "discovery/swarm_priv.h"
#include "discovery/traefik_spec.h"

static void
check(const struct traefik_static *t)
{
	ASSERT(t->nentry_points <= 64);
	for (unsigned i = 0; i < t->nentry_points; i++) {
		ASSERT(t->entry_point[i].name != NULL && t->entry_point[i].middlewares.n <= 64);
		for (unsigned k = 0; k < t->entry_point[i].middlewares.n; k++)
			ASSERT(t->entry_point[i].middlewares.name[k][0] != '\0');
	}
}

static void
try_file(struct arena *a, struct str file)
{
	static const char *args[] = { "--providers.swarm", "--entrypoints.web.http.middlewares=auth@file" };
	struct traefik_spec spec = { .arg = args, .nargs = 2, .file = "/etc/traefik/traefik.yml", .config = "c" };
	const struct traefik_static *t = traefik_static_read(a, "edge", &spec, file, NULL);

	check(t);
	ASSERT(t->swarm && t->nentry_points > 0 && t->entry_point[0].middlewares.n > 0);
}

static void
try_spec(struct arena *a, struct str json)
{
	struct json_reader jr = { .what = "services" };
	json_error_t e;
	json_t *j = json_loadb(json.p, json.len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);
	const struct traefik_spec *spec = json_is_object(j) ? traefik_spec_read(a, &jr, j) : NULL;

	if (spec != NULL)
		check(traefik_static_read(a, "edge", spec, (struct str){ NULL, 0 }, "is not there"));
	json_decref(j);
}

static void
try_constraint(struct arena *a, struct str s)
{
	static const struct swarm_label labels[] = { { .name = "a", .value = "b" },
		{ .name = "zone", .value = "public aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } };
	char problem[CONSTRAINT_PROBLEM] = "";
	const struct constraint *c = constraint_parse(a, s, problem);

	ASSERT((c == NULL) == (problem[0] != '\0'));
	if (c != NULL)
		constraint_match(c, labels, 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data + 1, size - 1 };
	struct arena *a;

	if (size == 0)
		return 0;
	a = arena_new();
	if (*data == 'f')
		try_file(a, rest);
	else if (*data == 'c')
		try_constraint(a, rest);
	else
		try_spec(a, rest);
	arena_free(&a);
	return 0;
}
