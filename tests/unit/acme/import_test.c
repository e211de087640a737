/* import: files that are none of Traefik's, and which certificate of one is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "acme/import.h"
#include "base/base64.h"

#define CA "https://acme.example.org:14000/dir"

static char path[64];

static void
file_is(const char *text)
{
	FILE *f;

	strcpy(path, "/tmp/mola-import.XXXXXX");
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
add_bio(struct buf *out, BIO *b)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);

	assert_true(base64_add(out, (struct str){ p, (size_t)n }));
	BIO_free(b);
}

/* {"certificate": ..., "key": ...} of a certificate for these names, which ends in so many seconds. */
static void
add_certificate(struct buf *out, const char *names, long seconds)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *cert = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_mem());
	X509 *x = X509_new();
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), seconds + 1000000);
	X509_gmtime_adj(X509_getm_notBefore(x), -10000);
	X509_gmtime_adj(X509_getm_notAfter(x), seconds);
	X509_set_pubkey(x, key);
	X509_add_ext(x, e, -1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	PEM_write_bio_X509(cert, x);
	PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL);
	buf_printf(out, "{\"domain\":{\"main\":\"x\"},\"certificate\":\"");
	add_bio(out, cert);
	buf_printf(out, "\",\"key\":\"");
	add_bio(out, secret);
	buf_printf(out, "\",\"Store\":\"default\"}");
	X509_EXTENSION_free(e);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
what_is_none_is_refused_in_words(void **state)
{
	static const struct { const char *text, *words; } rows[] = { { "", ":1: no JSON; expected Traefik's acme.json" }, { "{", ":1: no JSON" },
		{ "[]", "expected the acme.json of Traefik 2 or 3" }, { "{\"Account\":{},\"Certificates\":[]}", "expected the acme.json of Traefik 2 or 3" },
		{ "{\"le\":{\"Certificates\":3}}", "expected the acme.json" }, { "{\"le\":1}", "expected the acme.json" } };
	char detail[IMPORT_DETAIL_MAX];
	struct record_names none = { NULL, 0 };
	struct import_pair p;
	unsigned n, bad;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		file_is(rows[i].text);
		assert_false(import_count(path, CA, &n, &bad, detail));
		if (strstr(detail, rows[i].words) == NULL || strstr(detail, path) == NULL)
			fail_msg("%s: %s", rows[i].text, detail);
		assert_false(import_find(path, CA, &none, 0, &p, detail));
		unlink(path);
	}
	assert_false(import_count("/nonexistent/acme.json", CA, &n, &bad, detail));
	assert_string_equal(detail, "/nonexistent/acme.json: No such file or directory");
	assert_false(import_count("/dev/null", CA, &n, &bad, detail));
}

static void
a_file_without_certificates_has_none(void **state)
{
	static const char *const texts[] = { "{}", "{\"le\":{\"Account\":{},\"Certificates\":null}}", "{\"le\":{}}",
		"{\"le\":{\"Certificates\":[{},3,{\"certificate\":\"!\",\"key\":\"\"},{\"certificate\":\"YQ==\",\"key\":\"YQ==\"}]}}" };
	char *name[] = { (char[]){ "a.org" } }, detail[IMPORT_DETAIL_MAX];
	struct record_names names = { name, 1 };
	struct import_pair p;
	unsigned n, bad;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		file_is(texts[i]);
		assert_true(import_count(path, CA, &n, &bad, detail));
		assert_int_equal(n, 0);
		assert_int_equal(bad, i == 3 ? 4 : 0);
		assert_true(import_find(path, CA, &names, 0, &p, detail));
		assert_null(p.chain);
		unlink(path);
	}
}

