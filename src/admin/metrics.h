/*
 * metrics: what GET /metrics says, in Prometheus text. Names and help stand in tbl/metrics.h.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/view.h"

#define METRICS_TYPE	"text/plain; version=0.0.4; charset=utf-8"

/* One family after another, from 0 on; false: there is none of this number. */
bool	metrics_write(const struct view *, unsigned family, struct buf *);

#endif
