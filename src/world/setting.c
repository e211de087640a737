/*
 * setting: the types of settings, and a service's settings as one. What is wrong with a text is
 * read beside the text itself, in an error of the configuration file or in the list of a
 * service's labels, so it is not quoted here. Must not know where a text stood.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "base/word.h"
#include "world/setting_priv.h"

bool
setting_wrong(char *problem, const char *fmt, ...)
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
		setting_wrong(problem, "is not known; expected %s%s%s%s", word_all(words, all, sizeof all),
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

SETTING_WORDS(policy, enum policy, policy_words)

SETTING_WORDS(kind, enum service_kind, kind_words)

SETTING_WORDS(version, enum proxy_version, version_words)

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

static const char *const tenants_words[] = { "fair", "polite", "greedy", NULL };

SETTING_WORDS(tenants, enum tenancy, tenants_words)

static const char *const precedence_words[] = { "normal", "low", "high", NULL };

SETTING_WORDS(precedence, enum precedence, precedence_words)

static const char *const load_words[] = { "none", "orca", "orca-pass", NULL };

SETTING_WORDS(load, enum load_reports, load_words)

static const char *const tls_words[] = { "none", "acme", "terminate", NULL };

SETTING_WORDS(service_tls, enum service_tls, tls_words)

static const char *const scheme_words[] = { "http", "h2c", "https", "h2", NULL };

const char *
scheme_name(enum scheme s)
{
	ASSERT((unsigned)s < SCHEME_COUNT);
	return scheme_words[s];
}

SETTING_WORDS(scheme, enum scheme, scheme_words)

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
		return setting_wrong(problem, "has no unit; expected a duration such as 500ms, 2s, 5m or 1h");
	if (!form_duration(s, &usec))
		return setting_wrong(problem, "is not a duration; expected one such as 500ms, 2s, 5m or 1h");
	if (usec < least || usec > most)
		return setting_wrong(problem, "is out of range; expected %s to %s", range.least, range.most);
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
		return setting_wrong(problem, "is not a whole number; expected %s to %s", range.least,
		    range.most);
	if (x < least || x > most)
		return setting_wrong(problem, "is out of range; expected %s to %s", range.least, range.most);
	if ((double)(unsigned)x != x)
		return setting_wrong(problem, "is not a whole number; expected %s to %s", range.least,
		    range.most);
	*(unsigned *)member = (unsigned)x;
	return true;
}

static bool
write_count(const void *member, struct buf *out)
{
	return buf_printf(out, "%u", *(const unsigned *)member);
}

/* A whole number with its sign. */
/* ---- profiles and queries ---- */

static bool
read_profile(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	const struct why *why = profile_parse(s, member);

	(void)range, (void)a;
	return why == NULL || setting_wrong(problem, "is %s", why->text);
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
	setting_TENANTS = { sizeof(MEMBER_TENANTS), read_tenants, write_tenants, NULL, NULL, NULL },
	setting_PRECEDENCE = { sizeof(MEMBER_PRECEDENCE), read_precedence, write_precedence,
	    NULL, NULL, NULL },
	setting_LOAD = { sizeof(MEMBER_LOAD), read_load, write_load, NULL, NULL, NULL },
	setting_SCHEME = { sizeof(MEMBER_SCHEME), read_scheme, write_scheme, NULL, NULL, NULL },
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

static bool
is_same(const struct setting *s, const struct service_conf *a, const struct service_conf *b)
{
	const void *member = (const char *)a + s->at, *other = (const char *)b + s->at;

	return s->type->same != NULL ? s->type->same(member, other) :
	    memcmp(member, other, s->type->size) == 0;
}

bool
service_conf_same(const struct service_conf *a, const struct service_conf *b)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (!is_same(&settings[i], a, b))
			return false;
	return true;
}

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

		if (is_same(&settings[i], at, from))
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
