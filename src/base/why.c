#include <stddef.h>

#include "base/bug.h"
#include "base/why.h"

/* Names are written in the table in capitals once; people read them in lower case. */
static char lower_names[WHY_COUNT][32];

const struct why why_all[WHY_COUNT] = {
#define WHY(id, status, blame, text) \
	{ WHY_ID_##id, lower_names[WHY_ID_##id], status, BLAME_##blame, text },
#include "tbl/why.h"
#undef WHY
};

#define WHY(id, status, blame, text) const struct why *const WHY_##id = &why_all[WHY_ID_##id];
#include "tbl/why.h"
#undef WHY

__attribute__((constructor)) static void
why_lower(void)
{
	static const char *const upper[WHY_COUNT] = {
#define WHY(id, status, blame, text) #id,
#include "tbl/why.h"
#undef WHY
	};

	for (int i = 0; i < WHY_COUNT; i++)
		for (int k = 0; upper[i][k] != '\0' && k < 31; k++)
			lower_names[i][k] = upper[i][k] >= 'A' && upper[i][k] <= 'Z'
			    ? (char)(upper[i][k] - 'A' + 'a') : upper[i][k];
}

const char *
why_name(const struct why *w)
{
	ASSERT(w == NULL || (w >= why_all && w < why_all + WHY_COUNT));
	return w == NULL ? "ok" : w->name;
}

const char *
why_blame_name(enum why_blame b)
{
	static const char *const names[] = { "client", "upstream", "config", "exporter", "engine",
	    "swarm", "proxy", "mola" };

	ASSERT((unsigned)b < sizeof names / sizeof *names);
	return names[b];
}
