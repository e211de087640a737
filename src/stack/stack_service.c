/*
 * stack_service: a service of a stack file: image, labels, ports, networks, volumes, configs, in
 * the short forms and the long ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "stack/stack_priv.h"

#define PORTS_MAX	65535
#define RANGE_MAX	1000		/* ports of one line */

/* ---- ports ---- */

static void
add_port(struct stack_reader *r, struct stack_service *v, struct stack_port port)
{
	v->port = stack_grow(r->s, v->port, v->nports, sizeof *v->port);
	v->port[v->nports++] = port;
}

/* "80" or "3000-3005"; the number of ports. 0: neither. */
static unsigned
range(struct str s, unsigned *first)
{
	struct str from;
	uint64_t a, b;

	if (!str_split(&s, '-', &from) || !str_to_u64(from, &a))
		return 0;
	b = a;
	if ((s.len > 0 && !str_to_u64(s, &b)) || a > b || b > PORTS_MAX || b - a >= RANGE_MAX)
		return 0;
	*first = (unsigned)a;
	return (unsigned)(b - a) + 1;
}

/* [ADDRESS:][PUBLISHED:]TARGET[/PROTOCOL] */
static void
read_short_port(struct stack_reader *r, struct stack_service *v, const struct tree *t)
{
	struct str rest = str_of(t->text), target, published = { NULL, 0 }, protocol = { NULL, 0 };
	unsigned to = 0, from = 0, n, many;
	const char *slash = memchr(rest.p, '/', rest.len);

	if (slash != NULL) {
		protocol = (struct str){ slash + 1, rest.len - (size_t)(slash - rest.p) - 1 };
		rest.len = (size_t)(slash - rest.p);
	}
	str_split_last(&rest, ':', &target);
	if (rest.len > 0)
		str_split_last(&rest, ':', &published);
	n = range(target, &to);
	many = published.len == 0 ? n : range(published, &from);
	if (n == 0 || (many != n && n != 1)) {
		stack_fail(r, t->line, "ports: expected [PUBLISHED:]TARGET[/PROTOCOL], got %s", t->text);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		add_port(r, v, (struct stack_port){ .target = to + i, .published = from == 0 ? 0 : from + i,
		    .udp = str_eq(protocol, STR("udp")) });
}

/* 0: it is not there, or no single port. */
static unsigned
port_of(const struct tree *map, const char *key)
{
	const struct tree *t = stack_member(map, key);
	unsigned port;

	return t != NULL && t->shape == TREE_SCALAR && range(str_of(t->text), &port) == 1 ? port : 0;
}

static bool
member_is(const struct tree *map, const char *key, const char *text)
{
	const struct tree *t = stack_member(map, key);

	return t != NULL && t->shape == TREE_SCALAR && strcmp(t->text, text) == 0;
}

static void
read_port(struct stack_reader *r, struct stack_service *v, const struct tree *t)
{
	struct stack_port port = { .target = port_of(t, "target"), .published = port_of(t, "published"),
	    .host = member_is(t, "mode", "host"), .udp = member_is(t, "protocol", "udp") };

	if (t->shape == TREE_SCALAR)
		read_short_port(r, v, t);
	else if (port.target == 0)
		stack_fail(r, t->line, "ports: expected `target`, a port");
	else
		add_port(r, v, port);
}

/* ---- networks, volumes, configs ---- */

/* In a mapping, its name is the key. */
static void
read_network(struct stack_reader *r, struct stack_service *v, const struct tree *t)
{
	if (t->key != NULL)
		stack_add_text(r->s, &v->networks, arena_text(r->s->arena, str_of(t->key)));
	else if (stack_text(r, t, "networks") != NULL)
		stack_add_text(r->s, &v->networks, arena_text(r->s->arena, str_of(t->text)));
}

static const char *
text_of(struct stack_reader *r, const struct tree *map, const char *key)
{
	const struct tree *t = stack_member(map, key);

	return t == NULL ? "" : stack_text(r, t, key);
}

/* A later file replaces a volume of the same target, and a config or secret of the same source. */
static bool
replaces(const struct stack_mount *one, const struct stack_mount *old)
{
	bool named = strcmp(one->type, "config") == 0 || strcmp(one->type, "secret") == 0;

	return one->file != old->file &&
	    strcmp(named ? one->source : one->target, named ? old->source : old->target) == 0;
}

static void
add_mount(struct stack_reader *r, struct stack_mount **to, unsigned *n, struct stack_mount one)
{
	if (one.type == NULL || one.source == NULL || one.target == NULL)
		return;			/* it was said */
	one.file = r->file;
	for (unsigned i = 0; i < *n; i++)
		if (replaces(&one, &(*to)[i])) {
			(*to)[i] = one;
			return;
		}
	*to = stack_grow(r->s, *to, *n, sizeof **to);
	(*to)[(*n)++] = one;
}

/* [SOURCE:]TARGET[:OPTIONS] */
static void
read_volume(struct stack_reader *r, struct stack_service *v, const struct tree *t)
{
	struct stack_mount one = { .type = "volume", .source = "", .target = "" };
	struct arena *a = r->s->arena;
	struct str rest, part;

	if (t->shape == TREE_SCALAR) {
		rest = str_of(t->text);
		str_split(&rest, ':', &part);
		one.source = one.target = arena_text(a, part);
		if (str_split(&rest, ':', &part) && part.len > 0 && *part.p == '/')
			one.target = arena_text(a, part);
		if (strchr("/.~", *one.source) != NULL && *one.source != '\0')
			one.type = "bind";
	} else
		one = (struct stack_mount){ .type = text_of(r, t, "type"), .source = text_of(r, t, "source"),
		    .target = text_of(r, t, "target") };
	add_mount(r, &v->mount, &v->nmounts, one);
}

/* A config or a secret, whose place is below `folder` unless it is a whole path. */
static struct stack_mount
placed(struct stack_reader *r, const struct tree *t, const char *type, const char *folder)
{
	struct stack_mount one = { .type = type, .source = "", .target = "" };

	if (t->shape == TREE_SCALAR)
		one.source = arena_text(r->s->arena, str_of(t->text));
	else
		one = (struct stack_mount){ .type = type, .source = text_of(r, t, "source"),
		    .target = text_of(r, t, "target") };
	if (one.target != NULL && one.source != NULL && *one.target == '\0')
		one.target = one.source;
	if (one.target != NULL && *one.target != '/')
		one.target = arena_printf(r->s->arena, "%s/%s", folder, one.target);
	return one;
}

static void
read_config(struct stack_reader *r, struct stack_service *v, const struct tree *t)
{
	add_mount(r, &v->config, &v->nconfigs, placed(r, t, "config", ""));
}

static void
read_secret(struct stack_reader *r, struct stack_service *v, const struct tree *t)
{
	add_mount(r, &v->secret, &v->nsecrets, placed(r, t, "secret", "/run/secrets"));
}

static void
each(struct stack_reader *r, struct stack_service *v, const struct tree *map, const char *key,
    void (*read)(struct stack_reader *, struct stack_service *, const struct tree *))
{
	const struct tree *list = stack_member(map, key);

	if (list == NULL)
		return;
	if (list->shape == TREE_SCALAR)
		stack_fail(r, list->line, "%s: expected a list", key);
	else
		for (const struct tree *t = list->first; t != NULL; t = t->next)
			read(r, v, t);
}

/* ---- the whole ---- */

static void
read_deploy(struct stack_reader *r, struct stack_service *v, const struct tree *deploy)
{
	const struct tree *t;
	uint64_t n;

	if (deploy == NULL)
		return;
	if (deploy->shape != TREE_MAP) {
		stack_fail(r, deploy->line, "deploy: expected a mapping");
		return;
	}
	stack_read_pairs(r, stack_member(deploy, "labels"), "deploy.labels", &v->deploy);
	if (stack_member(deploy, "mode") != NULL)
		v->global = member_is(deploy, "mode", "global");
	if ((t = stack_member(deploy, "replicas")) == NULL)
		return;
	if (t->shape != TREE_SCALAR || !str_to_u64(str_of(t->text), &n) || n > 100000)
		stack_fail(r, t->line, "deploy.replicas: expected a number");
	else
		v->replicas = (unsigned)n;
}

static struct stack_service *
service_of(struct stack_reader *r, const struct tree *t)
{
	struct stack *s = r->s;

	for (unsigned i = 0; i < s->nservices; i++)
		if (strcmp(s->service[i].name, t->key) == 0)
			return &s->service[i];
	s->service = stack_grow(s, s->service, s->nservices, sizeof *s->service);
	s->service[s->nservices] = (struct stack_service){ .name = arena_text(s->arena, str_of(t->key)),
	    .at = { r->file, t->line }, .replicas = 1 };
	return &s->service[s->nservices++];
}

void
stack_read_service(struct stack_reader *r, const struct tree *t)
{
	struct stack_service *v;
	const struct tree *m;

	if (t->shape != TREE_MAP) {
		stack_fail(r, t->line, "services.%s: expected a mapping", t->key);
		return;
	}
	if (!form_name(str_of(t->key))) {
		stack_fail(r, t->line, "services.%s: expected a name of letters, digits and one of ._-, with up "
		    "to 63 characters", t->key);
		return;
	}
	v = service_of(r, t);
	if ((m = stack_member(t, "extends")) != NULL)
		stack_fail(r, m->line, "services.%s.extends: expected the whole service here; "
		    "`docker compose config` prints it", t->key);
	if ((m = stack_member(t, "image")) != NULL)
		v->image = stack_text(r, m, "image");
	stack_read_pairs(r, stack_member(t, "labels"), "labels", &v->container);
	stack_read_pairs(r, stack_member(t, "environment"), "environment", &v->environment);
	stack_read_command(r, stack_member(t, "entrypoint"), "entrypoint", &v->entrypoint);
	stack_read_command(r, stack_member(t, "command"), "command", &v->command);
	read_deploy(r, v, stack_member(t, "deploy"));
	each(r, v, t, "ports", read_port);
	each(r, v, t, "networks", read_network);
	each(r, v, t, "volumes", read_volume);
	each(r, v, t, "configs", read_config);
	each(r, v, t, "secrets", read_secret);
}
