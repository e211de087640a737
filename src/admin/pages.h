/*
 * pages: responses that may be large. Those that grow with the number of tasks are made in slices of a few milliseconds, so that
 * the brain samples and publishes meanwhile. All who ask for the same page before it is begun get one text.
 */
#ifndef ADMIN_PAGES_H
#define ADMIN_PAGES_H

#include "admin/view.h"
#include "http/server.h"

#define PAGES_FIELDS	"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"	/* of every response */

struct pages;
enum page_kind { PAGE_METRICS, PAGE_TASKS, PAGE_WHY, PAGE_NODES, PAGE_SERVICES, PAGE_CONFIG, PAGE_SWARM };
typedef struct view	pages_view_f(const void *arg);	/* as things are now */

struct pages	*pages_new(struct loop *, pages_view_f *, const void *arg);
void		 pages_free(struct pages **);
/* Will be answered, in a later turn. `service`: which one, "": all or none. */
void		 pages_ask(struct pages *, struct request *, enum page_kind, const char *service);

#endif
