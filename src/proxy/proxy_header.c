/*
 * A connection without a sound header is refused: read as HTTP, it would let its sender pass for
 * anybody. Knows no connections.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
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
port_read(struct str port, uint16_t *out)
{
	uint64_t n;

	if (port.len > 5 || !str_to_u64(port, &n) || n > 65535)
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool
line_read(struct str line, struct proxy_header *h)
{
	struct str part[5], rest = line;
	uint16_t to_port;
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
	return port_read(part[3], &h->source_port) && port_read(part[4], &to_port);
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
	if (!local && p[13] == 0x11) {
		h->source = ip_of_v4(p + FIXED_BYTES);
		h->source_port = (uint16_t)be16(p + FIXED_BYTES + 8);
	} else if (!local) {
		memcpy(h->source.b, p + FIXED_BYTES, sizeof h->source.b);
		h->source_port = (uint16_t)be16(p + FIXED_BYTES + 32);
	}
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

/* ---- writing ---- */

/* Both addresses have one family in a header: an IPv4 one beside an IPv6 one is written as
 * mapped. */
static bool
both_are_v4(const struct proxy_ends *e)
{
	return ip_is_v4(&e->source) && ip_is_v4(&e->here);
}

/* Who has no address, as on a unix socket, has "::". */
static size_t
text_of(const struct ip *ip, bool v4, char out[IP_TEXT_MAX])
{
	static const struct ip none;
	char plain[IP_TEXT_MAX];

	if (ip_eq(ip, &none))
		return (size_t)snprintf(out, IP_TEXT_MAX, "::");
	return (size_t)snprintf(out, IP_TEXT_MAX, "%s%s", !v4 && ip_is_v4(ip) ? "::ffff:" : "",
	    ip_text(ip, plain).p);
}

static size_t
write_v1(char out[PROXY_SENT_MAX], const struct proxy_ends *e)
{
	char source[IP_TEXT_MAX], here[IP_TEXT_MAX], line[PROXY_SENT_MAX + 1];
	bool v4 = e != NULL && both_are_v4(e);
	int n;

	if (e == NULL)
		n = snprintf(line, sizeof line, "PROXY UNKNOWN\r\n");
	else {
		text_of(&e->source, v4, source);
		text_of(&e->here, v4, here);
		n = snprintf(line, sizeof line, "PROXY TCP%c %s %s %u %u\r\n", v4 ? '4' : '6', source, here,
		    e->source_port, e->here_port);
	}
	ASSERT(n > 0 && n <= PROXY_SENT_MAX);
	memcpy(out, line, (size_t)n);
	return (size_t)n;
}

static char *
put16(char *at, unsigned n)
{
	*at++ = (char)(n >> 8);
	*at++ = (char)n;
	return at;
}

static size_t
write_v2(char out[PROXY_SENT_MAX], const struct proxy_ends *e)
{
	size_t from = e != NULL && both_are_v4(e) ? 12 : 0, n = 16 - from;
	char *at = out + SIGNATURE_BYTES;

	memcpy(out, SIGNATURE, SIGNATURE_BYTES);
	*at++ = e == NULL ? 0x20 : 0x21;
	*at++ = e == NULL ? 0 : from > 0 ? 0x11 : 0x21;
	at = put16(at, e == NULL ? 0 : (unsigned)(2 * n + 4));
	if (e == NULL)
		return FIXED_BYTES;
	memcpy(at, e->source.b + from, n);
	memcpy(at + n, e->here.b + from, n);
	at = put16(at + 2 * n, e->source_port);
	at = put16(at, e->here_port);
	ASSERT(at - out <= PROXY_SENT_MAX);
	return (size_t)(at - out);
}

size_t
proxy_header_write(char out[PROXY_SENT_MAX], enum proxy_version version,
    const struct proxy_ends *e)
{
	ASSERT(version < PROXY_VERSIONS);
	return version == PROXY_NONE ? 0 : version == PROXY_V1 ? write_v1(out, e) : write_v2(out, e);
}
