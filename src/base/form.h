/*
 * form: how people write durations, names, hosts and paths, wherever they write them: in the
 * configuration, in labels.
 */
#ifndef BASE_FORM_H
#define BASE_FORM_H

#include "base/buf.h"

bool	form_number(struct str, double *out);		/* 12 or 0.5: no sign, exponent, "inf", hexadecimal */
bool	form_duration(struct str, int64_t *usec);	/* 100ms, 2s, 5m, 1h */
/* The same in the largest unit that leaves a whole number; false: the buffer is full. */
bool	form_write_duration(struct buf *, int64_t usec);
bool	form_name(struct str);				/* 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-' */
bool	form_path(struct str);				/* begins with '/', visible ASCII, no '#' */
/* a query that closes what it opens: brackets, quotes; to 4000 bytes */
bool	form_promql(struct str);
bool	form_authority(struct str);			/* host:port, where the host may be a name or [v6] */
bool	form_endpoint(struct str);			/* unix:///path or tcp://host:port */
/* a name or an address, without a port; wild: "*.name" too */
bool	form_host(struct str, bool wild);

#endif
