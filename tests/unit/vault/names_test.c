/* names: one hash for one set of names, however they are written. */
#include "../until.h"
#include "vault/names.c"

static void
a_set_has_one_hash(void **state)
{
	static const char *const a[] = { "example.org", "www.example.org" },
	    *const b[] = { "WWW.example.org", "Example.ORG", "www.example.ORG" },
	    *const c[] = { "example.orgwww.example.org" };
	char ha[NAMES_HASH_BYTES], hb[NAMES_HASH_BYTES];

	(void)state;
	names_hash(a, 2, ha);
	/* printf example.org,www.example.org | sha256sum */
	assert_string_equal(ha, "4487ee25a6a9707a");
	names_hash(b, 3, hb);
	assert_string_equal(ha, hb);
	names_hash(a, 1, hb);
	assert_string_not_equal(ha, hb);
	names_hash(c, 1, hb);
	assert_string_not_equal(ha, hb);
}

static void
names_of_objects(void **state)
{
	char longest[VAULT_NAME_MAX + 2];

	(void)state;
	assert_true(names_is_object("acme.lease"));
	assert_true(names_is_object("order.0123456789abcdef.1.12"));
	assert_true(names_is_object("a"));
	assert_false(names_is_object(""));
	assert_false(names_is_object("Acme"));
	assert_false(names_is_object("a_b"));
	assert_false(names_is_object("a/b"));
	assert_false(names_is_object(".a"));
	assert_false(names_is_object("a."));
	assert_false(names_is_object("../a"));
	memset(longest, 'a', sizeof longest);
	longest[VAULT_NAME_MAX + 1] = '\0';
	assert_false(names_is_object(longest));
	longest[VAULT_NAME_MAX] = '\0';
	assert_true(names_is_object(longest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_has_one_hash),
		cmocka_unit_test(names_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
