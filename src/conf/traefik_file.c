/*
 * traefik_file: YAML, and therefore JSON, too. A file of which a section is not known is refused as
 * a whole, as Traefik does; what is wrong below a name is for those who read that name.
 * Must not know what routers and services are.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "conf/flat.h"
#include "conf/traefik_file.h"

#define NAMES_LEVEL	5	/* http.routers.NAME.sticky.cookie: below that, keys may be names of fields */

static const struct {
	const char	*section, *part;	/* NULL: no more of the section */
} known[] = {
	{ "http", "routers" }, { "http", "services" }, { "http", "middlewares" },
	{ "http", "serversTransports" },
	{ "tcp", "routers" }, { "tcp", "services" }, { "tcp", "middlewares" },
	{ "tcp", "serversTransports" },
	{ "udp", "routers" }, { "udp", "services" },
	{ "tls", "certificates" }, { "tls", "options" }, { "tls", "stores" },
};

static bool
ends_with(struct str path, const char *ending)
{
	return str_ends_nocase(path, str_of(ending));
}

bool
traefik_file_is_one(struct str path)
{
	return ends_with(path, ".yml") || ends_with(path, ".yaml") || ends_with(path, ".toml");
}

/* ---- what is in it ---- */

static bool
refuse(char problem[TRAEFIK_FILE_PROBLEM], int line, const char *key, const char *text)
{
	snprintf(problem, TRAEFIK_FILE_PROBLEM, "%d: %.160s%s%s", line, key, *key == '\0' ? "" : ": ",
	    text);
	return false;
}

static bool
is_known(const char *section, const char *part)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcasecmp(known[i].section, section) == 0 &&
		    (part == NULL || strcasecmp(known[i].part, part) == 0))
			return true;
	return false;
}

static bool
part_check(const struct tree *section, const struct tree *t, char problem[TRAEFIK_FILE_PROBLEM])
{
	bool list = strcasecmp(t->key, "certificates") == 0;
	char key[120];

	snprintf(key, sizeof key, "%.20s.%.80s", section->key, t->key);
	if (!is_known(section->key, t->key))
		return refuse(problem, t->line, key, "no key of Traefik's file provider");
	if (t->shape == TREE_SCALAR && t->empty)
		return true;
	if (t->shape != (list ? TREE_LIST : TREE_MAP))
		return refuse(problem, t->line, key, list ? "expected a list" : "expected a mapping of names");
	for (const struct tree *one = t->first; one != NULL && !list; one = one->next)
		if (one->shape != TREE_MAP) {
			snprintf(key, sizeof key, "%.20s.%.30s.%.60s", section->key, t->key, one->key);
			return refuse(problem, one->line, key, "expected a mapping");
		}
	return true;
}

static bool
section_check(const struct tree *t, char problem[TRAEFIK_FILE_PROBLEM])
{
	if (!is_known(t->key, NULL))
		return refuse(problem, t->line, t->key, "no section of Traefik's file provider; expected http, "
		    "tcp, udp or tls");
	if (t->shape != TREE_MAP)
		return (t->shape == TREE_SCALAR && t->empty) ||
		    refuse(problem, t->line, t->key, "expected a mapping");
	for (const struct tree *part = t->first; part != NULL; part = part->next)
		if (!part_check(t, part, problem))
			return false;
	return true;
}

static bool
tree_check(const struct tree *root, char problem[TRAEFIK_FILE_PROBLEM])
{
	if (root->shape != TREE_MAP)
		return (root->shape == TREE_SCALAR && root->empty) ||
		    refuse(problem, root->line, "", "expected the sections http, tcp, udp or tls");
	for (const struct tree *t = root->first; t != NULL; t = t->next)
		if (!section_check(t, problem))
			return false;
	return true;
}

/* ---- all of it ---- */

static bool
has_template(struct str text, char problem[TRAEFIK_FILE_PROBLEM])
{
	int line = 1;

	for (size_t i = 0; i + 1 < text.len; i++) {
		line += text.p[i] == '\n';
		if (text.p[i] == '{' && text.p[i + 1] == '{')
			return !refuse(problem, line, "", "a template ({{), which Mola does not expand; write what it "
			    "stands for");
	}
	return false;
}

static bool
tree_write(const struct tree *root, struct buf *lines, char problem[TRAEFIK_FILE_PROBLEM])
{
	struct flat f = { .names = NAMES_LEVEL, .absent = true, .numbered = true };

	return root->shape != TREE_MAP || flat_write(&f, root, lines) ||
	    refuse(problem, f.line, f.path, f.problem);
}

bool
traefik_file_read(struct str path, struct str text, struct buf *lines,
    char problem[TRAEFIK_FILE_PROBLEM])
{
	size_t before = lines->len;
	struct tree *root;
	char wrong[200];
	bool good;
	int line;

	ASSERT(path.len > 0);
	if (ends_with(path, ".toml")) {
		snprintf(problem, TRAEFIK_FILE_PROBLEM, "TOML, which Mola does not read; expected YAML or JSON");
		return false;
	}
	if (has_template(text, problem))
		return false;
	root = tree_read(text, &line, wrong, sizeof wrong);
	if (root == NULL)
		return refuse(problem, line, "", wrong);
	good = tree_check(root, problem) && tree_write(root, lines, problem);
	if (!good)
		lines->len = before;
	tree_free(&root);
	return good;
}
