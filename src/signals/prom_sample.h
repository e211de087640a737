/*
 * prom_sample: the results of several queries for one node, as one sample. Pure.
 */
#ifndef SIGNALS_PROM_SAMPLE_H
#define SIGNALS_PROM_SAMPLE_H

#include "signals/prom_response.h"
#include "world/world.h"

enum prom_query {
	PROM_AGE, PROM_CPU, PROM_RAM, PROM_CORES, PROM_MEMORY, PROM_RUNNING,
	PROM_QUERIES
};

const char	*prom_query_name(enum prom_query);	/* as its key in the configuration */

struct prom_result {			/* of one node, by one query */
	const struct why *why;		/* there is no value: the reason; NULL: there is */
	const char	*words;		/* and more words about that, or "" */
	double		 value;
};

struct prom_moment {
	int64_t		 now_usec, as_of_usec;	/* of the responses */
	int64_t		 max_age_usec;
	int64_t		 range_usec;		/* over which the query of the CPU makes its mean */
};

/*
 * What is wrong, with its words in `detail`; NULL: nothing. There may be a sample nevertheless,
 * of which a part is not known. Cores without a result are those of the node's last sample, or
 * those declared; so is the memory.
 */
const struct why *prom_sample(const struct prom_result result[PROM_QUERIES],
		    const struct world_node *, const struct prom_moment *, bool *sampled,
		    struct sample *out, char detail[PROM_DETAIL]);

#endif
