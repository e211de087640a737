/*
 * warnings: what needs a person's attention now (src/tbl/warnings.h), for GET /api/v1/warnings.
 * Most of it can be seen in the state of the brain; what lasts or comes to an end is recorded here.
 */
#ifndef ADMIN_WARNINGS_H
#define ADMIN_WARNINGS_H

#include "admin/view.h"

struct warnings;

struct warnings	*warnings_new(void);
void		 warnings_free(struct warnings **);
/* May be called at any rate: looks once a second. */
void		 warnings_tick(struct warnings *, const struct world *, int64_t now_usec);

/* All of them as text, part by part, as in view.h. */
void		 warnings_start(struct view_walk *, struct buf *);
bool		 warnings_next(struct view_walk *, const struct admin_view *, struct buf *);

#endif
