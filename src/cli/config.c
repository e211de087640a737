/*
 * `mola config`: the configuration in force as a file that Mola would read, with a mark behind each
 * value that would be the same without its key. Secrets are not shown, only where they are.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/word.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/grid.h"

#define DEPTH_MAX	12
#define PATH_LENGTH	512

struct config {
	json_t		*defaults;		/* has these paths as keys */
	const json_t	*secrets;		/* a list of paths */
	char		 path[PATH_LENGTH];
	const char	*lead;			/* before the first line of a list's item */
};

static void	map_print(struct config *, const json_t *, int depth);

static json_t *
set_of(const json_t *list)
{
	json_t *set = json_object(), *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v))
			json_object_set_new(set, json_string_value(v), json_true());
	return set;
}

/* Nothing in it would be printed: a file cannot have an empty list or mapping. */
static bool
is_empty(const json_t *j)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_object(j))
		json_object_foreach((json_t *)(uintptr_t)j, key, v)
			if (!is_empty(v))
				return false;
	if (json_is_array(j))
		json_array_foreach(j, i, v)
			if (!is_empty(v))
				return false;
	return json_is_null(j) || json_is_object(j) || json_is_array(j);
}

/* A plain scalar that YAML reads as this text and nothing else. */
static bool
is_plain(const char *s)
{
	static const char *const others[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n",
		NULL };
	char low[8] = "";

	for (size_t i = 0; i < sizeof low - 1 && s[i] != '\0'; i++)
		low[i] = (char)tolower((unsigned char)s[i]);
	if ((!isalnum((unsigned char)*s) && *s != '/') || word_place(str_of(low), others) >= 0)
		return false;
	if (s[strspn(s, "0123456789.eE_+-")] == '\0')		/* maybe a number */
		return false;
	for (const char *c = s; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("._/-", *c) == NULL &&
		    (*c != ':' || c[1] == '\0' || c[1] == ' '))
			return false;
	return true;
}

/* In quotes it is as in JSON; whatever is not ASCII is escaped. */
static void
scalar_print(const json_t *v)
{
	if (json_is_string(v) && is_plain(json_string_value(v)))
		fputs(json_string_value(v), stdout);
	else
		json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(10));
}

static void
indent(struct config *c, int depth)
{
	printf("%*s%s", 2 * depth - (int)strlen(c->lead), "", c->lead);
	c->lead = "";
}

static void
array_print(struct config *c, const json_t *list, int depth, bool marked)
{
	bool of_maps = json_is_object(json_array_get(list, 0));
	size_t length = strlen(c->path);
	json_t *v;
	size_t i;

	printf(of_maps ? "\n" : " [");
	json_array_foreach(list, i, v)
		if (of_maps) {
			snprintf(c->path + length, sizeof c->path - length, ".%zu", i);
			c->lead = "- ";
			map_print(c, v, depth + 2);
			c->path[length] = '\0';
		} else {
			fputs(i == 0 ? " " : ", ", stdout);
			scalar_print(v);
		}
	if (!of_maps)
		printf(" ]%s\n", marked ? "   # default" : "");
}

static void
value_print(struct config *c, const char *key, const json_t *v, int depth, bool marked)
{
	struct printable safe;

	if (is_empty(v) || depth > DEPTH_MAX)
		return;
	indent(c, depth);
	printf("%s:", printable(key, &safe));
	if (json_is_array(v))
		array_print(c, v, depth, marked);
	else if (json_is_object(v)) {
		printf("\n");
		map_print(c, v, depth + 1);
	} else {
		putchar(' ');
		scalar_print(v);
		printf("%s\n", marked ? "   # default" : "");
	}
}

/* Those of this mapping: they are no keys of the response. */
static void
secrets_print(const struct config *c, int depth)
{
	size_t length = strlen(c->path), i;
	struct printable safe;
	const char *key;
	json_t *v;

	json_array_foreach(c->secrets, i, v) {
		key = json_is_string(v) ? json_string_value(v) : "";
		if (strncmp(key, c->path, length) != 0 || (length > 0 && key[length] != '.'))
			continue;
		key += length + (length > 0);
		if (strchr(key, '.') == NULL)
			printf("%*s# %s: is set, and not shown\n", 2 * depth, "", printable(key, &safe));
	}
}

static void
map_print(struct config *c, const json_t *map, int depth)
{
	size_t length = strlen(c->path);
	const char *key;
	bool marked;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)map, key, v) {
		snprintf(c->path + length, sizeof c->path - length, "%s%.60s", length == 0 ? "" : ".", key);
		marked = json_object_get(c->defaults, c->path) != NULL;
		value_print(c, key, v, depth, marked);
		c->path[length] = '\0';
	}
	secrets_print(c, depth);
}

int
config_main(int argc, char **argv)
{
	struct api a;
	struct config c = { .lead = "" };
	json_t *response;
	int status = api_init(&a, argc, argv, 0, 0);

	if (status != API_GO_ON)
		return status;
	response = api_get(&a, "/api/v1/config/defaults", NULL, NULL);
	if (response == NULL)
		return 1;
	if (a.json)
		api_print(response);
	else {
		c.defaults = set_of(json_object_get(response, "defaults"));
		c.secrets = json_object_get(response, "secrets");
		map_print(&c, json_object_get(response, "config"), 0);
		json_decref(c.defaults);
	}
	json_decref(response);
	return 0;
}
