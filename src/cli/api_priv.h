/*
 * api_priv: what calls.c needs besides api.h, for requests that nobody waits for. Of this room
 * only.
 */
#ifndef CLI_API_PRIV_H
#define CLI_API_PRIV_H

#include <curl/curl.h>

#include "cli/api.h"

/*
 * A CURL handle for `path`, with URL, time limits and, added to *headers, the token. The caller
 * ends both, the handle first. NULL: the token cannot be read, and that was reported.
 */
void	*api_handle(const struct api *, const char *path, struct curl_slist **headers);

/* What went wrong with a request, in words; `code` is a CURLcode. */
#define API_TROUBLE_MAX	560
void	 api_trouble(const struct api *, int code, char out[API_TROUBLE_MAX]);

/* path?key=value, or path where `value` is NULL, in a buffer that the caller ends. False: too
 * long. */
bool	 api_path(struct buf *, const char *path, const char *key, const char *value);

#endif
