/*
 * setting: the types of settings, and a service's settings as one. What is wrong with a text is
 * read beside the text itself, in an error of the configuration file or in the list of a
 * service's labels, so it is not quoted here. Must not know where a text stood.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "base/word.h"
#include "world/setting.h"

static bool
wrong(char *problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool
wrong(char *problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, SETTING_PROBLEM_MAX, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- words ---- */

int
setting_word(struct str s, const char *const *words, char problem[SETTING_PROBLEM_MAX])
{
	const char *near = word_near(s, words);
	char all[SETTING_PROBLEM_MAX / 2];
	int at = word_place(s, words);

	if (at < 0)
		wrong(problem, "is not known; expected %s%s%s%s", word_all(words, all, sizeof all),
		    near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
	return at;
}

static const char *const policy_words[] = {
#define POLICY(id, name, text) name,
#include "tbl/policies.h"
#undef POLICY
	NULL
};
static const char *const kind_words[] = { "http", "tcp", NULL };
static const char *const version_words[] = { "none", "v1", "v2", NULL };
static const char *const switch_words[] = { "false", "true", NULL };

static bool
read_policy(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	int at = setting_word(s, policy_words, problem);

	(void)range, (void)a;
	if (at >= 0)
		*(enum policy *)member = (enum policy)at;
	return at >= 0;
}

static bool
write_policy(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(policy_name(*(const enum policy *)member)));
}

static bool
read_kind(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	int at = setting_word(s, kind_words, problem);

	(void)range, (void)a;
	if (at >= 0)
		*(enum service_kind *)member = (enum service_kind)at;
	return at >= 0;
}

static bool
write_kind(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(kind_words[*(const enum service_kind *)member]));
}

static bool
read_version(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	int at = setting_word(s, version_words, problem);

	(void)range, (void)a;
	if (at >= 0)
		*(enum proxy_version *)member = (enum proxy_version)at;
	return at >= 0;
}

static bool
write_version(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(version_words[*(const enum proxy_version *)member]));
}

static bool
read_switch(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	bool on = str_eq_nocase(s, STR("true"));

	(void)range, (void)a;
	if (!on && !str_eq_nocase(s, STR("false")))
		return setting_word(s, switch_words, problem) >= 0;
	*(bool *)member = on;
	return true;
}

static bool
write_switch(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(switch_words[*(const bool *)member]));
}

static const char *const tls_words[] = { "none", "acme", "terminate", NULL };

static bool
read_service_tls(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	int at = setting_word(s, tls_words, problem);

	(void)range, (void)a;
	if (at >= 0)
		*(enum service_tls *)member = (enum service_tls)at;
	return at >= 0;
}

static bool
write_service_tls(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(tls_words[*(const enum service_tls *)member]));
}

static const char *const scheme_words[] = { "http", "h2c", "https", "h2", NULL };

const char *
scheme_name(enum scheme s)
{
	ASSERT((unsigned)s < SCHEME_COUNT);
	return scheme_words[s];
}

static bool
read_scheme(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	int at = setting_word(s, scheme_words, problem);

	(void)range, (void)a;
	if (at >= 0)
		*(enum scheme *)member = (enum scheme)at;
	return at >= 0;
}

static bool
write_scheme(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(scheme_name(*(const enum scheme *)member)));
}

/* ---- numbers ---- */

static bool
read_duration(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	int64_t usec, least = 0, most = 0;
	bool bounded = form_duration(str_of(range.least), &least) &&
	    form_duration(str_of(range.most), &most);
	double x;

	(void)a;
	ASSERT(bounded && least < most);
	if (form_number(s, &x))
		return wrong(problem, "has no unit; expected a duration such as 500ms, 2s, 5m or 1h");
	if (!form_duration(s, &usec))
		return wrong(problem, "is not a duration; expected one such as 500ms, 2s, 5m or 1h");
	if (usec < least || usec > most)
		return wrong(problem, "is out of range; expected %s to %s", range.least, range.most);
	*(int64_t *)member = usec;
	return true;
}

static bool
write_duration(const void *member, struct buf *out)
{
	return form_write_duration(out, *(const int64_t *)member);
}

