/* seal: HKDF with SHA-256, then AES-256-GCM, both OpenSSL's. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "vault/seal.h"

#define KEY_BYTES	32
#define NONCE_BYTES	12
#define TAG_BYTES	16
#define HEAD_BYTES	(1 + NONCE_BYTES)

struct seal_key {
	unsigned char	 id;		/* not unique: two secrets may have the same */
	unsigned char	 key[KEY_BYTES];
	char		 name[SEAL_NAME_BYTES];
};

struct seal {
	struct seal_key	 key[SEAL_SECRETS_MAX];
	unsigned	 n;
};

static void
derive(struct str secret, const char *info, unsigned char *out, size_t bytes)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (char *)secret.p, secret.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (char *)"mola store", 10),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char *)info, strlen(info)),
		OSSL_PARAM_construct_end()
	};

	if (c == NULL || EVP_KDF_derive(c, out, bytes, p) != 1)
		BUG("HKDF");
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
}

static void
derive_name(struct str secret, char out[SEAL_NAME_BYTES])
{
	unsigned char bytes[SEAL_NAME_BYTES / 2];

	derive(secret, "name", bytes, sizeof bytes);
	for (unsigned i = 0; i < sizeof bytes; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", bytes[i]);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const struct why *
seal_add(struct seal *s, struct str secret)
{
	struct seal_key *k;

	while (secret.len > 0 && is_space(secret.p[secret.len - 1]))
		secret.len--;
	while (secret.len > 0 && is_space(secret.p[0]))
		secret.p++, secret.len--;
	if (secret.len < SEAL_SECRET_MIN)
		return WHY_STORE_SECRET;
	if (s->n == SEAL_SECRETS_MAX)
		return WHY_STORE_SECRETS;
	k = &s->key[s->n++];
	derive(secret, "key", k->key, sizeof k->key);
	derive(secret, "id", &k->id, 1);
	derive_name(secret, k->name);
	return NULL;
}

unsigned
seal_secrets(const struct seal *s)
{
	return s->n;
}

void
seal_name(const struct seal *s, char out[SEAL_NAME_BYTES])
{
	ASSERT(s->n > 0);
	memcpy(out, s->key[0].name, SEAL_NAME_BYTES);
}

bool
seal_knows(const struct seal *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->key[i].name, name) == 0)
			return true;
	return false;
}

struct seal *
seal_new(void)
{
	return must_zalloc(sizeof(struct seal));
}

void
seal_free(struct seal **sp)
{
	struct seal *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	OPENSSL_cleanse(s, sizeof *s);
	free(s);
}

/* ---- sealing ---- */

/* The name in lower case, as Swarm compares it, is authenticated. */
static EVP_CIPHER_CTX *
cipher_new(const struct seal_key *k, const unsigned char *nonce, struct str name, bool encrypt)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char lower;
	int n;

	if (c == NULL || EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, k->key, nonce, encrypt) != 1)
		BUG("AES-256-GCM");
	for (size_t i = 0; i < name.len; i++) {
		lower = (unsigned char)name.p[i];
		if (lower >= 'A' && lower <= 'Z')
			lower = (unsigned char)(lower - 'A' + 'a');
		if (EVP_CipherUpdate(c, NULL, &n, &lower, 1) != 1)
			BUG("AES-256-GCM");
	}
	return c;
}

static void
encrypt(const struct seal_key *k, struct str name, struct str data, unsigned char *out)
{
	unsigned char *nonce = out + 1, *text = out + HEAD_BYTES;
	EVP_CIPHER_CTX *c;
	int n = 0, rest = 0;

	out[0] = k->id;
	if (RAND_bytes(nonce, NONCE_BYTES) != 1)
		BUG("no random bytes");
	c = cipher_new(k, nonce, name, true);
	if ((data.len > 0 && EVP_EncryptUpdate(c, text, &n, (const unsigned char *)data.p,
	    (int)data.len) != 1) || EVP_EncryptFinal_ex(c, text + n, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, text + data.len) != 1)
		BUG("AES-256-GCM");
	ASSERT((size_t)(n + rest) == data.len);
	EVP_CIPHER_CTX_free(c);
}

bool
seal_close(const struct seal *s, struct str name, struct str data, struct buf *out)
{
	unsigned char *sealed;
	bool fits;

	ASSERT(s->n > 0 && name.len > 0 && data.len < INT32_MAX);
	sealed = must_alloc(data.len + SEAL_BYTES);
	encrypt(&s->key[0], name, data, sealed);
	fits = buf_add(out, sealed, data.len + SEAL_BYTES);
	free(sealed);
	return fits;
}

/* ---- opening ---- */

size_t
seal_data_bytes(struct str sealed)
{
	return sealed.len < SEAL_BYTES ? 0 : sealed.len - SEAL_BYTES;
}

/* False: it is not of this key and name. Then `data` holds nothing of it. */
static bool
decrypt(const struct seal_key *k, struct str name, struct str sealed, char *data)
{
	const unsigned char *p = (const unsigned char *)sealed.p;
	size_t bytes = seal_data_bytes(sealed);
	EVP_CIPHER_CTX *c = cipher_new(k, p + 1, name, false);
	int n = 0, rest = 0;
	bool good;

	good = (bytes == 0 || EVP_DecryptUpdate(c, (unsigned char *)data, &n, p + HEAD_BYTES,
	    (int)bytes) == 1) && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
	    (void *)(p + HEAD_BYTES + bytes)) == 1 &&
	    EVP_DecryptFinal_ex(c, (unsigned char *)data + n, &rest) == 1;
	EVP_CIPHER_CTX_free(c);
	if (!good && bytes > 0)
		OPENSSL_cleanse(data, bytes);
	return good;
}

const struct why *
seal_open(const struct seal *s, struct str name, struct str sealed, char *data, unsigned *which)
{
	bool known = false;

	ASSERT(name.len > 0);
	if (sealed.len < SEAL_BYTES || sealed.len > INT32_MAX)
		return WHY_STORE_TAMPERED;
	for (unsigned i = 0; i < s->n; i++) {
		if (s->key[i].id != (unsigned char)sealed.p[0])
			continue;
		known = true;
		if (decrypt(&s->key[i], name, sealed, data)) {
			*which = i;
			return NULL;
		}
	}
	return known ? WHY_STORE_TAMPERED : WHY_STORE_SEALED;
}
