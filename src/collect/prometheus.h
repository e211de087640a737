/*
 * prometheus: PromQL queries to the Prometheus servers of the configuration: one is used, the
 * next when it fails. Requests beyond a few wait for their turn, unless they are urgent. What
 * the responses are about is the caller's affair.
 */
#ifndef COLLECT_PROMETHEUS_H
#define COLLECT_PROMETHEUS_H

#include <jansson.h>

#include "conf/conf.h"
#include "net/fetch.h"
#include "signals/prom_response.h"

struct prometheus;
struct prom_request;

struct prometheus *prometheus_new(struct loop *, struct fetcher *);
void		 prometheus_free(struct prometheus **);		/* without callbacks; before the fetcher */
/* Requests under way are sent again when the servers are others. */
void		 prometheus_reconf(struct prometheus *, const struct conf *);
bool		 prometheus_is_configured(const struct prometheus *);	/* there are servers */

/*
 * Called exactly once, in a later turn, unless prom_request_cancel() comes first. `why` NULL:
 * the response is what came, valid during the call, and perhaps without any series. Else it is
 * NULL, and `detail` has the words.
 */
typedef void	 prom_done_f(void *arg, const struct why *, const char *detail,
		    const struct prom_response *);
struct prom_request *prometheus_query(struct prometheus *, const char *query, prom_done_f *,
		    void *arg);
/* The same, without waiting for others: for a few queries on which all depends. Users' may be
 * many and slow. */
struct prom_request *prometheus_query_urgent(struct prometheus *, const char *query, prom_done_f *,
		    void *arg);
void		 prom_request_cancel(struct prom_request *);	/* no callback follows; the pointer is dead */

struct prom_facts {			/* of a server, for metrics */
	const char	*name;
	bool		 used, good;		/* ever; and the last request succeeded */
	uint64_t	 queries, failures;
};
bool		 prometheus_next(const struct prometheus *, unsigned *at, struct prom_facts *);
json_t		*prometheus_view(const struct prometheus *);	/* its servers, for the API */

#endif
