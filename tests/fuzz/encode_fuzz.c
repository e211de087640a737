/*
 * encode: a body in pieces and steps as the input says comes out as it went in, at the latest when it was flushed. The first byte
 * is the coding, the second the room for output.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../decode.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST	65536

static struct encode_budget budget = { 0, 64 << 20 };
static char seen[MOST + 1], out[16384];

static size_t
step(struct encoder *e, struct decoder *d, enum encode_step s, const uint8_t *in, size_t len, size_t room, size_t at)
{
	struct encode_io io = { (const char *)in, len, NULL, 0 };
	enum encode_result res;

	do {
		io.out = out;
		io.out_len = room;
		res = encoder_run(e, s, &io);
		ASSERT(res != ENCODE_FAIL);
		at += decoder_run(d, out, room - io.out_len, seen + at, sizeof seen - at);
	} while (res == ENCODE_FULL);
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t at = 2, got = 0, room;
	struct encoder *e;
	struct decoder d;

	if (len < 3 || len > MOST)
		return 0;
	room = 64 + p[1] * 60u;
	e = encoder_new(ENCODING_GZIP + p[0] % 3, &budget);
	ASSERT(e != NULL);
	decoder_init(&d, ENCODING_GZIP + p[0] % 3);
	while (at < len) {		/* a piece is as long as its first byte says, and flushed if that is odd */
		size_t n = p[at] + 1u < len - at ? p[at] + 1u : len - at;
		bool flush = p[at] & 1;
		got = step(e, &d, ENCODE_MORE, p + at, n, room, got);
		at += n;
		if (flush)
			got = step(e, &d, ENCODE_FLUSH, NULL, 0, room, got);
		ASSERT(got <= at - 2 && (!flush || got == at - 2));
	}
	got = step(e, &d, ENCODE_END, NULL, 0, room, got);
	ASSERT(d.ended && got == len - 2 && memcmp(seen, p + 2, got) == 0);
	decoder_fini(&d);
	encoder_free(&e);
	ASSERT(budget.used == 0);
	return 0;
}
