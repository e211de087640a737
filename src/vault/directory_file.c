/*
 * directory_file: an object as JSON, with a sum over the rest of it: a file that was cut short or
 * edited by hand is noticed.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bug.h"
#include "vault/directory.h"

#define SUM_LEN		64
#define DUMP		(JSON_COMPACT | JSON_SORT_KEYS)

/* SHA-256 of the text of what else is in it. */
static void
sum_of(const json_t *j, char out[SUM_LEN + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *text = json_dumps(j, DUMP);

	if (text == NULL || EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1)
		BUG("SHA-256");
	for (unsigned i = 0; i < SUM_LEN / 2; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
}

char *
directory_file_write(const struct vault_object *o)
{
	char sum[SUM_LEN + 1], *text;
	struct buf data;
	json_t *j;

	buf_init(&data, 2 * VAULT_DATA_MAX);
	base64_add(&data, o->data);
	ASSERT(!data.full && o->version <= INT64_MAX);
	j = json_pack("{s:s, s:s, s:I, s:I, s:O, s:s%}", "name", o->name, "id", o->id, "version",
	    (json_int_t)o->version, "created", (json_int_t)o->created_sec, "labels", o->labels, "data",
	    data.p == NULL ? "" : data.p, data.len);
	ASSERT(j != NULL);
	sum_of(j, sum);
	json_object_set_new(j, "sum", json_string(sum));
	text = json_dumps(j, DUMP);
	ASSERT(text != NULL);
	json_decref(j);
	if (data.len > 0)
		OPENSSL_cleanse(data.p, data.len);
	buf_fini(&data);
	return text;
}

static bool
sum_is_right(json_t *j)
{
	const char *sum = json_string_value(json_object_get(j, "sum"));
	char claimed[SUM_LEN + 1], real[SUM_LEN + 1];

	if (sum == NULL || strlen(sum) != SUM_LEN)
		return false;
	snprintf(claimed, sizeof claimed, "%s", sum);
	json_object_del(j, "sum");
	sum_of(j, real);
	return strcmp(claimed, real) == 0;
}

static bool
object_read(const json_t *j, const char *name, struct vault_object *o)
{
	struct str data = str_of(json_string_value(json_object_get(j, "data")));
	const json_t *version = json_object_get(j, "version"), *created = json_object_get(j, "created");
	char *bytes;

	*o = (struct vault_object){ .name = json_string_value(json_object_get(j, "name")),
	    .id = json_string_value(json_object_get(j, "id")),
	    .version = (uint64_t)json_integer_value(version),
	    .created_sec = json_integer_value(created), .labels = json_object_get(j, "labels") };
	if (o->name == NULL || strcmp(o->name, name) != 0 || o->id == NULL || o->id[0] == '\0' ||
	    !json_is_integer(version) || json_integer_value(version) <= 0 ||
	    !json_is_integer(created) || !vault_labels_are_texts(o->labels))
		return false;
	bytes = must_alloc(data.len + 1);
	o->data.p = bytes;
	if (base64_read(data, bytes, &o->data.len) && o->data.len <= VAULT_DATA_MAX)
		return true;
	free(bytes);
	return false;
}

bool
directory_file_read(struct str text, const char *name, struct vault_object *o, json_t **keep)
{
	json_t *j = json_loadb(text.len > 0 ? text.p : "", text.len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(j) && sum_is_right(j) && object_read(j, name, o)) {
		*keep = j;
		return true;
	}
	json_decref(j);
	return false;
}
