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
bool		url_is_escape(struct str);		/* "%41" at its front */
bool		url_has_control(struct str);		/* characters that no line of HTTP may have */
/* Takes so many bytes of the decoded path away, and as many bytes or escapes of the spelled one.
 * What is left begins with a slash; with nothing left only if that is forced. */
void		url_strip(struct filter_run *, struct url *, size_t bytes, bool force_slash);
/* A whole URL as Go's url.Parse reads it and its String writes it. False: Go reads none there. */
bool		url_normal(struct filter_run *, struct str url, struct str *normal);
/* The same as Traefik cleans it before anything else: escapes of letters, digits and "-._~"
 * decoded, others in upper case, empty segments, "." and ".." taken out. */
struct str	url_clean(struct filter_run *, struct str spelled);
/* What a middleware has made of the path, which tasks might read as another one unless it is clean:
 * RESPOND where it is not. */
enum filter_verdict url_verdict(struct filter_run *, const struct url *);

#endif
