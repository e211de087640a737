/*
 * How requests are tested: what each matcher means is what Traefik 3 means by it. Values of the
 * query are decoded as Go decodes them; a part of it that cannot be is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/pattern.h"
#include "world/condition.h"

/* Where a test may lead instead of to another. */
#define HOLDS	UINT32_MAX
#define FAILS	(UINT32_MAX - 1)

#define TESTS_MAX	4096
#define BYTES_MAX	(1U << 20)

struct condition_text {
	uint32_t	at, len;		/* in the block */
};

struct condition_test {
	uint32_t	matcher, yes, no;
	struct condition_text name, value;
};

struct condition {
	uint32_t	bytes, ntests;
	struct condition_test test[];		/* and the texts behind them, patterns aligned to 4 */
};

static bool
takes_pattern(uint32_t matcher)
{
	return matcher == MATCHER_HOST_REGEXP || matcher == MATCHER_PATH_REGEXP ||
	    matcher == MATCHER_HEADER_REGEXP || matcher == MATCHER_QUERY_REGEXP;
}

/* ---- testing ---- */

struct condition_walk {
	const struct condition *of;
	const struct request_view *request;
	struct str	 host, path;
};

static struct str
text_of(const struct condition *c, struct condition_text t)
{
	return (struct str){ (const char *)c + t.at, t.len };
}

static const struct pattern *
pattern_of(const struct condition *c, struct condition_text t)
{
	ASSERT(t.at % 4 == 0);
	return (const void *)((const char *)c + t.at);
}

/* A dot at the end, which spells the same name to the root, does not count. */
static bool
host_is(struct str host, struct str wanted)
{
	size_t label = 0;

	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (wanted.len == 0 || wanted.p[0] != '+')
		return host.len > 0 && str_eq(host, wanted);
	while (label < host.len && host.p[label] != '.')
		label++;
	return str_eq((struct str){ host.p + label, host.len - label },
	    (struct str){ wanted.p + 1, wanted.len - 1 });
}

static bool
value_fits(const struct condition *c, const struct condition_test *t, struct str value)
{
	return takes_pattern(t->matcher) ? pattern_match(pattern_of(c, t->value), value) :
	    str_eq(value, text_of(c, t->value));
}

static bool
field_fits(const struct condition_walk *w, const struct condition_test *t)
{
	struct str name = text_of(w->of, t->name), value;

	for (unsigned i = 0; w->request->field != NULL &&
	    w->request->field(w->request->arg, name, i, &value); i++)
		if (value_fits(w->of, t, value))
			return true;
	return false;
}

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes in `out`, which has room for it. False: an escape is malformed. */
static bool
query_decode(struct str s, char *out, struct str *decoded)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int high = s.p[i] == '%' && i + 2 < s.len ? hex_of(s.p[i + 1]) : -1;
		int low = high < 0 ? -1 : hex_of(s.p[i + 2]);
		if (s.p[i] == '%' && low < 0)
			return false;
		out[n++] = s.p[i] == '+' ? ' ' : low < 0 ? s.p[i] : (char)(high * 16 + low);
		i += low < 0 ? 0 : 2;
	}
	*decoded = (struct str){ out, n };
	return true;
}

/* Whether a part such as "a=b" has the test's name, and a value that fits. */
static bool
query_part_fits(const struct condition *c, const struct condition_test *t, struct str part,
    char *room)
{
	const char *equals = part.len == 0 ? NULL : memchr(part.p, '=', part.len);
	size_t len = equals == NULL ? part.len : (size_t)(equals - part.p);
	struct str name, value = { part.p + len, 0 };

	if (equals != NULL)
		value = (struct str){ equals + 1, part.len - len - 1 };
	return part.len > 0 && query_decode((struct str){ part.p, len }, room, &name) &&
	    query_decode(value, room + len, &value) && str_eq(name, text_of(c, t->name)) &&
	    value_fits(c, t, value);
}

