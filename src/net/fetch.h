/*
 * fetch: HTTP(S) requests to exporters, agents and engines, over libcurl's multi interface on our loop.
 * Addresses may be names; redirects are not followed; proxies from the environment are not used.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "base/str.h"
#include "base/why.h"
#include "net/loop.h"

struct fetcher;
struct fetch;

struct fetch_conf {
	const char	*url;
	const char	*unix_socket;	/* NULL: by the URL's host */
	int64_t		 timeout_usec;	/* whole exchange; 0: none (streams) */
	int64_t		 stall_usec;	/* no byte for so long ends it; 0: never */
	size_t		 body_max;	/* past it the exchange ends with METRICS_LARGE; 0: no limit with on_data, else 16 MiB */
};

struct fetch_result {
	const struct why *why;		/* NULL, METRICS_FETCH, METRICS_LARGE or METRICS_STATUS (not 2xx) */
	const char	*detail;	/* libcurl's words or "" */
	long		 status;	/* HTTP status, 0 if none came */
	struct str	 body;		/* valid during the callback; empty when on_data took the bytes */
	int64_t		 first_byte_usec;	/* monotonic time at which the answer began, 0 if it did not */
};

typedef void	fetch_done_f(void *arg, const struct fetch_result *);
/* Streaming: called with each piece of a 2xx answer; false ends the exchange, and `done` follows without a why. */
typedef bool	fetch_data_f(void *arg, struct str piece);

struct fetcher	*fetcher_new(struct loop *);
void		 fetcher_free(struct fetcher **);	/* cancels what is under way, without callbacks */
/* `done` is called exactly once, in a later turn, unless fetch_cancel comes first. Connections are reused. */
struct fetch	*fetch_start(struct fetcher *, const struct fetch_conf *, fetch_data_f *, fetch_done_f *, void *arg);
void		 fetch_cancel(struct fetch *);		/* no callback follows; the pointer is dead */

#endif
