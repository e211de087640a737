/*
 * A mark has its place among a few; a new one takes that of the oldest there. So whoever shows many
 * passwords that fit can make others show theirs to the hash again, and no more.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/known.h"

#define SETS		512
#define WAYS		4
#define KEY_BYTES	32
#define TEXT_MAX	2048

struct entry {
	struct known_mark mark;
	int64_t		 until_usec;	/* 0: none */
};

struct known {
	unsigned char	 key[KEY_BYTES];
	struct entry	 entry[SETS][WAYS];
};

struct known *
known_new(void)
{
	struct known *k = must_zalloc(sizeof *k);

	if (getrandom(k->key, sizeof k->key, 0) != sizeof k->key)
		BUG("there is no randomness");
	return k;
}

void
known_free(struct known **kp)
{
	if (*kp != NULL)
		OPENSSL_cleanse(*kp, sizeof **kp);
	free(*kp);
	*kp = NULL;
}

bool
known_mark(const struct known *k, struct str hash, struct str password, struct known_mark *out)
{
	unsigned char text[TEXT_MAX], digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool good;

	ASSERT(hash.len > 0 && memchr(hash.p, '\0', hash.len) == NULL);
	if (hash.len + 1 + password.len > sizeof text)
		return false;
	memcpy(text, hash.p, hash.len);
	text[hash.len] = '\0';
	if (password.len > 0)
		memcpy(text + hash.len + 1, password.p, password.len);
	good = HMAC(EVP_sha256(), k->key, sizeof k->key, text, hash.len + 1 + password.len, digest,
	    &len) != NULL && len >= KNOWN_BYTES;
	OPENSSL_cleanse(text, hash.len + 1 + password.len);
	if (good)
		memcpy(out->b, digest, KNOWN_BYTES);
	return good;
}

static size_t
set_of(const struct known_mark *m)
{
	return (m->b[0] | (size_t)m->b[1] << 8) % SETS;
}

bool
known_has(const struct known *k, const struct known_mark *m, int64_t now_usec)
{
	const struct entry *e = k->entry[set_of(m)];

	for (unsigned i = 0; i < WAYS; i++)
		if (now_usec < e[i].until_usec && CRYPTO_memcmp(e[i].mark.b, m->b, KNOWN_BYTES) == 0)
			return true;
	return false;
}

void
known_add(struct known *k, const struct known_mark *m, int64_t now_usec)
{
	struct entry *e = k->entry[set_of(m)], *oldest = e;

	ASSERT(now_usec > 0);
	for (unsigned i = 1; i < WAYS; i++)
		if (e[i].until_usec < oldest->until_usec)
			oldest = &e[i];
	*oldest = (struct entry){ .mark = *m, .until_usec = now_usec + KNOWN_USEC };
}
