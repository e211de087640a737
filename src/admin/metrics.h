/*
 * metrics: GET /metrics, in Prometheus text. Names and help are in tbl/metrics.h.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/view.h"

#define METRICS_TYPE	"text/plain; version=0.0.4; charset=utf-8"

/* Writes one family; they are numbered from 0. False: there is no family of this number. */
bool	metrics_write(const struct admin_view *, unsigned family, struct buf *);

#endif
