/*
 * A connection without a sound header is refused: read as HTTP, it would let its sender pass for
 * anybody. Knows no connections.
 */
#include <string.h>

#include "proxy/proxy_header.h"

#define LINE_MAX_BYTES	107		/* of version 1, CRLF included */
#define SIGNATURE	"\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_BYTES	12
#define FIXED_BYTES	16		/* signature, version and command, family, length */
#define TLV_CRC32C	0x03

/* Does `in` begin so, as far as it goes? */
static bool
may_begin(struct str in, const char *prefix, size_t len)
{
	return memcmp(in.p, prefix, in.len < len ? in.len : len) == 0;
}

/* ---- version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n", "PROXY UNKNOWN ...\r\n" ---- */

static bool
port_is_sound(struct str port)
{
	uint64_t n;

	return port.len <= 5 && str_to_u64(port, &n) && n <= 65535;
}

static bool
line_read(struct str line, struct proxy_header *h)
{
	struct str part[5], rest = line;
	struct ip to;
	bool v4;
	int n = 0;

	while (n < 5 && str_split(&rest, ' ', &part[n]))
		n++;
	if (n > 0 && str_eq(part[0], STR("UNKNOWN"))) {
		h->local = true;
		return true;
	}
	if (n < 5 || rest.p != NULL)
		return false;
	v4 = str_eq(part[0], STR("TCP4"));
	if (!v4 && !str_eq(part[0], STR("TCP6")))
		return false;
	if (!ip_parse(part[1], &h->source) || !ip_parse(part[2], &to))
		return false;
	if ((memchr(part[1].p, ':', part[1].len) == NULL) != v4
	    || (memchr(part[2].p, ':', part[2].len) == NULL) != v4)
		return false;
	h->local = false;
	return port_is_sound(part[3]) && port_is_sound(part[4]);
}

static enum parse
parse_v1(struct str in, struct proxy_header *h, size_t *used)
{
	size_t most = in.len < LINE_MAX_BYTES ? in.len : LINE_MAX_BYTES;
	const char *lf = memchr(in.p, '\n', most);

	if (lf == NULL)
		return most == LINE_MAX_BYTES ? PARSE_BAD : PARSE_MORE;
	if (lf[-1] != '\r' || !line_read((struct str){ in.p + 6, (size_t)(lf - in.p) - 7 }, h))
		return PARSE_BAD;
	*used = (size_t)(lf - in.p) + 1;
	return PARSE_DONE;
}

/* ---- version 2: binary ---- */

static unsigned
be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t
crc32c_add(uint32_t crc, const uint8_t *p, size_t n)
{
	while (n-- > 0) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* Over all of the header, with zeroes in the place of the sum. */
static bool
crc_is_right(const uint8_t *all, size_t len, size_t at)
{
	static const uint8_t zeroes[4];
	uint32_t crc = crc32c_add(0xffffffff, all, at);

	crc = crc32c_add(crc, zeroes, 4);
	crc = ~crc32c_add(crc, all + at + 4, len - at - 4);
	return crc == ((uint32_t)be16(all + at) << 16 | be16(all + at + 2));
}

/* What follows the addresses: types, lengths and values. Only the checksum concerns us. */
static bool
tlvs_are_sound(const uint8_t *all, size_t len, size_t at)
{
	while (at < len) {
		size_t n;
		if (len - at < 3 || (n = be16(all + at + 1)) > len - at - 3)
			return false;
		if (all[at] == TLV_CRC32C && (n != 4 || !crc_is_right(all, len, at + 3)))
			return false;
		at += 3 + n;
	}
	return true;
}

/* Bytes of the addresses of a family, or -1: it is not one of TCP. *local: they mean nothing to
 * us. */
static int
addresses_of(uint8_t family, bool *local)
{
	*local = family == 0x00 || family == 0x31;
	switch (family) {
	case 0x00: return 0;		/* unspecified */
	case 0x11: return 12;
	case 0x21: return 36;
	case 0x31: return 216;		/* unix socket */
	default: return -1;
	}
}

static enum parse
parse_v2(struct str in, struct proxy_header *h, size_t *used)
{
	const uint8_t *p = (const uint8_t *)in.p;
	size_t len;
	bool local;
	int addresses;

	if (in.len < FIXED_BYTES)
		return PARSE_MORE;
	len = FIXED_BYTES + be16(p + 14);
	if (p[12] >> 4 != 2 || (p[12] & 15) > 1 || len > PROXY_HEADER_MAX)
		return PARSE_BAD;
	if ((p[12] & 15) == 0)
		local = true;		/* command LOCAL: the rest is to be skipped */
	else if ((addresses = addresses_of(p[13], &local)) < 0 || (size_t)addresses > len - FIXED_BYTES)
		return PARSE_BAD;
	if (in.len < len)
		return PARSE_MORE;
	if ((p[12] & 15) == 1 && p[13] != 0 && !tlvs_are_sound(p, len, FIXED_BYTES + (size_t)addresses))
		return PARSE_BAD;
	h->local = local;
	if (!local && p[13] == 0x11)
		h->source = ip_of_v4(p + FIXED_BYTES);
	else if (!local)
		memcpy(h->source.b, p + FIXED_BYTES, sizeof h->source.b);
	*used = len;
	return PARSE_DONE;
}

enum parse
proxy_header_parse(struct str in, struct proxy_header *h, size_t *used)
{
	if (in.len == 0)
		return PARSE_MORE;
	if (may_begin(in, SIGNATURE, SIGNATURE_BYTES))
		return in.len < SIGNATURE_BYTES ? PARSE_MORE : parse_v2(in, h, used);
	if (may_begin(in, "PROXY ", 6))
		return in.len < 6 ? PARSE_MORE : parse_v1(in, h, used);
	return PARSE_BAD;
}
