/*
 * setting_check: settings of health checks: what a check requests, how often, and of whom.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/heap.h"
#include "world/filter_priv.h"
#include "world/setting_priv.h"

#define METHOD_MAX	32
#define HEADERS_MAX	2048		/* bytes of all of them */

/* ---- what is requested ---- */

/* CONNECT has no path. */
static bool
is_method(struct str s)
{
	return s.len <= METHOD_MAX && filter_is_token(s) && !str_eq_nocase(s, STR("CONNECT"));
}

static bool
read_method(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	(void)range;
	return setting_read_text(s, "GET", is_method(s),
	    "a method; expected one such as HEAD, POST", member, a, problem);
}

static bool
write_method(const void *member, struct buf *out)
{
	return setting_write_text(member, "GET", out);
}

/* A host name or an address, with a port or without. */
static bool
is_authority(struct str s)
{
	return form_host(s, false) || form_authority(s);
}

static bool
read_host(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	(void)range;
	return setting_read_text(s, "address", is_authority(s),
	    "a host; expected a name such as app.example.org, with a port or without", member, a, problem);
}

static bool
write_host(const void *member, struct buf *out)
{
	return setting_write_text(member, "address", out);
}

bool
setting_header_split(struct str line, struct str *name, struct str *value)
{
	struct str rest = line;

	if (!str_split(&rest, ':', name) || rest.p == NULL)
		return false;
	*value = str_trim(rest);
	if (!filter_is_token(*name) || filter_is_framing(*name) || str_eq_nocase(*name, STR("host")))
		return false;
	for (size_t i = 0; i < value->len; i++)
		if (((unsigned char)value->p[i] < ' ' && value->p[i] != '\t') || value->p[i] == 0x7f)
			return false;
	return true;
}

static bool
are_headers(struct str s)
{
	struct str rest = s, line, name, value;

	while (str_split(&rest, '\n', &line))
		if (str_trim(line).len > 0 && !setting_header_split(str_trim(line), &name, &value))
			return false;
	return s.len <= HEADERS_MAX && str_trim(s).len > 0;
}

static bool
read_headers(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	(void)range;
	return setting_read_text(s, "none", are_headers(s),
	    "a list of headers; expected 'Name: value' in each line, but no Host (hostname sets it), and "
	    "none that is about the connection or the length", member, a, problem);
}

static bool
write_headers(const void *member, struct buf *out)
{
	return setting_write_text(member, "none", out);
}

#define SERVICE_MAX	255

/* A name of Protocol Buffers, and what servers make of one. */
static bool
is_service(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.len > 0 && s.len <= SERVICE_MAX;
}

static bool
read_service(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	(void)range;
	return setting_read_text(s, "none", is_service(s),
	    "a name of a service of gRPC; expected one such as helloworld.Greeter", member, a, problem);
}

#define BYTES_MAX	1024

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What stands behind a backslash; *used: how much of it. -1: nothing that is known. */
static int
escape_read(struct str s, size_t *used)
{
	static const char names[] = "rnt\\", values[] = "\r\n\t\\";
	const char *at = s.len > 0 && *s.p != '\0' ? strchr(names, *s.p) : NULL;

	*used = at != NULL ? 1 : 3;
	if (at != NULL)
		return values[at - names];
	if (s.len < 3 || *s.p != 'x' || hex_digit(s.p[1]) < 0 || hex_digit(s.p[2]) < 0)
		return -1;
	return hex_digit(s.p[1]) << 4 | hex_digit(s.p[2]);
}

int
setting_bytes(struct str s, char *out)
{
	size_t used;
	int n = 0;

	for (size_t i = 0; i < s.len; i += used) {
		int c = (unsigned char)s.p[i];
		used = 1;
		if (c == '\\') {
			if ((c = escape_read((struct str){ s.p + i + 1, s.len - i - 1 }, &used)) < 0)
				return -1;
			used++;
		}
		out[n++] = (char)c;
	}
	return n;
}

static bool
read_check_bytes(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	char out[BYTES_MAX];

	(void)range;
	return setting_read_text(s, "none", s.len > 0 && s.len <= BYTES_MAX && setting_bytes(s, out) > 0,
	    "bytes; expected up to 1024, with \\r, \\n, \\t, \\\\ or \\xHH for those that are no text",
	    member, a, problem);
}

static bool
write_or_none(const void *member, struct buf *out)
{
	return setting_write_text(member, "none", out);
}

/* ---- how, and how often ---- */

static const char *const mode_words[] = { "http", "grpc", "tcp", NULL };
static const char *const scheme_words[] = { "same", "http", "h2c", "https", "h2", NULL };

SETTING_WORDS(mode, enum check_mode, mode_words)

SETTING_WORDS(scheme, enum check_scheme, scheme_words)

static const char *const all_down_words[] = { "refuse", "use", NULL };

SETTING_WORDS(all_down, enum all_down, all_down_words)

static bool
read_duration_or_same(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	if (!str_eq(s, STR("same")))
		return setting_DURATION.read(s, range, member, a, problem);
	*(int64_t *)member = 0;
	return true;
}

static bool
write_duration_or_same(const void *member, struct buf *out)
{
	return *(const int64_t *)member == 0 ? buf_adds(out, STR("same")) :
	    setting_DURATION.write(member, out);
}

static bool
read_port_or_same(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	if (!str_eq(s, STR("same")))
		return setting_COUNT.read(s, range, member, a, problem);
	*(unsigned *)member = 0;
	return true;
}

static bool
write_port_or_same(const void *member, struct buf *out)
{
	return *(const unsigned *)member == 0 ? buf_adds(out, STR("same")) :
	    setting_COUNT.write(member, out);
}

/* ---- as types ---- */

const struct setting_type
	setting_METHOD = { sizeof(MEMBER_METHOD), read_method, write_method,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_CHECK_HOST = { sizeof(MEMBER_CHECK_HOST), read_host, write_host,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_HEADERS = { sizeof(MEMBER_HEADERS), read_headers, write_headers,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_CHECK_SERVICE = { sizeof(MEMBER_CHECK_SERVICE), read_service, write_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_CHECK_BYTES = { sizeof(MEMBER_CHECK_BYTES), read_check_bytes, write_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_CHECK_MODE = { sizeof(MEMBER_CHECK_MODE), read_mode, write_mode, NULL, NULL, NULL },
	setting_CHECK_SCHEME = { sizeof(MEMBER_CHECK_SCHEME), read_scheme, write_scheme,
	    NULL, NULL, NULL },
	setting_ALL_DOWN = { sizeof(MEMBER_ALL_DOWN), read_all_down, write_all_down, NULL, NULL, NULL },
	setting_DURATION_OR_SAME = { sizeof(MEMBER_DURATION_OR_SAME), read_duration_or_same,
	    write_duration_or_same, NULL, NULL, NULL },
	setting_PORT_OR_SAME = { sizeof(MEMBER_PORT_OR_SAME), read_port_or_same, write_port_or_same,
	    NULL, NULL, NULL };
