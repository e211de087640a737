/*
 * orca: load reports of servers (ORCA, Open Request Cost Aggregation): the fields of a response or
 * its trailers in which a task says how busy it is, read; and the messages of gRPC by which a
 * client subscribes to such reports. Bytes in, values out. Every byte may be hostile.
 *
 *	endpoint-load-metrics: TEXT cpu_utilization=0.3, rps_fractional=10
 *	endpoint-load-metrics: JSON {"cpu_utilization": 0.3, "rps_fractional": 10}
 *	endpoint-load-metrics: BIN CTMzMzMzM9M/MQAAAAAAACRA
 *	endpoint-load-metrics-bin: CTMzMzMzM9M/MQAAAAAAACRA
 *
 * The last two are the message xds.data.orca.v3.OrcaLoadReport in base64. Of it, the costs of a
 * request and metrics that have names of their own mean nothing to us, and are passed over.
 */
#ifndef HTTP_ORCA_H
#define HTTP_ORCA_H

#include "base/str.h"

#define ORCA_VALUE_MAX		8192	/* bytes of a field's value */
#define ORCA_REQUEST_MAX	4096	/* bytes of a request's message */
#define ORCA_MESSAGE_MAX	64	/* bytes of a message of ours */

struct orca_report {		/* 0: not said, as in the message */
	double	application, cpu;	/* utilization; may be above 1 */
	double	memory;			/* the same; 0 to 1 */
	double	rps, eps;		/* requests and errors per second */
};

/* That of the application where there is one, else that of the CPU; 0: neither is said. */
double	orca_utilization(const struct orca_report *);

/* The value of endpoint-load-metrics. False: it is none, and `out` is untouched. */
bool	orca_read(struct str value, struct orca_report *out);
/* The same of endpoint-load-metrics-bin. */
bool	orca_read_bin(struct str value, struct orca_report *out);

/*
 * The body of a call of StreamCoreMetrics: one message of gRPC, not compressed, with a
 * xds.service.orca.v3.OrcaLoadReportRequest. False: it is none. *interval_usec: 0 when it says
 * none.
 */
bool	orca_read_request(struct str body, int64_t *interval_usec);
/* A report as a message of gRPC. Returns its length. */
size_t	orca_write(const struct orca_report *, char out[ORCA_MESSAGE_MAX]);

#endif
