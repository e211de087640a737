/* base64: there and back, for every length of the last group. */
#include "../until.h"
#include "base/base64.c"

static void
there_and_back(void **state)
{
	static const char *const text[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	    { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };	/* RFC 4648, 10 */
	char out[16];
	struct buf b;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < sizeof text / sizeof *text; i++) {
		buf_init(&b, 100);
		assert_true(base64_add(&b, str_of(text[i][0])));
		assert_true(str_eq(buf_str(&b), str_of(text[i][1])));
		assert_true(base64_read(buf_str(&b), out, &len));
		assert_true(str_eq((struct str){ out, len }, str_of(text[i][0])));
		buf_fini(&b);
	}
}

static void
every_byte_survives(void **state)
{
	unsigned char all[256];
	char out[300];
	struct buf b;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (unsigned char)(255 - i);
	buf_init(&b, 1000);
	assert_true(base64_add(&b, (struct str){ (const char *)all, 256 }));
	assert_true(base64_read(buf_str(&b), out, &len));
	assert_int_equal(len, 256);
	assert_memory_equal(out, all, 256);
	buf_fini(&b);
	buf_init(&b, 4);
	assert_false(base64_add(&b, STR("four")));
	assert_false(base64_read(STR("Zm9v!"), out, &len));
	assert_false(base64_read(STR("Zm-_"), out, &len));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(every_byte_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
