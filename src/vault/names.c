#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "vault/names.h"
#include "vault/vault.h"

#define NAMES_BYTES_MAX	(1u << 20)

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
names_is_object(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > VAULT_NAME_MAX || !is_alphanumeric(name[0]) || !is_alphanumeric(name[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alphanumeric(name[i]) && name[i] != '.' && name[i] != '-')
			return false;
	return true;
}

static int
compare(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* SHA-256 of the sorted names in lower case, with a comma between two; one that comes twice
 * counts once. */
void
names_hash(const char *const *name, unsigned n, char out[NAMES_HASH_BYTES])
{
	const char **sorted = must_alloc(n * sizeof *sorted);
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf b;

	ASSERT(n > 0);
	memcpy(sorted, name, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare);
	buf_init(&b, NAMES_BYTES_MAX);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || strcasecmp(sorted[i - 1], sorted[i]) != 0)
			buf_printf(&b, "%s%s", i == 0 ? "" : ",", sorted[i]);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] >= 'A' && b.p[i] <= 'Z')
			b.p[i] = (char)(b.p[i] - 'A' + 'a');
	ASSERT(!b.full);
	if (EVP_Digest(b.p, b.len, digest, NULL, EVP_sha256(), NULL) != 1)
		BUG("SHA-256");
	for (unsigned i = 0; i < 8; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
	buf_fini(&b);
	free(sorted);
}
