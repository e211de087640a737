/*
 * orca: a node's load as a task reports it with its responses: a field of ORCA, the format of gRPC and Envoy. Use of the
 * whole CPU, as a task sees it in /proc/stat, and the requests per second that it answers, both over the last second.
 */
#ifndef BENCH_ORCA_H
#define BENCH_ORCA_H

#include <stdint.h>

#define ORCA_FIELD_MAX	96

struct orca {			/* all zero to begin with */
	int64_t		 since_usec;
	double		 busy_usec;		/* at `since` */
	uint64_t	 answered;
	double		 utilization, rate;	/* of the second before */
};

/* A request is answered now: the field with CRLF, empty while there is no second to tell of. Both counts are of all time. */
const char	*orca_field(struct orca *, int64_t now_usec, double cores, double busy_usec, uint64_t answered, char field[ORCA_FIELD_MAX]);

#endif
