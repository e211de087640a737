/*
 * files_certs: the certificates and CAs that Traefik's files name, as whoever reads them needs
 * them.
 * Must not know what they are used for.
 */
#include <string.h>

#include "base/bug.h"
#include "base/map.h"
#include "discovery/provided.h"

#define CERTS_MOST	1024

struct certs_reader {
	struct arena	*arena;
	struct map	*known;			/* by place: "tls.certificates[0]" of a file */
	struct provided_cert *list;
	unsigned	 n;
};

static bool
has(struct str path, const char *part)
{
	return memmem(path.p, path.len, part, strlen(part)) != NULL;
}

/* Of the two lines with certFile and keyFile, each may be the first. */
static struct provided_cert *
cert_at(struct certs_reader *r, struct str place, enum provided_kind kind)
{
	struct provided_cert *c = map_get(r->known, place);

	if (c != NULL || r->n == CERTS_MOST)
		return c;
	c = &r->list[r->n++];
	*c = (struct provided_cert){ .kind = kind };
	map_put(r->known, place, c);
	return c;
}

static void
add_cert(struct certs_reader *r, struct str place, enum provided_kind kind, bool key,
    struct str value)
{
	struct provided_cert *c = cert_at(r, place, kind);

	if (c != NULL && key)
		c->key = arena_text(r->arena, value);
	else if (c != NULL)
		c->cert = arena_text(r->arena, value);
}

static void
add_cas(struct certs_reader *r, struct str place, struct str paths)
{
	struct str one;

	for (unsigned i = 0; str_split(&paths, ',', &one); i++) {
		one = str_trim(one);
		if (one.len > 0 && *one.p == '/')
			add_cert(r, str_of(arena_printf(r->arena, "%.*s ca %u", STR_ARG(place), i)),
			    PROVIDED_TASK_CA, false, one);
	}
}

/* Only paths: what stands in the file itself is nothing that could be watched. */
static void
read_line(struct certs_reader *r, const struct swarm_file *f, struct str line)
{
	struct str number, path, key, place;
	bool transport, cert, of_key;

	if (!str_split(&line, ' ', &number) || !str_split(&line, '=', &path) || line.len == 0 ||
	    line.p[0] != '/')
		return;
	path = provided_lower(r->arena, path);
	key = path;
	place = path;
	if (!str_split_last(&place, '.', &key))
		return;
	place = str_of(arena_printf(r->arena, "%s %.*s", f->path, STR_ARG(place)));
	transport = str_starts(path, STR("http.serverstransports."));
	of_key = str_eq(key, STR("keyfile"));
	cert = of_key || str_eq(key, STR("certfile"));
	if (transport && str_eq(key, STR("rootcas")))
		add_cas(r, place, line);
	else if (transport && cert)
		add_cert(r, place, PROVIDED_TASK_CERT, of_key, line);
	else if (cert && (str_starts(path, STR("tls.certificates[")) || has(path, ".defaultcertificate.")))
		add_cert(r, place, PROVIDED_CERT, of_key, line);
}

struct str
provided_lower(struct arena *a, struct str s)
{
	char *text = arena_text(a, s);

	for (char *p = text; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	return (struct str){ text, s.len };
}

unsigned
provided_certs(struct arena *a, const struct swarm_file *file, unsigned nfiles,
    const struct provided_cert **list)
{
	struct certs_reader r = { .arena = a, .known = map_new() };
	unsigned n = 0;

	r.list = arena_zalloc(a, CERTS_MOST * sizeof *r.list);
	for (unsigned i = 0; i < nfiles; i++) {
		struct str rest = str_of(file[i].lines), line;
		while (str_split(&rest, '\n', &line))
			read_line(&r, &file[i], line);
	}
	for (unsigned i = 0; i < r.n; i++)
		if (r.list[i].cert != NULL)	/* a key alone is no certificate */
			r.list[n++] = r.list[i];
	map_free(&r.known);
	*list = r.list;
	return n;
}
