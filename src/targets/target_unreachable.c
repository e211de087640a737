/*
 * target_unreachable: the report that a proxy's own API did not respond, or not well. The URL is
 * shown without the user and password that it may contain: it goes to the log, and to everybody
 * who can read the API.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "targets/target.h"

/* The host in a URL, after a user and password. */
static const char *
host_of(const char *url)
{
	const char *scheme = strstr(url, "://"), *begin = scheme == NULL ? url : scheme + 3, *host = begin;
	size_t len = strcspn(begin, "/?#");

	for (size_t i = 0; i < len; i++)
		if (begin[i] == '@')
			host = begin + i + 1;
	return host;
}

void
target_unreachable(struct target *t, const char *url, const char *expected,
    const struct fetch_result *r)
{
	const char *host = host_of(url), *scheme = strstr(url, "://");
	bool responded = r->why == WHY_METRICS_STATUS;
	char detail[300];
	int begins = scheme == NULL ? 0 : (int)(scheme + 3 - url);

	ASSERT(r->why != NULL && host >= url + begins);
	if (responded)
		snprintf(detail, sizeof detail, "%.*s%.140s: status %ld; expected %s there",
		    begins, url, host, r->status, expected);
	else
		snprintf(detail, sizeof detail, "%.*s%.140s: %.100s", begins, url, host,
		    r->detail[0] != '\0' ? r->detail : "its response is too large");
	target_not_applied(t, responded ? WHY_PROXY_SYNTAX : WHY_PROXY_GONE, detail);
}
