/*
 * caddy: labels of caddy-docker-proxy: each is a line of a Caddyfile, its dots the blocks around
 * it. A site has routes: one for each reverse_proxy, in the block where that stands.
 * Must not know what directives do to requests.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "stack/caddy_priv.h"

/* ---- labels ---- */

/* "caddy" or "caddy_1", and where it ends; 0: the label is none of Caddy's. */
static size_t
site_len(const char *label)
{
	size_t n = 5;

	if (strncmp(label, "caddy", 5) != 0)
		return 0;
	if (label[n] == '_') {
		size_t digits = strspn(label + n + 1, "0123456789");
		if (digits == 0)
			return 0;
		n += 1 + digits;
	}
	return label[n] == '\0' || label[n] == '.' ? n : 0;
}

/* The end of the word that begins here: a dot behind a backslash is no end. */
static size_t
word_len(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0' && (s[n] != '.' || (n > 0 && s[n - 1] == '\\')))
		n++;
	return n;
}

/* Without the numbers that order and isolate: "0_handle" and "handle_1" are both "handle". */
static const char *
word_name(struct arena *a, struct str word)
{
	size_t digits = 0;
	char *name, *to;

	while (digits < word.len && isdigit((unsigned char)word.p[digits]))
		digits++;
	if (digits > 0 && digits + 1 < word.len && word.p[digits] == '_')
		word = (struct str){ word.p + digits + 1, word.len - digits - 1 };
	for (digits = 0; digits < word.len && isdigit((unsigned char)word.p[word.len - digits - 1]); )
		digits++;
	if (digits > 0 && digits + 1 < word.len && word.p[word.len - digits - 1] == '_')
		word.len -= digits + 1;
	name = to = arena_text(a, word);
	for (const char *c = name; *c != '\0'; c++)
		if (*c != '\\' || c[1] != '.')
			*to++ = *c;
	*to = '\0';
	return name;
}

/* The next argument: words, "words", `words`, or {{a template}}. */
static bool
next_arg(struct arena *a, const char **rest, const char **arg)
{
	const char *s = *rest + strspn(*rest, " \t\n"), *end;
	size_t skip = 0;

	if (*s == '\0')
		return false;
	if (*s == '"' || *s == '`') {
		skip = 1;
		end = strchr(s + 1, *s);
	} else if (strncmp(s, "{{", 2) == 0)
		end = (end = strstr(s, "}}")) == NULL ? NULL : end + 2;
	else
		end = s + strcspn(s, " \t\n");
	if (end == NULL)
		end = s + strlen(s);
	*arg = arena_text(a, (struct str){ s + skip, (size_t)(end - s) - skip });
	*rest = *end == '\0' ? end : end + skip;
	return true;
}

static void
set_args(struct foreign_reading *r, struct caddy_directive *d, const char *value)
{
	for (d->nargs = 0; d->nargs < CADDY_ARGS_MAX && next_arg(r->a, &value, &d->arg[d->nargs]); )
		d->nargs++;
	if (d->nargs == CADDY_ARGS_MAX)
		foreign_refuse(r, &d->at, "%s: too many arguments", d->prefix);
}

/* The part of a label up to the word behind the prefix; 0: it has none. */
static size_t
child_len(const char *label, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(label, prefix, n) == 0 && label[n] == '.' ? n + 1 + word_len(label + n + 1) : 0;
}

bool
caddy_next(struct foreign_reading *r, const char *prefix, unsigned *i, struct caddy_directive *d)
{
	const struct stack_pairs *p = stack_labels(r->s, r->v);
	size_t n, before = strlen(prefix) + 1;

	for (; *i < p->n; ++*i) {
		const struct stack_pair *one = &p->item[*i];
		bool seen = false;
		if ((n = child_len(one->name, prefix)) == 0)
			continue;
		for (unsigned k = 0; k < *i && !seen; k++)
			seen = child_len(p->item[k].name, prefix) == n && strncmp(p->item[k].name, one->name, n) == 0;
		if (seen)
			continue;
		*d = (struct caddy_directive){ .prefix = arena_text(r->a, (struct str){ one->name, n }),
		    .name = word_name(r->a, (struct str){ one->name + before, n - before }), .at = one->at };
		for (unsigned k = 0; k < p->n; k++)
			if (strcmp(p->item[k].name, d->prefix) == 0) {
				d->at = p->item[k].at;
				set_args(r, d, p->item[k].value);
			}
		++*i;
		return true;
	}
	return false;
}

/* Caddy compares paths without case. */
static const char *
path_rule(struct foreign_reading *r, const char *m, size_t n)
{
	bool begins = m[n - 1] == '*', letters = false;
	struct str path = { m, n - begins };

	for (size_t i = 0; i < path.len; i++)
		letters |= isalpha((unsigned char)path.p[i]) || (path.p[i] & 0x80) != 0 || path.p[i] == '%';
	if (letters)
		return arena_printf(r->a, "PathRegexp(`(?i)^%s%s`)", foreign_quoted(r->a, path),
		    begins ? "" : "$");
	return arena_printf(r->a, begins ? "PathPrefix(`%.*s`)" : "Path(`%.*s`)", STR_ARG(path));
}

