/*
 * prom_response: the response of a Prometheus to an instant query, as values. Bytes in, series out.
 * Every byte may be hostile.
 */
#ifndef SIGNALS_PROM_RESPONSE_H
#define SIGNALS_PROM_RESPONSE_H

#include <stdbool.h>

#include "base/str.h"
#include "base/why.h"

#define PROM_RESPONSE_MAX	(4u << 20)	/* bytes */
#define PROM_SERIES_MAX	20000
#define PROM_DETAIL	160

struct prom_pair {
	const char	*name, *value;	/* printable or not: as the server has them, UTF-8 */
};

struct prom_series {
	const struct prom_pair *label;
	unsigned	 nlabels;
	double		 value;		/* may be NaN or infinite: no value of a node */
	double		 at;		/* seconds of the server's clock, of which the value is */
};

struct prom_response {
	const struct prom_series *series;
	unsigned	 nseries;
	bool		 scalar;	/* one value without labels */
	double		 at;		/* the server's time of evaluation; NAN when the response has none */
	const char	*warning;	/* the first, NULL: none. What came is right then, but may not be all */
	unsigned	 nwarnings;
	const char	*info;		/* the first remark on the query, NULL: none */
	unsigned	 histograms;	/* series left out: they are no single numbers */
	unsigned	 server;	/* that it came from, a number that no other ever has; set by the client */
	int64_t		 as_of_usec;	/* when it was evaluated, CLOCK_MONOTONIC of ours; the client's, too */
	struct arena	*arena;		/* private */
};

/*
 * The body of a response, whatever its HTTP status. NULL, and *out is the caller's to free; or
 * why not, with words in `detail` (printable ASCII): PROM_SYNTAX, PROM_SHAPE (no vector and no
 * scalar), PROM_LARGE; PROM_QUERY: the query is at fault, and no other server would do better;
 * PROM_REFUSED: the server is.
 */
const struct why *prom_response_read(struct str body, struct prom_response **out,
		    char detail[PROM_DETAIL]);
void		 prom_response_free(struct prom_response **);

/* "" when absent, as in PromQL. */
const char	*prom_series_label(const struct prom_series *, const char *name);
/* {instance="10.0.0.1:9100", job="node"} for people: short, printable ASCII. Returns out. */
const char	*prom_series_text(const struct prom_series *, char *out, size_t cap);

#endif