static bool
read_count(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	double x, least = strtod(range.least, NULL), most = strtod(range.most, NULL);

	(void)a;
	ASSERT(least < most && most <= UINT32_MAX);
	if (!form_number(s, &x))
		return wrong(problem, "is not a whole number; expected %s to %s", range.least, range.most);
	if (x < least || x > most)
		return wrong(problem, "is out of range; expected %s to %s", range.least, range.most);
	if ((double)(unsigned)x != x)
		return wrong(problem, "is not a whole number; expected %s to %s", range.least, range.most);
	*(unsigned *)member = (unsigned)x;
	return true;
}

static bool
write_count(const void *member, struct buf *out)
{
	return buf_printf(out, "%u", *(const unsigned *)member);
}

/* ---- texts ---- */

static bool
same_text(const void *member, const void *other)
{
	const char *a = *(char *const *)member, *b = *(char *const *)other;

	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
set_text(void *member, const void *from)
{
	char **text = member, *const *other = from;

	free(*text);
	*text = *other == NULL ? NULL : must_strdup(*other);
}

static void
clear_text(void *member)
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
		return wrong(problem, "is not a path; expected one that begins with '/', or none");
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

static bool
read_or_word(struct str s, const char *word, bool sound, const char *expected, void *member,
    struct arena *a, char *problem)
{
	bool none = str_eq(s, str_of(word));
	char **text = member;

	if (!none && !sound)
		return wrong(problem, "is not %s, or %s", expected, word);
	if (a == NULL)
		free(*text);
	*text = none ? NULL : a != NULL ? arena_text(a, s) : str_dup(s);
	return true;
}

static bool
write_or_word(const void *member, const char *word, struct buf *out)
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
	return read_or_word(s, "system", form_name(s), NAME_EXPECTED, member, a, problem);
}

static bool
write_tls_ca(const void *member, struct buf *out)
{
	return write_or_word(member, "system", out);
}

static bool
read_tls_cert(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return read_or_word(s, "none", form_name(s), NAME_EXPECTED, member, a, problem);
}

static bool
write_or_none(const void *member, struct buf *out)
{
	return write_or_word(member, "none", out);
}

static bool
read_tls_name(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return read_or_word(s, "service", form_host(s, false),
	    "a host name; expected one, " TLS_NAME_ADDRESS, member, a, problem);
}

static bool
write_tls_name(const void *member, struct buf *out)
{
	return write_or_word(member, "service", out);
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
	return read_or_word(s, "none", is_alpn(s),
	    "a list of protocols; expected names with commas and no blanks between them, such as "
	    "postgresql", member, a, problem);
}

static bool
write_alpn(const void *member, struct buf *out)
{
	return write_or_word(member, "none", out);
}

/* ---- a cookie (RFC 6265, 4.1.1) ---- */

static const char *const same_site_words[] = { "unsaid", "none", "lax", "strict", NULL };

static bool
read_same_site(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	int at = setting_word(s, same_site_words, problem);

	(void)range, (void)a;
	if (at >= 0)
		*(enum same_site *)member = (enum same_site)at;
	return at >= 0;
}

static bool
write_same_site(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(same_site_words[*(const enum same_site *)member]));
}

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
	return read_or_word(s, "none", is_cookie_name(s), "a cookie's name; expected up to 128 letters, "
	    "digits and some of !#$%&'*+-.^_`|~", member, a, problem);
}

static bool
read_cookie_path(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	(void)range;
	return read_or_word(s, "none", form_path(s) && memchr(s.p, ';', s.len) == NULL,
	    "a path; expected one that begins with '/' and has no ';'", member, a, problem);
}

/* A dot before it was usual once, and says nothing. */
static bool
read_cookie_domain(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	bool dot = s.len > 0 && *s.p == '.';

	(void)range;
	return read_or_word(s, "none", form_host((struct str){ s.p + dot, s.len - dot }, false),
	    "a host name", member, a, problem);
}

/* ---- profiles and queries ---- */

static bool
read_profile(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	const struct why *why = profile_parse(s, member);

	(void)range, (void)a;
	return why == NULL || wrong(problem, "is %s", why->text);
}

static bool
write_profile(const void *member, struct buf *out)
{
	profile_write(member, out);
	return true;
}

static bool
same_profile(const void *member, const void *other)
{
	return profile_same(member, other);
}

static bool
same_queries(const void *member, const void *other)
{
	return terms_same(member, other);
}

