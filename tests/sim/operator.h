/*
 * operator: who drains a node by Mola's API, and lets it serve again later. Until the response says that it is so, the request is sent
 * again and again; and when it says so, it is so.
 */
#ifndef SIM_OPERATOR_H
#define SIM_OPERATOR_H

#include "plan.h"

#define OPERATOR_TOKEN	"0123456789abcdef0123456789abcdef"

enum drain { SERVES, DRAINS, UNSURE };		/* UNSURE: a response has not come */

void		operator_begin(const struct plan *);
enum drain	operator_node(unsigned node);
/* It has been drained for all requests that have begun since then. */
bool		operator_drains(unsigned node, int64_t since_usec);

#endif
