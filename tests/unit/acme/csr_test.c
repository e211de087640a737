#include "acme/csr.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct buf
new_key(void)
{
	struct jose_key *k = jose_key_new();
	struct buf pem;

	buf_init(&pem, JOSE_PEM_MAX);
	jose_key_write(k, &pem);
	jose_key_free(&k);
	return pem;
}

static void
a_request_has_all_names_and_its_key(void **state)
{
	static const char *const names[] = { "example.org", "*.example.org", "a,DNS:b.example.org" };
	struct buf key = new_key(), der;
	const unsigned char *p;
	STACK_OF(X509_EXTENSION) *list;
	GENERAL_NAMES *all;
	EVP_PKEY *pkey;
	X509_REQ *r;

	(void)state;
	buf_init(&der, 4096);
	assert_true(csr_make(buf_str(&key), names, 3, &der));
	p = (const unsigned char *)der.p;
	r = d2i_X509_REQ(NULL, &p, (long)der.len);
	assert_non_null(r);
	pkey = pem_read_key(buf_str(&key));
	assert_int_equal(X509_REQ_verify(r, pkey), 1);
	list = X509_REQ_get_extensions(r);
	all = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(all), 3);		/* a comma does not make two of one */
	for (int i = 0; i < 3; i++)
		assert_string_equal((const char *)ASN1_STRING_get0_data(sk_GENERAL_NAME_value(all, i)->d.dNSName),
		    names[i]);
	GENERAL_NAMES_free(all);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	EVP_PKEY_free(pkey);
	X509_REQ_free(r);
	buf_clear(&der);
	assert_false(csr_make(STR("no key"), names, 1, &der));
	assert_false(csr_make(buf_str(&key), (const char *const[]){ "b\xc3\xbc" "cher.example" }, 1, &der));
	assert_int_equal(der.len, 0);
	buf_fini(&der);
	buf_fini(&key);
}

static void
a_challenge_certificate_names_its_answer(void **state)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	const ASN1_OCTET_STRING *value;
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	struct buf pem;
	EVP_PKEY *key;
	X509 *x;
	int at;

	(void)state;
	buf_init(&pem, 8192);
	assert_true(csr_challenge("example.org", STR("token.thumbprint"), &pem));
	x = pem_read_cert(buf_str(&pem));
	key = pem_read_key(buf_str(&pem));
	assert_int_equal(X509_check_private_key(x, key), 1);
	assert_int_equal(X509_check_host(x, "example.org", 0, 0, NULL), 1);
	at = X509_get_ext_by_OBJ(x, id, -1);
	ASN1_OBJECT_free(id);
	assert_true(at >= 0);
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(x, at)), 1);
	value = X509_EXTENSION_get_data(X509_get_ext(x, at));
	SHA256((const unsigned char *)"token.thumbprint", 16, hash);
	assert_int_equal(ASN1_STRING_length(value), 34);
	assert_memory_equal(ASN1_STRING_get0_data(value), "\x04\x20", 2);
	assert_memory_equal(ASN1_STRING_get0_data(value) + 2, hash, sizeof hash);
	X509_free(x);
	EVP_PKEY_free(key);
	buf_fini(&pem);
}

/* The example of RFC 9773, 4.1: these two octet strings, one of which begins with a set bit. */
static void
a_certificate_has_a_name_for_its_ca(void **state)
{
	static const unsigned char issuer[] = { 0x69, 0x88, 0x5b, 0x6b, 0x87, 0x46, 0x40, 0x41, 0xe1, 0xb3,
	    0x7b, 0x84, 0x7b, 0xa0, 0xae, 0x2c, 0xde, 0x01, 0xc8, 0xd4 };
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *out = BIO_new(BIO_s_mem());
	struct buf pem, name;

	(void)state;
	id->keyid = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(id->keyid, issuer, sizeof issuer);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), 0x87654321);
	X509_add1_ext_i2d(x, NID_authority_key_identifier, id, 0, 0);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 1000);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	PEM_write_bio_X509(out, x);
	buf_init(&pem, 8192);
	bio_move(out, &pem);
	buf_init(&name, 256);
	assert_true(csr_renewal_id(buf_str(&pem), &name));
	assert_true(str_eq(buf_str(&name), STR("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")));
	assert_false(csr_renewal_id(STR("nothing"), &name));
	buf_fini(&pem);
	buf_fini(&name);
	X509_free(x);
	EVP_PKEY_free(key);
	AUTHORITY_KEYID_free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_all_names_and_its_key),
		cmocka_unit_test(a_challenge_certificate_names_its_answer),
		cmocka_unit_test(a_certificate_has_a_name_for_its_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
