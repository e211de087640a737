/*
 * retry_on: as text.
 */
#include <stdio.h>

#include "base/bug.h"
#include "base/word.h"
#include "world/retry_on.h"

#define IS_WORD	true
#define IS_OTHERWISE	false
#define WORD_WORD(word)	word,
#define WORD_OTHERWISE(word)

static const char *const words[] = {
#define RETRY(id, word, kind, text) WORD_##kind(word)
#include "tbl/retries.h"
#undef RETRY
	NULL
};

static const struct {
	const char	*word;
	bool		 is_word;
} reasons[RETRY_REASONS] = {
#define RETRY(id, word, kind, text) { word, IS_##kind },
#include "tbl/retries.h"
#undef RETRY
};

const char *
retry_reason_name(enum retry_reason r)
{
	ASSERT((unsigned)r < RETRY_REASONS);
	return reasons[r].word;
}

static void
add_statuses(struct retry_on *on, unsigned least, unsigned most)
{
	for (unsigned s = least - RETRY_STATUS_LEAST; s <= most - RETRY_STATUS_LEAST; s++)
		on->status[s / 64] |= UINT64_C(1) << s % 64;
}

/* 503, 5xx or 500-504 */
static bool
read_statuses(struct str s, struct retry_on *on)
{
	struct str rest = s, first;
	uint64_t least, most;

	if (s.len == 3 && (s.p[0] == '4' || s.p[0] == '5') && str_eq_nocase((struct str){ s.p + 1, 2 },
	    STR("xx"))) {
		add_statuses(on, (unsigned)(s.p[0] - '0') * 100, (unsigned)(s.p[0] - '0') * 100 + 99);
		return true;
	}
	if (!str_split(&rest, '-', &first) || !str_to_u64(str_trim(first), &least))
		return false;
	most = least;
	if (rest.p != NULL && !str_to_u64(str_trim(rest), &most))
		return false;
	if (least < RETRY_STATUS_LEAST || most > RETRY_STATUS_MOST || least > most)
		return false;
	add_statuses(on, (unsigned)least, (unsigned)most);
	return true;
}

static bool
read_one(struct str s, struct retry_on *on)
{
	for (unsigned r = 0; r < RETRY_REASONS; r++)
		if (reasons[r].is_word && str_eq(s, str_of(reasons[r].word))) {
			on->reasons |= UINT64_C(1) << r;
			return true;
		}
	return read_statuses(s, on);
}

const char *
retry_on_words(char *at, size_t size)
{
	return word_all(words, at, size);
}

bool
retry_on_read(struct str s, struct retry_on *out, struct str *wrong)
{
	struct retry_on on = { .reasons = 0 };
	struct str rest = s, one;

	if (!str_eq(str_trim(s), STR("none"))) {
		*wrong = s;
		if (str_trim(s).len == 0)
			return false;
		while (str_split(&rest, ',', &one)) {
			*wrong = str_trim(one);
			if (!read_one(*wrong, &on))
				return false;
		}
	}
	*out = on;
	return true;
}

static bool
add(struct buf *out, bool *begun, const char *word)
{
	bool first = !*begun;

	*begun = true;
	return buf_printf(out, "%s%s", first ? "" : ", ", word);
}

static bool
write_statuses(const struct retry_on *on, struct buf *out, bool *begun)
{
	char text[32];
	bool good = true;

	for (int s = RETRY_STATUS_LEAST, end; s <= RETRY_STATUS_MOST; s = end + 1) {
		end = s;
		if (!retry_on_has_status(on, s))
			continue;
		while (end < RETRY_STATUS_MOST && (end + 1) % 100 != 0 && retry_on_has_status(on, end + 1))
			end++;
		if (s % 100 == 0 && end % 100 == 99)
			snprintf(text, sizeof text, "%dxx", s / 100);
		else if (end - s > 2)
			snprintf(text, sizeof text, "%d-%d", s, end);
		else
			snprintf(text, sizeof text, "%d", end = s);
		good = add(out, begun, text) && good;
	}
	return good;
}

bool
retry_on_write(const struct retry_on *on, struct buf *out)
{
	bool begun = false, good = true;

	for (unsigned r = 0; r < RETRY_REASONS; r++)
		if (retry_on_has(on, r))
			good = add(out, &begun, reasons[r].word) && good;
	good = write_statuses(on, out, &begun) && good;
	return begun ? good : add(out, &begun, "none");
}

bool
retry_on_sound(const struct retry_on *on)
{
	unsigned beyond = RETRY_STATUS_MOST + 1 - RETRY_STATUS_LEAST;

	for (unsigned r = 0; r < 64; r++)
		if ((on->reasons >> r & 1) != 0 && (r >= RETRY_REASONS || !reasons[r].is_word))
			return false;
	return on->status[beyond / 64] >> beyond % 64 == 0;
}