static void
set_queries(void *member, const void *from)
{
	terms_free(member);
	terms_copy(member, from);
}

static void
clear_queries(void *member)
{
	terms_free(member);
}

const struct setting_type
	setting_POLICY = { sizeof(MEMBER_POLICY), read_policy, write_policy, NULL, NULL, NULL },
	setting_KIND = { sizeof(MEMBER_KIND), read_kind, write_kind, NULL, NULL, NULL },
	setting_PROXY_VERSION = { sizeof(MEMBER_PROXY_VERSION), read_version, write_version,
	    NULL, NULL, NULL },
	setting_PROFILE = { sizeof(MEMBER_PROFILE), read_profile, write_profile,
		same_profile, NULL, NULL },
	setting_DURATION = { sizeof(MEMBER_DURATION), read_duration, write_duration, NULL, NULL, NULL },
	setting_COUNT = { sizeof(MEMBER_COUNT), read_count, write_count, NULL, NULL, NULL },
	setting_SWITCH = { sizeof(MEMBER_SWITCH), read_switch, write_switch, NULL, NULL, NULL },
	setting_SERVICE_TLS = { sizeof(MEMBER_SERVICE_TLS), read_service_tls, write_service_tls,
	    NULL, NULL, NULL },
	setting_PATH_OR_NONE = { sizeof(MEMBER_PATH_OR_NONE), read_path_or_none, write_path_or_none,
	    same_text, set_text, clear_text },
	setting_SCHEME = { sizeof(MEMBER_SCHEME), read_scheme, write_scheme, NULL, NULL, NULL },
	setting_TLS_CA = { sizeof(MEMBER_TLS_CA), read_tls_ca, write_tls_ca,
	    same_text, set_text, clear_text },
	setting_TLS_NAME = { sizeof(MEMBER_TLS_NAME), read_tls_name, write_tls_name,
	    same_text, set_text, clear_text },
	setting_TLS_CERT = { sizeof(MEMBER_TLS_CERT), read_tls_cert, write_or_none,
	    same_text, set_text, clear_text },
	setting_ALPN = { sizeof(MEMBER_ALPN), read_alpn, write_alpn, same_text, set_text, clear_text },
	setting_COOKIE_NAME = { sizeof(MEMBER_COOKIE_NAME), read_cookie_name, write_or_none,
	    same_text, set_text, clear_text },
	setting_COOKIE_PATH = { sizeof(MEMBER_COOKIE_PATH), read_cookie_path, write_or_none,
	    same_text, set_text, clear_text },
	setting_COOKIE_DOMAIN = { sizeof(MEMBER_COOKIE_DOMAIN), read_cookie_domain, write_or_none,
	    same_text, set_text, clear_text },
	setting_SAME_SITE = { sizeof(MEMBER_SAME_SITE), read_same_site, write_same_site,
	    NULL, NULL, NULL },
	setting_QUERIES = { sizeof(MEMBER_QUERIES), NULL, NULL, same_queries, set_queries, clear_queries };

/* ---- all of a service's ---- */

static const struct setting {
	const struct setting_type *type;
	size_t		 at;		/* in struct service_conf */
} settings[] = {
#define SETTING(type, field, ...) { &setting_##type, offsetof(struct service_conf, field) },
#include "tbl/service.h"
#undef SETTING
};

#define SETTINGS (sizeof settings / sizeof *settings)

bool
service_conf_set(struct service_conf *at, const struct service_conf *from)
{
	bool differed = false;

	ASSERT(at != from && at->terms.n <= TERMS_MAX && from->terms.n <= TERMS_MAX);
	ASSERT((unsigned)from->policy < POLICY_COUNT);
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting_type *type = settings[i].type;
		void *member = (char *)at + settings[i].at;
		const void *other = (const char *)from + settings[i].at;

		if (type->same != NULL ? type->same(member, other) : memcmp(member, other, type->size) == 0)
			continue;
		differed = true;
		if (type->set != NULL)
			type->set(member, other);
		else
			memcpy(member, other, type->size);
	}
	return differed;
}

void
service_conf_clear(struct service_conf *c)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting_type *type = settings[i].type;
		void *member = (char *)c + settings[i].at;

		if (type->clear != NULL)
			type->clear(member);
		else
			memset(member, 0, type->size);
	}
}
