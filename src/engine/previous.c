/*
 * previous: two specifications that differ in nothing but what a Mola changes (number of tasks,
 * placement, the mark and order of a move) are a step apart. While the last two are not, the
 * image of the previous one is the one to remember.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "discovery/placement.h"
#include "discovery/spec.h"
#include "engine/previous.h"

#define IMAGE_BYTES	400

struct previous_service {
	LIST_ENTRY(previous_service) link;
	char		*name;
	char		 image[IMAGE_BYTES];	/* of the people's own previous version; "": not known */
	bool		 stepped;		/* the last change was a step */
	bool		 same_image;		/* and `image` is still the current one */
	int		 from, to;		/* replicas, before and after the step */
	bool		 seen;
};

struct previous {
	LIST_HEAD(, previous_service) services;
};

static const char *
image_of(const json_t *spec)
{
	const json_t *container = json_object_get(json_object_get(spec, "TaskTemplate"), "ContainerSpec");
	const char *image = json_string_value(json_object_get(container, "Image"));

	return image == NULL ? "" : image;
}

/* The specification without what a Mola may change. */
static json_t *
without_steps(const json_t *spec)
{
	json_t *rest = json_deep_copy(spec), *task = json_object_get(rest, "TaskTemplate");

	json_object_del(json_object_get(json_object_get(rest, "Mode"), "Replicated"), "Replicas");
	json_object_del(json_object_get(rest, "Labels"), PLACEMENT_LABEL);
	json_object_del(json_object_get(task, "Placement"), "Constraints");
	json_object_del(rest, "UpdateConfig");
	return rest;
}

static bool
is_marked(const json_t *spec)
{
	return json_object_get(json_object_get(spec, "Labels"), PLACEMENT_LABEL) != NULL;
}

static int
replicas_of(const json_t *spec)
{
	const json_t *n = json_object_get(json_object_get(json_object_get(spec, "Mode"),
	    "Replicated"), "Replicas");

	return json_is_integer(n) ? (int)json_integer_value(n) : -1;
}

static bool
is_step(const json_t *before, const json_t *now)
{
	json_t *a, *b;
	struct buf none;
	bool same;

	if (replicas_of(before) == replicas_of(now) && !is_marked(before) && !is_marked(now))
		return false;
	a = without_steps(before);
	b = without_steps(now);
	buf_init(&none, 0);
	same = spec_differ(a, a, b, &none) == 0;
	buf_fini(&none);
	json_decref(a);
	json_decref(b);
	return same;
}

static struct previous_service *
previous_find(const struct previous *p, const char *name)
{
	struct previous_service *s;

	LIST_FOREACH(s, &p->services, link)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static struct previous_service *
previous_get(struct previous *p, const char *name)
{
	struct previous_service *s = previous_find(p, name);

	if (s == NULL) {
		s = must_zalloc(sizeof *s);
		s->name = must_strdup(name);
		LIST_INSERT_HEAD(&p->services, s, link);
	}
	return s;
}

void
previous_update(struct previous *p, const char *name, const json_t *service)
{
	const json_t *now = json_object_get(service, "Spec"), *before = json_object_get(service,
	    "PreviousSpec");
	struct previous_service *s = previous_get(p, name);

	s->seen = true;
	s->stepped = json_is_object(before) && is_step(before, now);
	if (!s->stepped)
		str_copy(s->image, sizeof s->image, str_of(image_of(before)));
	s->same_image = strcmp(s->image, image_of(now)) == 0;
	s->from = replicas_of(before);
	s->to = replicas_of(now);
}

static void
forget_service(struct previous_service *s)
{
	LIST_REMOVE(s, link);
	free(s->name);
	free(s);
}

void
previous_sweep(struct previous *p)
{
	struct previous_service *s, *next;

	for (s = LIST_FIRST(&p->services); s != NULL; s = next) {
		next = LIST_NEXT(s, link);
		if (!s->seen)
			forget_service(s);
		else
			s->seen = false;
	}
}

const char *
previous_image(const struct previous *p, const char *name)
{
	const struct previous_service *s = previous_find(p, name);

	return s == NULL ? "" : s->image;
}

bool
previous_explain(const struct previous *p, const char *name, struct buf *out)
{
	const struct previous_service *s = previous_find(p, name);

	if (s == NULL || !s->stepped)
		return false;
	if (s->from != s->to)
		buf_printf(out, "docker service rollback would undo the last step in the number of "
		    "its tasks (%d back to %d), not your last update", s->to, s->from);
	else
		buf_printf(out, "docker service rollback would undo the last move, not your last update");
	if (s->image[0] != '\0' && !s->same_image)
		buf_printf(out, "; until then it went back to %s: docker service update --image %s "
		    "%s", s->image, s->image, name);
	else if (s->image[0] != '\0')
		buf_printf(out, "; until then it went back to a version with the same image");
	return true;
}

struct previous *
previous_new(void)
{
	return must_zalloc(sizeof(struct previous));
}

void
previous_free(struct previous **pp)
{
	struct previous *p = *pp;
	struct previous_service *s;

	*pp = NULL;
	if (p == NULL)
		return;
	while ((s = LIST_FIRST(&p->services)) != NULL)
		forget_service(s);
	free(p);
}
