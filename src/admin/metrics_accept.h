/*
 * metrics_accept: which form of its metrics a scraper asked for, by its Accept.
 */
#ifndef ADMIN_METRICS_ACCEPT_H
#define ADMIN_METRICS_ACCEPT_H

#include "base/str.h"

/* By all its Accept fields; begin zeroed. */
struct metrics_accept {
	double		 open, text;	/* weight of OpenMetrics 1.0.0, of the plain text */
};
void	metrics_accept_add(struct metrics_accept *, struct str value);

/* It is OpenMetrics only where that was named: whoever takes anything gets the plain text. */
static inline bool
metrics_accept_open(const struct metrics_accept *a)
{
	return a->open > 0 && a->open >= a->text;
}

#endif
