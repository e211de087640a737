/*
 * middlewares_users: users of basicAuth and digestAuth that stand in a file where Mola runs.
 */
#include <string.h>

#include "discovery/middlewares_priv.h"

/* Users of a file as a label has them. Lines that are empty, or begin with #, are none. */
static const char *
users_of_text(struct arena *a, const char *text, const char **problem)
{
	struct str rest = str_of(text), line;
	char *users = arena_zalloc(a, strlen(text) + 1), *end = users;

	while (str_split(&rest, '\n', &line)) {
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		line = str_trim(line);
		if (line.len == 0 || line.p[0] == '#')
			continue;
		if (memchr(line.p, ',', line.len) != NULL) {
			*problem = "which is not understood: usersFile: a user has a comma";
			return NULL;
		}
		if (end > users)
			*end++ = ',';
		memcpy(end, line.p, line.len);
		end += line.len;
	}
	return users;
}

static const char *
users_of_file(const struct swarm_conf *conf, struct arena *a, struct str path,
    enum filter_kind kind, const char **problem)
{
	const char *text, *why;

	if (path.len == 0 || path.p[0] != '/') {
		*problem = "which is not understood: usersFile: expected a path that begins with a slash";
		return NULL;
	}
	if (conf->files_assumed)
		return kind == FILTER_BASIC_AUTH ? "assumed:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=" :
		    "assumed:assumed:00000000000000000000000000000000";
	text = conf->file(conf->file_arg, arena_text(a, path), &why);
	if (text == NULL) {
		*problem = arena_printf(a, "whose usersFile %.*s Mola cannot read: %s; it has to be there where "
		    "Mola runs", STR_ARG(path), why);
		return NULL;
	}
	return users_of_text(a, text, problem);
}

bool
middlewares_take_users(const struct swarm_conf *conf, struct arena *a, enum filter_kind kind,
    const struct filter_setting **s, unsigned *n, const char **problem)
{
	struct filter_setting *more = arena_zalloc(a, (*n + 1) * sizeof *more);
	const char *users = NULL;
	unsigned left = 0;

	if (conf->file == NULL && !conf->files_assumed)
		return true;
	for (unsigned i = 0; i < *n; i++)
		if (!str_eq_nocase((*s)[i].path, STR("usersFile")))
			more[left++] = (*s)[i];
		else if ((users = users_of_file(conf, a, (*s)[i].value, kind, problem)) == NULL)
			return false;
	if (users == NULL)
		return true;
	for (unsigned i = 0; i < left; i++)
		if (str_eq_nocase(more[i].path, STR("users"))) {
			if (*users != '\0' && more[i].value.len > 0)
				more[i].value = str_of(arena_printf(a, "%s,%.*s", users, STR_ARG(more[i].value)));
			else if (*users != '\0')
				more[i].value = str_of(users);
			users = "";
		}
	if (*users != '\0')
		more[left++] = (struct filter_setting){ STR("users"), str_of(users) };
	*s = more;
	*n = left;
	return true;
}
