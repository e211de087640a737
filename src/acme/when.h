/*
 * when: how CAs write times, and when a certificate is renewed. Pure. Seconds since the epoch.
 */
#ifndef ACME_WHEN_H
#define ACME_WHEN_H

#include "base/str.h"

bool	when_rfc3339(struct str, int64_t *sec);		/* 2026-11-27T22:53:00.123Z, +01:00 */
bool	when_http_date(struct str, int64_t *sec);	/* Fri, 27 Nov 2026 22:53:00 GMT */
/*
 * Retry-After: seconds or a date; the time from `now`, within 0 and `most`. -1: absent or not
 * understood.
 */
int64_t	when_retry_after(struct str, int64_t now, int64_t most);

/*
 * When to renew a certificate that is valid between these two: when a third of that is left, 4
 * % of it earlier or later, as `chance` (0 to 1) says, so that certificates of one day do not
 * all come due at once. `window`: what the CA suggests (ARI), or NULL.
 */
struct when_window {
	int64_t	 start, end;
};
int64_t	when_renew(int64_t not_before, int64_t not_after, const struct when_window *,
	    double chance);
/* How long to wait after so many failures in a row, 1 and more: 1 min, 5 min, 30 min, 2 h. */
int64_t	when_again(unsigned failures);

#endif
