/* decode: what a client makes of a body in a content coding, piece by piece. */
#ifndef DECODE_H
#define DECODE_H

#include <string.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bug.h"
#include "http/encode.h"

struct decoder {
	enum encoding	 encoding;
	z_stream	 gzip;
	BrotliDecoderState *br;
	ZSTD_DCtx	*zstd;
	bool		 ended;		/* the coding's own end was there */
};

static inline void
decoder_init(struct decoder *d, enum encoding e)
{
	*d = (struct decoder){ .encoding = e };
	if (e == ENCODING_GZIP)
		ASSERT(inflateInit2(&d->gzip, 31) == Z_OK);
	d->br = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	d->zstd = ZSTD_createDCtx();
}

static inline void
decoder_fini(struct decoder *d)
{
	if (d->encoding == ENCODING_GZIP)
		inflateEnd(&d->gzip);
	BrotliDecoderDestroyInstance(d->br);
	ZSTD_freeDCtx(d->zstd);
}

/* Takes all of `in`; returns how many bytes it became. */
static inline size_t
decoder_run(struct decoder *d, const char *in, size_t len, char *out, size_t cap)
{
	const uint8_t *from = (const uint8_t *)in;
	uint8_t *to = (uint8_t *)out;
	size_t room = cap;

	ASSERT(!d->ended || len == 0);
	if (d->encoding == ENCODING_GZIP) {
		d->gzip.next_in = (Bytef *)(uintptr_t)in;
		d->gzip.avail_in = (uInt)len;
		d->gzip.next_out = to;
		d->gzip.avail_out = (uInt)cap;
		int res = inflate(&d->gzip, Z_SYNC_FLUSH);
		ASSERT(res == Z_OK || res == Z_STREAM_END || (res == Z_BUF_ERROR && len == 0));
		ASSERT(d->gzip.avail_in == 0);
		d->ended = res == Z_STREAM_END;
		return cap - d->gzip.avail_out;
	}
	if (d->encoding == ENCODING_BR) {
		BrotliDecoderResult res = BrotliDecoderDecompressStream(d->br, &len, &from, &room, &to, NULL);
		ASSERT(res != BROTLI_DECODER_RESULT_ERROR && len == 0);
		d->ended = res == BROTLI_DECODER_RESULT_SUCCESS;
		return cap - room;
	}
	ZSTD_inBuffer i = { in, len, 0 };
	ZSTD_outBuffer o = { out, cap, 0 };
	while (i.pos < i.size) {
		size_t left = ZSTD_decompressStream(d->zstd, &o, &i);
		ASSERT(!ZSTD_isError(left) && (i.pos == i.size || o.pos < o.size));
		d->ended = left == 0;
	}
	return o.pos;
}

#endif
