#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bug.h"
#include "coded.h"
#include "ledger.h"
#include "memory.h"

#define MOST	(2u << 20)		/* of a body, encoded */

struct coded {
	enum coding	 coding;
	uint32_t	 exchange;
	char		*bytes;
	size_t		 n;
	/* of one turn of a decoder */
	uint64_t	 out;
	bool		 wrong, ended;
};

static const char *const names[] = { "", "gzip", "br", "zstd" };

const char *
coding_name(enum coding c)
{
	return names[c];
}

struct coded *
coded_new(const char *coding, uint32_t exchange)
{
	struct coded *c;

	for (enum coding k = GZIP; k <= ZSTD; k++)
		if (strcmp(names[k], coding) == 0) {
			c = sim_alloc(sizeof *c);
			*c = (struct coded){ .coding = k, .exchange = exchange, .bytes = sim_alloc(MOST) };
			return c;
		}
	return NULL;
}

void
coded_add(struct coded *c, const char *bytes, size_t n)
{
	ASSERT(c->n + n <= MOST);
	memcpy(c->bytes + c->n, bytes, n);
	c->n += n;
}

uint64_t
coded_sent(const struct coded *c)
{
	return c->n;
}

static void
check(struct coded *c, const char *p, size_t n)
{
	for (size_t i = 0; i < n && !c->wrong; i++)
		c->wrong = p[i] != pattern(c->exchange, DOWN, c->out + i);
	c->out += n;
}

/* Decoders take memory of the product's kind while they run, and no longer. */
static void
gunzip(struct coded *c)
{
	z_stream z = { .next_in = (unsigned char *)c->bytes, .avail_in = (unsigned)c->n };
	char out[16384];
	int res = Z_OK;

	ASSERT(inflateInit2(&z, 15 + 16) == Z_OK);
	while (res == Z_OK) {
		z.next_out = (unsigned char *)out;
		z.avail_out = sizeof out;
		res = inflate(&z, Z_SYNC_FLUSH);
		check(c, out, sizeof out - z.avail_out);
	}
	c->ended = res == Z_STREAM_END && z.avail_in == 0;
	c->wrong |= res != Z_STREAM_END && res != Z_BUF_ERROR;
	inflateEnd(&z);
}

static void
unbrotli(struct coded *c)
{
	BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	const unsigned char *in = (const unsigned char *)c->bytes;
	size_t left = c->n, room;
	char out[16384];
	unsigned char *p;
	BrotliDecoderResult res;

	do {
		p = (unsigned char *)out;
		room = sizeof out;
		res = BrotliDecoderDecompressStream(s, &left, &in, &room, &p, NULL);
		check(c, out, sizeof out - room);
	} while (res == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
	c->ended = res == BROTLI_DECODER_RESULT_SUCCESS && left == 0;
	c->wrong |= res == BROTLI_DECODER_RESULT_ERROR;
	BrotliDecoderDestroyInstance(s);
}

static void
unzstd(struct coded *c)
{
	ZSTD_DStream *s = ZSTD_createDStream();
	ZSTD_inBuffer in = { c->bytes, c->n, 0 };
	char text[16384];
	size_t res = 1, before;
	ZSTD_outBuffer out;

	do {
		out = (ZSTD_outBuffer){ text, sizeof text, 0 };
		before = in.pos;
		res = ZSTD_decompressStream(s, &out, &in);
		check(c, text, out.pos);
	} while (!ZSTD_isError(res) && res > 0 && (out.pos > 0 || in.pos > before));
	c->ended = res == 0 && in.pos == in.size;
	c->wrong |= ZSTD_isError(res);
	ZSTD_freeDStream(s);
}

uint64_t
coded_bytes(struct coded *c, bool whole)
{
	c->out = 0;
	c->wrong = c->ended = false;
	if (c->coding == GZIP)
		gunzip(c);
	else if (c->coding == BROTLI)
		unbrotli(c);
	else
		unzstd(c);
	if (c->wrong)
		broken("x%u got a body of %zu bytes in %s that is not this exchange's", c->exchange, c->n, names[c->coding]);
	if (whole && !c->ended)
		broken("x%u got a body in %s without its end", c->exchange, names[c->coding]);
	return c->out;
}
