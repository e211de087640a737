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
bool	filter_is_token(struct str);		/* the name of a field */
bool	filter_is_status(int64_t);		/* one of HTTP that has a text */

/* filter_check_limits.c */
bool	check_in_flight_req(struct arena *, struct filter_in_flight_req *,
	    char problem[FILTER_PROBLEM]);
bool	check_rate_limit(struct arena *, struct filter_rate_limit *, char problem[FILTER_PROBLEM]);
bool	check_circuit_breaker(struct arena *, struct filter_circuit_breaker *,
	    char problem[FILTER_PROBLEM]);
bool	check_retry(struct arena *, struct filter_retry *, char problem[FILTER_PROBLEM]);

/* filter_check_body.c */
bool	filter_check_compress(struct arena *, struct filter_compress *, char problem[FILTER_PROBLEM]);
bool	filter_check_buffering(struct arena *, struct filter_buffering *,
	    char problem[FILTER_PROBLEM]);

bool	filter_check_errors(struct arena *, struct filter_errors *, char problem[FILTER_PROBLEM]);

#endif
