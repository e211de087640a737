#include <string.h>
#include <time.h>

#include "acme/when.h"
#include "base/bug.h"

/* Takes `n` digits off the front. */
static bool
take_digits(struct str *s, size_t n, int *out)
{
	uint64_t v;

	if (s->len < n || !str_to_u64((struct str){ s->p, n }, &v))
		return false;
	*out = (int)v;
	s->p += n;
	s->len -= n;
	return true;
}

static bool
take_text(struct str *s, struct str text)
{
	if (s->len < text.len || !str_eq_nocase((struct str){ s->p, text.len }, text))
		return false;
	s->p += text.len;
	s->len -= text.len;
	return true;
}

/*
 * False: there is no such day. timegm would take 31 February for 3 March; a leap second is the
 * next.
 */
static bool
seconds_of(const struct tm *given, int64_t *sec)
{
	struct tm tm = *given;
	bool leap = tm.tm_sec == 60;
	time_t t;

	tm.tm_sec -= leap;
	t = timegm(&tm);
	if (given->tm_sec > 60 || tm.tm_mon != given->tm_mon || tm.tm_mday != given->tm_mday)
		return false;
	*sec = (int64_t)t + leap;
	return true;
}

static bool
take_clock(struct str *s, struct tm *tm)
{
	return take_digits(s, 2, &tm->tm_hour) && take_text(s, STR(":")) && take_digits(s, 2, &tm->tm_min)
	    && take_text(s, STR(":")) && take_digits(s, 2, &tm->tm_sec) && tm->tm_hour < 24
	    && tm->tm_min < 60;
}

/* "Z" or "+01:30": the seconds to subtract. */
static bool
take_zone(struct str *s, int64_t *offset)
{
	int hours, minutes, sign;

	*offset = 0;
	if (take_text(s, STR("Z")))
		return true;
	sign = take_text(s, STR("+")) ? 1 : take_text(s, STR("-")) ? -1 : 0;
	if (sign == 0 || !take_digits(s, 2, &hours) || !take_text(s, STR(":"))
	    || !take_digits(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool
when_rfc3339(struct str s, int64_t *sec)
{
	struct tm tm = { 0 };
	int64_t offset, t;
	int year, month, one;

	if (!take_digits(&s, 4, &year) || !take_text(&s, STR("-")) || !take_digits(&s, 2, &month)
	    || !take_text(&s, STR("-")) || !take_digits(&s, 2, &tm.tm_mday) || !take_text(&s, STR("T"))
	    || !take_clock(&s, &tm))
		return false;
	if (take_text(&s, STR("."))) {
		if (!take_digits(&s, 1, &one))
			return false;
		while (take_digits(&s, 1, &one))
			;
	}
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	if (!take_zone(&s, &offset) || s.len > 0 || !seconds_of(&tm, &t))
		return false;
	*sec = t - offset;
	return true;
}

static bool
take_month(struct str *s, int *out)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (take_text(s, (struct str){ names + 3 * i, 3 })) {
			*out = i;
			return true;
		}
	return false;
}

/*
 * The form that senders must use (RFC 9110, 5.6.7); the two obsolete ones are not understood.
 */
bool
when_http_date(struct str s, int64_t *sec)
{
	struct tm tm = { 0 };
	int year;

	if (s.len < 5 || s.p[3] != ',')
		return false;
	s.p += 4;
	s.len -= 4;
	if (!take_text(&s, STR(" ")) || !take_digits(&s, 2, &tm.tm_mday) || !take_text(&s, STR(" "))
	    || !take_month(&s, &tm.tm_mon) || !take_text(&s, STR(" ")) || !take_digits(&s, 4, &year)
	    || !take_text(&s, STR(" ")) || !take_clock(&s, &tm) || !take_text(&s, STR(" GMT"))
	    || s.len > 0)
		return false;
	tm.tm_year = year - 1900;
	return seconds_of(&tm, sec);
}

int64_t
when_retry_after(struct str s, int64_t now, int64_t most)
{
	uint64_t n;
	int64_t at;

	ASSERT(most > 0);
	s = str_trim(s);
	if (str_to_u64(s, &n))
		return n > (uint64_t)most ? most : (int64_t)n;
	if (!when_http_date(s, &at))
		return -1;
	return at <= now ? 0 : at - now > most ? most : at - now;
}

int64_t
when_renew(int64_t not_before, int64_t not_after, const struct when_window *w, double chance)
{
	double life = (double)(not_after - not_before);

	ASSERT(chance >= 0 && chance <= 1);
	if (w != NULL)
		return w->start + (int64_t)((double)(w->end - w->start) * chance);
	if (life <= 0)
		return not_after;
	return not_after - (int64_t)(life * (1.0 / 3 + .04 - .08 * chance));
}

int64_t
when_again(unsigned failures)
{
	static const int64_t wait[] = { 60, 300, 1800, 7200 };

	ASSERT(failures > 0);
	return wait[failures > 4 ? 3 : failures - 1];
}
