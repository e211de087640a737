#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share.h"

#define WEIGHT		1024

static int
group_of(struct constellation *c, const char *name, int parent)
{
	struct group *g;

	for (int i = 0; i < c->ngroups; i++)
		if (c->group[i].parent == parent && strcmp(c->group[i].name, name) == 0)
			return i;
	if (c->ngroups == SHARE_MAX || strlen(name) >= SHARE_NAME || *name == '\0')
		return -1;
	g = &c->group[c->ngroups];
	*g = (struct group){ .parent = parent, .weight = WEIGHT, .quota = INFINITY };
	strcpy(g->name, name);
	return c->ngroups++;
}

/* "a/b": b in a, made if need be; -1: too many, or no names. */
static int
path_read(struct constellation *c, char *path)
{
	char *name;
	int at = -1;

	do {
		name = strsep(&path, "/");
		if ((at = group_of(c, name, at)) < 0)
			return -1;
	} while (path != NULL);
	return at;
}

static bool
number_read(const char *text, double most, double *out)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end != '\0' || !(d >= 0 && d <= most))
		return false;
	*out = d;
	return true;
}

/* "4,w512,q0.5": its threads are left for the caller */
static bool
values_read(char *values, struct group *g, double *threads, double *busy)
{
	char *value = strsep(&values, ",");

	*busy = 1;
	if (!number_read(value, 256, threads))
		return false;
	while ((value = strsep(&values, ",")) != NULL)
		switch (*value) {
		case 'w': if (!number_read(value + 1, 262144, &g->weight) || g->weight < 2) return false; break;
		case 'q': if (!number_read(value + 1, 1024, &g->quota) || g->quota < .01) return false; break;
		case 'd': if (!number_read(value + 1, 1, busy) || *busy <= 0) return false; break;
		default: return false;
		}
	return true;
}

/* One of maybe many: PATH, or PART@PATH. */
static bool
group_add(struct constellation *c, const char *text, const char *values)
{
	char path[2 * SHARE_NAME], rest[2 * SHARE_NAME], *group, *name;
	double threads, busy;
	int g;

	snprintf(path, sizeof path, "%s", text);
	snprintf(rest, sizeof rest, "%s", values);
	if ((group = strchr(path, '@')) != NULL)
		*group++ = '\0';
	else
		group = path;
	if (*path == '\0' || (g = path_read(c, group)) < 0 || !values_read(rest, &c->group[g], &threads, &busy))
		return false;
	if (threads == 0)
		return true;
	if (c->nparts == SHARE_MAX)
		return false;
	name = group == path ? c->group[g].name : path;
	c->part[c->nparts] = (struct part){ .group = g, .threads = (unsigned)threads, .busy = busy };
	snprintf(c->part[c->nparts].name, SHARE_NAME, "%.*s", SHARE_NAME - 1, name);
	c->nparts++;
	return true;
}

static bool
word_read(struct constellation *c, char *word)
{
	char *values = strchr(word, '='), *times, one[2 * SHARE_NAME];
	double n = 1;

	if (values == NULL || strlen(word) >= 2 * SHARE_NAME)
		return false;
	*values++ = '\0';
	if ((times = strchr(word, '*')) == NULL)
		return group_add(c, word, values);
	*times++ = '\0';
	if (!number_read(times, SHARE_MAX, &n))
		return false;
	for (int i = 1; i <= (int)n; i++) {
		snprintf(one, sizeof one, "%.50s%d", word, i);
		if (!group_add(c, one, values))
			return false;
	}
	return true;
}

bool
constellation_read(struct constellation *c, char *line, char problem[160])
{
	char *word, whole[64];

	memset(c, 0, sizeof *c);
	problem[0] = '\0';
	while ((word = strsep(&line, " \t\n")) != NULL) {
		if (*word == '\0')
			continue;
		snprintf(whole, sizeof whole, "%s", word);
		if (c->name[0] == '\0') {
			snprintf(c->name, sizeof c->name, "%s", word);
		} else if (!word_read(c, word)) {
			snprintf(problem, 160, "%s: '%s' where PATH=THREADS,wWEIGHT,qCORES,dPART was expected", c->name, whole);
			return false;
		}
	}
	for (int i = 0; i < c->nparts; i++)
		if (constellation_is_outer(c, c->part[i].group)) {
			snprintf(problem, 160, "%s: %s has threads beside groups", c->name, c->part[i].name);
			return false;
		}
	return true;
}

bool
constellation_is_outer(const struct constellation *c, int group)
{
	for (int i = 0; i < c->ngroups; i++)
		if (c->group[i].parent == group)
			return true;
	return false;
}