/* Days that are left of the one that is found; -1: none is. */
static int
found(char **name, unsigned n)
{
	char detail[IMPORT_DETAIL_MAX];
	struct record_names names = { name, n };
	struct import_pair p;
	int days;

	assert_true(import_find(path, CA, &names, time(NULL), &p, detail));
	days = p.chain == NULL ? -1 : (int)((p.not_after - time(NULL) + 43200) / 86400);
	assert_int_equal(p.chain == NULL, p.key == NULL);
	import_free(&p);
	return days;
}

static void
the_one_that_is_valid_longest_is_taken(void **state)
{
	char *both[] = { (char[]){ "a.org" }, (char[]){ "b.org" } }, *wild[] = { (char[]){ "x.c.org" } }, detail[IMPORT_DETAIL_MAX];
	struct buf text;
	unsigned n, bad;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_printf(&text, "{\"one\":{\"Certificates\":[");
	add_certificate(&text, "DNS:a.org", 20 * 86400);
	buf_printf(&text, ",");
	add_certificate(&text, "DNS:a.org,DNS:b.org", 10 * 86400);
	buf_printf(&text, "]},\"two\":{\"Certificates\":[");
	add_certificate(&text, "DNS:a.org", 30 * 86400);
	buf_printf(&text, ",");
	add_certificate(&text, "DNS:b.org", -5);
	buf_printf(&text, ",");
	add_certificate(&text, "DNS:*.c.org", 5 * 86400);
	buf_printf(&text, "]}}");
	buf_add(&text, "", 1);
	file_is(text.p);
	assert_true(import_count(path, CA, &n, &bad, detail));
	assert_int_equal(n, 5);
	assert_int_equal(bad, 0);
	assert_int_equal(found(both, 1), 30);
	assert_int_equal(found(both, 2), 10);
	assert_int_equal(found(both + 1, 1), 10);
	assert_int_equal(found(wild, 1), 5);
	assert_int_equal(found((char *[]){ (char[]){ "d.org" } }, 1), -1);
	unlink(path);
	buf_fini(&text);
}

/* Whoever tried with staging first has both in one file. */
static void
those_of_our_CA_go_first_and_those_for_trials_never(void **state)
{
	static const struct { const char *uri; int days; } rows[] = { { "https://acme.example.org:14000/acct/1", 20 }, { "https://ACME.example.org:14000", 20 },
		{ "https://acme.example.org/acct/1", 30 }, { "https://acme-staging-v02.api.example.org/acct/1", 30 }, { "acme", 30 } };
	static const char *const other[] = { "https://acme-staging-v02.api.letsencrypt.org/acme/acct/1", "https://other.example.org/staging" };
	char *name[] = { (char[]){ "a.org" } }, detail[IMPORT_DETAIL_MAX];
	unsigned n, bad;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows * 2; i++) {
		struct buf text;
		bool trial = i % 2 == 0, first_trial = i / 2 == 3;
		buf_init(&text, 1 << 20);
		buf_printf(&text, "{\"one\":{\"Account\":{\"Registration\":{\"body\":{},\"uri\":\"%s\"}},\"Certificates\":[", rows[i / 2].uri);
		add_certificate(&text, "DNS:a.org", 20 * 86400);
		buf_printf(&text, "]},\"two\":{\"Account\":{\"Registration\":{\"uri\":\"%s\"}},\"Certificates\":[", other[i % 2]);
		add_certificate(&text, "DNS:a.org", 30 * 86400);
		buf_printf(&text, "]}}");
		buf_add(&text, "", 1);
		file_is(text.p);
		assert_true(import_count(path, CA, &n, &bad, detail));
		assert_int_equal(bad, trial + first_trial);
		assert_int_equal(found(name, 1), trial ? (first_trial ? -1 : 20) : rows[i / 2].days);
		unlink(path);
		buf_fini(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_none_is_refused_in_words),
		cmocka_unit_test(a_file_without_certificates_has_none),
		cmocka_unit_test(the_one_that_is_valid_longest_is_taken),
		cmocka_unit_test(those_of_our_CA_go_first_and_those_for_trials_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
