/*
 * Knows the words of the load's progress lines and of two JSONs; what does not come is left as it was.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "get.h"
#include "look.h"

bool
look_progress(struct look *l, struct show *s)
{
	char text[512], name[32];
	struct show_policy p = { 0 }, *mine;
	double late;

	while (fgets(text, sizeof text, l->progress) != NULL) {
		if (sscanf(text, "time %*f lag-ms %*f late-share %lf", &late) == 1)
			l->load_late = late;
		if (sscanf(text, "target %31s sent %lu done %lu failed %lu inflight %lu p50 %lf p99 %lf recent-p50 %lf recent-p99 %lf", name,
		    &p.sent, &p.done, &p.failed, &p.inflight, &p.p50, &p.p99, &p.recent_p50, &p.recent_p99) != 9)
			continue;
		if ((mine = show_policy(s, name)) != NULL) {
			memcpy(p.name, mine->name, sizeof p.name);
			*mine = p;
		}
	}
	if (feof(l->progress))
		return false;
	clearerr(l->progress);
	return true;
}

static json_t *
get_json(const struct addr *a, const char *path)
{
	struct buf b;
	json_t *j = NULL;

	buf_init(&b, 16 << 20);
	if (get_text(a, "GET", path, &b))
		j = json_loadb(b.p, b.len, 0, NULL);
	buf_fini(&b);
	return j;
}

static double
json_double(json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

void
look_truth(struct look *l, struct show *s)
{
	json_t *all = get_json(&l->control, "/state"), *n;
	double late = json_double(json_object_get(all, "lag"), "late_share");
	size_t i;

	memmove(l->arrived[1], l->arrived[0], sizeof l->arrived - sizeof l->arrived[0]);
	json_array_foreach(json_array_get(json_object_get(all, "sets"), 0), i, n) {
		if (i >= s->nnodes)
			break;
		s->node[i].others = (unsigned)json_integer_value(json_object_get(n, "foreign"));
		s->node[i].hog = (unsigned)json_integer_value(json_object_get(n, "hog"));
		s->node[i].ours = (unsigned)json_integer_value(json_object_get(n, "jobs"));
		l->arrived[0][i] = (uint64_t)json_integer_value(json_object_get(n, "arrived"));
	}
	if (!isnan(late))
		l->cluster_late = late;
	json_decref(all);
	l->nlooks += l->nlooks < LOOKS + 1;
	for (i = 0; i < s->nnodes; i++)
		s->node[i].share = look_share(l, (unsigned)i, l->nlooks > LOOKS ? LOOKS : l->nlooks - 1);
}

double
look_share(const struct look *l, unsigned node, unsigned looks)
{
	uint64_t all = 0;

	if (looks >= l->nlooks)
		return 0;
	for (unsigned i = 0; i < SHOW_NODES; i++)
		all += l->arrived[0][i] - l->arrived[looks][i];
	return all == 0 ? 0 : (double)(l->arrived[0][node] - l->arrived[looks][node]) / (double)all;
}

/* "marginal-n3" is node 3 of the first set. */
static struct show_node *
node_named(struct show *s, const char *name)
{
	unsigned i;
	char set[32];

	if (name == NULL || sscanf(name, "%31[a-z]-n%u", set, &i) != 2 || strcmp(set, s->policy[0].name) != 0 || i < 1 || i > s->nnodes)
		return NULL;
	return &s->node[i - 1];
}

void
look_belief(struct look *l, struct show *s)
{
	json_t *nodes = get_json(&l->admin, "/api/v1/nodes"), *why, *j;
	struct show_node *n;
	const char *reason, *state;
	char path[64];
	size_t i;

	snprintf(path, sizeof path, "/api/v1/why?service=%s", s->policy[0].name);
	why = get_json(&l->admin, path);
	json_array_foreach(json_object_get(nodes, "nodes"), i, j)
		if ((n = node_named(s, json_string_value(json_object_get(j, "name")))) != NULL)
			n->cost = json_double(j, "cost");
	json_array_foreach(json_object_get(why, "tasks"), i, j) {
		n = node_named(s, json_string_value(json_object_get(j, "node")));
		reason = json_string_value(json_object_get(j, "reason"));
		if (n != NULL && reason != NULL)
			snprintf(n->reason, sizeof n->reason, "%s", reason);
		if (n != NULL && (state = json_string_value(json_object_get(j, "state"))) != NULL)
			snprintf(n->state, sizeof n->state, "%s", state);
	}
	json_decref(nodes);
	json_decref(why);
}

/* A quantile that is null lies among the failed. */
static double
json_quantile(json_t *target, const char *key)
{
	double v = json_double(target, key);

	return isnan(v) ? INFINITY : v;
}

bool
look_report(FILE *f, struct show *s)
{
	json_t *all = json_loadf(f, 0, NULL), *t;
	struct show_policy *p;
	bool any = all != NULL;
	size_t i;

	json_array_foreach(json_object_get(all, "targets"), i, t) {
		if ((p = show_policy(s, json_string_value(json_object_get(t, "name")))) == NULL)
			continue;
		p->sent = (unsigned long)json_integer_value(json_object_get(t, "requests"));
		p->failed = (unsigned long)json_integer_value(json_object_get(t, "failed"));
		p->unfinished = (unsigned long)json_integer_value(json_object_get(t, "unfinished"));
		p->p50 = json_quantile(t, "p50_ms");
		p->p99 = json_quantile(t, "p99_ms");
		p->at_least = p->unfinished * 100 > p->sent;
	}
	json_decref(all);
	return any;
}