bool
caddy_matcher(struct foreign_reading *r, struct caddy_directive *d, const char **rule)
{
	const char *m = d->nargs == 0 ? "" : d->arg[0];
	size_t n = strlen(m);

	*rule = NULL;
	if (*m == '@') {
		foreign_refuse(r, &d->at, "%s has the matcher %s: those by name are not understood",
		    d->prefix, m);
		return false;
	}
	if (*m != '/' && strcmp(m, "*") != 0)
		return true;
	memmove(d->arg, d->arg + 1, --d->nargs * sizeof *d->arg);
	if (strcmp(m, "*") == 0 || strcmp(m, "/*") == 0)
		return true;
	if (memchr(m, '*', n - 1) != NULL || strpbrk(m, "`{") != NULL) {
		foreign_refuse(r, &d->at, "%s has the matcher %s: expected a path, or what it begins with",
		    d->prefix, m);
		return false;
	}
	*rule = path_rule(r, m, n);
	return true;
}

/* ---- sites ---- */

struct site {
	const char	*where, *hosts;		/* hosts NULL: mola.host does not say it */
	unsigned	 nplain, ntls;
	bool		 known;			/* ACME may certify its names */
};

static bool
is_internal(struct str host)
{
	static const char *const ends[] = { "localhost", ".local", ".internal", ".home.arpa" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (str_ends_nocase(host, str_of(ends[i])))
			return true;
	return host.len == 0 || strspn(host.p, "0123456789.:[]") >= host.len;
}

/* "https://www.example.org:443" */
static bool
read_address(struct foreign_reading *r, struct site *site, const struct stack_at *at,
    struct str text)
{
	struct str host = text, port = { NULL, 0 };
	bool plain = str_starts(text, STR("http://")), tls = str_starts(text, STR("https://"));
	const char *term;

	if (plain || tls)
		host = (struct str){ text.p + 7 + tls, text.len - 7 - tls };
	if (memchr(host.p, ':', host.len) != NULL)
		str_split_last(&host, ':', &port);
	plain |= str_eq(port, STR("80"));
	if (strpbrk(arena_text(r->a, host), "/{}`") != NULL || (port.len > 0 && !str_eq(port, STR("80"))
	    && !str_eq(port, STR("443")))) {
		foreign_refuse(r, at, "address %.*s: expected a host alone; ports are those of Mola's listeners",
		    STR_ARG(text));
		return false;
	}
	site->nplain += plain;
	site->ntls += !plain;
	site->known &= !is_internal(host);
	/* a star is one label */
	term = host.len == 0 ? "PathPrefix(`/`)" : arena_printf(r->a, "Host(`%.*s`)", STR_ARG(host));
	if (host.len == 0)
		site->hosts = NULL;
	else if (site->hosts != NULL)
		site->hosts = *host.p == '*' ? NULL : arena_printf(r->a, "%s%s%.*s", site->hosts,
		    site->where == NULL ? "" : ",", STR_ARG(host));
	site->where = site->where == NULL ? term : arena_printf(r->a, "%s || %s", site->where, term);
	return true;
}

static bool
read_site(struct foreign_reading *r, const struct stack_pair *p, struct site *site)
{
	char *text = arena_text(r->a, str_of(p->value));
	struct str rest, one;

	*site = (struct site){ .hosts = "", .known = true };
	for (char *c = text; *c != '\0'; c++)
		if (isspace((unsigned char)*c))
			*c = ',';
	for (rest = str_of(text); str_split(&rest, ',', &one); )
		if (one.len > 0 && !read_address(r, site, &p->at, one))
			return false;
	if (site->nplain + site->ntls > 1)
		site->where = arena_printf(r->a, "(%s)", site->where);
	return site->where != NULL;
}

/* ---- routes ---- */

static const char *
both(struct foreign_reading *r, const char *a, const char *b)
{
	return a == NULL ? b : b == NULL ? a : arena_printf(r->a, "%s && %s", a, b);
}

static void
add_route(const struct caddy_block *b, const struct site *site, const char *path,
    struct caddy_directive *proxy)
{
	struct foreign_reading *r = b->r;
	struct foreign_route *route = foreign_route_add(r, r->nroutes == 0 ? "" :
	    arena_printf(r->a, "%u", r->nroutes));
	const char *rule = path;

	if (route == NULL)
		return;
	for (const struct caddy_block *in = b; in != NULL; in = in->in)
		rule = both(r, in->where, rule);
	route->rule = rule;
	route->hosts = rule == site->where ? site->hosts : NULL;
	route->way = site->ntls == 0 ? WAY_PLAIN : WAY_BOTH;
	route->to_tls = route->to_tls_for_good = site->nplain == 0;
	route->acme = site->ntls > 0 && site->known;
	route->port = 80;
	if (proxy != NULL && !caddy_proxy(r, proxy, route))
		return;
	caddy_apply(b, route);
}

static void
walk(const struct caddy_block *b, const struct site *site)
{
	struct foreign_reading *r = b->r;
	struct caddy_directive d;
	bool any = false, redir = false;

	for (unsigned i = 0; caddy_next(r, b->prefix, &i, &d); ) {
		const char *path;
		bool strips = strcmp(d.name, "handle_path") == 0;
		if (!caddy_knows(r, &d))
			continue;
		redir |= strcmp(d.name, "redir") == 0;
		if (strcmp(d.name, "reverse_proxy") == 0) {
			any = true;
			if (caddy_matcher(r, &d, &path))
				add_route(b, site, path, &d);
		} else if (strips || strcmp(d.name, "handle") == 0 || strcmp(d.name, "route") == 0) {
			const char *matcher = d.nargs == 0 ? "" : d.arg[0];
			size_t n = strcspn(matcher, "*");
			any = true;
			if (!caddy_matcher(r, &d, &path))
				continue;
			while (n > 0 && matcher[n - 1] == '/')
				n--;
			walk(&(struct caddy_block){ r, b, d.prefix, path, strips && n > 0 ?
			    arena_text(r->a, (struct str){ matcher, n }) : NULL }, site);
		}
	}
	if (!any && redir)
		add_route(b, site, NULL, NULL);
}

/* Whether one of the addresses is among the others, or may be. */
static bool
share(const char *mine, const char *others)
{
	char one[256];

	for (size_t n; *mine != '\0'; mine += n) {
		mine += strspn(mine, ", \t\n");
		n = strcspn(mine, ", \t\n");
		str_copy(one, sizeof one, (struct str){ mine, n });
		if (n > 0 && strcasestr(others, one) != NULL)
			return true;
	}
	return false;
}

/* Another service, or another site of this one, may have put passwords on the same addresses, which
 * are those of both. */
static void
check_others(struct foreign_reading *r, struct stack *s, const struct stack_pair *mine)
{
	static const char *const open[] = { "reverse_proxy", "handle", "handle_path", "tls", "encode",
		"log" };

	for (unsigned i = 0; i < s->nservices; i++) {
		const struct stack_service *v = &s->service[i];
		struct foreign_reading other = *r;
		const struct stack_pairs *p = stack_labels(s, v);
		other.s = s;
		other.v = v;
		for (unsigned k = 0; k < p->n; k++) {
			struct caddy_directive d;
			bool site = site_len(p->item[k].name) == strlen(p->item[k].name);
			if (!site || &p->item[k] == mine || !share(mine->value, p->item[k].value))
				continue;
			for (unsigned n = 0; caddy_next(&other, p->item[k].name, &n, &d); ) {
				bool good = false;
				for (size_t o = 0; o < sizeof open / sizeof *open; o++)
					good |= strcmp(open[o], d.name) == 0;
				if (!good)
					foreign_refuse(r, &d.at, "%s of %s is for the site of both", d.prefix, v->name);
			}
		}
	}
}

bool
foreign_is_caddy(const struct stack *s, const struct stack_service *v, struct stack_at *mine)
{
	const struct stack_pairs *p = stack_labels(s, v);

	for (unsigned i = 0; i < p->n; i++)
		if (site_len(p->item[i].name) == strlen(p->item[i].name) && *p->item[i].value != '\0' &&
		    *p->item[i].value != '(') {
			*mine = p->item[i].at;
			return true;
		}
	return false;
}

void
foreign_read_caddy(struct foreign_reading *r)
{
	const struct stack_pairs *p = stack_labels(r->s, r->v);
	struct site site;
	unsigned before;

	for (unsigned i = 0; i < p->n; i++) {
		const struct stack_pair *one = &p->item[i];
		if (site_len(one->name) == 0 || site_len(one->name) != strlen(one->name) || *one->value == '\0' ||
		    *one->value == '(')
			continue;
		if (!read_site(r, one, &site))
			continue;
		for (unsigned k = 0; k < r->nstacks; k++)
			check_others(r, r->stack[k], one);
		if (!site.known && site.ntls > 0)
			foreign_note(r, "Caddy has a CA of its own for such names; Mola needs a certificate "
			    "in tls.certs");
		before = r->nroutes;
		walk(&(struct caddy_block){ r, NULL, one->name, site.where, NULL }, &site);
		if (r->nroutes == before)
			foreign_refuse(r, &one->at, "%s: nothing below it leads anywhere", one->name);
	}
	if (r->nroutes == 0 && r->out->problem.n == 0)
		foreign_refuse(r, NULL, "none of its labels leads to it by reverse_proxy");
}
