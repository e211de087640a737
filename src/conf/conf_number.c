/*
 * conf_number: types of values that are numbers, durations or one of a few words.
 */
#include <ctype.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "base/word.h"
#include "conf/conf_type.h"

/* ---- numbers ---- */

static bool
number_within(const struct conf_key *k, struct str s, const char *what, double *x, char *problem)
{
	double least = strtod(k->range.least, NULL), most = strtod(k->range.most, NULL);

	ASSERT(least < most);
	if (!form_number(s, x))
		return problem_set(problem, "'%s' is not %s; expected %s to %s", QUOTED(s), what, k->range.least,
		    k->range.most);
	if (*x < least || *x > most)
		return problem_set(problem, "'%s' is out of range; expected %s to %s", QUOTED(s), k->range.least,
		    k->range.most);
	return true;
}

static bool
read_real(const struct conf_key *k, struct str s, void *member, char *problem)
{
	double x;

	if (!number_within(k, s, "a number", &x, problem))
		return false;
	memcpy(member, &x, sizeof x);
	return true;
}

static bool
write_real(const void *member, struct buf *out)
{
	const double *x = member;

	return *x != 0 && buf_printf(out, "%.15g", *x);
}

/* A weight may be 0; of other reals, 0 stands for not known and is not written. */
static bool
write_weight(const void *member, struct buf *out)
{
	const double *x = member;

	return buf_printf(out, "%.15g", *x);
}

static bool
read_count_or_auto(const struct conf_key *k, struct str s, void *member, char *problem)
{
	unsigned n = CONF_AUTO;

	if (!str_eq(s, STR("auto")))
		return read_setting(k, s, member, problem);
	memcpy(member, &n, sizeof n);
	return true;
}

static bool
write_count_or_auto(const void *member, struct buf *out)
{
	unsigned n = *(const unsigned *)member;

	return n == CONF_AUTO ? buf_adds(out, STR("auto")) : buf_printf(out, "%u", n);
}

