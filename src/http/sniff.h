/*
 * sniff: what a body without a media type may be, by its first bytes: the algorithm of
 * mimesniff.spec.whatwg.org, with the types and the order of Go's net/http, as whose guesses ours
 * are meant.
 */
#ifndef HTTP_SNIFF_H
#define HTTP_SNIFF_H

#include "base/str.h"

#define SNIFF_BYTES	512		/* that are looked at */

const char	*sniff_type(struct str body);	/* never NULL */

#endif
