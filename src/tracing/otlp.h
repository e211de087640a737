/*
 * otlp: requests to a collector of OpenTelemetry, and what it responds: OTLP over HTTP, encoded as
 * JSON (opentelemetry-proto, collector/trace/v1). Pure.
 */
#ifndef TRACING_OTLP_H
#define TRACING_OTLP_H

#include "base/buf.h"

struct otlp_resource {		/* what all spans are of */
	const char	*service, *host, *version;
};

/* The body of a request: `spans` are lines, each an object. False: it does not fit. */
bool	otlp_write(struct buf *, const struct otlp_resource *, struct str spans);

enum otlp_outcome { OTLP_TAKEN, OTLP_AGAIN, OTLP_REFUSED };
/* What a status means, 0: none came. AGAIN: the same may be sent later. */
enum otlp_outcome otlp_judge(long status);
/* Seconds of Retry-After, at most `most`; -1: it says none. */
int	otlp_retry_after(struct str value, int most);

#define OTLP_TEXT_MAX 200
/* How many of the spans were not taken although the others were; `text`: why, in the collector's
 * words. */
uint64_t otlp_rejected(struct str body, char text[OTLP_TEXT_MAX]);

#endif
