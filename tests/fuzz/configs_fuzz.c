/* A list of Swarm's configs, which anyone who may write to the Swarm can make. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "engine/configs.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned made;

/* What Mola would make of it is read as it was. */
static void
is_same(void *arg, const struct config_object *c)
{
	const struct config_object *was = arg;

	ASSERT(strcmp(c->name, was->name) == 0 && c->data.len == was->data.len && json_equal(c->labels, was->labels));
	ASSERT(c->data.len == 0 || memcmp(c->data.p, was->data.p, c->data.len) == 0);
	made++;
}

static void
write_again(const struct config_object *c)
{
	char detail[CONFIGS_DETAIL_MAX] = "", *spec = configs_create(c->name, c->labels, c->data), *label = configs_relabel(c->name, c->labels);
	struct buf b;

	buf_init(&b, 8 << 20);
	buf_printf(&b, "[{\"ID\":\"a1\",\"Version\":{\"Index\":1},\"Spec\":%s}]", spec);
	ASSERT(!b.full);
	made = 0;
	ASSERT(configs_read(buf_str(&b), NULL, is_same, (void *)(uintptr_t)c, detail) == NULL && made == 1);
	buf_fini(&b);
	ASSERT(label[0] == '{');
	free(spec);
	free(label);
}

/* One of two is known already. */
static bool
is_known(void *arg, uint64_t tag)
{
	(void)arg;
	return tag % 4 == 1;
}

static void
on_config(void *arg, const struct config_object *c)
{
	size_t *total = arg;

	ASSERT(strlen(c->name) <= CONFIGS_NAME_MAX && c->name[0] != '\0');
	ASSERT(c->id[0] != '\0' && strpbrk(c->id, "/?&#%. ") == NULL);
	ASSERT(json_is_object(c->labels));
	for (size_t i = 0; i < c->data.len; i++)
		*total += (unsigned char)c->data.p[i];
	if (c->data.len < 4096)
		write_again(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char detail[CONFIGS_DETAIL_MAX] = "";
	size_t total = 0;
	struct buf b;

	buf_init(&b, 4096);
	configs_path(&b, "mola.");
	ASSERT(b.len > 0 && !b.full);
	buf_fini(&b);
	configs_read((struct str){ (const char *)bytes, len }, is_known, on_config, &total, detail);
	if (configs_read((struct str){ (const char *)bytes, len }, NULL, on_config, &total, detail) != NULL)
		ASSERT(detail[0] != '\0');
	return 0;
}
