/* seal: what was sealed under a name opens under that name alone, and with its secret alone. */
#include "../until.h"
#include "vault/seal.c"

static const char one[] = "the first secret, of more than 32 characters";
static const char two[] = "the second secret, of more than 32 characters";

static struct seal *
seal_of(const char *a, const char *b)
{
	struct seal *s = seal_new();

	assert_null(seal_add(s, str_of(a)));
	if (b != NULL)
		assert_null(seal_add(s, str_of(b)));
	return s;
}

static struct str
closed(struct seal *s, const char *name, const char *data, struct buf *b)
{
	buf_init(b, 1u << 20);
	assert_true(seal_close(s, str_of(name), str_of(data), b));
	return buf_str(b);
}

static void
what_was_sealed_opens(void **state)
{
	struct seal *s = seal_of(one, NULL);
	unsigned which = 9;
	struct buf a, b;
	struct str sealed = closed(s, "cert.00.1", "the key", &a), other;
	char data[16] = "";

	(void)state;
	assert_int_equal(sealed.len, 7 + SEAL_BYTES);
	assert_int_equal(seal_data_bytes(sealed), 7);
	assert_null(memmem(sealed.p, sealed.len, "key", 3));
	assert_null(seal_open(s, STR("cert.00.1"), sealed, data, &which));
	assert_string_equal(data, "the key");
	assert_int_equal(which, 0);
	assert_null(seal_open(s, STR("CERT.00.1"), sealed, data, &which));	/* as Swarm compares */
	other = closed(s, "cert.00.1", "the key", &b);
	assert_false(str_eq(sealed, other));		/* another nonce each time */
	buf_fini(&b);
	other = closed(s, "empty", "", &b);
	assert_null(seal_open(s, STR("empty"), other, data, &which));
	buf_fini(&a);
	buf_fini(&b);
	seal_free(&s);
	assert_null(s);
}

static void
every_changed_bit_is_noticed(void **state)
{
	struct seal *s = seal_of(one, NULL);
	const struct why *why;
	struct buf b;
	struct str sealed = closed(s, "a", "data", &b);
	unsigned which = 9;
	char copy[64], data[64];

	(void)state;
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		memcpy(copy, sealed.p, sealed.len);
		copy[bit / 8] ^= (char)(1 << (bit % 8));
		why = seal_open(s, STR("a"), (struct str){ copy, sealed.len }, data, &which);
		assert_ptr_equal(why, bit < 8 ? WHY_STORE_SEALED : WHY_STORE_TAMPERED);
	}
	for (size_t n = 0; n < sealed.len; n++)
		assert_ptr_equal(seal_open(s, STR("a"), (struct str){ sealed.p, n }, data, &which),
		    WHY_STORE_TAMPERED);
	memcpy(copy, sealed.p, sealed.len);
	copy[sealed.len] = 0;
	assert_ptr_equal(seal_open(s, STR("a"), (struct str){ copy, sealed.len + 1 }, data, &which),
	    WHY_STORE_TAMPERED);
	assert_int_equal(which, 9);
	buf_fini(&b);
	seal_free(&s);
}

static void
names_cannot_be_swapped(void **state)
{
	struct seal *s = seal_of(one, NULL);
	struct buf b;
	struct str sealed = closed(s, "cert.00.1", "data", &b);
	unsigned which;
	char data[64];

	(void)state;
	assert_ptr_equal(seal_open(s, STR("cert.00.2"), sealed, data, &which), WHY_STORE_TAMPERED);
	assert_ptr_equal(seal_open(s, STR("cert.00"), sealed, data, &which), WHY_STORE_TAMPERED);
	for (unsigned i = 0; i < 4; i++)	/* nothing of it is left behind */
		assert_int_equal(data[i], 0);
	buf_fini(&b);
	seal_free(&s);
}

