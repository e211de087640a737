/*
 * traefik_static: arguments, environment and file have the same settings under the same paths:
 * entrypoints.web.http.middlewares. Traefik reads one of the three and leaves the others out;
 * here all of them apply together, which requires more, never less. Names of keys are compared
 * without case, as Traefik does. Settings below an entry point's http that are not known count
 * as unreadable.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/constraint.h"
#include "discovery/traefik_static.h"

#define ENTRIES_MAX	64
#define NAMES_MAX	64		/* middlewares of an entry point */
#define WORDS_MAX	16

struct static_reader {
	struct arena	*arena;
	struct traefik_static *of;
	bool		 has_entry_points;		/* any */
	bool		 docker, swarm_mode;
	bool		 has_as_default;		/* some entry point has asDefault */
	uint64_t	 udp;				/* entry points that are for it */
	/* of each entry point; `to` NULL: its redirection has none, or there is no redirection */
	struct static_redirect {
		const char *to;
		bool	 odd;				/* it is none to https alone */
	} redirect[ENTRIES_MAX];
};

/* The first reason stays. */
static void
set_unreadable(struct static_reader *b, const char *fmt, struct str a)
{
	if (b->of->unreadable == NULL)
		b->of->unreadable = arena_printf(b->arena, fmt, STR_ARG(a));
}

static bool
is_word(struct str s, const char *word)
{
	return str_eq_nocase(s, str_of(word));
}

/* Go's ParseBool; a flag without a value is true. What is no truth value: `other`. */
static bool
parse_bool(struct str s, bool other)
{
	static const char *const yes[] = { "", "1", "t", "T", "true", "TRUE", "True" },
	    *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (str_eq(s, str_of(yes[i])))
			return true;
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (str_eq(s, str_of(no[i])))
			return false;
	return other;
}

static struct traefik_entry_point *
get_entry_point(struct static_reader *b, struct str name)
{
	struct traefik_static *s = b->of;
	struct traefik_entry_point *e;

	ASSERT(s->nentry_points <= ENTRIES_MAX);
	b->has_entry_points = true;
	for (unsigned i = 0; i < s->nentry_points; i++)
		if (str_eq_nocase(str_of(s->entry_point[i].name), name))
			return &s->entry_point[i];
	if (s->nentry_points == ENTRIES_MAX) {
		set_unreadable(b, "it has more than 64 entry points (%.*s)", name);
		return NULL;
	}
	e = &s->entry_point[s->nentry_points++];
	*e = (struct traefik_entry_point){ .name = arena_text(b->arena, name), .owner = s->owner };
	return e;
}

static void
add_names(struct static_reader *b, struct traefik_entry_point *e, struct traefik_names *to,
    struct str list)
{
	const char **name;
	struct str part;

	ASSERT(to->n <= NAMES_MAX);
	while (str_split(&list, ',', &part)) {
		part = str_trim(part);
		if (part.len == 0)
			continue;
		if (to->n == NAMES_MAX) {
			e->unreadable = "it has more than 64 middlewares or trusted addresses";
			return;
		}
		name = arena_zalloc(b->arena, (to->n + 1) * sizeof *name);
		if (to->n > 0)
			memcpy(name, to->name, to->n * sizeof *name);
		name[to->n] = arena_text(b->arena, part);
		*to = (struct traefik_names){ name, to->n + 1 };
	}
}

static bool
is_one_of(struct str s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (is_word(s, *words))
			return true;
	return false;
}

static void
not_understood(struct static_reader *b, struct traefik_entry_point *e, const char *in,
    struct str key)
{
	if (e->unreadable == NULL)
		e->unreadable = arena_printf(b->arena, "its %s%.*s is not understood", in, STR_ARG(key));
}

/* What follows redirections.entrypoint. */
static void
apply_redirection(struct static_reader *b, struct traefik_entry_point *e, struct str key,
    struct str value)
{
	struct static_redirect *r = &b->redirect[e - b->of->entry_point];

	if (e->redirect == NULL)
		e->redirect = "another one";
	if (is_word(key, "to"))
		r->to = e->redirect = arena_text(b->arena, value);
	else if (is_word(key, "permanent"))
		e->redirect_temporary |= !parse_bool(value, true);
	else if (is_word(key, "scheme"))
		r->odd |= !is_word(value, "https");
	else
		r->odd = true;
}

