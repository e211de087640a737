/* Bundles of CAs: what is one, and what is wrong with those that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_cert.h"
#include "net/ca.c"

static char *
ca_pem(char *text, bool with_key)
{
	struct made m = make_cert(EVP_EC_gen("P-256"), "CA", NULL, NULL, 10);

	text = pem_add(text, m.x, with_key ? m.key : NULL);
	made_free(&m);
	return text;
}

static void
assert_check(const char *pem, const struct why *why, const char *detail, unsigned n)
{
	char said[CERT_DETAIL_MAX] = "";
	unsigned got = 0;

	assert_ptr_equal(ca_check(str_of(pem), &got, said), why);
	assert_string_equal(said, detail);
	if (why == NULL)
		assert_int_equal(got, n);
	assert_ptr_equal(ca_check(str_of(pem), &got, NULL), why);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_a_bundle_is_certificates_alone(void **state)
{
	char *one = ca_pem(NULL, false), *two = ca_pem(ca_pem(NULL, false), false), *key = ca_pem(NULL, true), *cut;

	(void)state;
	assert_check(one, NULL, "", 1);
	assert_check(two, NULL, "", 2);
	assert_check("", WHY_CERT_MISSING, "", 0);
	assert_check("# only words\n", WHY_CERT_MISSING, "", 0);
	assert_check(key, WHY_CERT_SYNTAX, "there is a private key in it", 0);
	assert_check("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", WHY_CERT_SYNTAX, "there is a block of another kind in it", 0);
	assert_check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", WHY_CERT_SYNTAX, "a CA certificate", 0);
	cut = strdup(two);
	cut[strlen(cut) - 40] = '\0';		/* a bundle that lost its end is not half as good: it is none */
	assert_check(cut, WHY_CERT_SYNTAX, "the PEM of a CA certificate", 0);
	free(one);
	free(two);
	free(key);
	free(cut);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_bundle_is_certificates_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
