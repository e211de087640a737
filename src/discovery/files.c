/*
 * files: lines of files to labels. Of two files that define one name the first one counts, as in
 * Traefik, and the other is reported.
 * Must not know what the labels mean, except for where a router leads.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/provided.h"
#include "discovery/tcp_middlewares.h"

#define TROUBLES_MAX	256

/* What a line defines: "http.routers.web". */
struct file_name {
	const struct swarm_file *of;		/* the file that defines it */
	struct str	 kind, name;
	const char	*leads;			/* of a router: its service as it is written; NULL: none is */
	struct file_service *to;
	unsigned	 line;			/* of its first one */
	struct file_line *first, *last;		/* of those that are no router's, service's, middleware's */
	bool		 reported;
	struct file_name *next;
};

struct file_line {
	struct file_name *of;
	struct str	 key;			/* what is below the name, "" when nothing is */
	struct swarm_label label;
	struct file_line *next;
};

struct file_service {
	struct swarm_service *is;
	unsigned	 room;
};

struct files {
	const struct swarm_conf *conf;
	struct arena	*arena;
	struct middlewares *middlewares;
	struct map	*names;			/* "http.routers.web" to its file_name */
	struct file_name *first_name, **end_name;
	struct map	*services;		/* "http web", "tcp web" to its file_service */
	struct map	*tls;			/* of files_tls.c */
	struct file_line *first, **end;		/* of routers and services */
	struct file_service rest;		/* leads elsewhere */
	struct swarm_service *service;
	unsigned	 nservices;
	const char	*unreadable;
	const char	**trouble;
	unsigned	 ntroubles;
};

static void
add_trouble(struct files *f, const char *text)
{
	ASSERT(f->ntroubles <= TROUBLES_MAX);
	if (f->ntroubles < TROUBLES_MAX)
		f->trouble[f->ntroubles++] = text;
}

/* ---- lines ---- */

static bool
kind_is(struct str kind, const char *s)
{
	return str_eq_nocase(kind, str_of(s));
}

static struct file_name *
name_of(struct files *f, const struct swarm_file *of, struct str kind, struct str name,
    uint64_t line)
{
	struct str key = str_of(arena_printf(f->arena, "%.*s.%.*s", STR_ARG(kind), STR_ARG(name)));
	struct file_name *known = map_get(f->names, key);

	if (known != NULL)
		return known;
	known = arena_zalloc(f->arena, sizeof *known);
	*known = (struct file_name){ .of = of, .kind = kind, .name = name, .line = (unsigned)line };
	*f->end_name = known;
	f->end_name = &known->next;
	map_put(f->names, key, known);
	return known;
}

static void
report_twice(struct files *f, const struct file_name *n, const struct swarm_file *of, uint64_t line)
{
	add_trouble(f, arena_printf(f->arena, "%s:%u: %.*s.%.*s: not used, as in Traefik: %s defines it, "
	    "too", of->path, (unsigned)line, STR_ARG(n->kind), STR_ARG(n->name), n->of->path));
}

static bool
is_middleware(const struct file_name *n)
{
	return kind_is(n->kind, "http.middlewares") || kind_is(n->kind, "tcp.middlewares");
}

static bool
is_router(const struct file_name *n)
{
	return kind_is(n->kind, "http.routers") || kind_is(n->kind, "tcp.routers");
}

static bool
is_service(const struct file_name *n)
{
	return kind_is(n->kind, "http.services") || kind_is(n->kind, "tcp.services");
}

static bool
is_tcp(const struct file_name *n)
{
	return str_starts(n->kind, STR("tcp."));
}

/* What is below a name is a label; a middleware is known to others. */
static void
add_line(struct files *f, struct file_name *n, struct str rest, struct swarm_label label)
{
	struct file_line *l;

	if (is_middleware(n)) {
		struct str path = str_of(arena_printf(f->arena, "%.*s%s%.*s", STR_ARG(n->name),
		    rest.len > 0 ? "." : "", STR_ARG(rest)));
		if (str_starts(n->kind, STR("http.")))
			middlewares_put(f->middlewares, FILE_PROVIDER, n->of, path, label.value);
		else
			tcp_middlewares_put(middlewares_tcp(f->middlewares), FILE_PROVIDER, n->of, path,
			    label.value);
		return;
	}
	if (is_router(n) && kind_is(rest, "service"))
		n->leads = label.value;
	l = arena_zalloc(f->arena, sizeof *l);
	l->key = rest;
	label.name = arena_printf(f->arena, "traefik.%.*s.%.*s%s%.*s", STR_ARG(n->kind), STR_ARG(n->name),
	    rest.len > 0 ? "." : "", STR_ARG(rest));
	l->of = n;
	l->label = label;
	if (!is_router(n) && !is_service(n)) {
		if (n->last == NULL)
			n->first = l;
		else
			n->last->next = l;
		n->last = l;
		return;
	}
	*f->end = l;
	f->end = &l->next;
}

