/*
 * chars: which bytes may stand where in HTTP/1.x (RFC 9110, 5.6.2 and 5.5; RFC 9112, 3.2; RFC
 * 3986, 3.2.2).
 */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H

#include "base/str.h"

enum {
	CHAR_TOKEN = 1,		/* methods and field names */
	CHAR_TARGET = 2,	/* request targets: visible ASCII without '#' */
	CHAR_VALUE = 4,		/* field values: no control byte but HTAB */
	CHAR_HOST = 8		/* registered names, as in Host */
};

extern const uint8_t chars[256];

static inline bool
char_is(char c, uint8_t classes)
{
	return (chars[(unsigned char)c] & classes) != 0;
}

static inline int
char_hex(char c)		/* the value of a hexadecimal digit, or -1 */
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline struct str
str_between(const char *from, const char *to)
{
	return (struct str){ from, (size_t)(to - from) };
}

static inline const char *
chars_skip(const char *p, const char *end, uint8_t classes)
{
	while (p < end && char_is(*p, classes))
		p++;
	return p;
}

#endif
