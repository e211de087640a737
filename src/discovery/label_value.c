/*
 * label_value: the table of labels, and the readers of their values. People see the problem of
 * a value beside the value.
 * Must not know services.
 */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/word.h"
#include "discovery/labels.h"

#define TEXTS_MAX	64		/* hosts or paths of one label */

static bool
reject(char *problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool
reject(char *problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, PROBLEM_MAX, fmt, ap);
	va_end(ap);
	for (char *c = problem; *c != '\0'; c++)	/* what is quoted may have been cut within a character */
		if (*c < ' ' || *c > '~')
			*c = '?';
	return false;
}

bool
label_switch(struct str s, bool *on)
{
	*on = str_eq_nocase(s, STR("true"));
	return *on || str_eq_nocase(s, STR("false"));
}

bool
label_port(struct str s, unsigned *port)
{
	uint64_t n;

	if (!str_to_u64(s, &n) || n < 1 || n > 65535)
		return false;
	*port = (unsigned)n;
	return true;
}

/* What a service of the configuration file has, too. */
static bool
read_setting(const struct label_row *row, struct str s, void *member, struct arena *a,
    char *problem)
{
	return row->setting->read(s, row->range, member, a, problem);
}

/* Only what is plainly a yes serves a service. */
static bool
read_enable(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	static const char *const yes[] = { "true", "yes", "on", "1", NULL },
	    *const no[] = { "false", "no", "off", "0", NULL };
	char word[8] = "";
	int enable;

	(void)row, (void)a;
	for (size_t i = 0; i < s.len && i + 1 < sizeof word; i++)
		word[i] = (char)tolower((unsigned char)s.p[i]);
	enable = s.len < sizeof word && word_place(str_of(word), yes) >= 0 ? ENABLE_YES : ENABLE_NO;
	memcpy(member, &enable, sizeof enable);
	return enable == ENABLE_YES || (s.len < sizeof word && word_place(str_of(word), no) >= 0) ||
	    reject(problem, "expected true or false; it counts as false");
}

static bool
read_port(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	(void)a;
	return label_port(s, member) || reject(problem, "expected a port, %s to %s",
	    row->range.least, row->range.most);
}

/* Never reached by a value. */
static bool
read_later(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	(void)row, (void)s, (void)member, (void)a;
	return reject(problem, "not done yet");
}

/* Never reached either: promql.c reads them together. */
static bool
read_promql(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	return read_later(row, s, member, a, problem);
}

bool
label_is_planned(const struct label_row *row)
{
	return row->read == read_later;
}

/* ---- lists: their valid items apply, so that a typo in one host does not open all of them ---- */

static bool
list_has(const struct text_list *t, const char *s)
{
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->item[i], s) == 0)
			return true;
	return false;
}

static void
list_add(struct text_list *t, struct arena *a, struct str s, bool lower)
{
	char *copy = arena_text(a, s);

	ASSERT(t->given && t->n < TEXTS_MAX);
	for (char *c = copy; lower && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!list_has(t, copy))
		t->item[t->n++] = copy;
}

static bool
is_path(struct str s)
{
	return form_path(s) && memchr(s.p, '?', s.len) == NULL;
}

static bool
list_add_item(struct text_list *t, struct arena *a, struct str s, bool hosts)
{
	bool any = hosts && str_eq(s, STR("*"));

	if (!any && !(hosts ? form_host(s, true) : is_path(s)))
		return false;
	list_add(t, a, any ? STR("") : s, hosts);
	return true;
}

static bool
read_texts(struct str s, struct text_list *t, struct arena *a, bool hosts, char *problem)
{
	const char *expected = hosts ? "a host such as www.example.org, *.example.org or *, without a port"
	    : "a path that begins with '/'";
	struct str part, rest = s;
	bool good = true;

	*t = (struct text_list){ .given = true, .item = arena_zalloc(a, TEXTS_MAX * sizeof *t->item) };
	while (str_split(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.len > 0 && t->n == TEXTS_MAX)
			return reject(problem, "expected at most %d; the others are left out", TEXTS_MAX);
		if (part.len > 0 && !list_add_item(t, a, part, hosts))
			good = reject(problem, "'%.40s%s': expected %s", arena_text(a, part),
			    part.len > 40 ? "..." : "", expected);
	}
	return good && (t->n > 0 || reject(problem, "expected %s", expected));
}

static bool
read_hosts(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	(void)row;
	return read_texts(s, member, a, true, problem);
}

static bool
read_paths(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	(void)row;
	return read_texts(s, member, a, false, problem);
}

static bool
read_list(struct str s, size_t longest, const char *what, void *member, struct arena *a,
    char *problem)
{
	struct text_list *t = member;
	struct str part, rest = s;

	*t = (struct text_list){ .given = true, .item = arena_zalloc(a, TEXTS_MAX * sizeof *t->item) };
	while (str_split(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.len > 0 && t->n == TEXTS_MAX)
			return reject(problem, "expected at most %d; the others are left out", TEXTS_MAX);
		if (part.len > longest)
			return reject(problem, "expected names of at most %zu characters", longest);
		if (part.len > 0)
			list_add(t, a, part, false);
	}
	return t->n > 0 || reject(problem, "expected names of %s", what);
}

static bool
read_names(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	(void)row;
	return read_list(s, 63, "listeners", member, a, problem);
}

