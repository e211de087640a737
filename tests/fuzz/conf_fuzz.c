/*
 * Configuration files. What is refused is refused in words, on lines of their own; what is accepted can be told
 * back (view_conf), and the telling, which is YAML too, means the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conf/conf.h"
#include "admin/view.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_words(struct str errors)
{
	struct str line;

	ASSERT(errors.len > 0 && errors.p[errors.len - 1] == '\n');
	while (str_split(&errors, '\n', &line)) {
		ASSERT(line.len == 0 ? errors.p == NULL : str_starts(line, STR("m:")));
		for (size_t i = 0; i < line.len; i++)
			ASSERT((unsigned char)line.p[i] >= ' ' && line.p[i] != 0x7f);
	}
}

/* An empty list is one that is not there, but for queries: a service without those of the defaults says so. */
static bool
says_something(const char *key, const json_t *j)
{
	return !json_is_null(j) && (!json_is_array(j) || json_array_size(j) > 0 || strcmp(key, "promql") == 0);
}

/* Without what is not there. */
static json_t *
bare(const json_t *j)
{
	json_t *out, *item;
	const char *key;
	size_t i;

	if (json_is_object(j)) {
		out = json_object();
		json_object_foreach((json_t *)(uintptr_t)j, key, item)
			if (says_something(key, item))
				json_object_set_new(out, key, bare(item));
		return out;
	}
	if (!json_is_array(j))
		return json_deep_copy(j);
	out = json_array();
	json_array_foreach(j, i, item)
		json_array_append_new(out, bare(item));
	return out;
}

static json_t *
tell(const struct conf *c)
{
	json_t *all = view_conf(c), *j = bare(all);

	json_decref(all);
	return j;
}

static void
check_tells_back(const struct conf *c)
{
	json_t *told = tell(c), *again;
	char *text = json_dumps(told, JSON_REAL_PRECISION(15));
	struct conf *twin;
	struct buf errors;

	buf_init(&errors, 1 << 16);
	twin = conf_parse(str_of(text), "m", &errors);
	if (twin == NULL)
		fprintf(stderr, "%.*s", STR_ARG(buf_str(&errors)));
	ASSERT(twin != NULL);
	again = tell(twin);
	ASSERT(json_equal(told, again));
	conf_free(&twin);
	buf_fini(&errors);
	json_decref(told);
	json_decref(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf errors;
	struct conf *c;

	if (len > 16384)
		return 0;
	buf_init(&errors, 1 << 20);
	c = conf_parse((struct str){ (const char *)bytes, len }, "m", &errors);
	if (c == NULL)
		check_words(buf_str(&errors));
	else {
		ASSERT(errors.len == 0);
		check_tells_back(c);
		conf_free(&c);
	}
	buf_fini(&errors);
	return 0;
}
