/*
 * go: values as programs in Go read them, Traefik above all.
 */
#ifndef BASE_GO_H
#define BASE_GO_H

#include "base/str.h"

bool	go_bool(struct str, bool *on);		/* as strconv.ParseBool; false: it is none */
/* As time.ParseDuration, without a sign; a number alone is seconds, as in Traefik. False: it is
 * none, or longer than 100 years. */
bool	go_duration(struct str, int64_t *usec);

#endif
