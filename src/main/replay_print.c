/*
 * replay_print: a table for each service, and one sentence on what the choice of policies made of
 * it. Services and nodes without requests are left out.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "main/replay_print.h"

#define LABEL		18		/* columns of the first one, and of the others */
#define NODES_SHOWN	20
#define SAME		0.05		/* waits that differ by less are about the same */

/* ---- names ---- */

struct names {
	char		(*service)[RECORDING_NAME_MAX + 1], (*node)[RECORDING_NAME_MAX + 1];
	enum policy	*policy;	/* of services, the last one */
	bool		*sticky;
};

static void
names_init(struct names *n, const struct recording *r)
{
	unsigned services = 0, nodes = 0;

	n->service = must_zalloc((r->services + 1) * sizeof *n->service);
	n->node = must_zalloc((r->nodes + 1) * sizeof *n->node);
	n->policy = must_zalloc((r->services + 1) * sizeof *n->policy);
	n->sticky = must_zalloc((r->services + 1) * sizeof *n->sticky);
	for (size_t i = 0; i < r->n; i++) {
		const struct recorded *e = &r->event[i];
		char *s = e->kind == RECORDED_SERVICE ? n->service[e->id] :
		    e->kind == RECORDED_NODE ? n->node[e->id] : NULL;
		const char *name = e->kind == RECORDED_SERVICE ? e->service->name :
		    e->kind == RECORDED_NODE ? e->node->name : NULL;
		if (e->kind == RECORDED_SERVICE) {
			n->policy[e->id] = e->service->policy;
			n->sticky[e->id] = e->service->sticky;
		}
		if (name != NULL)
			snprintf(s, RECORDING_NAME_MAX + 1, "%s", name);
		else if (s != NULL && *s == '\0')
			snprintf(s, RECORDING_NAME_MAX + 1, e->kind == RECORDED_NODE ? "node-%u" : "service-%u",
			    e->kind == RECORDED_NODE ? ++nodes : ++services);
	}
}

static void
names_fini(struct names *n)
{
	free(n->service);
	free(n->node);
	free(n->policy);
	free(n->sticky);
}

/* ---- figures ---- */

static double
share_of(const struct replay *r, uint32_t service, uint32_t node)
{
	uint64_t all = r->service[service].picks;

	return all == 0 ? NAN : (double)r->picks[(size_t)service * r->nodes + node] / (double)all;
}

static double
mean_seconds(const struct replay_service *s)
{
	return s->responses == 0 ? NAN : s->duration_usec / (double)s->responses / USEC_PER_SEC;
}

static double
p99_seconds(const struct replay_service *s)
{
	return latency_quantile(s->step, 0.99);
}

/* Of all services together. */
static struct replay_service
whole(const struct replay *r)
{
	struct replay_service all = { 0 };

	for (uint32_t i = 0; i < r->services; i++) {
		all.picks += r->service[i].picks;
		all.responses += r->service[i].responses;
		all.refused += r->service[i].refused;
		all.duration_usec += r->service[i].duration_usec;
		for (unsigned k = 0; k < LATENCY_STEPS; k++)
			all.step[k] += r->service[i].step[k];
	}
	return all;
}

/* Of shares of one service on one node, as recorded and replayed. */
static double
difference(const struct replay_runs *rs)
{
	const struct replay *a = rs->run[0].replay, *b = rs->run[1].replay;
	double most = 0;

	for (uint32_t s = 0; s < a->services; s++)
		for (uint32_t n = 0; n < a->nodes && a->service[s].picks > 0 && b->service[s].picks > 0; n++)
			most = fmax(most, fabs(share_of(a, s, n) - share_of(b, s, n)));
	return most;
}

/* ---- for people ---- */

static int
column_width(const struct replay_runs *rs)
{
	return (79 - LABEL) / (int)(rs->n > 4 ? rs->n : 4);
}

