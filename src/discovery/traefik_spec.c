/*
 * traefik_spec: whether a service of the Swarm is a Traefik, and what its specification has of
 * its configuration. A Traefik is known by its image's name, or by arguments and variables that
 * only a Traefik has: images are renamed and mirrored.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/traefik_spec.h"

#define SPEC "Spec.TaskTemplate.ContainerSpec."
#define TEXTS_MAX 1024

static bool
starts_with(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

/* "registry:5000/a/traefik:v3@sha256:..." to "traefik" */
static struct str
image_name(struct str image)
{
	const char *at;

	if ((at = memchr(image.p == NULL ? "" : image.p, '@', image.len)) != NULL)
		image.len = (size_t)(at - image.p);
	while (image.len > 0 && (at = memchr(image.p, '/', image.len)) != NULL)
		image = (struct str){ at + 1, image.len - (size_t)(at - image.p) - 1 };
	if (image.len > 0 && (at = memchr(image.p, ':', image.len)) != NULL)
		image.len = (size_t)(at - image.p);
	return image;
}

/* Adds the texts of a list. */
static void
texts_add(struct arena *a, const json_t *list, bool (*wanted)(const char *), const char ***out,
    unsigned *n)
{
	size_t more = json_array_size(list), i;
	const char **grown, *s;
	json_t *j;

	ASSERT(*n <= TEXTS_MAX);
	grown = arena_zalloc(a, (*n + more + 1) * sizeof *grown);
	if (*n > 0)
		memcpy(grown, *out, *n * sizeof *grown);
	*out = grown;
	json_array_foreach((json_t *)(uintptr_t)list, i, j)
		if (*n < TEXTS_MAX && (s = json_string_value(j)) != NULL && (wanted == NULL || wanted(s)))
			grown[(*n)++] = arena_text(a, str_of(s));
}

static bool
is_variable(const char *s)
{
	return starts_with(s, "TRAEFIK_");
}

/* Flags that no other program has. */
static bool
arg_is_traefik(const char *s)
{
	s += strspn(s, "-");
	return starts_with(s, "entrypoints.") || starts_with(s, "entrypoints=") ||
	    starts_with(s, "providers.docker") || starts_with(s, "providers.swarm") ||
	    starts_with(s, "docker.swarmmode") || (starts_with(s, "configfile") &&
	    strcasestr(s, "traefik") != NULL);
}

static bool
variable_is_traefik(const char *s)
{
	return starts_with(s, "TRAEFIK_ENTRYPOINTS_") || starts_with(s, "TRAEFIK_PROVIDERS_") ||
	    starts_with(s, "TRAEFIK_CONFIGFILE");
}

/* ---- mounts ---- */

static bool
mounts_socket(struct json_reader *jr, const json_t *mounts)
{
	json_t *j;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)mounts, i, j) {
		struct str from = json_reader_text(jr, j, "Source");
		if (from.len >= 11 && str_eq((struct str){ from.p + from.len - 11, 11 }, STR("docker.sock")))
			return true;
	}
	return false;
}

/* Whether something is mounted at this path, or at a folder above. */
static bool
mounts_cover(struct json_reader *jr, const json_t *mounts, const char *path)
{
	json_t *j;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)mounts, i, j) {
		struct str to = json_reader_text(jr, j, "Target");
		if (str_eq(json_reader_text(jr, j, "Type"), STR("tmpfs")))
			continue;
		while (to.len > 0 && to.p[to.len - 1] == '/')
			to.len--;
		if (str_starts(str_of(path), to) && (path[to.len] == '\0' || path[to.len] == '/'))
			return true;
	}
	return false;
}

/* ---- the file ---- */

static const char *const usual_files[] = { "/etc/traefik/traefik.toml", "/etc/traefik/traefik.yaml",
    "/etc/traefik/traefik.yml" };

/* Where Traefik looks by itself: there, in its working directory and in its user's; any of
 * these names will do. */
static bool
is_usual(const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < sizeof usual_files / sizeof *usual_files; i++)
		if (strcmp(slash == NULL ? path : slash + 1, strrchr(usual_files[i], '/') + 1) == 0)
			return true;
	return false;
}

static const char *
named_file(const struct traefik_spec *s)
{
	const char *a;

	for (unsigned i = 0; i < s->nargs; i++) {
		a = s->arg[i] + strspn(s->arg[i], "-");
		if (a == s->arg[i] || !starts_with(a, "configfile"))
			continue;
		if (a[10] == '=')
			return a + 11;
		if (a[10] == '\0' && i + 1 < s->nargs)
			return s->arg[i + 1];
	}
	for (unsigned i = 0; i < s->nenv; i++)
		if (starts_with(s->env[i], "TRAEFIK_CONFIGFILE="))
			return s->env[i] + 19;
	return NULL;
}

/* A path in the container; one without a slash in front is relative to the root. */
static bool
is_same_path(struct str a, const char *b)
{
	if (a.len > 0 && *a.p == '/')
		a = (struct str){ a.p + 1, a.len - 1 };
	return a.len > 0 && str_eq(a, str_of(b + (*b == '/')));
}

/* Among configs or secrets: the one that is the file, or, where no file is named, one that
 * may be it. */
