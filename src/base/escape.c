#include <string.h>

#include "base/bug.h"
#include "base/escape.h"

/* One byte as it is shown. */
static size_t
escape_byte(char out[ESCAPE_MOST], unsigned char c, enum escape how)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	if (c == '"' || c == '\\' || (c == '\n' && how == ESCAPE_LABEL)) {
		out[n++] = '\\';
		out[n++] = c == '\n' ? 'n' : (char)c;
	} else if (c < ' ' || c == 0x7f || (c > 0x7f && how == ESCAPE_LOG)) {
		if (how == ESCAPE_LABEL)
			out[n++] = '\\';
		memcpy(out + n, "\\u00", 4);
		n += 4;
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	} else
		out[n++] = (char)c;
	ASSERT(n >= 1 && n <= ESCAPE_MOST);
	return n;
}

size_t
escape_text(char *out, size_t cap, struct str s, enum escape how, size_t *used)
{
	char one[ESCAPE_MOST];
	size_t at = 0, i, n;

	ASSERT(how == ESCAPE_LOG || how == ESCAPE_LABEL);
	for (i = 0; i < s.len && at + (n = escape_byte(one, (unsigned char)s.p[i], how)) <= cap; i++) {
		memcpy(out + at, one, n);
		at += n;
	}
	if (used != NULL)
		*used = i;
	return at;
}
