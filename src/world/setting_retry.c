/*
 * setting_retry: settings of what is sent again, and the types of numbers that they brought:
 * bytes, parts in percent, durations that may be none.
 */
#include "base/bug.h"
#include "world/setting_priv.h"

static bool
read_retry_on(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	char words[SETTING_PROBLEM_MAX / 2];
	struct str wrong;

	(void)range, (void)a;
	return retry_on_read(s, member, &wrong) || setting_wrong(problem,
	    "has '%.*s', which is not known; expected %s, statuses such as 503, 500-504 or 5xx, with "
	    "commas between them, or none", (int)(wrong.len < 40 ? wrong.len : 40), wrong.p,
	    retry_on_words(words, sizeof words));
}

static bool
write_retry_on(const void *member, struct buf *out)
{
	return retry_on_write(member, out);
}

static const char *const methods_words[] = { "idempotent", "all", NULL };

SETTING_WORDS(methods, enum retry_methods, methods_words)

/* ---- numbers ---- */

static bool
percent_of(struct str s, unsigned *out)
{
	uint64_t n;

	if (s.len < 2 || s.p[s.len - 1] != '%' || !str_to_u64((struct str){ s.p, s.len - 1 }, &n)
	    || n > 1000)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool
read_percent(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	unsigned n, least = 0, most = 0;
	bool bounded = percent_of(str_of(range.least), &least) && percent_of(str_of(range.most), &most);

	(void)a;
	ASSERT(bounded && least < most);
	if (!percent_of(s, &n))
		return setting_wrong(problem, "is not a percentage; expected one such as 20%%");
	if (n < least || n > most)
		return setting_wrong(problem, "is out of range; expected %s to %s", range.least, range.most);
	*(unsigned *)member = n;
	return true;
}

static bool
write_percent(const void *member, struct buf *out)
{
	return buf_printf(out, "%u%%", *(const unsigned *)member);
}

/* A whole number, or one of KiB (k, KB) or MiB (m, MB). */
static bool
bytes_of(struct str s, unsigned *out)
{
	size_t len = s.len;
	unsigned shift = 0;
	uint64_t n;

	if (len > 2 && (s.p[len - 1] | 0x20) == 'b')
		len--;
	if (len > 1 && (s.p[len - 1] | 0x20) == 'k')
		shift = 10;
	else if (len > 1 && (s.p[len - 1] | 0x20) == 'm')
		shift = 20;
	else
		len = s.len;			/* no unit, not even b */
	if (!str_to_u64((struct str){ s.p, len - (shift > 0) }, &n) || n > UINT32_MAX >> shift)
		return false;
	*out = (unsigned)n << shift;
	return true;
}

static bool
read_bytes(struct str s, struct setting_range range, void *member, struct arena *a, char *problem)
{
	unsigned n, least = 0, most = 0;
	bool bounded = bytes_of(str_of(range.least), &least) && bytes_of(str_of(range.most), &most);

	(void)a;
	ASSERT(bounded && least < most);
	if (!bytes_of(s, &n))
		return setting_wrong(problem, "is not a number of bytes; expected one such as 500, 16k or 1m");
	if (n < least || n > most)
		return setting_wrong(problem, "is out of range; expected %s to %s", range.least, range.most);
	*(unsigned *)member = n;
	return true;
}

static bool
write_bytes(const void *member, struct buf *out)
{
	unsigned n = *(const unsigned *)member;

	if (n > 0 && n % (1u << 20) == 0)
		return buf_printf(out, "%um", n >> 20);
	if (n > 0 && n % 1024 == 0)
		return buf_printf(out, "%uk", n >> 10);
	return buf_printf(out, "%u", n);
}

static bool
read_duration_or_none(struct str s, struct setting_range range, void *member, struct arena *a,
    char *problem)
{
	if (!str_eq(s, STR("none")))
		return setting_DURATION.read(s, range, member, a, problem);
	*(int64_t *)member = 0;
	return true;
}

static bool
write_duration_or_none(const void *member, struct buf *out)
{
	return *(const int64_t *)member == 0 ? buf_adds(out, STR("none")) :
	    setting_DURATION.write(member, out);
}

/* ---- as types ---- */

const struct setting_type
	setting_RETRY_ON = { sizeof(MEMBER_RETRY_ON), read_retry_on, write_retry_on, NULL, NULL, NULL },
	setting_RETRY_METHODS = { sizeof(MEMBER_RETRY_METHODS), read_methods, write_methods,
	    NULL, NULL, NULL },
	setting_PERCENT = { sizeof(MEMBER_PERCENT), read_percent, write_percent, NULL, NULL, NULL },
	setting_BYTES = { sizeof(MEMBER_BYTES), read_bytes, write_bytes, NULL, NULL, NULL },
	setting_DURATION_OR_NONE = { sizeof(MEMBER_DURATION_OR_NONE), read_duration_or_none,
	    write_duration_or_none, NULL, NULL, NULL };
