/*
 * Which bytes are escaped in a path is as in Go's net/url (shouldEscape, validEncoded): what is
 * sent on must not differ from what Traefik would send.
 */
#include <string.h>

#include "base/bug.h"
#include "filter/url.h"

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of an escape at the front; -1: there is none. */
static int
escape_at(struct str s)
{
	int high, low;

	if (s.len < 3 || s.p[0] != '%')
		return -1;
	high = hex_of(s.p[1]);
	low = hex_of(s.p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
	    || c == '.' || c == '_' || c == '~';
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* As itself where the usual spelling is concerned. */
static bool
stands(char c)
{
	return is_unreserved(c) || is_one_of(c, "$&+,/:;=@");
}

static bool
unescape(struct filter_run *r, struct str s, struct str *out)
{
	char *to;
	size_t n = 0;

	*out = s;		/* most paths have no escape, and take no room */
	if (s.len == 0 || memchr(s.p, '%', s.len) == NULL)
		return true;
	to = run_room(r, s.len);
	for (size_t i = 0; to != NULL && i < s.len; i++) {
		int byte = escape_at((struct str){ s.p + i, s.len - i });
		if (s.p[i] == '%' && byte < 0)
			return false;
		to[n++] = byte < 0 ? s.p[i] : (char)byte;
		i += byte < 0 ? 0 : 2;
	}
	*out = (struct str){ to == NULL ? "" : to, n };
	return true;
}

static struct str
escape(struct filter_run *r, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0, escapes = 0;
	char *to;

	for (size_t i = 0; i < s.len; i++)
		escapes += !stands(s.p[i]);
	if (escapes == 0)
		return s;
	to = run_room(r, s.len + 2 * escapes);
	for (size_t i = 0; to != NULL && i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (stands((char)c)) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '%';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	return (struct str){ to == NULL ? "" : to, n };
}

static bool
may_be_spelled(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!stands(s.p[i]) && !is_one_of(s.p[i], "!'()*[]%"))
			return false;
	return true;
}

bool
url_set(struct filter_run *r, struct url *u, struct str spelled)
{
	struct str path;

	if (!unescape(r, spelled, &path))
		return false;
	u->path = path;
	u->raw = str_eq(escape(r, path), spelled) ? (struct str){ "", 0 } : spelled;
	return true;
}

struct str
url_spelled(struct filter_run *r, const struct url *u)
{
	struct str path;

	if (u->raw.len > 0 && may_be_spelled(u->raw) && unescape(r, u->raw, &path)
	    && str_eq(path, u->path))
		return u->raw;
	return escape(r, u->path);
}

/* ---- cleaning ---- */

static size_t
normalize(struct str s, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int byte = escape_at((struct str){ s.p + i, s.len - i });
		if (byte < 0) {
			to[n++] = s.p[i];
			continue;
		}
		if (is_unreserved((char)byte))
			to[n++] = (char)byte;
		else {
			to[n++] = '%';
			for (int k = 1; k <= 2; k++)
				to[n++] = s.p[i + (size_t)k] >= 'a' ? (char)(s.p[i + (size_t)k] - 32) : s.p[i + (size_t)k];
		}
		i += 2;
	}
	return n;
}

struct str
url_clean(struct filter_run *r, struct str spelled)
{
	char *to = run_room(r, spelled.len + 2);
	struct str rest = spelled, segment;
	size_t n = 0;
	bool slash;

	ASSERT(spelled.len > 0 && spelled.p[0] == '/');
	if (to == NULL)
		return (struct str){ "/", 1 };
	if (memchr(spelled.p, '%', spelled.len) != NULL) {
		char *normal = run_room(r, spelled.len);
		if (normal == NULL)
			return (struct str){ "/", 1 };
		rest = (struct str){ normal, normalize(spelled, normal) };
	}
	slash = rest.p[rest.len - 1] == '/';
	while (str_split(&rest, '/', &segment)) {
		if (segment.len == 0 || str_eq(segment, STR(".")))
			continue;
		if (str_eq(segment, STR(".."))) {
			while (n > 0 && to[--n] != '/')
				;
			continue;
		}
		to[n++] = '/';
		memcpy(to + n, segment.p, segment.len);	/* not empty */
		n += segment.len;
	}
	if (n == 0 || (slash && to[n - 1] != '/'))
		to[n++] = '/';
	return (struct str){ to, n };
}
