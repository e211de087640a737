/* Types by the first bytes of a body: what Go's http.DetectContentType says of the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/sniff.h"

#define IS(bytes, type) assert_string_equal(sniff_type((struct str){ bytes, sizeof bytes - 1 }), type)

static void
types_are_known_by_their_first_bytes(void **state)
{
	(void)state;
	IS("", "text/plain; charset=utf-8");
	IS("hello", "text/plain; charset=utf-8");
	IS("a\0b", "application/octet-stream");
	IS("\033[1m", "text/plain; charset=utf-8");
	IS("<html>", "text/html; charset=utf-8");
	IS(" \t\r\n\f<!dOcTyPe hTmL x", "text/html; charset=utf-8");
	IS("<htmlx>", "text/plain; charset=utf-8");
	IS("<html", "text/plain; charset=utf-8");
	IS("<!-- x", "text/html; charset=utf-8");
	IS("<!--x", "text/plain; charset=utf-8");
	IS(" <?xml version", "text/xml; charset=utf-8");
	IS(" %PDF-", "text/plain; charset=utf-8");
	IS("%PDF-1", "application/pdf");
	IS("\xef\xbb\xbfx", "text/plain; charset=utf-8");
	IS("\xfe\xff\0a", "text/plain; charset=utf-16be");
	IS("RIFF1234WEBPVP8 ", "image/webp");
	IS("RIFF1234WAVE", "audio/wave");
	IS("RIFF1234WAV", "text/plain; charset=utf-8");
	IS("\0\0\0\x14" "ftypisom\0\0\0\0mp42", "video/mp4");
	IS("\0\0\0\x10" "ftypisommp42", "application/octet-stream");
	IS("\0\0\0\xff" "ftypmp42", "application/octet-stream");
	IS("\x1f\x8b\x08", "application/x-gzip");
	IS("Rar!\x1a\7\1\0", "application/x-rar-compressed");
	IS("\0asm", "application/wasm");
}

static void
no_more_than_the_first_bytes_count(void **state)
{
	char body[SNIFF_BYTES + 10];

	(void)state;
	memset(body, ' ', sizeof body);
	memcpy(body + SNIFF_BYTES - 3, "<html>", 6);
	assert_string_equal(sniff_type((struct str){ body, sizeof body }), "text/plain; charset=utf-8");
	memset(body, 'a', sizeof body);
	body[SNIFF_BYTES] = '\0';
	assert_string_equal(sniff_type((struct str){ body, sizeof body }), "text/plain; charset=utf-8");
	body[SNIFF_BYTES - 1] = '\0';
	assert_string_equal(sniff_type((struct str){ body, sizeof body }), "application/octet-stream");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(types_are_known_by_their_first_bytes), cmocka_unit_test(no_more_than_the_first_bytes_count) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
