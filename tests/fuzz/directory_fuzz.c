/* A file of the state directory, as somebody else may have left it. What is taken for whole says the same when it is written again. */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "vault/directory.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct vault_object o, again;
	json_t *keep, *keep2;
	char *text;

	if (!directory_file_read((struct str){ (const char *)bytes, len }, "a", &o, &keep))
		return 0;
	text = directory_file_write(&o);
	ASSERT(directory_file_read(str_of(text), "a", &again, &keep2));
	ASSERT(str_eq(o.data, again.data) && o.version == again.version && strcmp(o.id, again.id) == 0);
	free((char *)o.data.p);
	free((char *)again.data.p);
	json_decref(keep);
	json_decref(keep2);
	free(text);
	return 0;
}
