/*
 * A service of a hostile Engine, read, edited, written and read again: nothing but the edit may differ. A byte in front says
 * which edit.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/spec.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
edit(json_t *spec, uint8_t how)
{
	const char *name = json_object_iter_key(json_object_iter(spec));
	json_t *in = name == NULL ? NULL : json_object_get(spec, name);

	if (how & 1)
		json_object_set_new(spec, "added", json_pack("{s:[s]}", "a", "b"));
	if ((how & 2) && json_is_object(in))
		json_object_set_new(in, "within", json_integer(7));
	if ((how & 4) && name != NULL)
		json_object_del(spec, name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t how = len > 0 ? bytes[0] : 0;
	struct str text = { (const char *)bytes + (len > 0), len > 0 ? len - 1 : 0 };
	json_t *service = spec_read(text), *spec = json_object_get(service, "Spec"), *before = json_deep_copy(spec), *again;
	struct buf out, paths;

	buf_init(&out, 2 * len + 1024);
	buf_init(&paths, 64);
	if (json_is_object(spec)) {
		edit(spec, how);
		ASSERT(spec_write(text, before, spec, &out));
		again = spec_read(buf_str(&out));
		ASSERT(again != NULL);
		ASSERT(spec_differ(before, spec, again, &paths) == 0);
		ASSERT(json_equal(spec, again));
		json_decref(again);
	}
	buf_fini(&paths);
	buf_fini(&out);
	json_decref(before);
	json_decref(service);
	return 0;
}