/* Line breaks are a byte that no value has. */
static const char *
value_of(struct arena *a, struct str s)
{
	char *text = arena_text(a, s);

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\1')
			*p = '\n';
	return text;
}

/* "12 http.routers.web.rule=Host(`a.org`)" */
static void
read_line(struct files *f, const struct swarm_file *of, struct str line)
{
	struct str number, path, section, part, name;
	struct file_name *n;
	uint64_t at;

	if (!str_split(&line, ' ', &number) || !str_to_u64(number, &at) ||
	    !str_split(&line, '=', &path) || !str_split(&path, '.', &section) ||
	    !str_split(&path, '.', &part) || !str_split(&path, '.', &name))
		return;			/* an empty section */
	section.len += 1 + part.len;
	n = name_of(f, of, provided_lower(f->arena, section), name, at);
	if (n->of != of) {
		if (!n->reported)
			report_twice(f, n, of, at);
		n->reported = true;
		return;
	}
	add_line(f, n, path, (struct swarm_label){ .value = value_of(f->arena, line), .file = of->path,
	    .line = (unsigned)at });
}

static void
read_file(struct files *f, const struct swarm_file *of)
{
	struct str rest = str_of(of->lines), line;

	if (of->problem != NULL)
		add_trouble(f, arena_printf(f->arena, "%s:%s%s; %s", of->path,
		    of->problem[0] >= '0' && of->problem[0] <= '9' ? "" : " ", of->problem, of->lines != NULL ?
		    "what was read of it before stays in force" :
		    "until it is read, no router of Traefik's is served"));
	if (of->lines == NULL && f->unreadable == NULL)
		f->unreadable = arena_printf(f->arena, "file %s of Traefik's could not be read, and it may be "
		    "less open by it", of->path);
	while (str_split(&rest, '\n', &line))
		if (line.len > 0)
			read_line(f, of, line);
}

/* Of what cannot be used its users are told; of these there may be none. */
static void
report_names(struct files *f)
{
	const char *problem;

	for (const struct file_name *n = f->first_name; n != NULL; n = n->next) {
		const char *reference = arena_printf(f->arena, "%.*s%s", STR_ARG(n->name), FILE_PROVIDER);
		const char *of_it = !is_middleware(n) ? "" : is_tcp(n) ? tcp_middlewares_add(middlewares_tcp(
		    f->middlewares), f->arena, "", str_of(reference), &problem) :
		    middlewares_add(f->middlewares, f->arena, "", str_of(reference), &problem);
		if (of_it == NULL)
			add_trouble(f, arena_printf(f->arena, "%s:%u: %.*s.%.*s: routers that name it are not "
			    "served: %s", n->of->path, n->line, STR_ARG(n->kind), STR_ARG(n->name), problem));
		if (kind_is(n->kind, "udp.routers"))
			add_trouble(f, arena_printf(f->arena, "%s:%u: udp.routers.%.*s: not served: Mola relays "
			    "HTTP and TCP", n->of->path, n->line, STR_ARG(n->name)));
	}
}

/* ---- services ---- */

static void
service_add(struct files *f, struct file_service *s, const struct swarm_label *label)
{
	struct swarm_service *is = s->is;
	struct swarm_label *more;

	ASSERT(is->nlabels <= s->room);
	if (is->nlabels == s->room) {
		s->room = s->room == 0 ? 16 : s->room * 2;
		more = arena_zalloc(f->arena, s->room * sizeof *more);
		if (is->nlabels > 0)
			memcpy(more, is->label, is->nlabels * sizeof *more);
		is->label = is->all = more;
	}
	is->label[is->nlabels++] = *label;
	is->nall = is->nlabels;
}

static struct str
service_key(struct arena *a, bool tcp, struct str name)
{
	return str_of(arena_printf(a, "%s %.*s", tcp ? "tcp" : "http", STR_ARG(name)));
}

static void
service_make(struct files *f, struct file_service *s, const char *name)
{
	s->is = &f->service[f->nservices++];
	*s->is = (struct swarm_service){ .id = arena_printf(f->arena, "file %s", name), .name = name,
	    .misplaced = NULL, .provided = true };
}

static unsigned
count_services(const struct files *f)
{
	struct str key;
	void *value;
	size_t at = 0;
	unsigned n = 0;

	while (map_next(f->names, &at, &key, &value))
		n += is_service(value);
	return n;
}

/* "web@file", and "tcp.web@file", as one of each may have the name. */
static struct file_service *
service_new(struct files *f, const struct file_name *n)
{
	struct file_service *s = arena_zalloc(f->arena, sizeof *s);

	service_make(f, s, arena_printf(f->arena, "%s%.*s%s", is_tcp(n) ? "tcp." : "", STR_ARG(n->name),
	    FILE_PROVIDER));
	map_put(f->services, service_key(f->arena, is_tcp(n), n->name), s);
	if (!is_tcp(n))
		middlewares_put_service(f->middlewares, str_of(s->is->name));
	return s;
}

