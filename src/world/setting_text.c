/*
 * setting_text: settings that are texts: paths, names, lists of protocols, the parts of a cookie.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/form.h"
#include "base/heap.h"
#include "world/setting_priv.h"

bool
setting_same_text(const void *member, const void *other)
{
	const char *a = *(char *const *)member, *b = *(char *const *)other;

	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void
setting_set_text(void *member, const void *from)
{
	char **text = member, *const *other = from;

	free(*text);
	*text = *other == NULL ? NULL : must_strdup(*other);
}

void
setting_clear_text(void *member)
{
	char **text = member;

	free(*text);
	*text = NULL;
}

static bool
read_path_or_none(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	bool none = str_eq(s, STR("none"));
	char **text = member;

	(void)range;
	if (!none && !form_path(s))
		return setting_wrong(problem, "is not a path; expected one that begins with '/', or none");
	if (a == NULL)
		free(*text);
	*text = none ? NULL : a != NULL ? arena_text(a, s) : str_dup(s);
	return true;
}

static bool
write_path_or_none(const void *member, struct buf *out)
{
	const char *text = *(char *const *)member;

	return buf_adds(out, text != NULL ? str_of(text) : STR("none"));
}

/* ---- names, and the word that stands for none ---- */

bool
setting_read_text(struct str s, const char *word, bool sound, const char *expected, void *member,
    struct arena *a, char *problem)
{
	bool none = str_eq(s, str_of(word));
	char **text = member;

	if (!none && !sound)
		return setting_wrong(problem, "is not %s, or %s", expected, word);
	if (a == NULL)
		free(*text);
	*text = none ? NULL : a != NULL ? arena_text(a, s) : str_dup(s);
	return true;
}

bool
setting_write_text(const void *member, const char *word, struct buf *out)
{
	const char *text = *(char *const *)member;

	return buf_adds(out, str_of(text != NULL ? text : word));
}

#define ALPN_MAX	200		/* bytes */
#define COOKIE_NAME_MAX	128
#define NAME_EXPECTED	"a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-'"

static bool
read_tls_ca(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	(void)range;
	return setting_read_text(s, "system", form_name(s), NAME_EXPECTED, member, a, problem);
}

static bool
write_tls_ca(const void *member, struct buf *out)
{
	return setting_write_text(member, "system", out);
}

static bool
read_tls_cert(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return setting_read_text(s, "none", form_name(s), NAME_EXPECTED, member, a, problem);
}

static bool
write_or_none(const void *member, struct buf *out)
{
	return setting_write_text(member, "none", out);
}

static bool
read_tls_name(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return setting_read_text(s, "service", form_host(s, false),
	    "a host name; expected one, " TLS_NAME_ADDRESS, member, a, problem);
}

static bool
write_tls_name(const void *member, struct buf *out)
{
	return setting_write_text(member, "service", out);
}

/* Names of protocols, with commas between them, that fit into an answer by ALPN. */
static bool
is_alpn(struct str s)
{
	struct str rest = s, name;

	if (s.len == 0 || s.len > ALPN_MAX || s.p[s.len - 1] == ',')
		return false;
	while (str_split(&rest, ',', &name)) {
		if (name.len == 0)
			return false;
		for (size_t i = 0; i < name.len; i++)
			if (name.p[i] <= ' ' || name.p[i] > '~')
				return false;
	}
	return true;
}

static bool
read_alpn(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	(void)range;
	return setting_read_text(s, "none", is_alpn(s),
	    "a list of protocols; expected names with commas and no blanks between them, such as "
	    "postgresql", member, a, problem);
}

static bool
write_alpn(const void *member, struct buf *out)
{
	return setting_write_text(member, "none", out);
}

/* ---- a cookie (RFC 6265, 4.1.1) ---- */

static const char *const same_site_words[] = { "unsaid", "none", "lax", "strict", NULL };

SETTING_WORDS(same_site, enum same_site, same_site_words)

static bool
is_cookie_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && strchr("!#$%&'*+-.^_`|~", s.p[i]) == NULL)
			return false;
	return s.len > 0 && s.len <= COOKIE_NAME_MAX;
}

static bool
read_cookie_name(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return setting_read_text(s, "none", is_cookie_name(s),
	    "a cookie's name; expected up to 128 letters, "
	    "digits and some of !#$%&'*+-.^_`|~", member, a, problem);
}

static bool
read_cookie_path(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return setting_read_text(s, "none", form_path(s) && memchr(s.p, ';', s.len) == NULL,
	    "a path; expected one that begins with '/' and has no ';'", member, a, problem);
}

/* A dot before it was usual once, and says nothing. */
static bool
read_cookie_domain(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	bool dot = s.len > 0 && *s.p == '.';

	(void)range;
	return setting_read_text(s, "none", form_host((struct str){ s.p + dot, s.len - dot }, false),
	    "a host name", member, a, problem);
}

/* ---- as types ---- */

const struct setting_type
	setting_PATH_OR_NONE = { sizeof(MEMBER_PATH_OR_NONE), read_path_or_none, write_path_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_TLS_CA = { sizeof(MEMBER_TLS_CA), read_tls_ca, write_tls_ca,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_TLS_NAME = { sizeof(MEMBER_TLS_NAME), read_tls_name, write_tls_name,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_TLS_CERT = { sizeof(MEMBER_TLS_CERT), read_tls_cert, write_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_ALPN = { sizeof(MEMBER_ALPN), read_alpn, write_alpn,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_COOKIE_NAME = { sizeof(MEMBER_COOKIE_NAME), read_cookie_name, write_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_COOKIE_PATH = { sizeof(MEMBER_COOKIE_PATH), read_cookie_path, write_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_COOKIE_DOMAIN = { sizeof(MEMBER_COOKIE_DOMAIN), read_cookie_domain, write_or_none,
	    setting_same_text, setting_set_text, setting_clear_text },
	setting_SAME_SITE = { sizeof(MEMBER_SAME_SITE), read_same_site, write_same_site,
	    NULL, NULL, NULL };