static void
print_cell(const struct replay_runs *rs, const char *text)
{
	printf("%*.*s", column_width(rs), column_width(rs) - 1, text);
}

static void
print_seconds(const struct replay_runs *rs, double seconds)
{
	char text[32];

	if (isnan(seconds))
		snprintf(text, sizeof text, "-");
	else if (seconds < 0.9995)
		snprintf(text, sizeof text, "%.3g ms", seconds * 1e3);
	else
		snprintf(text, sizeof text, "%.3g s", seconds);
	print_cell(rs, text);
}

static void
print_share(const struct replay_runs *rs, double share)
{
	char text[32];

	if (isnan(share))
		snprintf(text, sizeof text, "-");
	else
		snprintf(text, sizeof text, "%.1f %%", share * 100);
	print_cell(rs, text);
}

static void
print_nodes(const struct replay_runs *rs, const struct names *names, uint32_t s)
{
	const struct replay *first = rs->run[0].replay;
	unsigned shown = 0, left = 0;

	for (uint32_t n = 0; n < first->nodes; n++) {
		bool any = false;
		for (unsigned i = 0; i < rs->n; i++)
			any |= share_of(rs->run[i].replay, s, n) > 0;
		if (!any)
			continue;
		if (shown++ >= NODES_SHOWN) {
			left++;
			continue;
		}
		printf("  %-*.*s", LABEL - 2, LABEL - 3, names->node[n]);
		for (unsigned i = 0; i < rs->n; i++)
			print_share(rs, share_of(rs->run[i].replay, s, n));
		putchar('\n');
	}
	if (left > 0)
		printf("  and %u nodes more; --json has all\n", left);
}

static void
print_refused(const struct replay_runs *rs, uint32_t s)
{
	char text[32];
	bool any = false;

	for (unsigned i = 1; i < rs->n; i++)
		any |= rs->run[i].replay->service[s].refused > 0;
	if (!any)
		return;
	printf("  %-*s", LABEL - 2, "without a task");
	for (unsigned i = 0; i < rs->n; i++) {
		snprintf(text, sizeof text, "%llu",
		    (unsigned long long)(rs->run[i].replay->service[s].refused / rs->run[i].replay->runs));
		print_cell(rs, i == 0 ? "-" : text);
	}
	putchar('\n');
}

static void
print_service(const struct replay_runs *rs, const struct names *names, uint32_t s)
{
	printf("\n%-*.*s", LABEL, LABEL - 1, names->service[s]);
	for (unsigned i = 0; i < rs->n; i++)
		print_cell(rs, i == 0 ? "recorded" : i == 1 ? "replayed" : rs->run[i].name);
	printf("\n  %-*s", LABEL - 2, "policy");
	for (unsigned i = 0; i < rs->n; i++)
		print_cell(rs, policy_name(rs->run[i].policy < 0 ? names->policy[s] :
		    (enum policy)rs->run[i].policy));
	printf("\n  %-*s", LABEL - 2, "mean wait");
	for (unsigned i = 0; i < rs->n; i++)
		print_seconds(rs, mean_seconds(&rs->run[i].replay->service[s]));
	printf("\n  %-*s", LABEL - 2, "p99 wait");
	for (unsigned i = 0; i < rs->n; i++)
		print_seconds(rs, p99_seconds(&rs->run[i].replay->service[s]));
	putchar('\n');
	print_refused(rs, s);
	print_nodes(rs, names, s);
	if (names->sticky[s])
		printf("  Clients are bound to tasks by a cookie here; the replay chooses for each request.\n");
}