/* What follows entrypoints.NAME.http. */
static void
apply_http(struct static_reader *b, struct traefik_entry_point *e, const struct str *word,
    unsigned n, struct str value)
{
	static const char *const harmless[] = { "sanitizepath", "maxheaderbytes", NULL };

	if (n == 0)
		return;
	if (is_word(word[0], "middlewares"))
		add_names(b, e, &e->middlewares, value);
	else if (is_word(word[0], "redirections"))
		apply_redirection(b, e, n == 3 ? word[2] : STR(""), value);
	else if (is_word(word[0], "tls")) {
		e->tls |= n > 1 || parse_bool(value, true);
		if (n == 2 && is_word(word[1], "options") && value.len > 0)
			e->tls_options = arena_text(b->arena, value);
		e->orders |= n == 2 && is_word(word[1], "certresolver") && value.len > 0;
	} else if (is_word(word[0], "encodedcharacters")) {
		/* by default all of them are allowed, as they are here */
		if (n > 1 && !parse_bool(value, false))
			not_understood(b, e, "http.encodedCharacters.", word[1]);
	} else if (is_word(word[0], "encodequerysemicolons"))
		e->semicolons |= parse_bool(value, true);
	else if (!is_one_of(word[0], harmless))
		not_understood(b, e, "http.", word[0]);
}

/* What follows forwardedheaders and proxyprotocol. */
static void
apply_trust(struct static_reader *b, struct traefik_entry_point *e, bool forwarded, struct str key,
    struct str value)
{
	if (is_word(key, "trustedips"))
		add_names(b, e, forwarded ? &e->trusted : &e->proxies, value);
	else if (is_word(key, "insecure"))
		*(forwarded ? &e->trusts_all : &e->proxies_all) |= parse_bool(value, false);
}

/* "10.0.0.1:443", ":53/udp" */
static void
apply_address(struct static_reader *b, struct traefik_entry_point *e, struct str value)
{
	const char *colon = memrchr(value.p, ':', value.len);
	unsigned port = 0;

	if (str_ends_nocase(value, STR("/udp"))) {
		e->unreadable = "it is for UDP, which Mola does not relay";
		b->udp |= UINT64_C(1) << (e - b->of->entry_point);
		return;
	}
	for (const char *p = colon == NULL ? NULL : colon + 1; p != NULL && p < value.p + value.len &&
	    *p >= '0' && *p <= '9' && port <= 65535; p++)
		port = port * 10 + (unsigned)(*p - '0');
	e->port = port <= 65535 ? port : 0;
}

/* What is neither of these demands what is not known. */
static void
apply_entry_point(struct static_reader *b, const struct str *word, unsigned n, struct str value)
{
	/* they limit connections, or observe them, for which Mola has settings of its own */
	static const char *const harmless[] = { "allowacmebypass", "http2", "http3", "observability",
	    "reuseport", "transport", "udp", NULL };
	struct traefik_entry_point *e = get_entry_point(b, word[0]);

	if (e == NULL || n == 1)
		return;
	if (is_word(word[1], "http"))
		apply_http(b, e, word + 2, n - 2, value);
	else if (is_word(word[1], "address") && n == 2)
		apply_address(b, e, value);
	else if (is_word(word[1], "asdefault")) {
		if (parse_bool(value, true))
			e->as_default = b->has_as_default = true;
	} else if (is_word(word[1], "forwardedheaders") || is_word(word[1], "proxyprotocol"))
		apply_trust(b, e, is_word(word[1], "forwardedheaders"), n == 3 ? word[2] : STR(""), value);
	else if (!is_one_of(word[1], harmless))
		not_understood(b, e, "", word[1]);
}

/* Arguments are as long as people like: no copies. */
static bool
has_nocase(struct str text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.len; i++)
		if (strncasecmp(text.p + i, word, n) == 0)
			return true;
	return false;
}

/* Traefik 1: "Name:http Address::80 Redirect.EntryPoint:https". */
static void
apply_entry_point_v1(struct static_reader *b, struct str value)
{
	static const char *const restrictions[] = { "auth.", "whitelist", "clientca", "ca:" };
	struct traefik_entry_point *e = NULL;
	struct str rest = value, part;

	while (str_split(&rest, ' ', &part))
		if (part.len > 5 && str_eq_nocase((struct str){ part.p, 5 }, STR("name:")))
			e = get_entry_point(b, (struct str){ part.p + 5, part.len - 5 });
	if (e == NULL) {
		set_unreadable(b, "its argument entrypoints is not understood%.*s", (struct str){ "", 0 });
		return;
	}
	if (has_nocase(value, "redirect"))
		e->redirect = "another one";
	for (size_t i = 0; i < sizeof restrictions / sizeof *restrictions; i++)
		if (has_nocase(value, restrictions[i]))
			e->unreadable = "what it demands in the language of Traefik 1 is not understood";
}

