/*
 * conf: walks the tree of a file and the table of keys side by side. Every fault is noted and the walk goes on,
 * so that a reader learns all of them at once.
 * What a value may look like is conf_value's affair, whether values fit together is conf_sound's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/word.h"
#include "conf/conf_sound.h"
#include "conf/conf_value.h"

#define WHERE_MAX	128
#define KEYS_MAX	32		/* of one mapping, sections included */

struct reader {
	struct conf	*conf;
	struct faults	 faults;
};

/* A mapping fills one struct, or two: a service has its own keys and those of defaults. */
struct part {
	enum conf_section_id section;
	void		*base;
	bool		 defaults;	/* what is not given takes its default; else it stays */
};

static void	read_map(struct reader *, const struct tree *, const char *where, const struct part *, unsigned nparts);

static const char *
inside(const char *where, const char *key, char out[WHERE_MAX])
{
	snprintf(out, WHERE_MAX, "%.*s%s%.60s", WHERE_MAX - 62, where, *where == '\0' ? "" : ".", key);
	return out;
}

static void
read_item(struct reader *r, const struct conf_key *k, const struct tree *t, const char *where, void *base)
{
	char problem[CONF_PROBLEM_MAX];

	if (t->shape != TREE_SCALAR)
		faults_add(&r->faults, t->line, where, "a %s; expected %s", t->shape == TREE_LIST ? "list" : "mapping",
		    value_is_list(k) ? "plain values" : "one value");
	else if (t->empty)
		faults_add(&r->faults, t->line, where, "no value. %s", k->help);
	else if (!value_read(k, str_of(t->text), base, problem))
		faults_add(&r->faults, t->line, where, "%s", problem);
}

static bool
is_pair(const struct tree *t)
{
	return t->shape == TREE_LIST && t->first != NULL && t->first->shape == TREE_SCALAR && t->last->shape == TREE_SCALAR &&
	    t->first->next == t->last;
}

/* A mapping in the words of its type's text. False: something in it has no place there. */
static bool
flatten(const struct tree *map, const char *inside, struct buf *out)
{
	for (const struct tree *t = map->first; t != NULL; t = t->next) {
		if (t->shape == TREE_MAP && *inside == '\0') {
			char deeper[WHERE_MAX];
			snprintf(deeper, sizeof deeper, "%.60s.", t->key);
			if (!flatten(t, deeper, out))
				return false;
			continue;
		}
		buf_printf(out, "%s%s%s=", out->len > 0 ? "," : "", inside, t->key);
		if (t->shape == TREE_SCALAR && !t->empty)
			buf_printf(out, "%s", t->text);
		else if (is_pair(t))
			buf_printf(out, "%s-%s", t->first->text, t->last->text);
		else
			return false;
	}
	return true;
}

static void
read_mapped(struct reader *r, const struct conf_key *k, const struct tree *t, const char *where, void *base)
{
	char problem[CONF_PROBLEM_MAX];
	struct buf text;

	buf_init(&text, CONF_TEXT_MAX);
	if (!flatten(t, "", &text))
		faults_add(&r->faults, t->line, where, "not understood; expected plain values, and lists of two. %s", k->help);
	else if (!value_read(k, buf_str(&text), base, problem))
		faults_add(&r->faults, t->line, where, "%s", problem);
	buf_fini(&text);
}

static void
read_pair(struct reader *r, const struct conf_key *k, const struct tree *t, const char *where, void *base)
{
	char problem[CONF_PROBLEM_MAX], text[WHERE_MAX];

	snprintf(text, sizeof text, "%.60s-%.60s", t->first->text, t->last->text);
	if (!value_read(k, str_of(text), base, problem))
		faults_add(&r->faults, t->line, where, "%s", problem);
}

