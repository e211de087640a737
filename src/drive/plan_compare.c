/*
 * plan_compare: whether an external proxy has to be told of a new plan, and how soon: who is a
 * member counts at once, shares only where they moved by more than the hysteresis.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "drive/plan.h"

const char *
plan_change_name(enum plan_change c)
{
	return c == PLAN_SAME ? "same" : c == PLAN_WEIGHT ? "weight" : "members";
}

static bool
texts_equal(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool
routes_equal(const struct plan_service *a, const struct plan_service *b)
{
	if (a->nroutes != b->nroutes)
		return false;
	for (unsigned i = 0; i < a->nroutes; i++)
		if (strcmp(a->route[i].host, b->route[i].host) != 0 ||
		    strcmp(a->route[i].path, b->route[i].path) != 0)
			return false;
	return true;
}

static bool
requirements_equal(const struct route_requirements *a, const struct route_requirements *b)
{
	return a->middlewares == b->middlewares && a->tls == b->tls && a->refused == b->refused &&
	    texts_equal(a->entry_points, b->entry_points);
}

static bool
members_equal(const struct plan_service *a, const struct plan_service *b)
{
	if (strcmp(a->name, b->name) != 0 || a->nservers != b->nservers || !routes_equal(a, b) ||
	    !requirements_equal(&a->requirements, &b->requirements) ||
	    !texts_equal(a->conf.health_path, b->conf.health_path) ||
	    a->conf.health_interval_usec != b->conf.health_interval_usec ||
	    a->conf.health_timeout_usec != b->conf.health_timeout_usec)
		return false;
	for (unsigned i = 0; i < a->nservers; i++)
		if (strcmp(a->server[i].name, b->server[i].name) != 0 ||
		    a->server[i].draining != b->server[i].draining ||
		    !addr_eq(&a->server[i].addr, &b->server[i].addr))
			return false;
	return true;
}

static bool
shares_close(const struct plan_service *a, const struct plan_service *b, double hysteresis)
{
	for (unsigned i = 0; i < a->nservers; i++)
		if (fabs(b->server[i].share - a->server[i].share) > hysteresis * a->server[i].share)
			return false;
	return true;
}

bool
plan_adds_server(const struct plan *old, const struct plan *new)
{
	for (unsigned i = 0; i < new->nservices; i++) {
		const struct plan_service *s = &new->service[i];
		const struct plan_service *was = old == NULL ? NULL : plan_find_service(old, s->name);
		for (unsigned k = 0; k < s->nservers; k++) {
			const struct plan_server *v = was == NULL ? NULL : plan_find_server(was, s->server[k].name);
			if (!s->server[k].draining &&
			    (v == NULL || v->draining || !addr_eq(&v->addr, &s->server[k].addr)))
				return true;
		}
	}
	return false;
}

enum plan_change
plan_compare(const struct plan *old, const struct plan *new, double hysteresis)
{
	enum plan_change change = PLAN_SAME;

	ASSERT(hysteresis >= 0 && old != new);
	if (old == NULL || old->nservices != new->nservices)
		return PLAN_MEMBERS;
	for (unsigned i = 0; i < old->nservices; i++) {
		if (!members_equal(&old->service[i], &new->service[i]))
			return PLAN_MEMBERS;
		if (!shares_close(&old->service[i], &new->service[i], hysteresis))
			change = PLAN_WEIGHT;
	}
	return change;
}
