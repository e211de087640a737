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

/* ---- how, and how often ---- */

static const char *const mode_words[] = { "http", "grpc", NULL };
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
	setting_CHECK_MODE = { sizeof(MEMBER_CHECK_MODE), read_mode, write_mode, NULL, NULL, NULL },
	setting_CHECK_SCHEME = { sizeof(MEMBER_CHECK_SCHEME), read_scheme, write_scheme,
	    NULL, NULL, NULL },
	setting_ALL_DOWN = { sizeof(MEMBER_ALL_DOWN), read_all_down, write_all_down, NULL, NULL, NULL },
	setting_DURATION_OR_SAME = { sizeof(MEMBER_DURATION_OR_SAME), read_duration_or_same,
	    write_duration_or_same, NULL, NULL, NULL },
	setting_PORT_OR_SAME = { sizeof(MEMBER_PORT_OR_SAME), read_port_or_same, write_port_or_same,
	    NULL, NULL, NULL };