/* "internal: all". Routes are the same on every listener. */
static void
read_placed(struct reader *r, const struct conf_key *k, const struct tree *t, const char *where, void *base)
{
	char problem[CONF_PROBLEM_MAX], key[WHERE_MAX];

	for (const struct tree *item = t->first; item != NULL; item = item->next) {
		inside(where, item->key, key);
		if (item->shape != TREE_SCALAR || strcmp(item->text, "all") != 0)
			faults_add(&r->faults, item->line, key, "expected all: what is served is served on every listener");
		else if (!value_read(k, str_of(item->key), base, problem))
			faults_add(&r->faults, item->line, key, "%s", problem);
	}
	if (t->first == NULL)
		faults_add(&r->faults, t->line, where, "an empty mapping. %s", k->help);
}

static void
read_value(struct reader *r, const struct conf_key *k, const struct tree *t, const char *where, void *base)
{
	if (is_pair(t) && value_is_pair(k)) {
		read_pair(r, k, t, where, base);
		return;
	}
	if (t->shape == TREE_MAP && value_is_mapped(k)) {
		read_mapped(r, k, t, where, base);
		return;
	}
	if (t->shape == TREE_MAP && value_is_placed(k)) {
		read_placed(r, k, t, where, base);
		return;
	}
	if (t->shape != TREE_LIST || !value_is_list(k)) {
		read_item(r, k, t, where, base);
		return;
	}
	if (t->first == NULL)
		faults_add(&r->faults, t->line, where, "an empty list. %s", k->help);
	for (const struct tree *item = t->first; item != NULL; item = item->next)
		read_item(r, k, item, where, base);
}

static void
read_default(struct reader *r, const struct conf_key *k, int line, const char *where, const struct part *p)
{
	char problem[CONF_PROBLEM_MAX];

	if (k->fallback == conf_required)
		faults_add(&r->faults, line, where, "missing. %s", k->help);
	else if (k->fallback != NULL && p->defaults)
		ASSERT(value_read(k, str_of(k->fallback), p->base, problem));
}

static void
read_key(struct reader *r, const struct tree *map, const struct conf_key *k, const char *where, const struct part *p)
{
	const struct tree *t = tree_find(map, NULL, k->name);

	if (t == NULL)
		read_default(r, k, map->line, where, p);
	else
		read_value(r, k, t, where, p->base);
}

/* A mapping, or the value of its required key alone. */
static void
read_short(struct reader *r, const struct tree *t, const char *where, const struct part *part)
{
	char key[WHERE_MAX];

	if (t->shape != TREE_SCALAR || t->empty) {
		read_map(r, t, where, part, 1);
		return;
	}
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == part->section && conf_keys[k].fallback == conf_required)
			read_item(r, &conf_keys[k], t, inside(where, conf_keys[k].name, key), part->base);
		else if (conf_keys[k].section == part->section)
			read_default(r, &conf_keys[k], t->line, where, part);
}

static void
read_listener(struct reader *r, const struct tree *t, const char *where)
{
	struct conf *c = r->conf;
	struct conf_listen *l;

	if (c->nlisten == CONF_LISTEN_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d addresses", CONF_LISTEN_MAX);
		return;
	}
	c->listen = must_realloc(c->listen, (c->nlisten + 1) * sizeof *c->listen);
	l = &c->listen[c->nlisten++];
	*l = (struct conf_listen){ .line = t->line };
	read_short(r, t, where, &(struct part){ SECTION_LISTEN, l, true });
}

static void
read_listeners(struct reader *r, const struct tree *t, const char *where)
{
	if (t->shape != TREE_LIST)
		read_listener(r, t, where);
	else if (t->first == NULL)
		faults_add(&r->faults, t->line, where, "an empty list. %s", conf_sections[SECTION_LISTEN].help);
	else
		for (const struct tree *item = t->first; item != NULL; item = item->next)
			read_listener(r, item, where);
}

static void
read_node(struct reader *r, const struct tree *t, const char *where)
{
	struct conf *c = r->conf;
	struct conf_node *n;

	c->node = must_realloc(c->node, (c->nnodes + 1) * sizeof *c->node);
	n = &c->node[c->nnodes++];
	*n = (struct conf_node){ .line = t->line };
	read_map(r, t, where, &(struct part){ SECTION_NODE, n, true }, 1);
}

