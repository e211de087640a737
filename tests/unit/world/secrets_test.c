/* secrets: what was put in is found, a set changes as a whole, and a hostile block is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/rng.h"
#include "world/secrets.c"

static struct secrets *
opened(struct secrets_maker **m)
{
	struct secrets *s = NULL;
	int fd = -1;

	assert_null(secrets_maker_seal(*m, &fd));
	assert_null(secrets_open(fd, &s));
	secrets_maker_free(m);
	assert_null(*m);
	return s;
}

static void
what_was_added_is_found(void **state)
{
	struct secrets_maker *m = secrets_maker_new(7);
	char name[16], value[64];
	struct secrets *s;
	struct str got;

	(void)state;
	for (int i = 999; i >= 0; i--) {	/* in an order that is not theirs, and of growing size */
		snprintf(name, sizeof name, "key-%d", i);
		snprintf(value, sizeof value, "value %d %*s", i, i % 40, "");
		secrets_maker_add(m, str_of(name), str_of(value));
	}
	secrets_maker_add(m, STR("empty"), STR(""));
	s = opened(&m);
	assert_int_equal(secrets_serial(s), 7);
	assert_int_equal(secrets_count(s), 1001);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "key-%d", i);
		snprintf(value, sizeof value, "value %d %*s", i, i % 40, "");
		assert_true(secrets_find(s, str_of(name), &got));
		assert_true(str_eq(got, str_of(value)));
	}
	assert_true(secrets_find(s, STR("empty"), &got));
	assert_int_equal(got.len, 0);
	for (unsigned i = 0; i < secrets_count(s); i++) {	/* all of them, in order */
		struct str at, before, value_of;

		secrets_at(s, i, &at, &value_of);
		assert_true(secrets_find(s, at, &got) && got.p == value_of.p && got.len == value_of.len);
		if (i > 0) {
			secrets_at(s, i - 1, &before, &value_of);
			assert_true(name_order(before, at) < 0);
		}
	}
	assert_false(secrets_find(s, STR("key-1000"), &got));
	assert_false(secrets_find(s, STR("key"), &got));
	assert_false(secrets_find(s, STR(""), &got));
	secrets_unref(&s);
}

static void
a_set_lives_as_long_as_its_last_user(void **state)
{
	struct secrets_maker *m = secrets_maker_new(1);
	struct secrets *s, *second;
	struct str got;

	(void)state;
	secrets_maker_add(m, STR("a"), STR("1"));
	s = opened(&m);
	second = secrets_ref(s);
	secrets_unref(&s);
	assert_null(s);
	assert_true(secrets_find(second, STR("a"), &got));
	assert_true(str_eq(got, STR("1")));
	secrets_unref(&second);
}

static void
an_empty_set_is_a_set(void **state)
{
	struct secrets_maker *m = secrets_maker_new(3);
	struct secrets *s = opened(&m);
	struct str got;

	(void)state;
	assert_int_equal(secrets_count(s), 0);
	assert_false(secrets_find(s, STR("a"), &got));
	secrets_unref(&s);
}

static void
too_much_is_refused_as_a_whole(void **state)
{
	struct secrets_maker *m = secrets_maker_new(1);
	char *large = must_zalloc(SECRETS_BYTES_MAX);
	int fd = -1;

	(void)state;
	secrets_maker_add(m, STR("small"), STR("1"));
	secrets_maker_add(m, STR("large"), (struct str){ large, SECRETS_BYTES_MAX });
	assert_ptr_equal(secrets_maker_seal(m, &fd), WHY_SECRETS_LARGE);
	assert_int_equal(fd, -1);
	secrets_maker_free(&m);
	free(large);
}

/* A descriptor of these bytes, sealed or not. */
static int
file_of(const void *bytes, size_t len, bool sealed)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0 && fd_write(fd, (struct str){ bytes, len }));
	if (sealed)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, SEALS), 0);
	return fd;
}

static void
what_is_not_sealed_is_refused(void **state)
{
	struct secrets_head h = { .magic = MAGIC, .serial = 1, .size = sizeof h };
	struct secrets *s = NULL;

	(void)state;
	assert_null(secrets_open(file_of(&h, sizeof h, true), &s));
	secrets_unref(&s);
	assert_ptr_equal(secrets_open(file_of(&h, sizeof h, false), &s), WHY_SECRETS_BROKEN);
	assert_ptr_equal(secrets_open(file_of(&h, sizeof h - 1, true), &s), WHY_SECRETS_BROKEN);
	assert_null(s);
}

/* Every single byte of a good block, changed in many ways: refused, or all that can be asked stays inside. */
static void
a_damaged_block_leads_nobody_outside(void **state)
{
	struct secrets_maker *m = secrets_maker_new(1);
	struct secrets *s, view;
	struct rng rng;
	size_t size;
	char *copy;

	(void)state;
	secrets_maker_add(m, STR("b"), STR("second"));
	secrets_maker_add(m, STR("a"), STR("first"));
	secrets_maker_add(m, STR("c"), STR("third"));
	s = opened(&m);
	rng_seed(&rng, 1);
	size = s->head->size;
	copy = must_alloc(size);
	for (int i = 0; i < 20000; i++) {
		struct str got;

		memcpy(copy, s->base, size);
		copy[(size_t)i % size] ^= (char)rng_u64(&rng);
		if (!secrets_view(&view, copy, size))
			continue;
		for (const char *name = "abcd"; *name != '\0'; name++)
			if (secrets_find(&view, (struct str){ name, 1 }, &got))
				assert_true(got.p >= copy && got.len <= size && got.p + got.len <= copy + size);
	}
	free(copy);
	secrets_unref(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found),
		cmocka_unit_test(a_set_lives_as_long_as_its_last_user),
		cmocka_unit_test(an_empty_set_is_a_set),
		cmocka_unit_test(too_much_is_refused_as_a_whole),
		cmocka_unit_test(what_is_not_sealed_is_refused),
		cmocka_unit_test(a_damaged_block_leads_nobody_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
