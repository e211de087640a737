/* Sealed data that somebody else wrote: it never opens, unless it is what was sealed. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "vault/seal.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
there_and_back(const struct seal *s, struct str data)
{
	struct buf sealed;
	unsigned which = 9;
	char *out = must_alloc(data.len + 1);

	buf_init(&sealed, data.len + SEAL_BYTES);
	ASSERT(seal_close(s, STR("name"), data, &sealed));
	ASSERT(seal_open(s, STR("name"), buf_str(&sealed), out, &which) == NULL && which == 0);
	ASSERT(data.len == 0 || memcmp(out, data.p, data.len) == 0);
	buf_fini(&sealed);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct seal *s;
	struct str all = { (const char *)bytes, len };
	unsigned which;
	char *out;

	if (s == NULL) {
		s = seal_new();
		ASSERT(seal_add(s, STR("a secret of the right length, 32 and more")) == NULL);
		ASSERT(seal_add(s, STR("another secret of the right length, too")) == NULL);
	}
	out = must_alloc(seal_data_bytes(all) + 1);
	ASSERT(seal_open(s, STR("name"), all, out, &which) != NULL);
	free(out);
	there_and_back(s, all);
	return 0;
}
