/*
 * metrics: GET /metrics, in Prometheus' text format or in OpenMetrics. Names and help are in
 * tbl/metrics.h.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/view.h"

#define METRICS_TYPE	"text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPEN	"application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Writes one family; they are numbered from 0. False: there is no family of this number, and the
 * page is complete. */
bool	metrics_write(const struct admin_view *, unsigned family, bool openmetrics, struct buf *);

#endif