/* In the order of the files. */
static void
make_services(struct files *f)
{
	f->service = arena_zalloc(f->arena, (count_services(f) + 1) * sizeof *f->service);
	for (struct file_line *l = f->first; l != NULL; l = l->next) {
		if (!is_service(l->of))
			continue;
		if (l->of->to == NULL)
			l->of->to = service_new(f, l->of);
		service_add(f, l->of->to, &l->label);
	}
}

/* Of a router: where it leads in these files; NULL: elsewhere, or nowhere. */
static struct file_service *
service_of(const struct files *f, const struct file_name *router)
{
	struct str name = str_trim(str_of(router->leads));

	if (str_ends(name, STR(FILE_PROVIDER)))
		name.len -= strlen(FILE_PROVIDER);
	return map_get(f->services, service_key(f->arena, is_tcp(router), name));
}

static void
give_routers(struct files *f)
{
	for (struct file_line *l = f->first; l != NULL; l = l->next) {
		if (!is_router(l->of))
			continue;
		if (l->of->to == NULL)
			l->of->to = service_of(f, l->of);
		if (l->of->to == NULL) {
			if (f->rest.is == NULL)
				service_make(f, &f->rest, FILE_PROVIDER);
			l->of->to = &f->rest;
		}
		service_add(f, l->of->to, &l->label);
	}
}

static int
label_order(const void *a, const void *b)
{
	const struct swarm_label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct files *
files_read(const struct swarm_conf *conf, struct arena *a, struct middlewares *m)
{
	struct files *f = must_zalloc(sizeof *f);

	*f = (struct files){ .conf = conf, .arena = a, .middlewares = m, .names = map_new(),
	    .services = map_new(), .tls = map_new(), .end = &f->first, .end_name = &f->first_name };
	f->trouble = arena_zalloc(a, TROUBLES_MAX * sizeof *f->trouble);
	for (unsigned i = 0; i < conf->nprovided && conf->traefik->enable; i++)
		read_file(f, &conf->provided[i]);
	make_services(f);
	report_names(f);
	give_routers(f);
	for (unsigned i = 0; i < f->nservices; i++)
		if (f->service[i].nlabels > 0)
			qsort(f->service[i].label, f->service[i].nlabels, sizeof *f->service[i].label, label_order);
	return f;
}

void
files_free(struct files **fp)
{
	struct files *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	map_free(&f->names);
	map_free(&f->services);
	map_free(&f->tls);
	free(f);
}

/* ---- what there is ---- */

const struct swarm_service *
files_services(const struct files *f, unsigned *n)
{
	*n = f->nservices;
	return f->service;
}

static const struct swarm_service *
service_named(const struct files *f, bool tcp, struct str reference)
{
	struct file_service *s;

	if (f == NULL || !str_ends(reference, STR(FILE_PROVIDER)))
		return NULL;
	reference.len -= strlen(FILE_PROVIDER);
	s = map_get(f->services, service_key(f->arena, tcp, reference));
	return s == NULL ? NULL : s->is;
}

const struct swarm_service *
files_service(const struct files *f, struct str reference)
{
	return service_named(f, false, reference);
}

const struct swarm_service *
files_tcp_service(const struct files *f, struct str reference)
{
	return service_named(f, true, reference);
}

const struct swarm_conf *
files_conf(const struct files *f)
{
	return f->conf;
}

struct map *
files_tls_known(const struct files *f)
{
	return f->tls;
}

const char *
files_unreadable(const struct files *f)
{
	return f == NULL ? NULL : f->unreadable;
}

unsigned
files_troubles(const struct files *f, const char *const **text)
{
	*text = f->trouble;
	return f->ntroubles;
}

bool
files_are_there(const struct files *f)
{
	return f != NULL && f->conf->nprovided > 0;
}

bool
files_has(const struct files *f, const char *kind, struct str name)
{
	return f != NULL && map_get(f->names, str_of(arena_printf(f->arena, "%s.%.*s", kind,
	    STR_ARG(name)))) != NULL;
}

bool
files_next(const struct files *f, const char *kind, struct str name, const struct file_line **at,
    struct files_key *out)
{
	const struct file_name *n;

	if (*at != NULL)
		*at = (*at)->next;
	else {
		n = map_get(f->names, str_of(arena_printf(f->arena, "%s.%.*s", kind, STR_ARG(name))));
		*at = n == NULL ? NULL : n->first;
	}
	if (*at != NULL)
		*out = (struct files_key){ (*at)->key, &(*at)->label };
	return *at != NULL;
}
