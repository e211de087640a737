/*
 * refusal: why something is not moved or scaled, as constants (tbl/refusals.h).
 */
#ifndef WORLD_REFUSAL_H
#define WORLD_REFUSAL_H

enum refusal {
#define REFUSAL(id, text) REFUSAL_##id,
#include "tbl/refusals.h"
#undef REFUSAL
	REFUSAL_COUNT
};

const char	*refusal_name(enum refusal);	/* lower case: "cool_node" */
const char	*refusal_text(enum refusal);	/* a sentence without a full stop */

#endif
