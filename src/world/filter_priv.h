/*
 * filter_priv: what the reader of options and the checks of each kind share. Private to world/.
 */
#ifndef WORLD_FILTER_PRIV_H
#define WORLD_FILTER_PRIV_H

#include "world/filter.h"

/* Writes `problem` and is false, to be returned. */
bool	filter_wrong(char problem[FILTER_PROBLEM], const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* filter_net.c */
bool	filter_net_parse(struct str, struct filter_net *);

/* filter_check.c: what holds beyond each option's type. */
bool	filter_check(struct arena *, struct filter *, char problem[FILTER_PROBLEM]);

#endif
