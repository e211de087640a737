/*
 * Certificates as people have them: what is read of one, what its names cover, and what is said of those that are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/cert.c"
#include "net/cert_read.c"
#include "make_cert.h"

#define DAY 86400

static struct made ca;

/* A leaf of the CA's, with chain and key unless told otherwise. */
static char *
leaf_pem(EVP_PKEY *key, const char *alt_names, bool chain, bool with_key)
{
	struct made m = make_cert(key, "leaf", alt_names, &ca, 30);
	char *pem = pem_add(NULL, m.x, NULL);

	if (chain)
		pem = pem_add(pem, ca.x, NULL);
	if (with_key)
		pem = pem_add(pem, NULL, key);
	made_free(&m);
	return pem;
}

static struct cert *
parsed(char *pem)
{
	char detail[CERT_DETAIL_MAX] = "";
	struct cert *c = NULL;
	const struct why *why = cert_parse(str_of(pem), &c, detail);

	if (why != NULL)
		fail_msg("%s: %s", why->name, detail);
	free(pem);
	return c;
}

static void
refused(const struct why *want, char *pem, const char *words)
{
	char detail[CERT_DETAIL_MAX] = "";
	struct cert *c = (struct cert *)1;

	assert_string_equal(why_name(cert_parse(str_of(pem), &c, detail)), want->name);
	assert_ptr_equal(c, (struct cert *)1);
	assert_non_null(strstr(detail, words));
	assert_int_equal(ERR_peek_error(), 0);
	free(pem);
}

static int
set_up(void **state)
{
	(void)state;
	ca = make_cert(EVP_EC_gen("P-256"), "test CA", NULL, NULL, 3650);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	made_free(&ca);
	return 0;
}

static void
what_a_certificate_says(void **state)
{
	struct cert *c = parsed(leaf_pem(EVP_EC_gen("P-256"),
	    "DNS:Example.org, DNS:*.example.org, IP:10.0.0.1, IP:2001:db8::1, email:a@b.c", true, true));
	int64_t now = time(NULL);

	(void)state;
	assert_int_equal(cert_count_names(c), 4);
	assert_true(str_eq(cert_name(c, 0), STR("example.org")));
	assert_true(str_eq(cert_name(c, 1), STR("*.example.org")));
	assert_true(str_eq(cert_name(c, 2), STR("10.0.0.1")));
	assert_true(str_eq(cert_name(c, 3), STR("2001:db8::1")));
	assert_string_equal(cert_issuer(c), "CN=test CA");
	assert_string_equal(cert_subject(c), "CN=leaf");
	assert_int_equal(strspn(cert_serial(c), "0123456789abcdef"), strlen(cert_serial(c)));
	assert_true(cert_not_before(c) >= now - 2 * DAY - 60 && cert_not_before(c) <= now - 2 * DAY);
	assert_true(cert_not_after(c) >= now + 30 * DAY - 60 && cert_not_after(c) <= now + 30 * DAY);
	assert_int_equal(cert_kind(c), CERT_ECDSA);
	assert_int_equal(cert_key_bits(c), 256);
	assert_int_equal(cert_chain_len(c), 1);
	assert_null(cert_warning(c));
	cert_unref(&c);
	assert_null(c);
}