static void
print_what(const struct replay_runs *rs)
{
	const struct recording *r = rs->recording;
	time_t began = (time_t)(r->event[0].usec / USEC_PER_SEC);
	char when[32] = "-";
	struct tm tm;

	if (gmtime_r(&began, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &tm);
	printf("%.1f s from %s on, %llu requests", (double)r->length_usec / USEC_PER_SEC, when,
	    (unsigned long long)whole(rs->run[0].replay).picks);
	if (r->parts > 1)
		printf(", in %u parts: the brain was restarted", r->parts);
	printf("%s.\n", r->cut ? "; the recording was cut off" : "");
}

/* Of the p99 of all requests, against that of the second run. */
static void
print_sentence(const struct replay_runs *rs)
{
	struct replay_service same = whole(rs->run[1].replay), was = whole(rs->run[0].replay);
	double base = p99_seconds(&same), off = mean_seconds(&same) / mean_seconds(&was) - 1;

	printf("\nThe replay of what was recorded is off by at most %.1f points in shares",
	    difference(rs) * 100);
	if (!isnan(off))
		printf(",\nand by %.0f %% in the mean wait", fabs(off) * 100);
	printf(".\n");
	for (unsigned i = 2; i < rs->n; i++) {
		struct replay_service all = whole(rs->run[i].replay);
		double times = p99_seconds(&all) / base;
		if (isnan(times))
			continue;
		if (fabs(times - 1) < SAME)
			printf("With %s, the slowest 1 %% would have taken about as long.\n", rs->run[i].name);
		else
			printf("With %s, the slowest 1 %% would have taken %.*f times as long.\n",
			    rs->run[i].name, times < 10, times);
	}
}

void
replay_print(const struct replay_runs *rs)
{
	const struct replay *first = rs->run[0].replay;
	struct names names;

	ASSERT(rs->n >= 2);
	names_init(&names, rs->recording);
	print_what(rs);
	for (uint32_t s = 0; s < first->services; s++)
		if (first->service[s].picks > 0)
			print_service(rs, &names, s);
	if (whole(first).picks > 0)
		print_sentence(rs);
	else
		printf("\nThere is nothing to compare: no service had a request.\n");
	names_fini(&names);
}

/* ---- as JSON ---- */

static json_t *
number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *
json_service(const struct replay_runs *rs, unsigned run, const struct names *names, uint32_t s)
{
	const struct replay *r = rs->run[run].replay;
	const struct replay_service *v = &r->service[s];
	json_t *nodes = json_array();

	for (uint32_t n = 0; n < r->nodes; n++)
		if (names->node[n][0] != '\0' && share_of(r, s, n) >= 0 &&
		    (share_of(r, s, n) > 0 || share_of(rs->run[0].replay, s, n) > 0))
			json_array_append_new(nodes, json_pack("{s:s, s:o}", "name", names->node[n], "share",
			    number(share_of(r, s, n))));
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "name", names->service[s], "policy",
	    policy_name(rs->run[run].policy < 0 ? names->policy[s] : (enum policy)rs->run[run].policy),
	    "requests", (json_int_t)(v->picks / r->runs), "refused", (json_int_t)(v->refused / r->runs),
	    "mean_wait_seconds", number(mean_seconds(v)), "p99_wait_seconds", number(p99_seconds(v)),
	    "nodes", nodes);
}

void
replay_print_json(const struct replay_runs *rs)
{
	const struct recording *r = rs->recording;
	json_t *runs = json_array(), *all;
	struct names names;

	names_init(&names, r);
	for (unsigned i = 0; i < rs->n; i++) {
		json_t *services = json_array();
		for (uint32_t s = 0; s < r->services; s++)
			if (rs->run[0].replay->service[s].picks > 0)
				json_array_append_new(services, json_service(rs, i, &names, s));
		json_array_append_new(runs, json_pack("{s:s, s:o}", "name", rs->run[i].name,
		    "services", services));
	}
	all = json_pack("{s:o, s:i, s:b, s:o, s:o}", "seconds",
	    number((double)r->length_usec / USEC_PER_SEC), "parts", (int)r->parts, "cut", r->cut,
	    "largest_share_difference", number(difference(rs)), "runs", runs);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
	names_fini(&names);
}
