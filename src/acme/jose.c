/*
 * jose: OpenSSL makes ECDSA signatures in DER, JWS has them as two numbers of 32 octets; that
 * and base64url is nearly all there is to it.
 */
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "acme/base64url.h"
#include "acme/jose.h"
#include "acme/pem.h"
#include "base/alloc.h"
#include "base/bug.h"

#define NUMBER_BYTES	32		/* of a coordinate, and of half a signature */
#define SIGNATURE_MAX	160		/* bytes in DER */
#define SIGNED_MAX	(256u << 10)	/* bytes of a header and a payload */

struct jose_key {
	EVP_PKEY	*pkey;
};

/* ---- keys ---- */

static struct jose_key *
key_of(EVP_PKEY *pkey)
{
	struct jose_key *k = must_zalloc(sizeof *k);

	k->pkey = pkey;
	return k;
}

struct jose_key *
jose_key_new(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	ASSERT(pkey != NULL);		/* without randomness or memory nothing else works either */
	return key_of(pkey);
}

static bool
is_p256(EVP_PKEY *pkey)
{
	char group[32];
	size_t n;

	return EVP_PKEY_is_a(pkey, "EC")
	    && EVP_PKEY_get_group_name(pkey, group, sizeof group, &n) == 1
	    && (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0);
}

struct jose_key *
jose_key_parse(struct str pem)
{
	EVP_PKEY *pkey = pem_read_key(pem);

	if (pkey == NULL || is_p256(pkey))
		return pkey == NULL ? NULL : key_of(pkey);
	EVP_PKEY_free(pkey);
	return NULL;
}

void
jose_key_free(struct jose_key **kp)
{
	if (*kp != NULL)
		EVP_PKEY_free((*kp)->pkey);	/* overwrites the number */
	free(*kp);
	*kp = NULL;
}

void
jose_key_write(const struct jose_key *k, struct buf *b)
{
	BIO *out = BIO_new(BIO_s_secmem());
	char *p;
	long n;

	ASSERT(out != NULL);
	if (PEM_write_bio_PKCS8PrivateKey(out, k->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		BUG("the key cannot be written");
	n = BIO_get_mem_data(out, &p);
	ASSERT(n > 0 && n <= JOSE_PEM_MAX);
	buf_add(b, p, (size_t)n);
	BIO_free(out);
}

/* ---- what is public of them ---- */

static void
add_number(struct buf *b, const BIGNUM *number)
{
	unsigned char bytes[NUMBER_BYTES];

	if (BN_bn2binpad(number, bytes, sizeof bytes) != sizeof bytes)
		BUG("a number of P-256 has 32 octets");
	base64url_add(b, (struct str){ (char *)bytes, sizeof bytes });
}

static void
add_coordinate(struct buf *b, const struct jose_key *k, const char *which)
{
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(k->pkey, which, &number) != 1)
		BUG("a key without its public half");
	add_number(b, number);
	BN_free(number);
}

/* Its members in this order and without blanks: it is hashed as it stands (RFC 7638). */
void
jose_jwk(const struct jose_key *k, struct buf *b)
{
	buf_adds(b, STR("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""));
	add_coordinate(b, k, OSSL_PKEY_PARAM_EC_PUB_X);
	buf_adds(b, STR("\",\"y\":\""));
	add_coordinate(b, k, OSSL_PKEY_PARAM_EC_PUB_Y);
	buf_adds(b, STR("\"}"));
}

void
jose_digest(struct str s, struct buf *b)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)s.p, s.len, hash);
	base64url_add(b, (struct str){ (char *)hash, sizeof hash });
}

void
jose_thumbprint(const struct jose_key *k, struct buf *b)
{
	struct buf jwk;

	buf_init(&jwk, 256);
	jose_jwk(k, &jwk);
	ASSERT(!jwk.full);
	jose_digest(buf_str(&jwk), b);
	buf_fini(&jwk);
}

void
jose_answer(const struct jose_key *k, struct str token, struct buf *b)
{
	buf_adds(b, token);
	buf_adds(b, STR("."));
	jose_thumbprint(k, b);
}

/* ---- signatures ---- */

/* What is signed: both in base64url, a dot between them. */
static void
input_make(struct buf *input, struct str head, struct str payload)
{
	buf_init(input, SIGNED_MAX * 2);
	base64url_add(input, head);
	buf_adds(input, STR("."));
	base64url_add(input, payload);
	ASSERT(!input->full);
}

/* The pieces of the input, and the signature: flattened JSON. */
static void
add_signed(struct buf *b, struct str input, struct str signature)
{
	struct str head;

	str_split(&input, '.', &head);
	buf_printf(b, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"", STR_ARG(head),
	    STR_ARG(input));
	base64url_add(b, signature);
	buf_adds(b, STR("\"}"));
}

/* The two numbers of a signature that is in DER. */
static void
numbers_of(const unsigned char *der, size_t len, char out[2 * NUMBER_BYTES])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);

	ASSERT(sig != NULL);
	if (BN_bn2binpad(ECDSA_SIG_get0_r(sig), (unsigned char *)out, NUMBER_BYTES) != NUMBER_BYTES
	    || BN_bn2binpad(ECDSA_SIG_get0_s(sig), (unsigned char *)out + NUMBER_BYTES, NUMBER_BYTES)
	    != NUMBER_BYTES)
		BUG("a signature on P-256 has two numbers of 32 octets");
	ECDSA_SIG_free(sig);
}

void
jose_sign(const struct jose_key *k, struct str head, struct str payload, struct buf *b)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char der[SIGNATURE_MAX];
	char numbers[2 * NUMBER_BYTES];
	size_t n = sizeof der;
	struct buf input;

	input_make(&input, head, payload);
	if (md == NULL || EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, k->pkey) != 1
	    || EVP_DigestSign(md, der, &n, (unsigned char *)input.p, input.len) != 1)
		BUG("OpenSSL does not sign");
	EVP_MD_CTX_free(md);
	numbers_of(der, n, numbers);
	add_signed(b, buf_str(&input), (struct str){ numbers, sizeof numbers });
	buf_fini(&input);
}

void
jose_sign_mac(struct str secret, struct str head, struct str payload, struct buf *b)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = sizeof mac;
	struct buf input;

	ASSERT(secret.len > 0);
	input_make(&input, head, payload);
	if (HMAC(EVP_sha256(), secret.p, (int)secret.len, (unsigned char *)input.p, input.len, mac,
	    &n) == NULL)
		BUG("OpenSSL does not authenticate");
	add_signed(b, buf_str(&input), (struct str){ (char *)mac, n });
	buf_fini(&input);
}
