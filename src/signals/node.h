/*
 * node: counters of one node to samples. Each page of a node_exporter, or each block of an
 * agent's stream, is compared with the one before. Pure: bytes and a time in, a sample out.
 * Names of metrics stand in tbl/node_metrics.h.
 */
#ifndef SIGNALS_NODE_H
#define SIGNALS_NODE_H

#include <stdbool.h>

#include "base/str.h"
#include "base/why.h"
#include "signals/containers.h"
#include "world/sample.h"

#define NODE_DETAIL_MAX	128
#define NODE_CPUS_MAX	4096
#define NODE_DEVICES_MAX 64			/* disks; network interfaces likewise */
#define NODE_APART_USEC	INT64_C(20000)		/* two pages closer than this give no rate */

struct node_counters;

struct node_counters	*node_new(enum sample_source);
void		 node_free(struct node_counters **);
void		 node_forget(struct node_counters *);	/* the next page is the first again */

/*
 * A whole page whose response began at `at_usec` (monotonic, of this machine). NULL: the page is
 * sound, and *sampled says whether it gave a sample: the first page does not, nor one too close
 * to the last or one in which no CPU's time moved. WHY_METRICS_SYNTAX, _INCOMPLETE (no CPU to be
 * seen), _VALUE (none whose times can be), _BACKWARDS (all CPUs fell back; the page counts as a
 * first one): node_detail() has the words; *out is untouched.
 */
const struct why *node_page(struct node_counters *, struct str page, int64_t at_usec,
		    bool *sampled, struct sample *out);
/* Of the last page, which must have been sound; those that it has lines of. */
const struct containers *node_containers(const struct node_counters *);
const char	*node_detail(const struct node_counters *);	/* of the last failure; printable ASCII */

#endif
