/*
 * candidates: what may be chosen for a request of a service, and which of it costs least now: the
 * nodes that the service's tasks run on (marginal, best-node) or the tasks themselves
 * (least-conn). Knows nothing of which task of a node is taken.
 */
#ifndef PICK_CANDIDATES_H
#define PICK_CANDIDATES_H

#include "base/rng.h"
#include "world/live.h"
#include "world/phys.h"
#include "world/table.h"

/* if more are equal, this many are returned, from a random one on */
#define CANDIDATES_LOWEST 32

struct candidates;		/* of one service */
struct candidate_sets;		/* of all services of a table */

struct candidate_sets *candidate_sets_new(const struct live *, const struct phys *, uint64_t seed);
void		 candidate_sets_free(struct candidate_sets **);
/* From now on the sets are those of this table's services; the caller keeps a reference. */
void		 candidate_sets_set_table(struct candidate_sets *, const struct table *);
/* `service`: its index in the table. NULL for one whose policy compares nothing. */
struct candidates *candidates_of(struct candidate_sets *, uint32_t service);

/* A choice begins: brings the costs up to date. */
void		 candidates_begin(struct candidates *, int64_t now_usec);
/* Those with the lowest cost, equals included; returns how many, 0 when none has a usable task. */
uint32_t	 candidates_lowest(struct candidates *, struct rng *, uint32_t out[CANDIDATES_LOWEST]);
/* Takes a candidate out of the choice under way. */
void		 candidates_withdraw(struct candidates *, uint32_t candidate);
/* What the cost of a task is multiplied by for what it says of its own load (utilization.h), as of
 * the choice under way; 1 where its service does not ask. */
double		 candidates_load(const struct candidates *, uint32_t task_slot);
/* The same for the k-th of a candidate's tasks, for its handicap (live.h), and for how little its
 * container could have of the node's cores, where that counts and is known. */
double		 candidates_factor(const struct candidates *, uint32_t candidate, uint32_t k);
/* Ejections do not count: too many of the service's tasks would be out of use. As of the choice
 * under way. */
bool		 candidates_all_used(const struct candidates *);
/* What is known of a node, as of less than a millisecond ago. */
const struct phys_row *candidate_sets_node(struct candidate_sets *, uint32_t slot,
    int64_t now_usec);
/* A candidate's tasks that do not drain, as indexes of the table's tasks. */
const uint32_t	*candidates_tasks(const struct candidates *, uint32_t candidate, uint32_t *n);

#endif
