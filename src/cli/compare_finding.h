/*
 * compare_finding: what becomes of one address: two responses of Traefik and one of Mola between
 * them, field by field. What differs between the two of Traefik varies, and says nothing.
 */
#ifndef CLI_COMPARE_FINDING_H
#define CLI_COMPARE_FINDING_H

#include <jansson.h>

#include "cli/compare_fetch.h"

enum result {
	RESULT_SAME,
	RESULT_DIFFERENT,
	RESULT_VARIES,		/* so much that nothing can be compared */
	RESULT_SILENT,		/* neither responds */
	RESULTS
};

enum field_state { FIELD_SAME, FIELD_DIFFERENT, FIELD_VARIES };

struct finding {
	struct compare_answer first, mola, second;
	bool	 stated;		/* to Mola, that the request came by TLS: it did not */
	enum field_state field[COMPARED_COUNT];
};

bool		 finding_judge(struct finding *);	/* true: something differs */
/* What does not differ in `again`, too, varies, or was a moment's. */
void		 finding_confirm(struct finding *, const struct finding *again);
enum result	 finding_result(const struct finding *);
void		 finding_fini(struct finding *);

/* A line for each difference, and one for what varies; nothing where all is the same. */
void		 finding_print(const struct finding *, const struct compare_address *);
json_t		*finding_json(const struct finding *, const struct compare_address *);

#endif
