/*
 * rule_leaf: what the texts of each matcher are. Several texts, where Traefik 2 has them, are one
 * test each, joined by ||.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/pattern.h"
#include "discovery/route.h"
#include "discovery/rule_priv.h"

struct matcher_row {
	const char	*name;
	unsigned	 least, most, most_v2;
	const char	*name_v2;
};

static const struct matcher_row matchers[MATCHER_COUNT] = {
#define MATCHER(id, name, least, most, most_v2, name_v2) { name, least, most, most_v2, name_v2 },
#include "tbl/matchers.h"
#undef MATCHER
};

/* As it is, in lower case, in upper case, or with a capital and the rest in lower case: no other
 * spelling is a name to Traefik. */
static bool
is_name(struct str s, const char *name)
{
	size_t upper = 0;

	if (name == NULL || !str_eq_nocase(s, str_of(name)))
		return false;
	for (size_t i = 0; i < s.len; i++)
		upper += isupper((unsigned char)s.p[i]) != 0;
	return str_eq(s, str_of(name)) || upper == 0 || upper == s.len ||
	    (upper == 1 && isupper((unsigned char)s.p[0]) != 0);
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static struct rule_node *
leaf_new(struct rule_parser *r, enum matcher matcher, struct str value)
{
	struct rule_node *n = rule_node_new(r);

	n->c.kind = CONDITION_TEST;
	n->c.matcher = matcher;
	n->c.value = value;
	return n;
}

static struct str
change_case(struct arena *a, struct str s, int (*to)(int))
{
	char *copy = arena_text(a, s);

	for (char *c = copy; *c != '\0'; c++)
		*c = (char)to((unsigned char)*c);
	return (struct str){ copy, s.len };
}

/* Host(`*.example.org`) is for one label, since Traefik 3.7, and `*` for any. A dot at the end has
 * no meaning, neither here nor in a request. */
static struct rule_node *
host_leaf(struct rule_parser *r, struct str arg)
{
	bool dot = arg.len > 1 && arg.p[arg.len - 1] == '.';
	struct str name = { arg.p, arg.len - dot }, lower;
	struct rule_host *host;
	struct rule_node *n;

	if (str_eq(arg, STR("*")) && r->syntax != RULE_V2) {
		n = rule_node_new(r);		/* any, and that is all */
		n->c.kind = CONDITION_ALWAYS;
		n->certain = true;
		n->nkeys = 1;
		return n;
	}
	if (!form_host(name, true)) {
		rule_reject(r, "Host holds something that is not a host name");
		return NULL;
	}
	lower = change_case(r->arena, name, tolower);
	if (lower.p[0] == '*')
		*(char *)(uintptr_t)lower.p = '+';
	host = arena_zalloc(r->arena, sizeof *host);
	*host = (struct rule_host){ lower.p, r->hosts };
	r->hosts = host;
	n = leaf_new(r, MATCHER_HOST, lower);
	n->key[0] = (struct rule_term){ .host = lower.p };
	n->nkeys = 1;
	return n;
}

/* An expression's program; false: it is not understood. */
static bool
pattern_value(struct rule_parser *r, struct str regexp, struct str *value)
{
	char problem[PATTERN_PROBLEM];
	const struct pattern *p = pattern_parse(r->arena, regexp, problem);

	if (p != NULL)
		*value = (struct str){ (const char *)p, pattern_bytes(p) };
	return p != NULL;
}

static struct rule_node *
regexp_unknown(struct rule_parser *r, enum matcher matcher, struct str regexp)
{
	char problem[PATTERN_PROBLEM] = "";

	pattern_parse(r->arena, regexp, problem);
	return rule_unknown(r, str_of(arena_printf(r->arena, "%s (%.100s)", matchers[matcher].name,
	    problem)));
}

static struct rule_node *
host_regexp_leaf(struct rule_parser *r, struct str arg)
{
	bool template = r->syntax == RULE_V2 || (r->syntax == RULE_ANY && rule_has_template(arg));
	struct str regexp = template ? rule_template(r->arena, arg, true, false) : arg;
	struct rule_node *n = leaf_new(r, MATCHER_HOST_REGEXP, STR(""));

	if (!is_ascii(arg) || regexp.p == NULL || !pattern_value(r, regexp, &n->c.value))
		return regexp_unknown(r, MATCHER_HOST_REGEXP, regexp);
	n->c.name = rule_host_end(r->arena, regexp);
	n->nkeys = rule_host_keys(r->arena, regexp, n->key);
	return n;
}

static struct rule_node *
path_regexp_leaf(struct rule_parser *r, struct str regexp)
{
	const char *begin = rule_path_begin(r->arena, regexp);
	struct rule_node *n = leaf_new(r, MATCHER_PATH_REGEXP, STR(""));

	if (!pattern_value(r, regexp, &n->c.value))
		n = regexp_unknown(r, MATCHER_PATH_REGEXP, regexp);
	if (begin != NULL) {
		n->c.name = str_of(begin);
		n->key[0] = (struct rule_term){ .path = begin, .partial = true };
		n->nkeys = 1;
	}
	return n;
}

/* In Traefik 2 braces are a template; in Traefik 3 they are characters like others. Where it is not
 * known whose rule it is, what comes before them is certain. */
static struct rule_node *
path_leaf(struct rule_parser *r, enum matcher matcher, struct str arg)
{
	const char *brace = memchr(arg.p, '{', arg.len);
	struct rule_node *n;
	struct str regexp;

	if (arg.p[0] != '/') {
		rule_reject(r, "a path does not begin with '/'");
		return NULL;
	}
	if (brace != NULL && r->syntax == RULE_V2) {
		regexp = rule_template(r->arena, arg, false, matcher == MATCHER_PATH_PREFIX);
		return regexp.p == NULL ? rule_unknown(r, STR("a path with {}")) : path_regexp_leaf(r, regexp);
	}
	n = leaf_new(r, matcher, arg);
	if (brace != NULL && r->syntax == RULE_ANY)
		n = rule_unknown(r, matcher == MATCHER_PATH ? STR("Path with {}") : STR("PathPrefix with {}"));
	n->key[0] = brace != NULL && r->syntax == RULE_ANY ?
	    (struct rule_term){ .partial = true, .path = arena_text(r->arena,
	    (struct str){ arg.p, (size_t)(brace - arg.p) }) } :
	    (struct rule_term){ .path = arena_text(r->arena, arg), .whole = matcher == MATCHER_PATH };
	n->nkeys = 1;
	return n;
}

static struct rule_node *
pair_leaf(struct rule_parser *r, enum matcher matcher, struct str name, struct str value,
    bool regexp)
{
	struct rule_node *n = leaf_new(r, matcher, value);

	n->c.name = name;
	if (regexp && !pattern_value(r, value, &n->c.value))
		return regexp_unknown(r, matcher, value);
	return n;
}

/* Traefik 2 writes Query(`a=b`), which would be a name in Traefik 3. */
static struct rule_node *
query_leaf(struct rule_parser *r, enum matcher matcher, const struct str *arg, unsigned n)
{
	struct str value = n == 2 ? arg[1] : STR("");

	if (r->syntax == RULE_V2 || (r->syntax == RULE_ANY && n == 1 &&
	    memchr(arg[0].p, '=', arg[0].len) != NULL))
		return rule_unknown(r, STR("Query of Traefik 2"));
	return n == 1 ? pair_leaf(r, MATCHER_QUERY, arg[0], value, false) :
	    pair_leaf(r, matcher, arg[0], value, matcher == MATCHER_QUERY_REGEXP);
}

/* An address, or a network, whose bits beyond the mask do not count. */
static struct rule_node *
client_leaf(struct rule_parser *r, struct str arg)
{
	struct str rest = arg, ip;
	char text[64], *net = arena_zalloc(r->arena, CONDITION_NET_BYTES);
	uint64_t bits = 128;
	bool v4, good;

	str_split(&rest, '/', &ip);
	str_copy(text, sizeof text, ip);
	net[10] = net[11] = (char)0xff;
	v4 = inet_pton(AF_INET, text, net + 12) == 1;
	good = ip.len < sizeof text && (v4 || inet_pton(AF_INET6, text, net) == 1);
	if (rest.p != NULL) {
		good = good && str_to_u64(rest, &bits) && bits <= (v4 ? 32 : 128);
		bits += v4 ? 96 : 0;
	}
	if (!good) {
		rule_reject(r, "ClientIP holds something that is no address and no network");
		return NULL;
	}
	net[16] = (char)bits;
	return leaf_new(r, MATCHER_CLIENT_IP, (struct str){ net, CONDITION_NET_BYTES });
}

static struct rule_node *
leaf_of(struct rule_parser *r, enum matcher matcher, const struct str *arg, unsigned n)
{
	switch (matcher) {
	case MATCHER_HOST:
		return host_leaf(r, arg[0]);
	case MATCHER_HOST_REGEXP:
		return host_regexp_leaf(r, arg[0]);
	case MATCHER_PATH:
	case MATCHER_PATH_PREFIX:
		return path_leaf(r, matcher, arg[0]);
	case MATCHER_PATH_REGEXP:
		return path_regexp_leaf(r, arg[0]);
	case MATCHER_METHOD:
		return leaf_new(r, matcher, change_case(r->arena, arg[0], toupper));
	case MATCHER_HEADER:
	case MATCHER_HEADER_REGEXP:
		return pair_leaf(r, matcher, arg[0], arg[1], matcher == MATCHER_HEADER_REGEXP);
	case MATCHER_QUERY:
	case MATCHER_QUERY_REGEXP:
		return query_leaf(r, matcher, arg, n);
	case MATCHER_CLIENT_IP:
		return client_leaf(r, arg[0]);
	case MATCHER_COUNT:
		break;
	}
	BUG("no matcher");
}

/* Any of several texts. */
static struct rule_node *
leaves_of(struct rule_parser *r, enum matcher matcher, const struct str *arg, unsigned n)
{
	struct rule_node *all = leaf_of(r, matcher, arg, 1), *one, *both;

	for (unsigned i = 1; i < n && all != NULL; i++) {
		if ((one = leaf_of(r, matcher, &arg[i], 1)) == NULL)
			return NULL;
		both = rule_node_new(r);
		both->c.kind = CONDITION_OR;
		both->c.left = &all->c;
		both->c.right = &one->c;
		all = both;
	}
	return all;
}

/* Of connections, clients name the server, and nothing else is known. */
static struct rule_node *
tcp_leaf(struct rule_parser *r, struct str name, const struct str *arg, unsigned n)
{
	struct rule_node *leaf;

	if (str_eq_nocase(name, STR("HostSNI")) && n == 1 && str_eq(arg[0], STR("*")))
		return host_leaf(r, arg[0]);
	if (str_eq_nocase(name, STR("HostSNI")))
		return leaves_of(r, MATCHER_HOST, arg, n);
	leaf = rule_unknown(r, name);
	if (str_eq_nocase(name, STR("HostSNIRegexp")) && n == 1)
		leaf->nkeys = rule_host_keys(r->arena, rule_has_template(arg[0]) ?
		    rule_template(r->arena, arg[0], true, false) : arg[0], leaf->key);
	return leaf;
}

struct rule_node *
rule_leaf(struct rule_parser *r, struct str name, const struct str *arg, unsigned n)
{
	ASSERT(n > 0 && n <= ARGS_MAX);
	if (r->tcp)
		return tcp_leaf(r, name, arg, n);
	for (unsigned i = 0; i < MATCHER_COUNT; i++) {
		const struct matcher_row *m = &matchers[i];
		unsigned most = r->syntax == RULE_V3 ? m->most : m->most_v2;
		if (!is_name(name, m->name) && (r->syntax == RULE_V3 || !is_name(name, m->name_v2)))
			continue;
		if (n < m->least || n > most)
			return rule_unknown(r, str_of(arena_printf(r->arena, "%s with %u texts", m->name, n)));
		return n > m->most ? leaves_of(r, (enum matcher)i, arg, n) : leaf_of(r, (enum matcher)i, arg, n);
	}
	return rule_unknown(r, name);
}
