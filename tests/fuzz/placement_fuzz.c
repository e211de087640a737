/*
 * A service and a node of a hostile Engine, with a line of "----" between them: what stands against a move or another number of
 * tasks, where tasks may run, and a move from its begin to its end, which leaves no trace.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/placement.h"
#include "discovery/spec.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct placement_mark ours = { .by = "mola", .since = 1, .until = 2, .from = "n1", .to = "n2" };
static const char *const excluded[] = { "n1", "n3" };

/* Whatever somebody wrote into the label, it is read, gone back from, and removed. */
static void
foreign_move(json_t *service)
{
	json_t *spec = json_object_get(service, "Spec");
	struct placement_mark m;

	if (!placement_mark(service, &m))
		return;
	ASSERT(strlen(m.by) < PLACEMENT_ID_MAX && strlen(m.from) < PLACEMENT_ID_MAX && strlen(m.to) < PLACEMENT_ID_MAX);
	placement_back(spec, m.from);
	ASSERT(placement_end(spec) && !placement_mark(service, &m) && !placement_end(spec));
}

static void
own_move(json_t *service)
{
	json_t *spec = json_object_get(service, "Spec"), *before = json_deep_copy(spec), *marked;
	struct placement_mark m;
	struct buf paths;

	buf_init(&paths, 1024);
	placement_begin(spec, &ours, excluded, 2);
	ASSERT(placement_mark(service, &m) && strcmp(m.by, "mola") == 0 && strcmp(m.from, "n1") == 0 && m.until == 2);
	marked = json_deep_copy(spec);
	ASSERT(placement_end(spec) && spec_differ(before, before, spec, &paths) == 0);
	placement_back(marked, "n1");
	ASSERT(placement_end(marked) && spec_differ(before, before, marked, &paths) == 0);
	json_decref(marked);
	json_decref(before);
	buf_fini(&paths);
}

static void
scale(json_t *service)
{
	int replicas = placement_replicas(service);

	ASSERT(replicas >= -1 && replicas <= 1000000);
	if (placement_scale_refusal(service) == REFUSAL_NONE) {
		ASSERT(placement_scale(json_object_get(service, "Spec"), 3));
		ASSERT(placement_replicas(service) == 3);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = { (const char *)bytes, len }, other = STR("{}");
	const char *mark = len == 0 ? NULL : memmem(bytes, len, "\n----\n", 6);
	json_t *service, *node;

	if (mark != NULL) {
		text.len = (size_t)(mark - text.p);
		other = (struct str){ mark + 6, len - text.len - 6 };
	}
	service = spec_read(text);
	node = spec_read(other);
	(void)placement_allows(service, node);
	(void)placement_changed(service);
	(void)placement_update(service);
	foreign_move(service);
	if (placement_refusal(service) == REFUSAL_NONE)
		own_move(service);
	scale(service);
	json_decref(service);
	json_decref(node);
	return 0;
}
