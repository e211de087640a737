/*
 * Which bytes are escaped in a path is as in Go's net/url (shouldEscape, validEncoded): what is
 * sent on must not differ from what Traefik would send.
 */
#include <string.h>

#include "base/bug.h"
#include "filter/url.h"
#include "http/chars.h"

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

bool
url_is_escape(struct str s)
{
	return escape_at(s) >= 0;
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

/* Bytes that stand for themselves in the usual spelling, beside the unreserved. */
#define IN_PATH		"$&+,/:;=@"
#define IN_FRAGMENT	IN_PATH "?!()*"
#define IN_HOST		"!$&'()*+,;=:[]<>\""

static bool
stands(char c, const char *set)
{
	return is_unreserved(c) || is_one_of(c, set);
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
escape(struct filter_run *r, struct str s, const char *set)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0, escapes = 0;
	char *to;

	for (size_t i = 0; i < s.len; i++)
		escapes += !stands(s.p[i], set);
	if (escapes == 0)
		return s;
	to = run_room(r, s.len + 2 * escapes);
	for (size_t i = 0; to != NULL && i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (stands((char)c, set)) {
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
may_be_spelled(struct str s, const char *set)
{
	for (size_t i = 0; i < s.len; i++)
		if (!stands(s.p[i], set) && !is_one_of(s.p[i], "!'()*[]%"))
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
	u->raw = str_eq(escape(r, path, IN_PATH), spelled) ? (struct str){ "", 0 } : spelled;
	return true;
}

struct str
url_spelled(struct filter_run *r, const struct url *u)
{
	struct str path;

	if (u->raw.len > 0 && may_be_spelled(u->raw, IN_PATH) && unescape(r, u->raw, &path)
	    && str_eq(path, u->path))
		return u->raw;
	return escape(r, u->path, IN_PATH);
}

/* ---- prefixes ---- */

static size_t
spelled_bytes(struct str raw, size_t decoded)
{
	size_t n = 0;

	while (n < raw.len && decoded-- > 0)
		n += raw.p[n] == '%' && n + 2 < raw.len ? 3 : 1;
	return n;
}

static struct str
without(struct filter_run *r, struct str path, size_t n, bool force_slash)
{
	ASSERT(n <= path.len);
	path = (struct str){ path.p + n, path.len - n };
	if ((path.len == 0 && !force_slash) || (path.len > 0 && path.p[0] == '/'))
		return path;
	return run_join(r, STR("/"), path);
}

void
url_strip(struct filter_run *r, struct url *u, size_t bytes, bool force_slash)
{
	u->path = without(r, u->path, bytes, force_slash);
	if (u->raw.len > 0)
		u->raw = without(r, u->raw, spelled_bytes(u->raw, bytes), force_slash);
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

static bool
is_clean(struct filter_run *r, const struct url *u)
{
	struct str path = u->path;

	if (memmem(path.p, path.len, "//", 2) == NULL && memmem(path.p, path.len, "/.", 2) == NULL)
		return true;
	return unescape(r, url_clean(r, url_spelled(r, u)), &path) && str_eq(path, u->path);
}

enum filter_verdict
url_verdict(struct filter_run *r, const struct url *u)
{
	if (r->full || is_clean(r, u))
		return FILTER_PASS;
	run_failed(r, WHY_UNCLEAN_PATH, STR("Bad Request"));
	return FILTER_RESPOND;
}

/* ---- whole URLs ---- */

/* A part of a URL, with what cannot stand in it escaped. False: it has a malformed escape. */
static bool
part_normal(struct filter_run *r, struct str *part, const char *set)
{
	struct str decoded;

	if (!unescape(r, *part, &decoded))
		return false;
	if (!may_be_spelled(*part, set))
		*part = escape(r, decoded, set);
	return true;
}

/* What is behind the first `c`, and the rest before it; false: there is none. */
static bool
cut(struct str *s, char c, struct str *behind)
{
	const char *at = memchr(s->p, c, s->len);

	if (at == NULL)
		return false;
	*behind = str_between(at + 1, s->p + s->len);
	s->len = (size_t)(at - s->p);
	return true;
}

/* The scheme, in lower case; empty: there is none. False: a colon without one. */
static bool
take_scheme(struct filter_run *r, struct str *rest, struct str *scheme)
{
	char *lower;
	size_t n = 0;

	*scheme = (struct str){ "", 0 };
	while (n < rest->len && stands(rest->p[n], "+") && !is_one_of(rest->p[n], "_~")
	    && (n > 0 || ((rest->p[n] | 32) >= 'a' && (rest->p[n] | 32) <= 'z')))
		n++;
	if (n == rest->len || rest->p[n] != ':')
		return true;
	if (n == 0 || (lower = run_room(r, n)) == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		lower[i] = (char)(rest->p[i] >= 'A' && rest->p[i] <= 'Z' ? rest->p[i] + 32 : rest->p[i]);
	*scheme = (struct str){ lower, n };
	*rest = (struct str){ rest->p + n + 1, rest->len - n - 1 };
	return true;
}

/* A host with a port, if it has one; neither names of users nor escapes. */
static bool
is_authority(struct str s)
{
	const char *colon = memrchr(s.p, ':', s.len), *bracket = memrchr(s.p, ']', s.len);
	bool v6 = s.len > 0 && s.p[0] == '[';

	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x80 && !stands(s.p[i], IN_HOST))
			return false;
	if (memrchr(s.p, '[', s.len) != NULL && !(v6 && memrchr(s.p + 1, '[', s.len - 1) == NULL))
		return false;
	if (v6 && (bracket == NULL || (bracket + 1 < s.p + s.len && bracket[1] != ':')))
		return false;
	if (colon == NULL || (v6 && colon < bracket))
		return true;
	if (!v6 && memchr(s.p, ':', (size_t)(colon - s.p)) != NULL)
		return false;
	for (const char *c = colon + 1; c < s.p + s.len; c++)
		if (*c < '0' || *c > '9')
			return false;
	return true;
}

bool
url_has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Takes "//host:80" from the front of the path; p NULL: it is not there. False: there is no host
 * that could be meant. */
static bool
take_authority(struct str *path, struct str *authority, bool has_scheme)
{
	const char *slash;

	*authority = (struct str){ NULL, 0 };
	if (!str_starts(*path, STR("//")) || (!has_scheme && str_starts(*path, STR("///"))))
		return true;
	*authority = (struct str){ path->p + 2, path->len - 2 };
	slash = memchr(authority->p, '/', authority->len);
	*path = (struct str){ authority->p + authority->len, 0 };
	if (slash != NULL) {
		*path = str_between(slash, authority->p + authority->len);
		authority->len = (size_t)(slash - authority->p);
	}
	return is_authority(*authority);
}

bool
url_normal(struct filter_run *r, struct str url, struct str *normal)
{
	struct str path = url, scheme, authority, query = { "", 0 }, fragment = { "", 0 };
	bool has_fragment = cut(&path, '#', &fragment) && fragment.len > 0, has_query, opaque;
	const char *colon, *slash;

	if (url_has_control(path) || !take_scheme(r, &path, &scheme)
	    || !part_normal(r, &fragment, IN_FRAGMENT))
		return false;
	has_query = cut(&path, '?', &query);
	opaque = scheme.len > 0 && (path.len == 0 || path.p[0] != '/');
	colon = memchr(path.p, ':', path.len);
	slash = memchr(path.p, '/', path.len);
	if (scheme.len == 0 && colon != NULL && (slash == NULL || colon < slash))
		return false;		/* what is before it would be read as a scheme */
	if (opaque && path.len > 0)
		authority = (struct str){ NULL, 0 };
	else if (!take_authority(&path, &authority, scheme.len > 0) || !part_normal(r, &path, IN_PATH))
		return false;
	*normal = run_text(r, "%.*s%s", STR_ARG(scheme), scheme.len > 0 ? ":" : "");
	if (authority.p != NULL && (authority.len > 0 || path.len > 0))
		*normal = run_join(r, run_join(r, *normal, STR("//")), escape(r, authority, IN_HOST));
	*normal = run_join(r, *normal, path);
	if (has_query)
		*normal = run_join(r, run_join(r, *normal, STR("?")), query);
	if (has_fragment)
		*normal = run_join(r, run_join(r, *normal, STR("#")), fragment);
	return !r->full;
}
