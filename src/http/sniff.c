/*
 * sniff: patterns in their order; the first that fits is the type.
 */
#include <string.h>

#include "base/bug.h"
#include "http/sniff.h"

/* `any` marks the bytes of a pattern that may be anything. */
static const struct pattern {
	const char	*bytes, *any;
	size_t		 len;
	const char	*type;
} patterns[] = {
#define BYTES(bytes, type)	{ bytes, NULL, sizeof bytes - 1, type },
#define HOLED(bytes, any, type)	{ bytes, any, sizeof bytes - 1, type },
	BYTES("%PDF-", "application/pdf")
	BYTES("%!PS-Adobe-", "application/postscript")
	HOLED("\xfe\xff..", "  **", "text/plain; charset=utf-16be")
	HOLED("\xff\xfe..", "  **", "text/plain; charset=utf-16le")
	HOLED("\xef\xbb\xbf.", "   *", "text/plain; charset=utf-8")
	BYTES("\0\0\1\0", "image/x-icon")
	BYTES("\0\0\2\0", "image/x-icon")
	BYTES("BM", "image/bmp")
	BYTES("GIF87a", "image/gif")
	BYTES("GIF89a", "image/gif")
	HOLED("RIFF....WEBPVP", "    ****      ", "image/webp")
	BYTES("\x89PNG\r\n\x1a\n", "image/png")
	BYTES("\xff\xd8\xff", "image/jpeg")
	HOLED("FORM....AIFF", "    ****    ", "audio/aiff")
	BYTES("ID3", "audio/mpeg")
	BYTES("OggS\0", "application/ogg")
	BYTES("MThd\0\0\0\6", "audio/midi")
	HOLED("RIFF....AVI ", "    ****    ", "video/avi")
	HOLED("RIFF....WAVE", "    ****    ", "audio/wave")
	BYTES("", "video/mp4")			/* is_mp4 */
	BYTES("\x1a\x45\xdf\xa3", "video/webm")
	HOLED("..................................LP", "**********************************  ",
	    "application/vnd.ms-fontobject")
	BYTES("\0\1\0\0", "font/ttf")
	BYTES("OTTO", "font/otf")
	BYTES("ttcf", "font/collection")
	BYTES("wOFF", "font/woff")
	BYTES("wOF2", "font/woff2")
	BYTES("\x1f\x8b\x08", "application/x-gzip")
	BYTES("PK\3\4", "application/zip")
	BYTES("Rar!\x1a\7\0", "application/x-rar-compressed")
	BYTES("Rar!\x1a\7\1\0", "application/x-rar-compressed")
	BYTES("\0asm", "application/wasm")
};

static bool
fits(const struct pattern *p, struct str body)
{
	if (body.len < p->len)
		return false;
	for (size_t i = 0; i < p->len; i++)
		if (body.p[i] != p->bytes[i] && (p->any == NULL || p->any[i] != '*'))
			return false;
	return true;
}

/* Tags, in upper case, that are followed by a blank or '>'. */
static bool
is_html(struct str body)
{
	static const char *const tags[] = { "<!DOCTYPE HTML", "<HTML", "<HEAD", "<SCRIPT", "<IFRAME",
	    "<H1", "<DIV", "<FONT", "<TABLE", "<A", "<STYLE", "<TITLE", "<B", "<BODY", "<BR", "<P",
	    "<!--" };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		size_t n = strlen(tags[i]);
		if (body.len > n && str_eq_nocase((struct str){ body.p, n }, str_of(tags[i]))
		    && (body.p[n] == ' ' || body.p[n] == '>'))
			return true;
	}
	return false;
}

/* A box of the kind ftyp, with a brand of mp4 in it. */
static bool
is_mp4(struct str body)
{
	const unsigned char *p = (const unsigned char *)body.p;
	uint32_t size;

	if (body.len < 12 || memcmp(p + 4, "ftyp", 4) != 0)
		return false;
	size = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	if (body.len < size || size % 4 != 0)
		return false;
	for (uint32_t at = 8; at < size; at += 4)
		if (at != 12 && memcmp(p + at, "mp4", 3) == 0)	/* there, its version */
			return true;
	return false;
}

/* No byte that text does not have. */
static bool
is_text(struct str body)
{
	for (size_t i = 0; i < body.len; i++) {
		unsigned char c = (unsigned char)body.p[i];
		if (c < ' ' && (c <= 8 || c == 0x0b || (c >= 0x0e && c != 0x1b)))
			return false;
	}
	return true;
}

const char *
sniff_type(struct str body)
{
	struct str bare;
	size_t blank = 0;

	if (body.len > SNIFF_BYTES)
		body.len = SNIFF_BYTES;
	while (blank < body.len && body.p[blank] != '\0' && strchr("\t\n\f\r ", body.p[blank]) != NULL)
		blank++;
	bare = (struct str){ body.p + blank, body.len - blank };
	if (is_html(bare))
		return "text/html; charset=utf-8";
	if (str_starts(bare, STR("<?xml")))
		return "text/xml; charset=utf-8";
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		if (patterns[i].len == 0 ? is_mp4(body) : fits(&patterns[i], body))
			return patterns[i].type;
	return is_text(bare) ? "text/plain; charset=utf-8" : "application/octet-stream";
}
