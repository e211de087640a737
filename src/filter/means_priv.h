/*
 * means_priv: the means of a worker, as its filters see them. Private to filter/.
 */
#ifndef FILTER_MEANS_PRIV_H
#define FILTER_MEANS_PRIV_H

#include "base/jobs.h"
#include "filter/filter_fetch.h"
#include "filter/filter_means.h"
#include "base/known.h"
#include "filter/nonces.h"

struct filter_means {
	struct jobs	*jobs;
	struct known	*known;
	struct nonces	*nonces;	/* of all workers */
	struct filter_fetch_ops fetch;
};

#endif