static void
a_secret_can_be_replaced(void **state)
{
	struct seal *old = seal_of(one, NULL), *both = seal_of(two, one), *new = seal_of(two, NULL);
	struct buf b, b2;
	struct str sealed = closed(old, "a", "old", &b), fresh = closed(both, "a", "new", &b2);
	char name[SEAL_NAME_BYTES];
	unsigned which = 9;
	char data[64] = "";

	(void)state;
	assert_null(seal_open(both, STR("a"), sealed, data, &which));
	assert_int_equal(which, 1);
	assert_string_equal(data, "old");
	assert_null(seal_open(new, STR("a"), fresh, data, &which));
	assert_int_equal(which, 0);
	assert_ptr_equal(seal_open(new, STR("a"), sealed, data, &which), WHY_STORE_SEALED);
	assert_ptr_equal(seal_open(old, STR("a"), fresh, data, &which), WHY_STORE_SEALED);
	seal_name(both, name);
	assert_int_equal(strlen(name), 16);
	assert_true(seal_knows(new, name));
	assert_false(seal_knows(old, name));
	seal_name(old, name);
	assert_true(seal_knows(both, name));
	assert_false(seal_knows(new, name));
	buf_fini(&b);
	buf_fini(&b2);
	seal_free(&old);
	seal_free(&both);
	seal_free(&new);
}

/* Of 256 ids, some meet: then the tag decides. */
static void
secrets_with_the_same_id_are_told_apart(void **state)
{
	struct seal *s = seal_of(one, NULL), *second = seal_of(one, two);
	struct buf b;
	struct str sealed;
	unsigned which = 9;
	char data[64] = "";

	(void)state;
	second->key[1].id = second->key[0].id;
	s->key[0] = second->key[1];
	sealed = closed(s, "a", "two", &b);
	assert_null(seal_open(second, STR("a"), sealed, data, &which));
	assert_int_equal(which, 1);
	assert_string_equal(data, "two");
	buf_fini(&b);
	seal_free(&s);
	seal_free(&second);
}

static void
weak_secrets_are_refused(void **state)
{
	struct seal *s = seal_new(), *t = seal_of(one, NULL);
	char line[128];
	struct buf b;
	struct str sealed;
	unsigned which;
	char data[64];

	(void)state;
	assert_ptr_equal(seal_add(s, STR("")), WHY_STORE_SECRET);
	assert_ptr_equal(seal_add(s, STR("          short, and much space       \n")), WHY_STORE_SECRET);
	assert_int_equal(seal_secrets(s), 0);
	snprintf(line, sizeof line, "\n %s\r\n", one);		/* as an editor leaves it */
	assert_null(seal_add(s, str_of(line)));
	sealed = closed(s, "a", "data", &b);
	assert_null(seal_open(t, STR("a"), sealed, data, &which));
	for (unsigned i = 1; i < SEAL_SECRETS_MAX; i++)
		assert_null(seal_add(s, str_of(two)));
	assert_ptr_equal(seal_add(s, str_of(two)), WHY_STORE_SECRETS);
	buf_fini(&b);
	seal_free(&s);
	seal_free(&t);
}

/* The format is a promise. These bytes were made by another implementation (Python's
 * cryptography 48): what one Mola sealed, later ones open. */
static void
the_format_stays(void **state)
{
	static const unsigned char sealed[] = {
	    0xb0, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x39,
	    0xfc, 0xb1, 0x0f, 0xc4, 0x5b, 0x76, 0xef, 0xf3, 0xda, 0x24, 0x7f, 0xe7, 0x97, 0x5f,
	    0xa1, 0xd8, 0xa7, 0x1b, 0x0f, 0x9c };
	struct seal *s = seal_of(one, NULL);
	unsigned which;
	char data[64] = "";

	(void)state;
	assert_null(seal_open(s, STR("cert.0123456789abcdef.1"),
	    (struct str){ (const char *)sealed, sizeof sealed }, data, &which));
	assert_string_equal(data, "hello");
	seal_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens),
		cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(names_cannot_be_swapped),
		cmocka_unit_test(a_secret_can_be_replaced),
		cmocka_unit_test(secrets_with_the_same_id_are_told_apart),
		cmocka_unit_test(weak_secrets_are_refused),
		cmocka_unit_test(the_format_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
