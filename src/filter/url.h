/*
 * url: the path of a request as Go's net/url has it, in two forms: decoded, and as it was spelled
 * where that is not the usual spelling of it. What changes one has to change the other; where they
 * do not agree any more, the decoded one is spelled anew.
 */
#ifndef FILTER_URL_H
#define FILTER_URL_H

#include "filter/filter_priv.h"

/* The path from its spelling. False: it has a malformed escape. */
bool		url_set(struct filter_run *, struct url *, struct str spelled);
/* How it is sent; empty where the path is. */
struct str	url_spelled(struct filter_run *, const struct url *);
/* The same as Traefik cleans it before anything else: escapes of letters, digits and "-._~"
 * decoded, others in upper case, empty segments, "." and ".." taken out. */
struct str	url_clean(struct filter_run *, struct str spelled);

#endif
