/*
 * pages: responses that may be large. Those that grow with the number of tasks are written in
 * slices of a few milliseconds, so that the brain samples and publishes meanwhile. Requests for
 * the same page that come before it is started share one text.
 */
#ifndef ADMIN_PAGES_H
#define ADMIN_PAGES_H

#include "admin/view.h"
#include "http/server.h"

/* Of every response. */
#define PAGES_FIELDS	"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

struct pages;
enum page_kind {
	PAGE_METRICS, PAGE_TASKS, PAGE_WHY, PAGE_NODES, PAGE_SERVICES, PAGE_CONFIG,
	PAGE_CONFIG_MARKED, PAGE_SWARM, PAGE_TARGETS, PAGE_CERTS, PAGE_WARNINGS, PAGE_HISTORY,
	PAGE_HISTORY_NODE,
	PAGE_OPENMETRICS	/* PAGE_METRICS for whoever prefers that form */
};
typedef struct admin_view	pages_view_f(const void *arg);	/* of this moment */

struct pages	*pages_new(struct loop *, pages_view_f *, const void *arg);
void		 pages_free(struct pages **);
/* `text`: the whole, to be held with shared_ref; NULL: it could not be made, or there is no such
 * service. `cpu_usec`: what it took of the loop's thread. */
typedef void	pages_made_f(void *arg, enum page_kind, struct shared *text, int64_t cpu_usec);

/* Replies in a later turn. `service`: which one; "": all, or the page has none. PAGE_HISTORY_NODE
 * has a node's name there. */
void		 pages_request(struct pages *, struct request *, enum page_kind, const char *service);
/* Makes a page in a later turn for a caller that sends it to many, between two texts that live as
 * long. Leads to exactly one call of `made`, in pages_free at the latest. */
void		 pages_make(struct pages *, enum page_kind, const char *before, const char *after,
		    pages_made_f *made, void *arg);

#endif
