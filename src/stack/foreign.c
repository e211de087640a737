/*
 * foreign: whose labels a service has, and what its dialect has found.
 * Must not know any dialect.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/secret.h"
#include "stack/foreign_priv.h"
#include "stack/stack_priv.h"

#define SAID_MAX 600

/* ---- for people ---- */

static char *
said(struct foreign_reading *r, const char *fmt, va_list ap)
{
	char text[SAID_MAX];

	vsnprintf(text, sizeof text, fmt, ap);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return arena_text(r->a, str_of(text));
}

void
foreign_refuse(struct foreign_reading *r, const struct stack_at *at, const char *fmt, ...)
{
	const struct stack_at *where = at != NULL ? at : &r->v->at;
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = said(r, fmt, ap);
	va_end(ap);
	stack_add_text(r->s, &r->out->problem,
	    arena_printf(r->a, "%s:%d: %s", where->file, where->line, text));
}

static void
add_line(struct foreign_reading *r, struct foreign_line **list, unsigned *n,
    struct foreign_line one)
{
	for (unsigned i = 0; i < *n && one.label != NULL; i++)
		if ((*list)[i].label != NULL && strcasecmp((*list)[i].label, one.label) == 0) {
			(*list)[i] = one;
			return;
		}
	*list = stack_grow(r->s, *list, *n, sizeof **list);
	(*list)[(*n)++] = one;
}

void
foreign_note(struct foreign_reading *r, const char *fmt, ...)
{
	struct foreign_line line = { NULL };
	va_list ap;

	va_start(ap, fmt);
	line.comment = said(r, fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < r->nset; i++)
		if (r->set[i].label == NULL && strcmp(r->set[i].comment, line.comment) == 0)
			return;
	add_line(r, &r->set, &r->nset, line);
}

void
foreign_set(struct foreign_reading *r, const char *label, const char *value)
{
	add_line(r, &r->set, &r->nset, (struct foreign_line){ label, value, NULL, { NULL, 0 } });
}

/* ---- routes ---- */

/* As foreign_name spells them, or as one for plain requests is called (foreign_write.c). */
static bool
is_one_name(const char *a, const char *b)
{
	for (; *a != '\0' || *b != '\0'; a++, b++) {
		char x = isalnum((unsigned char)*a) || *a == '_' || *a == '\0' ? *a : '-';
		char y = isalnum((unsigned char)*b) || *b == '_' || *b == '\0' ? *b : '-';
		if (x == '\0' && strcasecmp(b, "-plain") == 0)
			return true;
		if (y == '\0' && strcasecmp(a, "-plain") == 0)
			return true;
		if (tolower((unsigned char)x) != tolower((unsigned char)y))
			return false;
	}
	return true;
}

void
foreign_names_differ(struct foreign_reading *r)
{
	for (unsigned i = 0; i < r->nroutes; i++)
		for (unsigned k = 0; k < i; k++)
			if (is_one_name(r->route[k].name, r->route[i].name))
				foreign_refuse(r, NULL, "%s and %s are one name for Mola; expected names that differ in "
				    "more than dots and case", r->route[k].name, r->route[i].name);
}

struct foreign_route *
foreign_route_add(struct foreign_reading *r, const char *name)
{
	if (r->nroutes == FOREIGN_ROUTES_MAX) {
		foreign_refuse(r, NULL, "it has more than %d routes", FOREIGN_ROUTES_MAX);
		return NULL;
	}
	r->route[r->nroutes] = (struct foreign_route){ .name = name };
	return &r->route[r->nroutes++];
}