static void
read_task(struct reader *r, const struct tree *t, const char *where, struct conf_service *s)
{
	struct conf_task *task;

	s->task = must_realloc(s->task, (s->ntasks + 1) * sizeof *s->task);
	task = &s->task[s->ntasks++];
	*task = (struct conf_task){ .line = t->line };
	read_map(r, t, where, &(struct part){ SECTION_TASK, task, true }, 1);
}

static void
read_service(struct reader *r, const struct tree *t, const char *where)
{
	struct conf *c = r->conf;
	struct conf_service *s;

	c->service = must_realloc(c->service, (c->nservices + 1) * sizeof *c->service);
	s = &c->service[c->nservices++];
	*s = (struct conf_service){ .line = t->line };
	service_conf_set(&s->conf, &c->defaults);
	read_map(r, t, where, (struct part[]){ { SECTION_SERVICE, s, true }, { SECTION_DEFAULTS, &s->conf, false } }, 2);
}

static void
read_target(struct reader *r, const struct tree *t, const char *where)
{
	struct conf *c = r->conf;
	struct conf_target *target;

	c->target = must_realloc(c->target, (c->ntargets + 1) * sizeof *c->target);
	target = &c->target[c->ntargets++];
	*target = (struct conf_target){ .line = t->line, .kind = TARGET_COUNT };
	read_map(r, t, where, &(struct part){ SECTION_TARGET, target, true }, 1);
}

/* A query with what is said of it, or alone. */
static void
read_rule(struct reader *r, const struct tree *t, const char *where, struct terms *all)
{
	const struct part part = { SECTION_RULE, &all->term[all->n], true };
	struct term *term = part.base;

	if (all->n == TERMS_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d queries", TERMS_MAX);
		return;
	}
	*term = (struct term){ .name = NULL };
	read_short(r, t, where, &part);
	if (term->query != NULL)
		all->n++;
	else
		free(term->name);
}

static void
rules_name(struct reader *r, struct terms *all, int line, const char *where)
{
	struct term *t = all->term;

	for (unsigned i = 0; i < all->n; i++) {
		if (t[i].name == NULL && (all->n == 1 ? asprintf(&t[i].name, "promql") : asprintf(&t[i].name, "promql.%u", i + 1)) < 0)
			BUG("out of memory");
		for (unsigned j = 0; j < i; j++)
			if (strcmp(t[i].name, t[j].name) == 0)
				faults_add(&r->faults, line, where, "'%s' is named twice; expected names of their own", t[i].name);
	}
}

static void
read_rules(struct reader *r, const struct tree *t, const char *where, struct service_conf *s)
{
	terms_free(&s->terms);
	if (t->shape == TREE_LIST)
		for (const struct tree *item = t->first; item != NULL; item = item->next)
			read_rule(r, item, where, &s->terms);
	else if (t->shape != TREE_SCALAR || !t->empty)
		read_rule(r, t, where, &s->terms);
	rules_name(r, &s->terms, t->line, where);
}

static void
read_list(struct reader *r, const struct tree *t, enum conf_section_id section, const char *where, void *base)
{
	if (section == SECTION_RULE) {
		read_rules(r, t, where, base);
		return;
	}
	if (section == SECTION_LISTEN) {
		read_listeners(r, t, where);
		return;
	}
	if (t->shape != TREE_LIST) {
		if (t->shape != TREE_SCALAR || !t->empty)
			faults_add(&r->faults, t->line, where, "not a list; expected items that begin with '- '");
		return;
	}
	for (const struct tree *item = t->first; item != NULL; item = item->next)
		if (section == SECTION_NODE)
			read_node(r, item, where);
		else if (section == SECTION_SERVICE)
			read_service(r, item, where);
		else if (section == SECTION_TARGET)
			read_target(r, item, where);
		else
			read_task(r, item, where, base);
}

/* "traefik: false" stands for "traefik: { enable: false }". */
static bool
read_switched(struct reader *r, const struct tree *t, enum conf_section_id section, const char *where, const struct part *p)
{
	if (section != SECTION_TRAEFIK || t == NULL || t->shape != TREE_SCALAR || t->empty)
		return false;
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == section && strcmp(conf_keys[k].name, "enable") == 0)
			read_item(r, &conf_keys[k], t, where, p->base);
		else if (conf_keys[k].section == section)
			read_default(r, &conf_keys[k], t->line, where, p);
	return true;
}

