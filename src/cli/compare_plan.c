/*
 * compare_plan: an address is a host and a path that a route names, where these are all of its
 * rule. Nothing is guessed: what requires more, or names a pattern, is listed as not compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "cli/compare_plan.h"
#include "cli/grid.h"

#define HOST_MOST	255
#define PATH_MOST	4096
#define TEXT_MAX	4700		/* of an address: what is before the host, too */

/* Why it is not compared: `why`, and behind it what may be "". */
static void
skip(struct compare_plan *p, const char *service, const json_t *route, const char *why,
    const char *detail)
{
	const char *rule = text_of(route, "rule");
	json_t *one = json_pack("{s:s, s:s, s:s+, s:s++}", "service", service, "router",
	    text_of(route, "router"), "route", *rule != '\0' ? rule : text_of(route, "host"),
	    *rule != '\0' ? "" : text_of(route, "path"), "why", why, *detail == '\0' ? "" : ": ", detail);

	ASSERT(one != NULL);		/* all of it was JSON before, or is ours */
	json_array_append_new(p->skipped, one);
}

static void
address_add(struct compare_plan *p, bool tls, const char *host, const char *service,
    const json_t *route)
{
	const char *path = text_of(route, "path");
	char text[TEXT_MAX];
	int n = snprintf(text, sizeof text, "%s://%s%s", tls ? "https" : "http", host, path);
	struct str key = { text, (size_t)n };

	ASSERT(n > 0 && (size_t)n < sizeof text);
	if (map_get(p->known, key) != NULL)
		return;
	map_put(p->known, key, p);
	if (p->n == p->most) {
		p->left_out++;
		return;
	}
	p->address = must_realloc(p->address, (p->n + 1) * sizeof *p->address);
	p->address[p->n++] = (struct compare_address){ .tls = tls, .host = must_strdup(host),
	    .path = must_strdup(path), .text = must_strdup(text), .service = must_strdup(service),
	    .router = must_strdup(text_of(route, "router")) };
}

/* A name that libcurl takes as it is. */
static bool
host_is_plain(const char *host)
{
	return *host != '\0' && strlen(host) <= HOST_MOST &&
	    host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == '\0';
}

/* Segments such as "", "." and "..", of which servers make different things. */
static bool
has_odd_segment(const char *path)
{
	for (const char *p = path; (p = strchr(p, '/')) != NULL; p++) {
		size_t dots = strspn(p + 1, ".");
		if (dots <= 2 && (p[1 + dots] == '/' || (dots > 0 && p[1 + dots] == '\0')))
			return true;
	}
	return false;
}

/* It means the same wherever it is read, and needs no escape. */
static bool
path_is_plain(const char *path)
{
	return *path == '/' && strlen(path) <= PATH_MOST && !has_odd_segment(path) &&
	    path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._~!$&'()*+,=:@/")] == '\0';
}

/* NULL: it can be. */
static const char *
cannot_compare(const json_t *route)
{
	const char *host = text_of(route, "host");

	if (*text_of(route, "listener") != '\0')
		return "it is for connections, not for requests";
	if (json_is_true(json_object_get(route, "partial")))
		return "its rule requires more than a host and a path";
	if (*host == '*' || *host == '+')
		return "its host is a pattern";
	if (*host != '\0' && !host_is_plain(host))
		return "its host is none that a client names as it is";
	if (!path_is_plain(text_of(route, "path")))
		return "its path has to be escaped, and may be read in several ways";
	return NULL;
}

/* Routes of listeners by name are not on others. */
static bool
is_on(const json_t *route, const char *listener)
{
	const json_t *names = json_object_get(route, "listeners"), *one;
	size_t i;

	json_array_foreach(names, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), listener) == 0)
			return true;
	return json_array_size(names) == 0;
}

static void
route_add(struct compare_plan *p, const char *service, const json_t *route)
{
	const char *why = cannot_compare(route), *by = text_of(route, "by");
	const char *host = *text_of(route, "host") == '\0' ? p->any_host : text_of(route, "host");
	bool wanted[2] = { strcmp(by, "tls") != 0, strcmp(by, "plain") != 0 }, there[2];

	for (int i = 0; i < 2; i++)
		there[i] = wanted[i] && p->way[i] && (p->listener[i] == NULL || is_on(route, p->listener[i]));
	if (why == NULL && !there[0] && !there[1])
		why = (wanted[0] && p->way[0]) || (wanted[1] && p->way[1]) ?
		    "its requests come by another listener: --mola or --mola-tls" : p->no_way[!wanted[0]];
	if (why != NULL) {
		skip(p, service, route, why, "");
		return;
	}
	/* without TLS, too, where the router is for TLS: clients begin there, and most are redirected */
	if (there[0] || (there[1] && p->way[0]))
		address_add(p, false, host, service, route);
	if (there[1])
		address_add(p, true, host, service, route);
}

static void
service_add(struct compare_plan *p, const json_t *service)
{
	const json_t *routes = json_object_get(service, "routes"), *route, *trouble;
	const char *name = text_of(service, "name");
	size_t i;

	json_array_foreach(routes, i, route)
		route_add(p, name, route);
	if (json_is_false(json_object_get(service, "served"))) {
		trouble = json_array_get(json_object_get(service, "troubles"), 0);
		skip(p, name, NULL, "it is not served by Mola", text_of(trouble, "text"));
	}
}

void
compare_plan_init(struct compare_plan *p, const json_t *services)
{
	const json_t *one;
	size_t i;

	ASSERT(p->most > 0 && p->any_host != NULL);
	p->known = map_new();
	p->skipped = json_array();
	json_array_foreach(json_object_get(services, "services"), i, one)
		service_add(p, one);
	json_array_foreach(json_object_get(services, "refused"), i, one)
		route_add(p, "", one);
}

void
compare_plan_fini(struct compare_plan *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		free(p->address[i].host);
		free(p->address[i].path);
		free(p->address[i].text);
		free(p->address[i].service);
		free(p->address[i].router);
	}
	free(p->address);
	json_decref(p->skipped);
	map_free(&p->known);
}
