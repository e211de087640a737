/*
 * fetch: HTTP(S) requests to exporters, agents and engines, over libcurl's multi interface on
 * our loop. Addresses may be names; redirects are not followed; proxies from the environment
 * are not used.
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
	size_t		 body_max;	/* past it the exchange ends with METRICS_LARGE; 0: no limit
					 * with on_data, else 16 MiB */
	/* what follows may be left out */
	const char	*method;	/* NULL: GET, or POST when there is a body */
	struct str	 body;		/* of the request; copied */
	const char	*body_type;	/* its Content-Type; NULL: application/json */
	const char	*field;		/* one more field of the request: "Name: value" */
	const char	*lines;		/* the same, several: one per line */
	const char	*wanted;	/* name of a field of the response that the result shall hold;
					 * must outlive the exchange */
	/* called with `arg` for each field of the response, as it comes; not to call the fetcher */
	void		(*on_field)(void *arg, struct str name, struct str value);
	const char	*user, *password;	/* basic authentication */
	const char	*ca;		/* PEM file: authorities to trust; NULL: the system's */
	const char	*cert, *key;	/* PEM files: our own certificate; NULL: none */
	/* A request of somebody else's: these fields ("Name: value", and "Name;" where the value is
	 * empty), and none of our own but Host and what frames the body. NULL: as above. */
	const char	*const *fields;
	unsigned	 nfields;
	/* each head of a response begins, also of an interim one; its fields follow, and no trailer */
	void		(*on_head)(void *arg);
	const char	*resolved;	/* "HOST:PORT:ADDRESS,...": where that host is; NULL: it is looked up */
	const void	*trust;		/* X509_STORE with authorities to trust, in place of `ca` */
	bool		 insecure;	/* whoever responds is believed */
};

struct fetch_result {
	const struct why *why;		/* NULL, METRICS_FETCH, METRICS_LARGE or METRICS_STATUS (not 2xx) */
	const char	*detail;	/* libcurl's message or "" */
	long		 status;	/* HTTP status, 0 if none came */
	struct str	 body;		/* valid during the callback, also of an error status; empty
					 * when on_data took the bytes */
	struct str	 wanted;	/* value of the field that was wanted, empty when it did not come */
	bool		 sent;		/* a part of the request, at least */
	int64_t		 first_byte_usec;	/* monotonic time at which the response began, 0: it did not */
};

typedef void	fetch_done_f(void *arg, const struct fetch_result *);
/*
 * Streaming: called with each piece of a 2xx response; false ends the exchange, and `done` follows
 * without a why.
 */
typedef bool	fetch_data_f(void *arg, struct str piece);

struct fetcher	*fetcher_new(struct loop *);
void		 fetcher_free(struct fetcher **);	/* cancels what is under way, without callbacks */
/*
 * `done` is called exactly once, in a later turn, unless fetch_cancel comes first. Connections
 * are reused. NULL, with `fields` alone: there is no memory.
 */
struct fetch	*fetch_start(struct fetcher *, const struct fetch_conf *, fetch_data_f *,
		    fetch_done_f *, void *arg);
void		 fetch_cancel(struct fetch *);		/* no callback follows; the pointer is dead */

#endif
