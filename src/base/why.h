/*
 * why: the reasons for which things end or fail, as constants. A function that may fail returns
 * `const struct why *`: NULL is fine, anything else is one row of tbl/why.h.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

enum why_blame { BLAME_CLIENT, BLAME_UPSTREAM, BLAME_CONFIG, BLAME_EXPORTER, BLAME_ENGINE,
    BLAME_SWARM, BLAME_PROXY, BLAME_US };

enum why_id {
#define WHY(id, status, blame, text) WHY_ID_##id,
#include "tbl/why.h"
#undef WHY
	WHY_COUNT
};

struct why {
	enum why_id	id;
	const char	*name;		/* lower case, as in logs and metrics */
	int		 status;	/* HTTP status for the client, 0: none */
	enum why_blame	 blame;
	const char	*text;
};

extern const struct why why_all[WHY_COUNT];

#define WHY(id, status, blame, text) extern const struct why *const WHY_##id;
#include "tbl/why.h"
#undef WHY

const char	*why_name(const struct why *);	/* "ok" for NULL */
const char	*why_blame_name(enum why_blame);

#endif
