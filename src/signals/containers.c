#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "signals/containers.h"
#include "signals/facts.h"

#define CORES_MOST	1e6		/* more than any machine has: a lie */

void
containers_fini(struct containers *c)
{
	free(c->of);
	*c = (struct containers){ .of = NULL };
}

void
containers_clear(struct containers *c)
{
	c->n = c->next = c->searched = 0;
}

static bool
is_id(struct str s)
{
	if (s.len != CONTAINERS_ID_BYTES - 1)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return true;
}

/* NULL: there is no room for it, or the page is not one of an agent. */
static struct container *
container_of_id(struct containers *c, struct str id)
{
	ASSERT(c->n <= CONTAINERS_MAX && id.len == CONTAINERS_ID_BYTES - 1);
	for (unsigned i = 0; i < c->n; i++) {
		unsigned k = (c->next + i) % c->n;
		if (i > 0 && c->searched++ >= CONTAINERS_SEARCH_MOST)
			return NULL;
		if (memcmp(c->of[k].id, id.p, id.len) == 0) {
			c->next = k + 1;
			return &c->of[k];
		}
	}
	if (c->n == CONTAINERS_MAX)
		return NULL;
	if (c->n == c->room) {
		c->room = c->room == 0 ? 16 : 2 * c->room;
		c->of = must_realloc(c->of, c->room * sizeof c->of[0]);
	}
	c->of[c->n] = (struct container){ .available = NAN, .used = NAN, .quota = INFINITY };
	str_copy(c->of[c->n].id, CONTAINERS_ID_BYTES, id);
	c->next = c->n + 1;
	return &c->of[c->n++];
}

bool
containers_take(struct containers *c, const struct prom_value *v)
{
	static const enum container_fact facts[] = { CONTAINER_AVAILABLE, CONTAINER_USED,
	    CONTAINER_QUOTA };
	struct container *to;
	unsigned f = 0;
	struct str id;

	while (f < 3 && !str_eq(v->name, container_all[facts[f]].name))
		f++;
	if (f == 3)
		return false;
	id = prom_label(v, STR("id"));
	if (!is_id(id) || !(v->value >= 0 && v->value <= CORES_MOST))
		return false;
	if ((to = container_of_id(c, id)) == NULL)
		return false;
	*(f == 0 ? &to->available : f == 1 ? &to->used : &to->quota) = v->value;
	return true;
}

const struct container *
containers_find(const struct containers *c, const char *id, unsigned *at)
{
	const struct container *found = NULL;
	size_t len = strlen(id);

	if (*at < c->n && len == CONTAINERS_ID_BYTES - 1 && memcmp(c->of[*at].id, id, len) == 0)
		return &c->of[*at];
	for (unsigned i = 0; i < c->n; i++) {
		if (strncmp(c->of[i].id, id, len) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &c->of[i];
		*at = i;
	}
	return found;
}
