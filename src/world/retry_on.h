/*
 * retry_on: what a service's requests may be sent again for (tbl/retries.h): words, and statuses of
 * responses.
 */
#ifndef WORLD_RETRY_ON_H
#define WORLD_RETRY_ON_H

#include "base/buf.h"

enum retry_reason {
#define RETRY(id, word, kind, text) RETRY_##id,
#include "tbl/retries.h"
#undef RETRY
	RETRY_REASONS
};
const char	*retry_reason_name(enum retry_reason);

#define RETRY_STATUS_LEAST	400
#define RETRY_STATUS_MOST	599

/* Plain memory, without padding. Zeroed: nothing. */
struct retry_on {
	uint64_t	 reasons;		/* bits of those that are words */
	uint64_t	 status[4];		/* bits, from RETRY_STATUS_LEAST on */
};

/* Words and statuses with commas between them: 503, 5xx, 500-504; or none. False: *wrong is which
 * of them is none of these. */
bool		 retry_on_read(struct str, struct retry_on *, struct str *wrong);
/* The words, for people. */
const char	*retry_on_words(char *at, size_t size);
bool		 retry_on_write(const struct retry_on *, struct buf *);	/* as it is read */
bool		 retry_on_sound(const struct retry_on *);	/* it may have been read */

static inline bool
retry_on_has(const struct retry_on *on, enum retry_reason r)
{
	return (on->reasons >> r & 1) != 0;
}

static inline bool
retry_on_has_status(const struct retry_on *on, int status)
{
	unsigned at = (unsigned)(status - RETRY_STATUS_LEAST);

	return at <= RETRY_STATUS_MOST - RETRY_STATUS_LEAST && (on->status[at / 64] >> at % 64 & 1) != 0;
}

#endif