/* All or none: without one of them, the service is more open than meant. */
static bool
read_middlewares(const struct label_row *row, struct str s, void *member, struct arena *a,
    char *problem)
{
	struct text_list *t = member;
	bool good = read_list(s, 255, "middlewares", member, a, problem);

	(void)row;
	if (!good)
		t->n = 0;
	return good;
}

static bool
read_rule(const struct label_row *row, struct str s, void *member, struct arena *a, char *problem)
{
	struct labels_rule *l = member;
	struct rule rule;

	(void)row;
	*l = (struct labels_rule){ .given = true };
	if (!rule_parse(s, RULE_V3, a, &rule, problem))
		return false;
	if (rule.unsupported[0] != '\0')
		return reject(problem, "not understood: %s", rule.unsupported);
	if (rule.n == 0)
		return reject(problem, "no request can match all of it");
	l->text = arena_text(a, s);
	return true;
}

static bool
read_priority(const struct label_row *row, struct str s, void *member, struct arena *a,
    char *problem)
{
	(void)a;
	return rule_priority(s, member) || reject(problem, "expected a whole number, %s to %s",
	    row->range.least, row->range.most);
}

/* --- the table --- */

#define TYPE_ENABLE		read_enable, NULL
#define TYPE_PORT		read_port, NULL
#define TYPE_HOSTS		read_hosts, NULL
#define TYPE_PATHS		read_paths, NULL
#define TYPE_NAMES		read_names, NULL
#define TYPE_MIDDLEWARES	read_middlewares, NULL
#define TYPE_RULE		read_rule, NULL
#define TYPE_PRIORITY		read_priority, NULL
#define TYPE_PROMQL		read_promql, NULL
#define TYPE_LATER		read_later, NULL
#define TYPE_POLICY		read_setting, &setting_POLICY
#define TYPE_KIND		read_setting, &setting_KIND
#define TYPE_PROXY_VERSION	read_setting, &setting_PROXY_VERSION
#define TYPE_PROFILE		read_setting, &setting_PROFILE
#define TYPE_DURATION		read_setting, &setting_DURATION
#define TYPE_COUNT		read_setting, &setting_COUNT
#define TYPE_SERVICE_TLS	read_setting, &setting_SERVICE_TLS
#define TYPE_SWITCH		read_setting, &setting_SWITCH
#define TYPE_PATH_OR_NONE	read_setting, &setting_PATH_OR_NONE
#define TYPE_TENANTS		read_setting, &setting_TENANTS
#define TYPE_PRECEDENCE		read_setting, &setting_PRECEDENCE
#define TYPE_LOAD		read_setting, &setting_LOAD
#define TYPE_SCHEME		read_setting, &setting_SCHEME
#define TYPE_TLS_CA		read_setting, &setting_TLS_CA
#define TYPE_TLS_NAME		read_setting, &setting_TLS_NAME
#define TYPE_TLS_CERT		read_setting, &setting_TLS_CERT
#define TYPE_COOKIE_NAME	read_setting, &setting_COOKIE_NAME
#define TYPE_COOKIE_PATH	read_setting, &setting_COOKIE_PATH
#define TYPE_COOKIE_DOMAIN	read_setting, &setting_COOKIE_DOMAIN
#define TYPE_SAME_SITE		read_setting, &setting_SAME_SITE
#define TYPE_ALPN		read_setting, &setting_ALPN
#define TYPE_METHOD		read_setting, &setting_METHOD
#define TYPE_CHECK_HOST		read_setting, &setting_CHECK_HOST
#define TYPE_HEADERS		read_setting, &setting_HEADERS
#define TYPE_CHECK_MODE		read_setting, &setting_CHECK_MODE
#define TYPE_CHECK_SCHEME	read_setting, &setting_CHECK_SCHEME
#define TYPE_DURATION_OR_SAME	read_setting, &setting_DURATION_OR_SAME
#define TYPE_PORT_OR_SAME	read_setting, &setting_PORT_OR_SAME
#define TYPE_RETRY_ON		read_setting, &setting_RETRY_ON
#define TYPE_RETRY_METHODS	read_setting, &setting_RETRY_METHODS
#define TYPE_CHECK_SERVICE	read_setting, &setting_CHECK_SERVICE
#define TYPE_CHECK_BYTES	read_setting, &setting_CHECK_BYTES
#define TYPE_PERCENT		read_setting, &setting_PERCENT
#define TYPE_BYTES		read_setting, &setting_BYTES
#define TYPE_DURATION_OR_NONE	read_setting, &setting_DURATION_OR_NONE
#define TYPE_ALL_DOWN		read_setting, &setting_ALL_DOWN

const struct label_row label_rows[] = {
#define LABEL(group, name, type, field, fallback, least, most, help) \
	{ LABEL_NAME(group, name), offsetof(struct labels, field), TYPE_##type, { least, most }, \
	    fallback, help },
#include "tbl/labels.h"
#undef LABEL
};
const char *const label_names[] = {
#define LABEL(group, name, ...) LABEL_NAME(group, name),
#include "tbl/labels.h"
#undef LABEL
	NULL
};

/* Two rows of one name do not compile. */
enum {
#define LABEL(group, name, ...) NAME_IN_##group##_##name,
#include "tbl/labels.h"
#undef LABEL
};

const struct label_row *
label_row(const char *name)
{
	int at = word_place(str_of(name), label_names);

	return at < 0 ? NULL : &label_rows[at];
}