const char *
foreign_name(const struct foreign_reading *r, const struct foreign_route *route, const char *what)
{
	char *name = arena_printf(r->a, "%s%s%s%s%s",
	    r->nstacks > 1 ? r->v->full : r->v->name, *route->name == '\0' ? "" : "-",
	    route->name, *what == '\0' ? "" : "-", what);

	for (char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			*c = '-';
	return name;
}

/* A value that may let somebody in, such as what a field tells a task. */
static bool
is_secret(struct foreign_reading *r, const char *label, const char *value)
{
	const char *option = strrchr(label, '.');

	return *value != '\0' && (strcasecmp(option, ".users") == 0 ||
	    strcasestr(label, ".customrequestheaders.") != NULL || strcasestr(label, ".plugin.") != NULL ||
	    strcmp(secret_value(r->a, "value", value), value) != 0);
}

void
foreign_define(struct foreign_reading *r, const char *label, const char *value,
    const struct stack_at *at)
{
	struct foreign_line line = { label, value, NULL, { NULL, 0 } };

	if (is_secret(r, label, value))
		line.secret = *at;
	add_line(r, &r->define, &r->ndefine, line);
}

const char *
foreign_kind_name(enum foreign_kind kind)
{
	static const char *const names[FOREIGN_KIND_COUNT] = {
#define KIND(name) #name,
		FOREIGN_KINDS(KIND)
#undef KIND
	};

	ASSERT(kind < FOREIGN_KIND_COUNT);
	return names[kind];
}

void
foreign_option(struct foreign_reading *r, struct foreign_route *route, enum foreign_kind kind,
    const char *option, const char *value, const struct stack_at *at)
{
	const char *name = foreign_kind_name(kind);

	route->kinds |= 1u << kind;
	foreign_define(r, arena_printf(r->a, "traefik.http.middlewares.%s.%s%s%s",
	    foreign_name(r, route, name), name, *option == '\0' ? "" : ".", option), value, at);
}

const char *
foreign_matcher(struct foreign_reading *r, const char *matcher, struct str texts,
    const struct stack_at *at)
{
	const char *all = NULL;
	struct str one;
	unsigned n = 0;

	while (str_split(&texts, ',', &one)) {
		one = str_trim(one);
		if (one.len == 0)
			continue;
		if (memchr(one.p, '`', one.len) != NULL) {
			foreign_refuse(r, at, "%.*s has a backquote", STR_ARG(one));
			return NULL;
		}
		all = arena_printf(r->a, "%s%s%s(`%.*s`)", all == NULL ? "" : all, n++ == 0 ? "" : " || ",
		    matcher, STR_ARG(one));
	}
	if (all == NULL)
		foreign_refuse(r, at, "there is nothing in it for %s", matcher);
	return n > 1 ? arena_printf(r->a, "(%s)", all) : all;
}

const char *
foreign_quoted(struct arena *a, struct str s)
{
	char *out = arena_zalloc(a, 2 * s.len + 1), *to = out;

	for (size_t i = 0; i < s.len; i++) {
		if (strchr("\\.+*?()|[]{}^$", s.p[i]) != NULL)
			*to++ = '\\';
		*to++ = s.p[i];
	}
	return out;
}

/* ---- dialects ---- */

static const struct dialect {
	const char	*name;
	bool		(*is)(const struct stack *, const struct stack_service *, struct stack_at *);
	void		(*read)(struct foreign_reading *);
} dialects[] = {
	{ "Traefik", foreign_is_traefik3, foreign_read_traefik3 },
	{ "Traefik 1", foreign_is_traefik1, foreign_read_traefik1 },
	{ "caddy-docker-proxy", foreign_is_caddy, foreign_read_caddy },
	{ "nginx-proxy", foreign_is_nginx, foreign_read_nginx },
};

static bool
is_ours(const struct stack *s, const struct stack_service *v)
{
	const struct stack_pairs *p = stack_labels(s, v);

	for (unsigned i = 0; i < p->n; i++)
		if (strncasecmp(p->item[i].name, "mola.", 5) == 0)
			return true;
	return false;
}

#define LABELS_MAX	1000		/* of a service, and items in one of them */
#define BYTES_MAX	65536

/* What is read is compared with all that there is, some of it more than once. */
static bool
is_bounded(struct foreign_reading *r, const struct stack_pairs *p)
{
	size_t bytes = 0, items;

	if (p->n > LABELS_MAX) {
		foreign_refuse(r, &p->item[LABELS_MAX].at, "more than %d labels or variables", LABELS_MAX);
		return false;
	}
	for (unsigned i = 0; i < p->n; i++) {
		items = 0;
		for (const char *c = p->item[i].value; *c != '\0'; c++)
			items += strchr(", |;\n", *c) != NULL;
		bytes += strlen(p->item[i].name) + strlen(p->item[i].value);
		if (items <= LABELS_MAX && bytes <= BYTES_MAX)
			continue;
		foreign_refuse(r, &p->item[i].at, "%.100s: expected up to %d items, and %d bytes in all labels",
		    p->item[i].name, LABELS_MAX, BYTES_MAX);
		return false;
	}
	return true;
}

void
foreign_read(struct foreign_reading *r, struct foreign *out)
{
	const struct dialect *of = NULL;

	*out = (struct foreign){ .dialect = NULL };
	r->a = r->s->arena;
	r->out = out;
	if (is_ours(r->s, r->v))
		return;
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects && of == NULL; i++)
		if (dialects[i].is(r->s, r->v, &out->at))
			of = &dialects[i];
	if (of == NULL)
		return;
	out->dialect = of->name;
	if (is_bounded(r, stack_labels(r->s, r->v)) && is_bounded(r, &r->v->environment))
		of->read(r);
	if (out->problem.n == 0 && !out->same)
		foreign_write(r);
	ASSERT(out->problem.n == 0 || out->nlines == 0);
}