/* Of two that differ, Traefik may leave one out: a service has to pass both. */
static void
add_constraints(struct static_reader *b, struct str value)
{
	struct traefik_static *s = b->of;

	if (s->constraints == NULL)
		s->constraints = arena_text(b->arena, value);
	else if (!str_eq(str_of(s->constraints), value) && strlen(s->constraints) <= CONSTRAINT_MAX)
		s->constraints = arena_printf(b->arena, "(%s) && (%.*s)", s->constraints, STR_ARG(value));
}

/* What follows providers.docker or providers.swarm. */
static void
apply_provider(struct static_reader *b, struct str key, struct str value)
{
	struct traefik_static *s = b->of;

	if (is_word(key, "swarmmode"))
		b->swarm_mode |= parse_bool(value, true);
	else if (is_word(key, "exposedbydefault"))
		s->exposed_by_default &= parse_bool(value, false);
	else if (is_word(key, "defaultrule"))
		s->default_rule = arena_text(b->arena, value);
	else if (is_word(key, "network") && value.len > 0)
		s->network = arena_text(b->arena, value);
	else if (is_word(key, "constraints") && value.len > 0)
		add_constraints(b, value);
}

static void
apply_setting(void *arg, const struct str *word, unsigned n, struct str value)
{
	struct static_reader *b = arg;

	if (n > 0)
		static_keys_note(b->arena, b->of, word, n, value);
	if (n >= 2 && is_word(word[0], "entrypoints"))
		apply_entry_point(b, word + 1, n - 1, value);
	else if (n == 1 && is_word(word[0], "entrypoints") && value.len > 0)
		apply_entry_point_v1(b, value);
	else if (n >= 2 && is_word(word[0], "providers") && is_word(word[1], "swarm")) {
		b->of->swarm |= n > 2 || parse_bool(value, true);
		if (n > 2)
			apply_provider(b, word[2], value);
	} else if (n >= 2 && is_word(word[0], "providers") && is_word(word[1], "docker")) {
		b->docker |= n > 2 || parse_bool(value, true);
		if (n > 2)
			apply_provider(b, word[2], value);
	} else if (n == 2 && is_word(word[0], "core") && is_word(word[1], "defaultrulesyntax"))
		b->of->rule_syntax = is_word(value, "v2") ? RULE_V2 : RULE_V3;
	else if (n == 2 && is_word(word[0], "docker") && is_word(word[1], "swarmmode"))
		b->docker = b->swarm_mode = true;
}

/* ---- arguments and environment ---- */

/* "a.b[0].c" */
static void
apply_path(struct static_reader *b, struct str path, char separator, struct str value)
{
	struct str word[WORDS_MAX], rest = path, part;
	unsigned n = 0;

	while (str_split(&rest, separator, &part)) {
		const char *bracket = memchr(part.p, '[', part.len);
		if (n == WORDS_MAX)
			return;
		word[n++] = (struct str){ part.p, bracket == NULL ? part.len : (size_t)(bracket - part.p) };
	}
	ASSERT(n <= WORDS_MAX);
	apply_setting(b, word, n, value);
}

/* Whether a flag without '=' has no value in the next argument: that is so for boolean flags. */
static bool
stands_alone(struct str path)
{
	static const char *const flags[] = { "asdefault", "exposedbydefault", "swarmmode", "tls",
		"docker", "swarm", "watch", "insecure", "dashboard", "api", "accesslog", "ping",
		"debug", "permanent", "http3", "allowemptyservices", "usebindportip", "reuseport",
		"allowacmebypass", "proxyprotocol", "http" };
	struct str last = path;
	const char *dot;

	while ((dot = memchr(last.p, '.', last.len)) != NULL)
		last = (struct str){ dot + 1, last.len - (size_t)(dot - last.p) - 1 };
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (is_word(last, flags[i]))
			return true;
	return false;
}

