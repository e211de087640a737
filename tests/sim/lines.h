/*
 * lines: each line of the access log, field by field: which it has, in which form, and that those agree with each other and with the
 * plan. Of what only its client and its task know, see audit.h.
 */
#ifndef SIM_LINES_H
#define SIM_LINES_H

#include "plan.h"

/* As it is written, at that time. */
void	lines_check(const struct plan *, const char *line);

#endif
