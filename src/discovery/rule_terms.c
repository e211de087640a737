/*
 * rule_terms: the sum of products of hosts and paths that a rule comes down to. What is no host and
 * no path marks its terms as partial: with && it marks those that it is multiplied with, with ||
 * only its own. A rule with too many of them is found by any host and path.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/route.h"
#include "discovery/rule_priv.h"

struct term_list {
	struct rule_term term[RULE_TERMS_MAX];
	unsigned	 n;
};

static void
take_all(struct term_list *t)
{
	t->term[0] = (struct rule_term){ .partial = true };
	t->n = 1;
}

/* False: nothing is both. */
static bool
path_intersect(const struct rule_term *a, const struct rule_term *b, struct rule_term *out)
{
	const struct rule_term *whole = a->whole ? a : b, *other = a->whole ? b : a;

	if (!whole->whole)
		return route_path_intersect(a->path, b->path, &out->path);
	out->path = whole->path;
	out->whole = true;
	return other->whole ? strcmp(a->path, b->path) == 0 : route_path_covers(other->path, whole->path);
}

static bool
term_intersect(const struct rule_term *a, const struct rule_term *b, struct rule_term *out)
{
	struct rule_term t = { .partial = a->partial || b->partial };

	if (!route_host_intersect(a->host, b->host, &t.host) || !path_intersect(a, b, &t))
		return false;
	*out = t;
	return true;
}

static bool
text_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* False: it is full. */
static bool
term_add(struct term_list *to, const struct rule_term *t)
{
	for (unsigned i = 0; i < to->n; i++)
		if (text_same(to->term[i].host, t->host) && text_same(to->term[i].path, t->path) &&
		    to->term[i].whole == t->whole) {
			to->term[i].partial &= t->partial;
			return true;
		}
	if (to->n == RULE_TERMS_MAX)
		return false;
	to->term[to->n++] = *t;
	return true;
}

static void
terms_add(struct term_list *to, const struct term_list *with)
{
	for (unsigned i = 0; i < with->n; i++)
		if (!term_add(to, &with->term[i])) {
			take_all(to);
			return;
		}
}

static void
terms_multiply(struct term_list *to, const struct term_list *with)
{
	struct term_list out = { .n = 0 };
	struct rule_term t;

	for (unsigned i = 0; i < to->n; i++)
		for (unsigned k = 0; k < with->n; k++) {
			if (!term_intersect(&to->term[i], &with->term[k], &t))
				continue;
			if (!term_add(&out, &t)) {
				take_all(to);
				return;
			}
		}
	*to = out;
}

static void
list_terms(const struct rule_node *n, struct term_list *out)
{
	struct term_list right;

	if (n->c.kind == CONDITION_TEST || n->c.kind == CONDITION_ALWAYS) {
		ASSERT(n->nkeys <= KEYS_MAX);
		memcpy(out->term, n->key, n->nkeys * sizeof *n->key);
		out->n = n->nkeys;
		if (n->certain) {
			out->n = !n->c.not;
			out->term[0] = (struct rule_term){ .host = NULL };
		} else if (n->nkeys == 0)
			take_all(out);
		return;
	}
	list_terms((const struct rule_node *)n->c.left, out);
	list_terms((const struct rule_node *)n->c.right, &right);
	if (n->c.kind == CONDITION_AND)
		terms_multiply(out, &right);
	else
		terms_add(out, &right);
}

void
rule_terms(const struct rule_node *root, struct rule *out)
{
	struct term_list t;

	list_terms(root, &t);
	ASSERT(t.n <= RULE_TERMS_MAX);
	out->n = t.n;
	memcpy(out->term, t.term, t.n * sizeof *t.term);
}