static void
what_its_names_cover(void **state)
{
	static const char *const yes[] = { "example.org", "EXAMPLE.org", "a.example.org", "A.Example.Org", "10.0.0.1" };
	static const char *const no[] = { "", "org", ".example.org", "a.b.example.org", "example.com", "*.example.org", "10.0.0.2",
		"bexample.org", "a.example.orgx" };
	struct cert *c = parsed(leaf_pem(EVP_EC_gen("P-256"), "DNS:example.org, DNS:*.example.org, IP:10.0.0.1", true, true)), *all[3];

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(cert_covers(c, str_of(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(cert_covers(c, str_of(no[i])));
	for (int i = 0; i < 3; i++)
		all[i] = cert_ref(c);
	for (int i = 0; i < 3; i++)
		cert_unref(&all[i]);
	cert_unref(&c);
}

/* A wildcard stands for a whole first label, and a name that no client can ask for is none. */
static void
names_that_are_none(void **state)
{
	struct cert *c = parsed(leaf_pem(EVP_EC_gen("P-256"), "DNS:w*.example.org, DNS:a..b, DNS:*, DNS:*.*.org, DNS:ok.org, DNS:.b.org",
	    true, true));

	(void)state;
	assert_int_equal(cert_count_names(c), 1);
	assert_true(str_eq(cert_name(c, 0), STR("ok.org")));
	cert_unref(&c);
}

static void
keys_of_all_kinds(void **state)
{
	struct { EVP_PKEY *key; enum cert_kind kind; } rows[] = {
		{ EVP_RSA_gen(2048), CERT_RSA },
		{ EVP_EC_gen("P-384"), CERT_ECDSA },
		{ EVP_EC_gen("P-521"), CERT_ECDSA },
	};
	BIO *bio = BIO_new(BIO_s_mem());
	struct cert *c;
	char *p;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		c = parsed(leaf_pem(rows[i].key, "DNS:a.b", true, true));
		assert_int_equal(cert_kind(c), rows[i].kind);
		cert_unref(&c);
	}
	/* the older form of a key, with its parameters before it, and with text between the blocks */
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char *pem = leaf_pem(key, "DNS:a.b", true, false);
	BIO_puts(bio, "\nBag Attributes\n  friendlyName: x\n");
	BIO_puts(bio, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
	EVP_PKEY *again = EVP_EC_gen("P-256");
	PEM_write_bio_PrivateKey_traditional(bio, again, NULL, NULL, 0, NULL, NULL);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &p);
	struct made m = make_cert(again, "leaf", "DNS:a.b", &ca, 30);
	char *whole = pem_add(NULL, m.x, NULL);
	assert_null(cert_parse_pair(str_of(whole), str_of(p), &c, NULL));
	assert_string_equal(cert_warning(c), "the certificate of its issuer does not follow it: many clients need that");
	cert_unref(&c);
	made_free(&m);
	BIO_free(bio);
	free(whole);
	free(pem);
}

static void
what_is_refused(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem, *p;

	(void)state;
	refused(WHY_CERT_MISSING, must_strdup(""), "");
	refused(WHY_CERT_MISSING, must_strdup("no PEM at all"), "");
	refused(WHY_CERT_MISSING, pem_add(NULL, NULL, other), "");
	refused(WHY_CERT_NO_KEY, leaf_pem(EVP_EC_gen("P-256"), "DNS:a.b", true, false), "");
	refused(WHY_CERT_KEY_WRONG, pem_add(leaf_pem(EVP_EC_gen("P-256"), "DNS:a.b", true, false), NULL, other), "");
	refused(WHY_CERT_KEY_SYNTAX, pem_add(leaf_pem(EVP_EC_gen("P-256"), "DNS:a.b", true, true), NULL, other), "second");
	refused(WHY_CERT_KEY_KIND, leaf_pem(EVP_RSA_gen(1024), "DNS:a.b", true, true), "1024 bits");
	refused(WHY_CERT_KEY_KIND, leaf_pem(EVP_EC_gen("secp256k1"), "DNS:a.b", true, true), "curve is secp256k1");
	refused(WHY_CERT_SYNTAX, must_strdup("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), "");
	refused(WHY_CERT_SYNTAX, must_strdup("-----BEGIN CERTIFICATE-----\nMIIB"), "");
	refused(WHY_CERT_SYNTAX, must_strdup("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"),
	    "another kind: CERTIFICATE REQUEST");
	refused(WHY_CERT_KEY_SYNTAX, must_strdup("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"), "");
	PEM_write_bio_PKCS8PrivateKey(bio, other, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &p);
	refused(WHY_CERT_KEY_ENCRYPTED, must_strdup(p), "");
	BIO_reset(bio);
	PEM_write_bio_PrivateKey_traditional(bio, other, EVP_aes_128_cbc(), (unsigned char *)"secret", 6, NULL, NULL);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &p);
	refused(WHY_CERT_KEY_ENCRYPTED, must_strdup(p), "");
	BIO_free(bio);
	pem = leaf_pem(EVP_EC_gen("P-256"), "DNS:a.b", true, true);
	for (int i = 0; i <= CERT_CHAIN_MAX; i++)
		pem = pem_add(pem, ca.x, NULL);
	refused(WHY_CERT_LARGE, pem, "more than 10");
	EVP_PKEY_free(other);
}

static void
what_is_warned_of(void **state)
{
	struct made stranger = make_cert(EVP_EC_gen("P-256"), "stranger", NULL, NULL, 10);
	char *pem = pem_add(leaf_pem(EVP_EC_gen("P-256"), "DNS:a.b", false, true), stranger.x, NULL);
	struct cert *c = parsed(pem);
	struct made self = make_cert(EVP_EC_gen("P-256"), "self", "DNS:a.b", NULL, -1);

	(void)state;
	assert_string_equal(cert_warning(c), "a certificate of the chain did not issue the one before it");
	cert_unref(&c);
	c = parsed(leaf_pem(EVP_EC_gen("P-256"), "email:a@b.c", true, true));
	assert_non_null(strstr(cert_warning(c), "names no host"));
	assert_int_equal(cert_count_names(c), 0);
	cert_unref(&c);
	c = parsed(pem_add(NULL, self.x, self.key));	/* signed by itself; that it has expired is the owner's to see */
	assert_null(cert_warning(c));
	assert_true(cert_not_after(c) < time(NULL));
	cert_unref(&c);
	made_free(&self);
	made_free(&stranger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_certificate_says),
		cmocka_unit_test(what_its_names_cover),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(keys_of_all_kinds),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(what_is_warned_of),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