static void
read_section(struct reader *r, const struct tree *map, enum conf_section_id section, const char *where, const struct part *p)
{
	const struct tree none = { .shape = TREE_MAP, .line = map->line };
	const struct tree *t = tree_find(map, NULL, conf_sections[section].name);
	void *base = section == SECTION_DEFAULTS ? &r->conf->defaults : p->base;

	if (read_switched(r, t, section, where, p))
		return;
	if (!conf_sections[section].list)
		read_map(r, t == NULL ? &none : t, where, &(struct part){ section, base, p->defaults }, 1);
	else if (t != NULL)
		read_list(r, t, section, where, base);
	if (section == SECTION_TASK && ((struct conf_service *)base)->ntasks == 0 && (t == NULL || t->shape != TREE_MAP))
		faults_add(&r->faults, t == NULL ? map->line : t->line, where, "missing. %s", conf_sections[section].help);
}

/* All names that a mapping of these parts may hold. */
static unsigned
names_of(const struct part *part, unsigned nparts, const char *names[KEYS_MAX + 1])
{
	unsigned n = 0;

	for (unsigned p = 0; p < nparts; p++) {
		for (size_t k = 0; k < KEY_COUNT; k++)
			if (conf_keys[k].section == part[p].section)
				names[n++] = conf_keys[k].name;
		for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
			if (conf_sections[s].parent == part[p].section)
				names[n++] = conf_sections[s].name;
	}
	ASSERT(n <= KEYS_MAX);
	names[n] = NULL;
	return n;
}

/* Keys that are not ours, and those that are given twice. */
static void
check_names(struct reader *r, const struct tree *map, const char *where, const char *const *names)
{
	char key[WHERE_MAX], all[300];
	const char *near;

	for (const struct tree *t = map->first; t != NULL && r->faults.beyond == 0; t = t->next) {
		if (word_place(str_of(t->key), names) >= 0)
			continue;
		near = word_near(str_of(t->key), names);
		if (strcmp(t->key, "tls") == 0 || strcmp(t->key, "certificates") == 0)
			faults_add(&r->faults, t->line, inside(where, t->key, key), "not supported yet: Mola has no TLS for clients; "
			    "expected a proxy in front of it that does, named in clients.trusted");
		else if (near != NULL)
			faults_add(&r->faults, t->line, inside(where, t->key, key), "unknown key; did you mean %s?", near);
		else
			faults_add(&r->faults, t->line, inside(where, t->key, key), "unknown key; expected %s",
			    word_all(names, all, sizeof all));
	}
	for (; *names != NULL && r->faults.beyond == 0; names++) {
		const struct tree *first = tree_find(map, NULL, *names);
		for (const struct tree *t = first; t != NULL && (t = tree_find(map, t, *names)) != NULL;)
			faults_add(&r->faults, t->line, inside(where, *names, key), "given twice, first in line %d", first->line);
	}
}

static void
read_map(struct reader *r, const struct tree *map, const char *where, const struct part *part, unsigned nparts)
{
	const struct tree none = { .shape = TREE_MAP, .line = map->line };
	const char *names[KEYS_MAX + 1];
	char key[WHERE_MAX], all[300];

	names_of(part, nparts, names);
	if (map->shape == TREE_SCALAR && map->empty)
		map = &none;
	if (map->shape != TREE_MAP) {
		faults_add(&r->faults, map->line, where, "not a mapping; expected keys such as %s", word_all(names, all, sizeof all));
		return;
	}
	check_names(r, map, where, names);
	for (unsigned p = 0; p < nparts; p++) {
		for (size_t k = 0; k < KEY_COUNT; k++)
			if (conf_keys[k].section == part[p].section)
				read_key(r, map, &conf_keys[k], inside(where, conf_keys[k].name, key), &part[p]);
		for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
			if (conf_sections[s].parent == part[p].section)
				read_section(r, map, s, inside(where, conf_sections[s].name, key), &part[p]);
	}
}

