/* Questions of Envoy, or of somebody who says so: what is understood is clean and can be answered; what is not, is refused in words. */
#include <string.h>

#include "base/bug.h"
#include "drive/envoy.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_words(const char *s)
{
	for (; *s != '\0'; s++)
		ASSERT((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void
check_question(const struct envoy_request *q)
{
	const json_t *name;
	size_t i;

	check_words(q->node);
	check_words(q->version);
	json_array_foreach(q->names, i, name) {
		ASSERT(json_is_string(name));
		check_words(json_string_value(name));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct envoy_request q = { .json = NULL };
	char detail[ENVOY_DETAIL] = "";

	if (envoy_request_parse((struct str){ (const char *)bytes, len }, &q, detail)) {
		check_question(&q);
		envoy_request_free(&q);
	} else {
		ASSERT(q.json == NULL && detail[0] != '\0');
		check_words(detail);
	}
	return 0;
}