static const json_t *
find_placed(struct json_reader *jr, const json_t *list, const char *file, const char **path,
    struct arena *a)
{
	json_t *j;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, j) {
		struct str to = json_reader_text(jr, j, "File.Name");
		const char *at = arena_text(a, to);
		if (to.len > 0 && (file != NULL ? is_same_path(to, file) : is_usual(at))) {
			*path = at;
			return j;
		}
	}
	return NULL;
}

/* A mount that may hold the file: one of its own, wherever it is, or a folder in which
 * Traefik looks. NULL: none. */
static const char *
mounted_file(struct arena *a, struct json_reader *jr, const json_t *j, const json_t *mounts)
{
	struct str dir = json_reader_text(jr, j, SPEC "Dir");
	const char *const folders[] = { "/etc/traefik", "/root/.config", arena_text(a, dir) };
	const char *path;
	json_t *m;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)mounts, i, m) {
		path = arena_text(a, json_reader_text(jr, m, "Target"));
		if (is_usual(path) && !str_eq(json_reader_text(jr, m, "Type"), STR("tmpfs")))
			return path;
	}
	for (i = 0; i < (dir.len == 0 ? 2 : 3); i++)
		for (size_t k = 0; k < sizeof usual_files / sizeof *usual_files; k++) {
			path = arena_printf(a, "%s/%s", folders[i], strrchr(usual_files[k], '/') + 1);
			if (mounts_cover(jr, mounts, path))
				return path;
		}
	return NULL;
}

static void
find_file(struct arena *a, struct json_reader *jr, const json_t *j, const json_t *mounts,
    struct traefik_spec *s)
{
	const char *named = named_file(s), *path = named;
	const json_t *at;

	if ((at = find_placed(jr, json_reader_list(jr, j, SPEC "Configs"), named, &path, a)) != NULL)
		s->config = arena_text(a, json_reader_text(jr, at, "ConfigID"));
	else if (find_placed(jr, json_reader_list(jr, j, SPEC "Secrets"), named, &path, a) != NULL)
		s->unreadable = arena_printf(a, "its file %s is a secret", path);
	else if (named != NULL)
		s->unreadable = arena_printf(a, "its file %s lies %s", named,
		    mounts_cover(jr, mounts, named) ? "on a node" : "in its image");
	s->file = path;
	if (named == NULL && (path == NULL || strstr(path, "etc/traefik/") == NULL) &&
	    (path = mounted_file(a, jr, j, mounts)) != NULL) {
		s->file = path;
		s->config = NULL;
		s->unreadable = arena_printf(a, "its file may lie on a node, where %s is mounted from", path);
	}
}

/* ---- the whole ---- */

static bool
any_is(const char **text, unsigned n, bool (*is)(const char *))
{
	for (unsigned i = 0; i < n; i++)
		if (is(text[i]))
			return true;
	return false;
}

/* sh -c "traefik --entrypoints..." */
static bool
uses_shell(const struct traefik_spec *s)
{
	for (unsigned i = 0; i < s->nargs; i++)
		if (s->arg[i][0] != '-' && strpbrk(s->arg[i], " \t\n") != NULL &&
		    (strcasestr(s->arg[i], "--entrypoints.") != NULL ||
		    strcasestr(s->arg[i], "--providers.") != NULL))
			return true;
	return false;
}

/* Companions of Traefik that have its name in theirs. */
static bool
is_companion(struct str name)
{
	static const char *const words[] = { "forward", "auth", "whoami", "dump", "cert",
	    "exporter", "error", "plugin", "hello", "mesh", NULL };
	char lower[256];

	str_copy(lower, sizeof lower, name);
	for (const char *const *w = words; *w != NULL; w++)
		if (strcasestr(lower, *w) != NULL)
			return true;
	return false;
}

struct traefik_spec *
traefik_spec_read(struct arena *a, struct json_reader *jr, const json_t *j)
{
	const json_t *mounts = json_reader_list(jr, j, SPEC "Mounts");
	struct str name = image_name(json_reader_text(jr, j, SPEC "Image"));
	struct traefik_spec *s = arena_zalloc(a, sizeof *s);
	char text[256];
	bool exact = str_eq_nocase(name, STR("traefik")) || str_eq_nocase(name, STR("traefikee")), like;

	texts_add(a, json_reader_list(jr, j, SPEC "Command"), NULL, &s->arg, &s->nargs);
	texts_add(a, json_reader_list(jr, j, SPEC "Args"), NULL, &s->arg, &s->nargs);
	texts_add(a, json_reader_list(jr, j, SPEC "Env"), is_variable, &s->env, &s->nenv);
	str_copy(text, sizeof text, name);
	like = strcasestr(text, "traefik") != NULL && !is_companion(name) && mounts_socket(jr, mounts);
	if (!exact && !like && !any_is(s->arg, s->nargs, arg_is_traefik) &&
	    !any_is(s->env, s->nenv, variable_is_traefik) && !uses_shell(s))
		return NULL;
	find_file(a, jr, j, mounts, s);
	if (s->unreadable == NULL && uses_shell(s))
		s->unreadable = "its command line goes through a shell";
	else if (s->unreadable == NULL && s->config == NULL &&
	    !any_is(s->arg, s->nargs, arg_is_traefik) &&
	    !any_is(s->env, s->nenv, variable_is_traefik))
		s->unreadable = "its specification does not contain its configuration, which may be in its image";
	return s;
}