static void
read_limits(struct reader *r)
{
	const struct conf *c = r->conf;
	unsigned ntasks = 0;

	for (unsigned i = 0; i < c->nservices; i++)
		ntasks += c->service[i].ntasks;
	if (c->nnodes > NODES_MAX)
		faults_add(&r->faults, c->node[NODES_MAX].line, "nodes", "%u; expected at most %d", c->nnodes, NODES_MAX);
	if (ntasks > TASKS_MAX)
		faults_add(&r->faults, c->service[0].line, "services", "%u tasks; expected at most %d", ntasks, TASKS_MAX);
}

static void
read_root(struct reader *r, const struct tree *root)
{
	if (root->shape == TREE_SCALAR && root->empty)
		faults_add(&r->faults, root->line, "", "the file is empty; expected at least listen");
	else if (root->shape != TREE_MAP)
		faults_add(&r->faults, root->line, "", "not a mapping; expected lines such as listen: :80");
	else {
		read_map(r, root, "", &(struct part){ SECTION_TOP, r->conf, true }, 1);
		conf_sound(r->conf, root, &r->faults);
		read_limits(r);
	}
}

struct conf *
conf_parse(struct str text, const char *file, struct buf *errors)
{
	struct reader r = { .conf = must_zalloc(sizeof *r.conf) };
	char problem[CONF_PROBLEM_MAX];
	struct tree *root;
	int line;

	r.conf->file = must_strdup(file);
	root = tree_read(text, &line, problem, sizeof problem);
	if (root == NULL)
		faults_add(&r.faults, line, "", "%s", problem);
	else
		read_root(&r, root);
	tree_free(&root);
	if (r.faults.n > 0) {
		faults_write(&r.faults, file, errors);
		conf_free(&r.conf);
	}
	faults_fini(&r.faults);
	return r.conf;
}

static bool
read_to_end(int fd, struct buf *text)
{
	char piece[16384];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0)
		if (!buf_add(text, piece, (size_t)n)) {
			errno = EFBIG;
			return false;
		}
	return n == 0;
}

bool
conf_read(const char *file, struct buf *text, struct buf *errors)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok = fd >= 0 && read_to_end(fd, text);

	if (!ok)
		buf_printf(errors, "%s: cannot be read: %s\n", file, errno == EFBIG ? "too large" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

static void
section_free(enum conf_section_id section, void *base)
{
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == section)
			value_free(&conf_keys[k], base);
}

static void
service_free(struct conf_service *s)
{
	for (unsigned i = 0; i < s->ntasks; i++)
		section_free(SECTION_TASK, &s->task[i]);
	for (unsigned i = 0; i < s->nroutes; i++) {
		free(s->route[i].host);
		free(s->route[i].path);
	}
	free(s->task);
	free(s->route);
	service_conf_clear(&s->conf);
	section_free(SECTION_SERVICE, s);
}

void
conf_free(struct conf **cp)
{
	struct conf *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->nnodes; i++)
		section_free(SECTION_NODE, &c->node[i]);
	for (unsigned i = 0; i < c->nservices; i++)
		service_free(&c->service[i]);
	for (unsigned i = 0; i < c->ntargets; i++)
		section_free(SECTION_TARGET, &c->target[i]);
	service_conf_clear(&c->defaults);
	for (unsigned i = 0; i < c->nlisten; i++)
		section_free(SECTION_LISTEN, &c->listen[i]);
	section_free(SECTION_TOP, c);
	section_free(SECTION_ADMIN, c);
	section_free(SECTION_SWARM, c);
	section_free(SECTION_CLIENTS, c);
	section_free(SECTION_TRAEFIK, c);
	section_free(SECTION_PROMETHEUS, c);
	free(c->node);
	free(c->service);
	free(c->target);
	free(c->listen);
	free(c->file);
	free(c);
}

struct conf *
conf_load(const char *file, struct buf *text, struct buf *errors)
{
	buf_init(text, CONF_TEXT_MAX);
	buf_init(errors, CONF_ERRORS_MAX);
	return conf_read(file, text, errors) ? conf_parse(buf_str(text), file, errors) : NULL;
}