static bool
query_fits(const struct condition_walk *w, const struct condition_test *t)
{
	char small[1024], *room = w->request->query.len <= sizeof small ? small :
	    must_alloc(w->request->query.len);
	struct str rest = w->request->query;
	bool fits = false;

	while (rest.len > 0 && !fits) {
		size_t len = 0;
		while (len < rest.len && rest.p[len] != '&' && rest.p[len] != ';')
			len++;
		fits = query_part_fits(w->of, t, (struct str){ rest.p, len }, room);
		len += len < rest.len;
		rest = (struct str){ rest.p + len, rest.len - len };
	}
	if (room != small)
		free(room);
	return fits;
}

/* As in Go, a network of v6 has no address of v4, not even ::/0. */
static bool
client_is_in(const uint8_t *client, struct str net)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned bits = (unsigned char)net.p[16], whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	ASSERT(net.len == CONDITION_NET_BYTES && bits <= 128);
	if (client == NULL || (bits < 96 && memcmp(client, mapped, sizeof mapped) == 0))
		return false;
	return memcmp(client, net.p, whole) == 0 &&
	    (bits % 8 == 0 || ((client[whole] ^ (uint8_t)net.p[whole]) & mask) == 0);
}

static bool
test_fits(const struct condition_walk *w, const struct condition_test *t)
{
	struct str value = text_of(w->of, t->value);

	switch ((enum matcher)t->matcher) {
	case MATCHER_HOST:
		return host_is(w->host, value);
	case MATCHER_HOST_REGEXP:
		return str_ends(w->host, text_of(w->of, t->name)) &&
		    pattern_match(pattern_of(w->of, t->value), w->host);
	case MATCHER_PATH:
		return str_eq(w->path, value);
	case MATCHER_PATH_PREFIX:
		return str_starts(w->path, value);
	case MATCHER_PATH_REGEXP:
		return str_starts(w->path, text_of(w->of, t->name)) &&
		    pattern_match(pattern_of(w->of, t->value), w->path);
	case MATCHER_METHOD:
		return str_eq(w->request->method, value);
	case MATCHER_HEADER:
	case MATCHER_HEADER_REGEXP:
		return field_fits(w, t);
	case MATCHER_QUERY:
	case MATCHER_QUERY_REGEXP:
		return query_fits(w, t);
	case MATCHER_CLIENT_IP:
		return client_is_in(w->request->client, value);
	case MATCHER_COUNT:
		break;
	}
	BUG("no matcher");
}

bool
condition_holds(const struct condition *c, const struct request_view *request, struct str host,
    struct str path)
{
	const struct condition_walk w = { c, request, host, path };
	uint32_t at = 0;

	while (at < c->ntests)
		at = test_fits(&w, &c->test[at]) ? c->test[at].yes : c->test[at].no;
	ASSERT(at == HOLDS || at == FAILS);
	return at == HOLDS;
}

/* ---- checking ---- */

static bool
text_valid(const struct condition *c, struct condition_text t)
{
	return (uint64_t)t.at + t.len <= c->bytes;
}

static bool
leads_on(const struct condition *c, uint32_t from, uint32_t to)
{
	return to == HOLDS || to == FAILS || (to > from && to < c->ntests);
}

static bool
test_valid(const struct condition *c, uint32_t at)
{
	const struct condition_test *t = &c->test[at];

	if (t->matcher >= MATCHER_COUNT || !leads_on(c, at, t->yes) || !leads_on(c, at, t->no) ||
	    !text_valid(c, t->name) || !text_valid(c, t->value))
		return false;
	if (takes_pattern(t->matcher))
		return t->value.at % 4 == 0 && pattern_valid(pattern_of(c, t->value), t->value.len);
	return t->matcher != MATCHER_CLIENT_IP || (t->value.len == CONDITION_NET_BYTES &&
	    (unsigned char)text_of(c, t->value).p[16] <= 128);
}

bool
condition_valid(const void *bytes, size_t len)
{
	const struct condition *c = bytes;

	if (len < sizeof *c || len > BYTES_MAX || c->bytes != len || c->ntests == 0 ||
	    c->ntests > TESTS_MAX || sizeof *c + c->ntests * sizeof *c->test > len)
		return false;
	for (uint32_t i = 0; i < c->ntests; i++)
		if (!test_valid(c, i))
			return false;
	return true;
}

size_t
condition_bytes(const struct condition *c)
{
	return c->bytes;
}

/* ---- making ---- */

struct condition_maker {
	char		*block;
	uint32_t	 used;
};

