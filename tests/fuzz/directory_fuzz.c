/* A file of the state directory, as somebody else may have left it: as it is, and with a sum that is right. What is taken for
 * whole says the same when it is written again. */
#include "vault/directory_file.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
there_and_back(struct str file)
{
	struct vault_object o, again;
	json_t *keep, *keep2;
	char *text;

	if (!directory_file_read(file, "a", &o, &keep))
		return;
	text = directory_file_write(&o);
	ASSERT(directory_file_read(str_of(text), "a", &again, &keep2));
	ASSERT(str_eq(o.data, again.data) && o.version == again.version && strcmp(o.id, again.id) == 0);
	free((char *)o.data.p);
	free((char *)again.data.p);
	json_decref(keep);
	json_decref(keep2);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str file = { (const char *)bytes, len };
	json_t *j = json_loadb(len > 0 ? file.p : "", len, JSON_REJECT_DUPLICATES, NULL);
	char sum[SUM_LEN + 1], *text;

	there_and_back(file);
	if (json_is_object(j)) {
		json_object_del(j, "sum");
		sum_of(j, sum);
		json_object_set_new(j, "sum", json_string(sum));
		text = json_dumps(j, DUMP);
		there_and_back(str_of(text));
		free(text);
	}
	json_decref(j);
	return 0;
}
