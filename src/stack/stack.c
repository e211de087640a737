/*
 * stack: a file is a tree, in whose values variables are expanded; its services are added to those
 * of the files before it.
 * Must not know what labels mean.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/bug.h"
#include "base/form.h"
#include "conf/conf.h"
#include "stack/stack_priv.h"

#define VALUE_MAX	((size_t)1 << 20)
#define SAID_MAX	1000

/* ---- for people ---- */

static void
say(struct stack_reader *r, stack_say_f *to, int line, const char *fmt, va_list ap)
{
	char text[SAID_MAX], whole[SAID_MAX + 300];

	vsnprintf(text, sizeof text, fmt, ap);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(whole, sizeof whole, "%.250s:%d: %s", r->file, line, text);
	to(r->how->arg, whole);
}

void
stack_fail(struct stack_reader *r, int line, const char *fmt, ...)
{
	va_list ap;

	r->failures++;
	va_start(ap, fmt);
	say(r, r->how->fail, line, fmt, ap);
	va_end(ap);
}

void
stack_warn(struct stack_reader *r, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, r->how->warn, line, fmt, ap);
	va_end(ap);
}

/* ---- parts of a tree ---- */

const struct tree *
stack_member(const struct tree *map, const char *key)
{
	const struct tree *t = map->shape == TREE_MAP ? tree_find(map, NULL, key) : NULL;

	return t == NULL || t->empty ? NULL : t;
}

const char *
stack_text(struct stack_reader *r, const struct tree *t, const char *what)
{
	if (t->shape == TREE_SCALAR)
		return arena_text(r->s->arena, str_of(t->text));
	stack_fail(r, t->line, "%s: expected a single value", what);
	return NULL;
}

void *
stack_grow(struct stack *s, void *array, unsigned n, size_t size)
{
	bool full = n == 0 || (n >= 8 && (n & (n - 1)) == 0);
	void *more;

	if (!full)			/* it has room for eight, and doubles */
		return array;
	more = arena_zalloc(s->arena, (n == 0 ? 8 : (size_t)n * 2) * size);
	if (n > 0)
		memcpy(more, array, n * size);
	return more;
}

/* ---- variables ---- */

struct doubts {
	struct stack_reader *r;
	struct str	 unset[64];		/* those that were reported; the arena's */
	unsigned	 n;
	int		 line;
};

/* Each once in a file. */
static void
warn_unset(struct doubts *d, struct str name)
{
	const unsigned room = sizeof d->unset / sizeof *d->unset;

	for (unsigned i = 0; i < d->n; i++)
		if (str_eq(d->unset[i], name))
			return;
	if (d->n < room)
		d->unset[d->n++] = str_of(arena_text(d->r->s->arena, name));
	stack_warn(d->r, d->line, "$%.*s is not set; it becomes nothing", STR_ARG(name));
}

static void
on_doubt(void *arg, enum variables_doubt doubt, struct str name)
{
	struct doubts *d = arg;

	switch (doubt) {
	case VARIABLES_UNSET:
		warn_unset(d, name);
		return;
	case VARIABLES_NESTED:
		stack_warn(d->r, d->line, "a variable in what stands for $%.*s is read as Docker Compose does; "
		    "docker stack deploy does not expand it", STR_ARG(name));
		return;
	case VARIABLES_GREEDY:
		stack_warn(d->r, d->line, "without braces, docker stack deploy takes all that follows "
		    "$%.*s for what stands for it; expected ${%.*s}", STR_ARG(name), STR_ARG(name));
		return;
	}
}