static unsigned
cpus_usable(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

static bool
read_workers(const struct conf_key *k, struct str s, void *member, char *problem)
{
	unsigned n = cpus_usable();
	uint64_t given = n;

	if (!str_eq(s, STR("auto")) && (!str_to_u64(s, &given) || given < 1 || given > WORKERS_MAX))
		return problem_set(problem, "'%s' is not a number of workers; expected auto, or %s to %s",
		    QUOTED(s), k->range.least, k->range.most);
	n = (unsigned)given;
	ASSERT(n >= 1 && n <= WORKERS_MAX);
	memcpy(member, &n, sizeof n);
	return true;
}

static bool
write_balancers(const void *member, struct buf *out)
{
	return write_real(member, out) || buf_adds(out, STR("auto"));
}

static bool
read_balancers(const struct conf_key *k, struct str s, void *member, char *problem)
{
	double x = 0;

	if (!str_eq(s, STR("auto")) && !number_within(k, s, "auto or a number", &x, problem))
		return false;
	memcpy(member, &x, sizeof x);
	return true;
}

/* ---- words ---- */

int
word_of(struct str s, const char *const *words, char *problem)
{
	char wrong[SETTING_PROBLEM_MAX];
	int at = setting_word(s, words, wrong);

	if (at < 0)
		problem_set(problem, "'%s' %s", QUOTED(s), wrong);
	return at;
}

static const char *const level_words[] = { "debug", "info", "warn", "error", NULL };
static const char *const format_words[] = { "text", "json", NULL };

static bool
read_limits(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return profile_limit_read(s, member) || problem_set(problem,
	    "'%s' is not understood; expected limits such as [0.7, 0.9], the "
	    "soft one below the hard one, or none", QUOTED(s));
}

static bool
write_limits(const void *member, struct buf *out)
{
	profile_limit_write(member, out);
	return true;
}

static bool
read_level(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int at = word_of(s, level_words, problem);
	enum log_level level = (enum log_level)at;

	(void)k;
	if (at >= 0)
		memcpy(member, &level, sizeof level);
	return at >= 0;
}

static bool
write_level(const void *member, struct buf *out)
{
	const enum log_level *level = member;

	ASSERT((unsigned)*level <= LOG_ERROR);
	return buf_adds(out, str_of(level_words[*level]));
}

static bool
read_format(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int at = word_of(s, format_words, problem);
	bool b = at == 1;

	(void)k;
	if (at >= 0)
		memcpy(member, &b, sizeof b);
	return at >= 0;
}

static bool
write_format(const void *member, struct buf *out)
{
	const bool *b = member;

	return buf_adds(out, str_of(format_words[*b]));
}

const struct conf_type
	type_DURATION = { read_setting, NULL, KIND_PLAIN, false, &setting_DURATION },
	type_REAL = { read_real, write_real, KIND_PLAIN, true, NULL },
	type_WEIGHT = { read_real, write_weight, KIND_PLAIN, true, NULL },
	type_COUNT = { read_setting, NULL, KIND_PLAIN, true, &setting_COUNT },
	type_COUNT_OR_AUTO = { read_count_or_auto, write_count_or_auto, KIND_PLAIN, true, &setting_COUNT },
	type_SAME_SITE = { read_setting, NULL, KIND_PLAIN, false, &setting_SAME_SITE },
	type_CHECK_MODE = { read_setting, NULL, KIND_PLAIN, false, &setting_CHECK_MODE },
	type_CHECK_SCHEME = { read_setting, NULL, KIND_PLAIN, false, &setting_CHECK_SCHEME },
	type_DURATION_OR_SAME = { read_setting, NULL, KIND_PLAIN, false, &setting_DURATION_OR_SAME },
	type_PORT_OR_SAME = { read_setting, NULL, KIND_PLAIN, true, &setting_PORT_OR_SAME },
	type_PRECEDENCE = { read_setting, NULL, KIND_PLAIN, false, &setting_PRECEDENCE },
	type_ALL_DOWN = { read_setting, NULL, KIND_PLAIN, false, &setting_ALL_DOWN },
	type_TENANTS = { read_setting, NULL, KIND_PLAIN, false, &setting_TENANTS },
	type_LOAD = { read_setting, NULL, KIND_PLAIN, false, &setting_LOAD },
	type_SCHEME = { read_setting, NULL, KIND_PLAIN, false, &setting_SCHEME },
	type_BYTES = { read_setting, NULL, KIND_PLAIN, false, &setting_BYTES },
	type_RETRY_ON = { read_setting, NULL, KIND_PLAIN, false, &setting_RETRY_ON },
	type_RETRY_METHODS = { read_setting, NULL, KIND_PLAIN, false, &setting_RETRY_METHODS },
	type_PERCENT = { read_setting, NULL, KIND_PLAIN, false, &setting_PERCENT },
	type_DURATION_OR_NONE = { read_setting, NULL, KIND_PLAIN, false, &setting_DURATION_OR_NONE },
	type_WORKERS = { read_workers, NULL, KIND_PLAIN, true, &setting_COUNT },
	type_BALANCERS = { read_balancers, write_balancers, KIND_PLAIN, true, NULL },
	type_KIND = { read_setting, NULL, KIND_PLAIN, false, &setting_KIND },
	type_PROXY_VERSION = { read_setting, NULL, KIND_PLAIN, false, &setting_PROXY_VERSION },
	type_POLICY = { read_setting, NULL, KIND_PLAIN, false, &setting_POLICY },
	type_PROFILE = { read_setting, NULL, KIND_PLAIN, false, &setting_PROFILE },
	type_LIMITS = { read_limits, write_limits, KIND_PLAIN, false, NULL },
	type_LEVEL = { read_level, write_level, KIND_PLAIN, false, NULL },
	type_FORMAT = { read_format, write_format, KIND_PLAIN, false, NULL },
	type_SWITCH = { read_setting, NULL, KIND_PLAIN, true, &setting_SWITCH },
	type_SERVICE_TLS = { read_setting, NULL, KIND_PLAIN, false, &setting_SERVICE_TLS };
