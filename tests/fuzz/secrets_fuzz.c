/*
 * A set of secrets from a hostile brain: either the check refuses it, or every name in it is found and every value lies
 * inside. Magic and size are put right first: they would only keep the fuzzer out.
 */
#include "world/secrets.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct secrets_head head;
	struct secrets s;
	struct str value;
	char *copy;

	if (len < sizeof head || len > 1 << 20)
		return 0;
	memcpy(&head, bytes, sizeof head);
	head.magic = MAGIC;
	head.size = len;
	copy = must_alloc(len);
	memcpy(copy, bytes, len);
	memcpy(copy, &head, sizeof head);
	if (secrets_view(&s, copy, len))
		for (uint32_t i = 0; i < secrets_count(&s); i++) {
			if (!secrets_find(&s, row_name(s.base, &s.row[i]), &value))
				BUG("a name of the set is not found");
			for (size_t at = 0; at < value.len; at++)
				sink += (unsigned char)value.p[at];
		}
	free(copy);
	return 0;
}
