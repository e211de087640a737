/* A list of Swarm's configs, which anyone who may write to the Swarm can make. */
#include <string.h>

#include "base/bug.h"
#include "engine/configs.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
on_config(void *arg, const struct config_object *c)
{
	size_t *total = arg;

	ASSERT(strlen(c->name) <= CONFIGS_NAME_MAX && c->name[0] != '\0');
	ASSERT(c->id[0] != '\0' && strpbrk(c->id, "/?&#%. ") == NULL);
	ASSERT(json_is_object(c->labels));
	for (size_t i = 0; i < c->data.len; i++)
		*total += (unsigned char)c->data.p[i];
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char detail[CONFIGS_DETAIL_MAX] = "";
	size_t total = 0;

	if (configs_read((struct str){ (const char *)bytes, len }, NULL, on_config, &total, detail) != NULL)
		ASSERT(detail[0] != '\0');
	return 0;
}