static bool
is_text(struct str s)
{
	json_t *j = json_stringn(s.p == NULL ? "" : s.p, s.len);	/* NULL: it is not UTF-8 */
	bool good = j != NULL;

	json_decref(j);
	for (size_t i = 0; good && i < s.len; i++)
		good = ((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f) || s.p[i] == '\n' || s.p[i] == '\t';
	return good;
}

static void
expand_text(struct stack_reader *r, struct tree *t, struct doubts *doubts)
{
	char problem[VARIABLES_PROBLEM];
	struct buf out;

	if (strchr(t->text, '$') == NULL)
		return;
	doubts->line = t->line;
	buf_init(&out, VALUE_MAX);
	if (!variables_expand(r->how->variables, str_of(t->text), on_doubt, doubts, &out, problem))
		stack_fail(r, t->line, "%s", *problem != '\0' ? problem : "the value is too long");
	else if (!is_text(buf_str(&out)))
		stack_fail(r, t->line, "with its variables it is not UTF-8 text, or has control characters");
	free(t->text);
	t->text = str_dup(buf_str(&out));
	buf_fini(&out);
}

static void
expand(struct stack_reader *r, struct tree *t, struct doubts *doubts)
{
	if (t->shape == TREE_SCALAR)
		expand_text(r, t, doubts);
	for (struct tree *m = t->first; m != NULL; m = m->next)
		expand(r, m, doubts);
}

/* ---- a file ---- */

static bool
is_known_network(const struct stack_reader *r, const char *name)
{
	for (unsigned i = 0; i < r->nnets; i++)
		if (strcmp(r->net[i].name, name) == 0)
			return true;
	return false;
}

/* A later file replaces the whole of one, unless it leaves it empty. The last of a name counts. */
static void
read_network(struct stack_reader *r, const struct tree *t)
{
	const struct tree *name = stack_member(t, "name"), *external = stack_member(t, "external");
	struct arena *a = r->s->arena;
	const char *real = "";

	if (t->first == NULL && is_known_network(r, t->key))
		return;
	if (external != NULL && external->shape == TREE_MAP && name == NULL)
		name = stack_member(external, "name");
	if (name != NULL && name->shape == TREE_SCALAR)
		real = arena_text(a, str_of(name->text));
	else if (external != NULL && (external->shape == TREE_MAP || strcmp(external->text, "true") == 0))
		real = arena_text(a, str_of(t->key));
	r->net = stack_grow(r->s, r->net, r->nnets, sizeof *r->net);
	r->net[r->nnets++] = (struct stack_pair){ arena_text(a, str_of(t->key)), real,
	    { r->file, t->line } };
}

/* A path beside the file. */
static const char *
beside(struct stack_reader *r, const char *path)
{
	const char *slash = strrchr(r->file, '/');

	return *path == '/' || slash == NULL ? arena_text(r->s->arena, str_of(path)) :
	    arena_printf(r->s->arena, "%.*s/%s", (int)(slash - r->file), r->file, path);
}

static void
read_config(struct stack_reader *r, const struct tree *t)
{
	const struct tree *file = stack_member(t, "file");
	struct stack *s = r->s;
	const struct stack_config one = { arena_text(s->arena, str_of(t->key)),
	    file != NULL && file->shape == TREE_SCALAR ? beside(r, file->text) : NULL };

	for (unsigned i = 0; i < s->nconfigs; i++)
		if (strcmp(s->config[i].name, one.name) == 0) {
			s->config[i] = one;
			return;
		}
	s->config = stack_grow(s, s->config, s->nconfigs, sizeof *s->config);
	s->config[s->nconfigs++] = one;
}

static void
each(struct stack_reader *r, const struct tree *root, const char *key,
    void (*read)(struct stack_reader *, const struct tree *))
{
	const struct tree *map = stack_member(root, key);

	if (map == NULL)
		return;
	if (map->shape != TREE_MAP) {
		stack_fail(r, map->line, "%s: expected a mapping", key);
		return;
	}
	for (const struct tree *t = map->first; t != NULL; t = t->next)
		read(r, t);
}

static void
read_name(struct stack_reader *r, const struct tree *t)
{
	const char *name = stack_text(r, t, "name");

	if (name != NULL && !form_name(str_of(name)))
		stack_fail(r, t->line, "name: expected letters, digits and ._-, with up to 63 characters");
	else
		r->s->name = name;
}

static void
read_root(struct stack_reader *r, struct tree *root)
{
	static const char *const sections[] = { "name", "services", "networks", "configs" };
	struct doubts doubts = { .r = r };
	struct tree *section;
	const struct tree *t;

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		if ((section = tree_find(root, NULL, sections[i])) != NULL)
			expand(r, section, &doubts);
	if ((t = stack_member(root, "include")) != NULL)
		stack_fail(r, t->line, "include: expected all of the stack in the files that are named; "
		    "`docker compose config` prints it as one");
	if (stack_member(root, "services") == NULL)
		stack_fail(r, root->line, "expected `services`, as in a stack file");
	if ((t = stack_member(root, "name")) != NULL)
		read_name(r, t);
	each(r, root, "networks", read_network);
	each(r, root, "configs", read_config);
	each(r, root, "services", stack_read_service);
}

static void
read_text(struct stack_reader *r, struct str text)
{
	char problem[240];
	struct tree *root;
	int line = 1;

	if ((root = tree_read_foreign(text, &line, problem, sizeof problem)) == NULL)
		stack_fail(r, line, "%s", problem);
	else if (root->shape == TREE_MAP)
		read_root(r, root);
	else
		stack_fail(r, root->line, "expected a mapping with `services`, as in a stack file");
	tree_free(&root);
}

static void
read_file(struct stack_reader *r)
{
	struct buf text, errors;

	buf_init(&text, CONF_TEXT_MAX);
	buf_init(&errors, CONF_ERRORS_MAX);
	if (conf_read_all(r->file, &text, &errors))
		read_text(r, buf_str(&text));
	else {
		struct str said = buf_str(&errors);
		r->failures++;
		while (said.len > 0 && said.p[said.len - 1] == '\n')
			said.len--;
		r->how->fail(r->how->arg, arena_text(r->s->arena, said));
	}
	buf_fini(&text);
	buf_fini(&errors);
}

/* ---- the whole ---- */

/* STACK_NET is the name of a network in Docker that the stack makes itself. The stack's name is not
 * in the file; where a label names such a network, it is. */
static const char *
named_by_label(const struct stack_service *v, const char *net)
{
	size_t len = strlen(net);

	for (unsigned i = 0; i < v->deploy.n + v->container.n; i++) {
		const struct stack_pair *p = i < v->deploy.n ? &v->deploy.item[i] :
		    &v->container.item[i - v->deploy.n];
		size_t have = strlen(p->value);
		if (strstr(p->name, ".network") != NULL && have > len + 1
		    && p->value[have - len - 1] == '_' && strcmp(p->value + have - len, net) == 0)
			return p->value;
	}
	return NULL;
}

static const char *
full_name(struct stack_reader *r, const char *name)
{
	const char *of = r->s->name != NULL ? r->s->name : r->how->name;

	return of == NULL ? name : arena_printf(r->s->arena, "%s_%s", of, name);
}

static const char *
real_name(struct stack_reader *r, const struct stack_service *v, const char *net)
{
	const char *real = "";

	for (unsigned i = 0; i < r->nnets; i++)
		if (strcmp(r->net[i].name, net) == 0)
			real = r->net[i].value;
	if (*real != '\0')
		return real;
	if (r->s->name == NULL && (real = named_by_label(v, net)) != NULL)
		return real;
	return full_name(r, net);
}

static void
finish(struct stack_reader *r)
{
	bool any = false, containers = false;

	for (unsigned i = 0; i < r->s->nservices; i++) {
		struct stack_service *v = &r->s->service[i];
		any |= v->deploy.n > 0;
		containers |= v->container.n > 0;
		if (v->networks.n == 0)
			stack_add_text(r->s, &v->networks, "default");
		for (unsigned k = 0; k < v->networks.n; k++)
			v->networks.item[k] = real_name(r, v, v->networks.item[k]);
		v->full = full_name(r, v->name);
	}
	r->s->of_compose = containers && !any;
	if (r->s->name == NULL && r->how->name != NULL)
		r->s->name = arena_text(r->s->arena, str_of(r->how->name));
}

struct stack *
stack_read(const struct stack_reading *how)
{
	struct arena *a = arena_new();
	struct stack_reader r = { .how = how, .s = arena_zalloc(a, sizeof *r.s) };

	r.s->arena = a;
	for (unsigned i = 0; i < how->nfiles; i++) {
		r.file = arena_text(a, str_of(how->file[i]));
		if (how->text != NULL)
			read_text(&r, how->text[i]);
		else
			read_file(&r);
	}
	finish(&r);
	if (r.failures > 0)
		stack_free(&r.s);
	return r.s;
}

void
stack_free(struct stack **sp)
{
	struct stack *s = *sp;
	struct arena *a;

	*sp = NULL;
	if (s == NULL)
		return;
	a = s->arena;			/* the stack itself is in it */
	arena_free(&a);
}

const struct stack_pairs *
stack_labels(const struct stack *s, const struct stack_service *v)
{
	return s->of_compose ? &v->container : &v->deploy;
}
