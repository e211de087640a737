#include "acme/jose.c"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* One member of a JSON object, decoded from base64url. */
static struct buf
part(struct str json, const char *name)
{
	json_t *j = json_loadb(json.p, json.len, 0, NULL);
	struct buf b;

	buf_init(&b, 4096);
	assert_non_null(j);
	assert_true(base64url_decode(&b, str_of(json_string_value(json_object_get(j, name)))));
	json_decref(j);
	return b;
}

static bool
verifies(const struct jose_key *k, struct str json)
{
	json_t *j = json_loadb(json.p, json.len, 0, NULL);
	struct buf sig = part(json, "signature"), input, der;
	ECDSA_SIG *s = ECDSA_SIG_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char out[SIGNATURE_MAX], *p = out;
	bool good;

	assert_int_equal(sig.len, 64);
	ECDSA_SIG_set0(s, BN_bin2bn((unsigned char *)sig.p, 32, NULL), BN_bin2bn((unsigned char *)sig.p + 32, 32, NULL));
	buf_init(&input, 8192);
	buf_init(&der, SIGNATURE_MAX);
	buf_printf(&input, "%s.%s", json_string_value(json_object_get(j, "protected")),
	    json_string_value(json_object_get(j, "payload")));
	buf_add(&der, out, (size_t)i2d_ECDSA_SIG(s, &p));
	good = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, k->pkey) == 1 &&
	    EVP_DigestVerify(md, out, der.len, (unsigned char *)input.p, input.len) == 1;
	EVP_MD_CTX_free(md);
	ECDSA_SIG_free(s);
	json_decref(j);
	buf_fini(&sig);
	buf_fini(&input);
	buf_fini(&der);
	return good;
}

static void
what_is_signed_can_be_verified(void **state)
{
	struct jose_key *k = jose_key_new(), *other = jose_key_new();
	struct buf out, head, payload;

	(void)state;
	for (int i = 0; i < 50; i++) {		/* numbers with zeros in front come up by chance */
		buf_init(&out, 4096);
		jose_sign(k, STR("{\"alg\":\"ES256\"}"), i % 2 ? STR("{}") : STR(""), &out);
		assert_false(out.full);
		assert_true(verifies(k, buf_str(&out)));
		assert_false(verifies(other, buf_str(&out)));
		head = part(buf_str(&out), "protected");
		payload = part(buf_str(&out), "payload");
		assert_true(str_eq(buf_str(&head), STR("{\"alg\":\"ES256\"}")));
		assert_true(str_eq(buf_str(&payload), i % 2 ? STR("{}") : STR("")));
		buf_fini(&head);
		buf_fini(&payload);
		buf_fini(&out);
	}
	jose_key_free(&k);
	jose_key_free(&other);
}

/* The key of RFC 7515, A.3; its JWK is there, the thumbprint was made by openssl dgst. */
static const char rfc_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

static void
a_key_is_the_same_as_pem_and_as_json(void **state)
{
	struct jose_key *k = jose_key_parse(STR(rfc_key)), *again;
	struct buf jwk, pem, one, two;

	(void)state;
	assert_non_null(k);
	buf_init(&jwk, 4096);
	buf_init(&pem, JOSE_PEM_MAX);
	buf_init(&one, 256);
	buf_init(&two, 256);
	jose_jwk(k, &jwk);
	assert_true(str_eq(buf_str(&jwk), STR("{\"crv\":\"P-256\",\"kty\":\"EC\","
	    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}")));
	jose_key_write(k, &pem);
	again = jose_key_parse(buf_str(&pem));
	assert_non_null(again);
	jose_thumbprint(k, &one);
	jose_thumbprint(again, &two);
	assert_true(str_eq(buf_str(&one), STR("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")));
	assert_true(str_eq(buf_str(&one), buf_str(&two)));
	buf_clear(&two);
	jose_answer(k, STR("token"), &two);
	assert_true(str_eq(buf_str(&two), STR("token.oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")));
	jose_key_free(&k);
	jose_key_free(&again);
	assert_null(again);
	buf_fini(&jwk);
	buf_fini(&pem);
	buf_fini(&one);
	buf_fini(&two);
}

static void
other_keys_are_refused(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-384");
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	long n;

	(void)state;
	PEM_write_bio_PrivateKey(b, other, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(b, &p);
	assert_null(jose_key_parse((struct str){ p, (size_t)n }));
	assert_null(jose_key_parse(STR("")));
	assert_null(jose_key_parse(STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")));
	BIO_free(b);
	EVP_PKEY_free(other);
}

/* RFC 7515, A.1 */
static void
a_binding_is_authenticated(void **state)
{
	struct buf secret, out, sig, text;

	(void)state;
	buf_init(&secret, 128);
	buf_init(&out, 4096);
	buf_init(&text, 128);
	assert_true(base64url_decode(&secret, STR(
	    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")));
	jose_sign_mac(buf_str(&secret), STR("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}"),
	    STR("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"), &out);
	sig = part(buf_str(&out), "signature");
	base64url_add(&text, buf_str(&sig));
	assert_true(str_eq(buf_str(&text), STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")));
	buf_fini(&secret);
	buf_fini(&out);
	buf_fini(&sig);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_can_be_verified),
		cmocka_unit_test(a_key_is_the_same_as_pem_and_as_json),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(a_binding_is_authenticated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
