/*
 * requirements: errs on the safe side. A middleware that is defined here may be used by a
 * router that is defined elsewhere, so its definition counts; so do labels of Traefik 1, whose
 * middlewares were options of the frontend.
 * Must not know which routers are understood.
 */
#include <string.h>
#include <strings.h>

#include "discovery/requirements.h"

#define ROUTERS		"traefik.http.routers."
#define MIDDLEWARES	"traefik.http.middlewares."
#define FRONTEND	"traefik.frontend."

static bool
starts_with(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

/* "tls", "tls.options", "middlewares[0]": the key itself, a part of it, or an item of its list. */
static bool
is_key(const char *key, const char *of)
{
	return starts_with(key, of) && (key[strlen(of)] == '\0' || key[strlen(of)] == '.' ||
	    key[strlen(of)] == '[');
}

/* As Go reads a boolean. */
static bool
is_false(const char *value)
{
	static const char *const word[] = { "0", "f", "F", "false", "False", "FALSE" };

	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		if (strcmp(value, word[i]) == 0)
			return true;
	return false;
}

/* A list in pieces (entryPoints[0]) matches no target: each piece would have to name all
 * entry points. */
void
requirements_read(const struct swarm_service *s, struct arena *a, struct route_requirements *out)
{
	*out = (struct route_requirements){ 0 };
	for (unsigned i = 0; i < s->nlabels; i++) {
		const char *name = s->label[i].name, *value = s->label[i].value;
		const char *key = starts_with(name, ROUTERS) ? strchr(name + strlen(ROUTERS), '.') : NULL;
		out->middlewares |= starts_with(name, MIDDLEWARES) || starts_with(name, FRONTEND);
		if (key == NULL)
			continue;
		key++;
		out->middlewares |= is_key(key, "middlewares");
		out->tls |= is_key(key, "tls") && !(strcasecmp(key, "tls") == 0 && is_false(value));
		if (is_key(key, "entrypoints"))
			out->entry_points = out->entry_points == NULL ? arena_text(a, str_of(value)) :
			    arena_printf(a, "%s;%s", out->entry_points, value);
	}
}
