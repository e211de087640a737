/*
 * table_path: pure functions of a path. Must not know which routes there are.
 */
#include <string.h>

#include "base/bug.h"
#include "world/table_path.h"

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ---- what it means to Traefik ---- */

/*
 * Go keeps a path as it is spelled when each of its characters may stand in a path; else it
 * decodes all of it, and encodes that anew, in which a slash that was encoded is one. Traefik
 * writes escapes in upper case and decodes unreserved ones, cleans that, and decodes the others.
 */
static bool
is_unreserved(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c != '\0' && strchr("-._~", c) != NULL);
}

static bool
may_stand(unsigned char c)
{
	return is_unreserved(c) || (c != '\0' && strchr("/%!$&'()*+,;=:@[]", c) != NULL);
}

static bool
stays_encoded(unsigned char c)
{
	return c != '\0' && strchr(":/?#[]@!$&'()*+,;=%", c) != NULL;
}

static void
put_escape(char *out, size_t *n, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	out[(*n)++] = '%';
	out[(*n)++] = hex[c >> 4];
	out[(*n)++] = hex[c & 15];
}

/* False: an escape is malformed. */
static bool
byte_decode(struct str *rest, unsigned char *c, bool *escaped)
{
	int high, low;

	*escaped = *rest->p == '%';
	*c = (unsigned char)*rest->p;
	if (*escaped) {
		high = rest->len > 2 ? hex_of(rest->p[1]) : -1;
		low = high < 0 ? -1 : hex_of(rest->p[2]);
		if (low < 0)
			return false;
		*c = (unsigned char)(high * 16 + low);
	}
	*rest = (struct str){ rest->p + (*escaped ? 3 : 1), rest->len - (*escaped ? 3 : 1) };
	return true;
}

static bool
path_normalize(struct str path, char *out, size_t *len)
{
	bool anew = false, escaped;
	unsigned char c;

	for (size_t i = 0; i < path.len; i++)
		anew |= !may_stand((unsigned char)path.p[i]);
	for (*len = 0; path.len > 0;) {
		if (!byte_decode(&path, &c, &escaped))
			return false;
		if (is_unreserved(c) || (anew ? c != '\0' && strchr("$&+,/:;=@", c) != NULL : !escaped))
			out[(*len)++] = (char)c;
		else
			put_escape(out, len, c);
	}
	return true;
}

/* In place. What it makes is never longer. */
static size_t
path_clean(char *p, size_t len)
{
	bool slash = p[len - 1] == '/';
	size_t n = 1;

	ASSERT(len > 0 && p[0] == '/');
	for (size_t at = 1; at < len;) {
		size_t end = at;
		while (end < len && p[end] != '/')
			end++;
		if (end - at == 2 && p[at] == '.' && p[at + 1] == '.') {
			for (n -= n > 1; n > 1 && p[n - 1] != '/'; n--)
				;
		} else if (end - at > 1 || (end - at == 1 && p[at] != '.')) {
			memmove(p + n, p + at, end - at);
			n += end - at;
			p[n++] = '/';
		}
		at = end + 1;
	}
	return n > 1 && !slash ? n - 1 : n;
}

bool
path_routed(struct str path, char *room, struct str *routed)
{
	struct str rest;
	unsigned char c;
	size_t len, n = 0;
	bool escaped;

	if (path.len == 0 || !path_normalize(path, room, &len))
		return false;
	if (room[0] == '/')
		len = path_clean(room, len);
	for (rest = (struct str){ room, len }; rest.len > 0;) {
		bool good = byte_decode(&rest, &c, &escaped);
		ASSERT(good);
		if (escaped && stays_encoded(c))
			put_escape(room, &n, c);
		else
			room[n++] = (char)c;
	}
	*routed = (struct str){ room, n };
	return true;
}

/* ---- what a path means to a task ---- */

/* Tasks read paths differently. Each reading is a choice of these. */
#define READ_PARAMS	1U	/* a segment ends at ';', as in "/x/..;a=b/admin" */
/* an empty segment is one, which ".." takes away: "/admin//../x" is "/admin/x" */
#define READ_EMPTY	2U
#define READ_ENCODED	4U	/* %2f and %5c separate nothing: "/admin/%2f..%2f.." is below "/admin/" */
_Static_assert(PATH_READINGS == 8, "three choices");

static char
byte_take(struct str *rest, unsigned how)
{
	int high = *rest->p == '%' && rest->len > 2 ? hex_of(rest->p[1]) : -1;
	int low = high < 0 ? -1 : hex_of(rest->p[2]);
	char c = low < 0 ? *rest->p : (char)(high * 16 + low);

	if (low >= 0 && (how & READ_ENCODED) != 0 && (c == '/' || c == '\\')) {
		low = -1;
		c = '%';
	}
	*rest = (struct str){ rest->p + (low < 0 ? 1 : 3), rest->len - (low < 0 ? 1 : 3) };
	return c == '\\' ? '/' : c;
}

/* Takes a segment that has just ended off the end of `out` when it is ".", ".." (with the one
 * before it) or empty. */
static size_t
segment_close(const char *out, size_t n)
{
	size_t at = n;

	ASSERT(n > 0 && n < PATH_PLAIN_MOST && out[0] == '/');
	while (out[at - 1] != '/')
		at--;
	if (n - at == 2 && out[at] == '.' && out[at + 1] == '.') {
		for (at -= at > 1; at > 1 && out[at - 1] != '/'; at--)
			;
		return at;
	}
	return n == at || (n - at == 1 && out[at] == '.') ? at : n;
}

/* False: it does not fit. */
bool
path_read(struct str path, unsigned how, char out[PATH_PLAIN_MOST], struct str *plain)
{
	size_t n = 0, kept;

	out[n++] = '/';
	if (path.len > 0 && *path.p == '/')
		path = (struct str){ path.p + 1, path.len - 1 };
	while (path.len > 0) {
		char c = byte_take(&path, how);
		if (c == ';' && (how & READ_PARAMS) != 0) {
			while (path.len > 0 && *path.p != '/')
				path = (struct str){ path.p + 1, path.len - 1 };
			continue;
		}
		if (n == PATH_PLAIN_MOST - 1)
			return false;
		if (c != '/') {
			out[n++] = c;
			continue;
		}
		kept = segment_close(out, n);
		if (kept == n && (out[n - 1] != '/' || (how & READ_EMPTY) != 0))
			out[n++] = '/';
		else
			n = kept;
	}
	*plain = (struct str){ out, segment_close(out, n) };
	ASSERT(plain->len > 0);
	return true;
}

bool
path_is_odd(struct str path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.p[i] == '%' || path.p[i] == ';' || path.p[i] == '\\' ||
		    (path.p[i] == '/' && i + 1 < path.len && (path.p[i + 1] == '/' || path.p[i + 1] == '.')))
			return true;
	return false;
}

bool
path_climbs(struct str path)
{
	int dots = -1;		/* of which the segment consists so far; -1: of others, too */
	char c;

	while (path.len > 0) {
		c = byte_take(&path, 0);
		if ((c == '/' || c == ';') && dots == 2)
			return true;
		dots = c == '/' ? 0 : c == '.' && dots >= 0 ? dots + 1 : -1;
	}
	return dots == 2;
}
