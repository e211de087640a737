/*
 * upgrade: what Mola 0.1.0 made of labels, as far as it decides whether people miss something
 * now.
 * Must not know how labels are read today.
 */
#include <string.h>
#include <strings.h>

#include "discovery/swarm_priv.h"
#include "discovery/upgrade.h"

static const char *
value_of(const struct swarm_service *s, const char *name)
{
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strcmp(s->label[i].name, name) == 0)
			return s->label[i].value;
	return NULL;
}

/* Any router has a rule with a host or a path in it. */
static bool
has_rule(const struct swarm_service *s)
{
	for (unsigned i = 0; i < s->nlabels; i++) {
		const char *name = s->label[i].name, *value = s->label[i].value;
		size_t n = strlen(name);
		if (strncasecmp(name, "traefik.http.routers.", 21) == 0 && n > 26 &&
		    strcasecmp(name + n - 5, ".rule") == 0 && (strcasestr(value, "Host(") != NULL ||
		    strcasestr(value, "Path(") != NULL || strcasestr(value, "PathPrefix(") != NULL))
			return true;
	}
	return false;
}

static bool
is_on(const char *value)
{
	return value != NULL && strcasecmp(value, "true") == 0;
}

static bool
is_off(const char *value)
{
	return value != NULL && strcasecmp(value, "false") == 0;
}

/* A value that is not boolean did not count, and a port alone was served for any host. */
bool
upgrade_served(const struct swarm_service *s, bool traefik)
{
	const char *enable = value_of(s, "mola.enable");
	bool ruled = traefik && !is_off(value_of(s, "traefik.enable")) && has_rule(s);

	if (is_off(enable) || s->provided)
		return false;
	return is_on(enable) || value_of(s, "mola.port") != NULL ||
	    value_of(s, "mola.host") != NULL || ruled;
}

/* For these reasons 0.1.0 did not serve it either. */
static bool
is_old(const struct why *why)
{
	return why == WHY_SERVICE_NAME || why == WHY_ROUTE_TAKEN || why == WHY_SERVICE_NO_PORT ||
	    why == WHY_SERVICE_UNREACHABLE || why == WHY_HEALTH_CHECK || why == WHY_LABELS_FOREIGN;
}

bool
upgrade_lost(const struct report_service *r)
{
	if (!r->served_before)
		return false;
	for (unsigned i = 0; i < r->ntroubles; i++)
		if (!is_old(r->trouble[i].why) && (r->trouble[i].why != WHY_SERVICE_NO_ROUTE || !r->served))
			return true;
	return !r->served && r->ntroubles == 0;
}
