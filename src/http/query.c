#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "http/query.h"

static bool
decode(struct str s, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] == '+' ? ' ' : s.p[i];
		if (c == '%') {
			if (s.len - i < 3 || char_hex(s.p[i + 1]) < 0 || char_hex(s.p[i + 2]) < 0)
				return false;
			c = (char)(char_hex(s.p[i + 1]) << 4 | char_hex(s.p[i + 2]));
			i += 2;
		}
		if (c == '\0' || n + 1 >= cap)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

bool
query_get(struct str query, const char *name, char *out, size_t cap)
{
	struct str pair, key;
	char text[128];

	ASSERT(cap > 0);
	while (str_split(&query, '&', &pair))
		if (str_split(&pair, '=', &key) && decode(key, text, sizeof text) && strcmp(text, name) == 0)
			return decode(pair, out, cap);
	return false;
}

bool
query_escape(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char coded[3] = { '%', hex[c >> 4], hex[c & 15] };
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~';

		if (c == ' ')
			buf_adds(out, STR("+"));
		else if (plain)
			buf_add(out, s.p + i, 1);
		else
			buf_add(out, coded, sizeof coded);
	}
	return !out->full;
}
