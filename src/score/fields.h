/*
 * fields: a sample that lacks memory, a pressure, disks or links has these from the last one that
 * had them, as long as that is fresh by itself: no older than LAW_FRESH_PERIODS of the gaps in
 * which this part comes, or in which samples come. After that the part is not known, however
 * fresh all else is. Cores, what is busy and the threads are of the sample itself, always: the
 * law takes our requests of that moment off them.
 */
#ifndef SCORE_FIELDS_H
#define SCORE_FIELDS_H

#include "world/world.h"

/* Before the node has the new sample: fills what it lacks, and notes what it has. */
void		 fields_keep(struct world_node *, struct sample *now);
const char	*fields_part_name(enum sample_part);		/* as in the API */
/* Whether a part that is known is of another moment or source than the node's sample. */
bool		 fields_differ(const struct world_node *, enum sample_part);

#endif
