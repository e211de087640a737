/*
 * route: comparing hosts and paths. Must not know which routers have them.
 */
#include <string.h>

#include "base/bug.h"
#include "base/str.h"
#include "discovery/route.h"

static bool
is_wild(const char *host)
{
	return host[0] == '*' || host[0] == '+';
}

bool
route_host_covers(const char *host, const char *of)
{
	if (host == NULL || of == NULL)
		return host == NULL;
	if (!is_wild(host) || strcmp(host + 1, is_wild(of) ? of + 1 : of) == 0)
		return strcmp(host, of) == 0 || (host[0] == '*' && of[0] == '+');
	if (!str_ends(str_of(of), str_of(host + 1)))
		return false;
	return host[0] == '*' || (!is_wild(of) && strlen(host + 1) + strcspn(of, ".") == strlen(of));
}

bool
route_path_covers(const char *path, const char *of)
{
	ASSERT((path == NULL || *path == '/') && (of == NULL || *of == '/'));
	return path == NULL || (of != NULL && strncmp(path, of, strlen(path)) == 0);
}

bool
route_host_intersect(const char *a, const char *b, const char **out)
{
	bool wider = route_host_covers(a, b);

	if (!wider && !route_host_covers(b, a))
		return false;
	*out = wider ? b : a;
	return true;
}

bool
route_path_intersect(const char *a, const char *b, const char **out)
{
	bool wider = route_path_covers(a, b);

	if (!wider && !route_path_covers(b, a))
		return false;
	*out = wider ? b : a;
	return true;
}