static void
read_args(struct static_reader *b, const struct traefik_spec *spec)
{
	for (unsigned i = 0; i < spec->nargs; i++) {
		struct str arg = str_of(spec->arg[i]), value = { "", 0 };
		const char *equals;
		if (arg.len < 2 || *arg.p != '-')
			continue;
		arg = (struct str){ arg.p + (arg.p[1] == '-' ? 2 : 1), arg.len - (arg.p[1] == '-' ? 2 : 1) };
		equals = memchr(arg.p, '=', arg.len);
		if (equals != NULL) {
			value = (struct str){ equals + 1, arg.len - (size_t)(equals - arg.p) - 1 };
			arg.len = (size_t)(equals - arg.p);
		} else if (i + 1 < spec->nargs && *spec->arg[i + 1] != '-' && !stands_alone(arg))
			value = str_of(spec->arg[++i]);
		apply_path(b, arg, '.', value);
	}
}

static void
read_env(struct static_reader *b, const struct traefik_spec *spec)
{
	for (unsigned i = 0; i < spec->nenv; i++) {
		struct str env = str_of(spec->env[i]);
		const char *equals = memchr(env.p, '=', env.len);
		size_t n = equals == NULL ? env.len : (size_t)(equals - env.p);
		if (n > 8 && str_eq_nocase((struct str){ env.p, 8 }, STR("TRAEFIK_")))
			apply_path(b, (struct str){ env.p + 8, n - 8 }, '_',
			    equals == NULL ? STR("") : (struct str){ equals + 1, env.len - n - 1 });
	}
}

static void
read_file(struct static_reader *b, const struct traefik_spec *spec, struct str file,
    const char *file_unreadable)
{
	char problem[120];

	if (spec->file == NULL)
		return;
	if (file_unreadable != NULL)
		set_unreadable(b, "%.*s", str_of(arena_printf(b->arena, "its file %s %s",
		    spec->file, file_unreadable)));
	else if (str_ends_nocase(str_of(spec->file), STR(".toml")))
		set_unreadable(b, "its file %.*s is TOML, which Mola does not read", str_of(spec->file));
	else if (file.p != NULL && !flat_yaml(file, apply_setting, b, problem))
		set_unreadable(b, "%.*s", str_of(arena_printf(b->arena,
		    "its file %s is not understood (%s)", spec->file, problem)));
}

/* ":8443", or the port of another entry point; 0: it is not known. */
static unsigned
redirect_port(const struct static_reader *b, unsigned at)
{
	const struct static_redirect *r = &b->redirect[at];
	struct traefik_entry_point to = { .port = 0 };

	if (r->to == NULL || r->odd)
		return 0;
	for (unsigned i = 0; i < b->of->nentry_points; i++)
		if (strcmp(b->of->entry_point[i].name, r->to) == 0)
			return b->of->entry_point[i].port;
	if (r->to[0] == ':')
		apply_address(&(struct static_reader){ .of = b->of }, &to, str_of(r->to));
	return to.port;
}

/* Without asDefault anywhere, routers are on all entry points; but on that of Traefik's own
 * pages only when they name it. */
static void
finish_entry_points(struct static_reader *b)
{
	struct traefik_static *s = b->of;

	if (!b->has_entry_points && s->unreadable == NULL)
		get_entry_point(b, STR("http"));
	for (unsigned i = 0; i < s->nentry_points; i++) {
		if (!b->has_as_default)
			s->entry_point[i].as_default = strcasecmp(s->entry_point[i].name, "traefik") != 0 &&
			    (b->udp >> i & 1) == 0;
		s->entry_point[i].redirect_port = redirect_port(b, i);
	}
}

struct traefik_static *
traefik_static_read(struct arena *a, const char *owner, const struct traefik_spec *spec,
    struct str file, const char *file_unreadable)
{
	struct static_reader b = { .arena = a, .of = arena_zalloc(a, sizeof *b.of) };

	b.of->owner = owner;
	b.of->exposed_by_default = true;
	b.of->unreadable = spec->unreadable;
	b.of->entry_point = arena_zalloc(a, ENTRIES_MAX * sizeof *b.of->entry_point);
	read_args(&b, spec);
	read_env(&b, spec);
	read_file(&b, spec, file, file_unreadable);
	finish_entry_points(&b);
	b.of->swarm |= (b.docker && b.swarm_mode) || b.of->unreadable != NULL;
	return b.of;
}