static size_t
count_tests(const struct condition_node *n, size_t *bytes)
{
	if (n->kind == CONDITION_ALWAYS)
		return 0;
	if (n->kind == CONDITION_TEST) {
		*bytes += n->name.len + n->value.len + 8;
		return 1;
	}
	return count_tests(n->left, bytes) + count_tests(n->right, bytes);
}

static struct condition_text
put_text(struct condition_maker *m, struct str s, bool aligned)
{
	struct condition_text t;

	if (aligned)
		m->used = (m->used + 3) & ~UINT32_C(3);
	t = (struct condition_text){ m->used, (uint32_t)s.len };
	if (s.len > 0)
		memcpy(m->block + t.at, s.p, s.len);
	m->used += t.len;
	return t;
}

/* Writes what `n` needs from test `at` on, and returns the test behind it. Where a tree has no
 * tests, it leads to where it always does. */
static uint32_t	put_node(struct condition_maker *, const struct condition_node *, uint32_t at,
		    uint32_t yes, uint32_t no);

static uint32_t
put_pair(struct condition_maker *m, const struct condition_node *n, uint32_t at, uint32_t yes,
    uint32_t no)
{
	size_t unused = 0;
	uint32_t right = at + (uint32_t)count_tests(n->left, &unused);
	bool both = n->kind == CONDITION_AND;

	put_node(m, n->left, at, both ? right : yes, both ? no : right);
	return put_node(m, n->right, right, yes, no);
}

static uint32_t
put_node(struct condition_maker *m, const struct condition_node *n, uint32_t at, uint32_t yes,
    uint32_t no)
{
	struct condition *c = (struct condition *)(void *)m->block;
	bool aligned = takes_pattern(n->matcher);

	ASSERT(n->kind != CONDITION_ALWAYS);
	if (n->kind != CONDITION_TEST)
		return put_pair(m, n, at, yes, no);
	c->test[at] = (struct condition_test){ n->matcher, n->not ? no : yes, n->not ? yes : no,
	    put_text(m, n->name, false), put_text(m, n->value, aligned) };
	return at + 1;
}

/* Without what always or never holds, but for the tree as a whole. */
static const struct condition_node *
fold(struct arena *a, const struct condition_node *n)
{
	const struct condition_node *left, *right;
	struct condition_node *both;
	bool and = n->kind == CONDITION_AND;

	if (n->kind == CONDITION_TEST || n->kind == CONDITION_ALWAYS)
		return n;
	left = fold(a, n->left);
	right = fold(a, n->right);
	if (left->kind == CONDITION_ALWAYS)
		return left->not == and ? left : right;
	if (right->kind == CONDITION_ALWAYS)
		return right->not == and ? right : left;
	both = arena_zalloc(a, sizeof *both);
	*both = (struct condition_node){ .kind = n->kind, .left = left, .right = right };
	return both;
}

/* What always holds, or never, becomes a test whose both ways are the same. */
const struct condition *
condition_make(struct arena *a, const struct condition_node *root)
{
	static const struct condition_node nothing = { .kind = CONDITION_TEST, .matcher = MATCHER_METHOD };
	struct condition_maker m = { .block = NULL };
	struct condition *c;
	size_t bytes = sizeof *c, ntests;

	root = fold(a, root);
	ntests = root->kind == CONDITION_ALWAYS ? 1 : count_tests(root, &bytes);
	bytes += ntests * sizeof *c->test;
	if (ntests > TESTS_MAX || bytes > BYTES_MAX)
		return NULL;
	m.block = arena_zalloc(a, bytes);
	m.used = (uint32_t)(sizeof *c + ntests * sizeof *c->test);
	c = (struct condition *)(void *)m.block;
	c->ntests = (uint32_t)ntests;
	if (root->kind == CONDITION_ALWAYS)
		put_node(&m, &nothing, 0, root->not ? FAILS : HOLDS, root->not ? FAILS : HOLDS);
	else
		put_node(&m, root, 0, HOLDS, FAILS);
	c->bytes = (m.used + 3) & ~UINT32_C(3);
	ASSERT(c->bytes <= bytes + 4 && condition_valid(c, c->bytes));
	return c;
}
