/*
 * The libraries differ in how they say that a step is done; here they say it alike.
 */
#include <stdlib.h>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/encode.h"

/*
 * Windows and levels, and what a coder takes with them, measured (tests/unit/http/encode_test.c).
 * Levels are those of about the same effort as Traefik's.
 */
#define GZIP_LEVEL	5
#define GZIP_WINDOW	14
#define GZIP_MEMORY	7
#define GZIP_BYTES	(144 * 1024)
#define BR_QUALITY	3
#define BR_WINDOW	16
#define BR_BYTES	(1152 * 1024)
#define ZSTD_LEVEL	2
#define ZSTD_WINDOW	16
#define ZSTD_BYTES	(768 * 1024)

struct encoder {
	enum encoding	 encoding;
	struct encode_budget *budget;
	z_stream	 gzip;
	BrotliEncoderState *br;
	ZSTD_CCtx	*zstd;
};

static const struct {
	const char	*name;
	size_t		 bytes;
} codings[] = {
	[ENCODING_GZIP] = { "gzip", GZIP_BYTES },
	[ENCODING_BR] = { "br", BR_BYTES },
	[ENCODING_ZSTD] = { "zstd", ZSTD_BYTES },
};

bool
encode_budget_has(const struct encode_budget *b)
{
	return b->used + BR_BYTES <= b->most;
}

const char *
encoding_name(enum encoding e)
{
	ASSERT(e != ENCODING_NONE && (size_t)e < sizeof codings / sizeof *codings);
	return codings[e].name;
}

/* ---- their memory ---- */

static void *
br_alloc(void *arg, size_t bytes)
{
	(void)arg;
	return try_alloc(bytes);
}

static void
br_free(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static voidpf
gzip_alloc(voidpf arg, uInt items, uInt size)
{
	return br_alloc(arg, (size_t)items * size);
}

static bool
gzip_begin(struct encoder *e)
{
	e->gzip = (z_stream){ .zalloc = gzip_alloc, .zfree = br_free };
	return deflateInit2(&e->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW + 16, GZIP_MEMORY,
	    Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool
br_begin(struct encoder *e)
{
	return (e->br = BrotliEncoderCreateInstance(br_alloc, br_free, NULL)) != NULL
	    && BrotliEncoderSetParameter(e->br, BROTLI_PARAM_QUALITY, BR_QUALITY)
	    && BrotliEncoderSetParameter(e->br, BROTLI_PARAM_LGWIN, BR_WINDOW);
}

static bool
zstd_begin(struct encoder *e)
{
	return (e->zstd = ZSTD_createCCtx()) != NULL
	    && !ZSTD_isError(ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL))
	    && !ZSTD_isError(ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_windowLog, ZSTD_WINDOW));
}

struct encoder *
encoder_new(enum encoding encoding, struct encode_budget *budget)
{
	struct encoder *e = try_alloc(sizeof *e);
	bool begun;

	ASSERT(encoding != ENCODING_NONE);
	if (e == NULL)
		return NULL;
	*e = (struct encoder){ .encoding = encoding, .budget = budget };
	budget->used += codings[encoding].bytes;
	begun = encoding == ENCODING_GZIP ? gzip_begin(e) : encoding == ENCODING_BR ? br_begin(e)
	    : zstd_begin(e);
	if (!begun)
		encoder_free(&e);
	return e;
}

void
encoder_free(struct encoder **ep)
{
	struct encoder *e = *ep;

	*ep = NULL;
	if (e == NULL)
		return;
	ASSERT(e->budget->used >= codings[e->encoding].bytes);
	e->budget->used -= codings[e->encoding].bytes;
	if (e->encoding == ENCODING_GZIP && e->gzip.state != NULL)
		deflateEnd(&e->gzip);
	BrotliEncoderDestroyInstance(e->br);
	ZSTD_freeCCtx(e->zstd);
	free(e);
}

/* ---- steps ---- */

static enum encode_result
gzip_run(struct encoder *e, enum encode_step step, struct encode_io *io)
{
	static const int flush[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };
	z_stream *z = &e->gzip;
	int res;

	z->next_in = (Bytef *)(uintptr_t)io->in;
	z->avail_in = (uInt)io->in_len;
	z->next_out = (Bytef *)io->out;
	z->avail_out = (uInt)io->out_len;
	res = deflate(z, flush[step]);
	io->in = (const char *)z->next_in;
	io->in_len = z->avail_in;
	io->out = (char *)z->next_out;
	io->out_len = z->avail_out;
	if (res == Z_STREAM_END)
		return ENCODE_DONE;
	if (res != Z_OK && res != Z_BUF_ERROR)		/* that one: nothing was left to do */
		return ENCODE_FAIL;
	return z->avail_out == 0 || step == ENCODE_END ? ENCODE_FULL : ENCODE_DONE;
}

static enum encode_result
br_run(struct encoder *e, enum encode_step step, struct encode_io *io)
{
	static const BrotliEncoderOperation op[] = { BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
	    BROTLI_OPERATION_FINISH };

	do {
		if (!BrotliEncoderCompressStream(e->br, op[step], &io->in_len, (const uint8_t **)&io->in,
		    &io->out_len, (uint8_t **)&io->out, NULL))
			return ENCODE_FAIL;
	} while (io->out_len > 0 && (io->in_len > 0 || BrotliEncoderHasMoreOutput(e->br)));
	if (io->in_len > 0 || BrotliEncoderHasMoreOutput(e->br))
		return ENCODE_FULL;
	return step == ENCODE_END && !BrotliEncoderIsFinished(e->br) ? ENCODE_FULL : ENCODE_DONE;
}

static enum encode_result
zstd_run(struct encoder *e, enum encode_step step, struct encode_io *io)
{
	static const ZSTD_EndDirective op[] = { ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end };
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	size_t left;

	do {
		left = ZSTD_compressStream2(e->zstd, &out, &in, op[step]);
		if (ZSTD_isError(left))
			return ENCODE_FAIL;
	} while (out.pos < out.size && (in.pos < in.size || (left > 0 && step != ENCODE_MORE)));
	if (in.pos > 0)		/* without any there may be no place, either */
		io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	return io->in_len > 0 || (left > 0 && step != ENCODE_MORE) ? ENCODE_FULL : ENCODE_DONE;
}

enum encode_result
encoder_run(struct encoder *e, enum encode_step step, struct encode_io *io)
{
	enum encode_result res;

	ASSERT(io->out_len >= 64 && step <= ENCODE_END);
	res = e->encoding == ENCODING_GZIP ? gzip_run(e, step, io) : e->encoding == ENCODING_BR ?
	    br_run(e, step, io) : zstd_run(e, step, io);
	ASSERT(res != ENCODE_DONE || io->in_len == 0);
	return res;
}
