/*
 * target: when a proxy is told, and of what. The world is looked at a few times a second; what would be said now is
 * set beside what was said last.
 * Members are told soon, weights in the target's interval, and best-node in rounds, as the reference did. A
 * publication that failed is made again, ever more seldom; what was published last stays in force with the proxy.
 * Must not know how any proxy is spoken to.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "conf/conf_section.h"
#include "score/guard.h"
#include "score/score.h"
#include "targets/target_priv.h"

#define LOOK_USEC	(100 * USEC_PER_MSEC)	/* between two looks at the world */
#define LOOK_PART	50			/* but of our CPU time no more than one part in so many */
#define MEMBERS_USEC	USEC_PER_SEC		/* those that come and go are told no more often, unless the interval is shorter */
#define SETTLE_USEC	(3 * USEC_PER_SEC)	/* that the first publication may wait for samples; those of Prometheus are rare */
#define BACKOFF_LEAST_USEC USEC_PER_SEC
#define BACKOFF_MOST_USEC (30 * USEC_PER_SEC)
#define LOST_USEC	(30 * USEC_PER_SEC)	/* without an answer a publication has failed */

const struct target_kind target_kinds[TARGET_COUNT] = {
#define TARGET(id, driver, name, least, most, interval, zero, drain, how) { name, least, most, zero, drain, how },
#include "tbl/targets.h"
#undef TARGET
};

static const struct target_driver *const drivers[TARGET_COUNT] = {
#define TARGET(id, driver, ...) &target_driver_##driver,
#include "tbl/targets.h"
#undef TARGET
};

static void	seen_forget(struct target *);

/* --- what kinds ask and tell --- */

struct loop *
target_loop(const struct target *t)
{
	return t->all->loop;
}

struct fetcher *
target_fetcher(const struct target *t)
{
	return t->all->fetcher;
}

const struct conf_target *
target_conf(const struct target *t)
{
	return &t->conf;
}

const char *
target_name(const struct target *t)
{
	return t->conf.name;
}

bool
target_is_standalone(const struct target *t)
{
	return t->all->world == NULL;
}

const struct plan *
target_plan(const struct target *t)
{
	return t->plan;
}

int64_t
target_joined_usec(const struct target *t)
{
	return t->joined_usec;
}

/* Whether it was something else before. */
static bool
wrong_anew(const struct why **why, char *detail, const struct why *now, const char *now_detail)
{
	bool anew = *why != now || strncmp(detail, now_detail == NULL ? "" : now_detail, TARGET_DETAIL_MAX - 1) != 0;

	*why = now;
	snprintf(detail, TARGET_DETAIL_MAX, "%s", now_detail == NULL ? "" : now_detail);
	return anew;
}

void
target_published(struct target *t)
{
	bool mended = t->why != NULL;

	t->under_way = t->retry = false;
	t->backoff_usec = 0;
	t->publications++;
	t->published_usec = loop_now(t->all->loop);
	wrong_anew(&t->why, t->detail, NULL, NULL);
	log_event(LOG_INFO, "target.published", "target", t->conf.name, "change", plan_change_name(t->change), "services",
	    LOG_N(t->plan == NULL ? 0 : t->plan->nservices), NULL);
	if (mended)
		log_event(LOG_INFO, "target.mended", "target", t->conf.name, NULL);
}

void
target_withdrawn(struct target *t)
{
	if (t->phase == TARGET_PUBLISHES)	/* people have resumed it meanwhile: the next look publishes */
		return;
	t->under_way = t->retry = false;
	t->backoff_usec = 0;
	wrong_anew(&t->why, t->detail, NULL, NULL);
	wrong_anew(&t->taken_why, t->taken_detail, NULL, NULL);
	t->taken = TAKEN_UNKNOWN;
	seen_forget(t);
	if (t->phase == TARGET_WITHDRAWS)
		log_event(LOG_WARN, "target.withdrawn", "target", t->conf.name, NULL);
	t->phase = TARGET_WITHDRAWN;
}

/* Nothing goes out now. */
static void
held(struct target *t, const struct why *why, const char *detail)
{
	if (wrong_anew(&t->why, t->detail, why, detail))
		log_event(LOG_WARN, "target.failed", "target", t->conf.name, "why", why_name(why), "text", why->text, "detail", t->detail,
		    NULL);
}

void
target_failed(struct target *t, const struct why *why, const char *detail)
{
	t->under_way = false;
	t->retry = true;
	t->failures++;
	t->backoff_usec = t->backoff_usec == 0 ? BACKOFF_LEAST_USEC : t->backoff_usec * 2;
	if (t->backoff_usec > BACKOFF_MOST_USEC)
		t->backoff_usec = BACKOFF_MOST_USEC;
	held(t, why, detail);
}

void
target_applied(struct target *t)
{
	bool news = t->taken != TAKEN_YES;

	t->taken = TAKEN_YES;
	t->looked_usec = loop_now(t->all->loop);
	wrong_anew(&t->taken_why, t->taken_detail, NULL, NULL);
	if (news)
		log_event(LOG_INFO, "target.taken", "target", t->conf.name, NULL);
}

void
target_not_applied(struct target *t, const struct why *why, const char *detail)
{
	t->taken = why == WHY_PROXY_DIFFERS || why == WHY_PROXY_REFUSED ? TAKEN_NO : TAKEN_UNKNOWN;
	t->looked_usec = loop_now(t->all->loop);
	if (wrong_anew(&t->taken_why, t->taken_detail, why, detail))
		log_event(LOG_WARN, "target.refused", "target", t->conf.name, "why", why_name(why), "text", why->text, "detail",
		    t->taken_detail, NULL);
}

static struct str
seen_key(const char *service, const char *server, char out[160])
{
	snprintf(out, 160, "%s %s", service, server);
	return str_of(out);
}

void
target_server_reported(struct target *t, const char *service, const char *server, int weight, const char *state)
{
	char key[160];
	struct str k = seen_key(service, server, key);
	struct seen *s = map_get(t->seen, k);

	if (s == NULL)
		map_put(t->seen, k, s = must_zalloc(sizeof *s));
	s->weight = weight;
	s->usec = loop_now(t->all->loop);
	snprintf(s->state, sizeof s->state, "%s", state == NULL ? "" : state);
}

struct seen *
target_find_reported(const struct target *t, const char *service, const char *server)
{
	char key[160];

	return map_get(t->seen, seen_key(service, server, key));
}

static void
seen_forget(struct target *t)
{
	struct str key;
	void *value;
	size_t at = 0;

	while (map_next(t->seen, &at, &key, &value))
		free(value);
	map_free(&t->seen);
	t->seen = map_new();
}

/* --- what should be said now --- */

static double
by_weight(void *arg, const struct world_service *s, const struct world_node *n)
{
	const struct target *t = arg;

	return weigh_node(t->weigh, t->all->world, s->profile, n);
}

/* As in the reference, nobody is chosen of whom a query says nothing. */
static double
score_of(const struct target *t, unsigned profile, const struct world_node *n)
{
	if (guard_state(n, loop_now(t->all->loop)) != GUARD_FRESH || score_is_partial(&t->all->scored, &n->sample))
		return NAN;
	return profile == 0 ? score_plain(&t->all->scored, &n->sample, NULL) : phys_score(&n->row, profile);
}

static double
by_score(void *arg, const struct world_service *s, const struct world_node *n)
{
	return score_of(arg, s->profile, n);
}

static struct plan *
plan_now(struct target *t, int64_t now)
{
	struct plan_rules r = { .only = t->conf.services.item, .nonly = t->conf.services.n,
	    .least = target_kinds[t->conf.kind].least, .most = target_kinds[t->conf.kind].most, .power = t->conf.power, .best = t->conf.best_node,
	    .before = t->plan };

	return plan_make(t->all->world, &r, t->conf.best_node ? by_score : by_weight, t, now);
}

static bool
has_choice(const struct plan *p)
{
	for (unsigned i = 0; i < p->nservices; i++)
		if (p->service[i].nserving > 0)
			return true;
	return false;
}

/* Nobody is seen on whom a choice could fall: what was chosen stays, but not longer than it is there. */
static bool
is_blind(const struct target *t, struct plan *p, enum plan_change *change)
{
	bool blind = t->conf.best_node && t->conf.fallback == NULL && plan_keep_choices(p, t->plan);

	*change = plan_compare(t->plan, p, t->conf.hysteresis);
	return blind && (t->plan == NULL ? !has_choice(p) : *change == PLAN_SAME);
}

static bool
plan_stands_on(const struct plan *p, const char *node)
{
	for (unsigned i = 0; i < p->nservices; i++)
		for (unsigned k = 0; k < p->service[i].nservers; k++)
			if (strcmp(p->service[i].server[k].node, node) == 0)
				return true;
	return false;
}

/* What the reference wrote each round: every node, and who was chosen. */
static void
round_tell(const struct target *t, const struct plan *p)
{
	const struct world_node *n;

	LIST_FOREACH(n, &t->all->world->nodes, link) {
		const struct sample *s = &n->sample;
		double score = score_of(t, 0, n);
		if (isnan(score))
			log_event(plan_stands_on(p, n->name) ? LOG_WARN : LOG_DEBUG, "best_node.unseen", "target", t->conf.name,
			    "node", n->name, NULL);
		else
			log_event(LOG_INFO, "best_node.score", "target", t->conf.name, "node", n->name, "cpu", LOG_F(100 * s->busy / s->cores, 1),
			    "ram", LOG_F(100 * (1 - s->memory_available_bytes / s->memory_total_bytes), 1), "score", LOG_F(score, 1), NULL);
	}
	for (unsigned i = 0; i < p->nservices; i++)
		for (unsigned k = 0; k < p->service[i].nservers; k++)
			if (!p->service[i].server[k].draining)
				log_event(LOG_INFO, "best_node.chosen", "target", t->conf.name, "service", p->service[i].name, "node",
				    p->service[i].server[k].node, "task", p->service[i].server[k].name, NULL);
}

/* --- when it is said --- */

static void
publish(struct target *t, struct plan *p, enum plan_change change, int64_t now)
{
	struct plan *old = t->plan;

	if (t->anew || plan_adds_server(old, p))
		t->joined_usec = now;
	t->plan = p;
	t->change = change;
	t->tried_usec = now;
	t->under_way = true;
	t->anew = false;
	if (change == PLAN_MEMBERS)
		seen_forget(t);
	t->kind->publish(t->hands, p);
	plan_free(&old);
}

static int64_t
least_gap(const struct target *t, enum plan_change change)
{
	if (t->retry && change == PLAN_SAME)	/* one service that a proxy does not know must not keep the others waiting */
		return t->backoff_usec;
	if (change == PLAN_MEMBERS && !t->conf.best_node && t->conf.interval_usec > MEMBERS_USEC)
		return MEMBERS_USEC;
	return t->conf.interval_usec;
}

/* A proxy that runs has weights that were right a moment ago; ours are when we have seen the nodes. */
static bool
has_settled(const struct target *t, int64_t now)
{
	const struct world_node *n;

	if (t->plan != NULL || now - t->began_usec > t->all->settle_usec)
		return true;
	LIST_FOREACH(n, &t->all->world->nodes, link)
		if (!n->drained && n->samples < GUARD_SAMPLES && (t->all->prometheus || n->exporter_url != NULL || n->agent_url != NULL))
			return false;
	return true;
}

/* The plan is taken or freed. */
static void
consider(struct target *t, struct plan *p, int64_t now)
{
	enum plan_change change;
	bool again = t->retry || t->conf.best_node, empty = p->nservices == 0, blind = is_blind(t, p, &change);

	if (t->anew)
		change = PLAN_MEMBERS;
	if (change == PLAN_SAME && t->why == WHY_PROXY_NOTHING)
		wrong_anew(&t->why, t->detail, NULL, NULL);
	if ((change == PLAN_SAME && !again) || (t->tried_usec != 0 && now - t->tried_usec < least_gap(t, change))) {
		plan_free(&p);
		return;
	}
	if (t->conf.best_node)
		round_tell(t, p);
	if (empty || blind) {
		held(t, empty ? WHY_PROXY_NOTHING : WHY_PROXY_CHOICE, "");
		t->tried_usec = now;
		plan_free(&p);
		return;
	}
	publish(t, p, change, now);
}

/* --- when it is taken away --- */

static struct target *
target_by_name(const struct targets *all, const char *name)
{
	struct target *t;

	LIST_FOREACH(t, &all->list, link)
		if (strcmp(t->conf.name, name) == 0)
			return t;
	return NULL;
}

static void
withdraw(struct target *t, int64_t now)
{
	t->phase = TARGET_WITHDRAWS;
	t->tried_usec = now;
	t->under_way = true;
	t->kind->withdraw(t->hands);
}

/* It may have failed, or be waited for in vain. */
static void
withdraw_look(struct target *t, int64_t now)
{
	if (t->phase != TARGET_WITHDRAWS)
		return;
	if (t->under_way && now - t->tried_usec > LOST_USEC)
		target_failed(t, WHY_PROXY_GONE, "no response");
	if (!t->under_way && now - t->tried_usec >= t->backoff_usec)
		withdraw(t, now);
}

/* FNV-1a of its name, the same in every process. */
static uint64_t
pause_mark(const struct target *t)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *s = t->conf.name; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h == 0 ? 1 : h;
}

/* So that a brain that comes back knows. */
static void
pause_note(const struct target *t, bool on)
{
	if (t->all->world != NULL)
		live_set_paused(t->all->world->live, pause_mark(t), on);
}

json_t *
targets_withdraw(struct targets *all, const char *name, bool dry)
{
	struct target *t = target_by_name(all, name);
	json_t *does = json_array();

	if (t == NULL) {
		json_decref(does);
		return NULL;
	}
	t->kind->would(t->hands, does);
	if (!dry && t->phase != TARGET_WITHDRAWN) {
		pause_note(t, true);
		withdraw(t, loop_now(all->loop));
	}
	return json_pack("{s:s, s:s, s:o}", "target", t->conf.name, "state", target_state(t), "does", does);
}

/* All is told again, by the next look. */
json_t *
targets_resume(struct targets *all, const char *name)
{
	struct target *t = target_by_name(all, name);

	if (t == NULL)
		return NULL;
	if (t->phase != TARGET_PUBLISHES) {
		pause_note(t, false);
		t->phase = TARGET_PUBLISHES;
		t->anew = t->plan != NULL;
		t->tried_usec = 0;
		t->backoff_usec = 0;
		t->under_way = t->retry = false;
		wrong_anew(&t->why, t->detail, NULL, NULL);
		log_event(LOG_INFO, "target.resumed", "target", t->conf.name, NULL);
	}
	return json_pack("{s:s, s:s, s:[]}", "target", t->conf.name, "state", target_state(t), "does");
}

bool
targets_is_withdrawn(const struct targets *all, const char *name, const struct why **why, const char **detail)
{
	const struct target *t = target_by_name(all, name);

	ASSERT(t != NULL);
	*why = t->why;
	*detail = t->detail;
	return t->phase == TARGET_WITHDRAWN || t->why != NULL;
}

const char *
targets_online_only(const struct targets *all, const char *name)
{
	return target_by_name(all, name)->kind->offline;
}

/* --- looking --- */

static void
look(struct target *t, int64_t now)
{
	struct weigh_rules r = { .lean = t->conf.lean, .trim = t->conf.trim, .floor = t->conf.floor };

	if (t->phase != TARGET_PUBLISHES)
		return;
	if (t->began_usec == 0)
		t->began_usec = now;
	if (!t->conf.best_node)
		weigh_update(t->weigh, t->all->world, &r, now);
	if (t->under_way && now - t->tried_usec > LOST_USEC)
		target_failed(t, WHY_PROXY_GONE, "no response");
	if (has_settled(t, now))
		consider(t, plan_now(t, now), now);
}

/* Of this thread: neither the disk nor the machine's other tenants count. */
static int64_t
cpu_usec(void)
{
	struct timespec t;

	ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

void
targets_tick(struct targets *all, int64_t now, bool known)
{
	struct target *t;
	int64_t begun, gap;

	all->known = known;
	LIST_FOREACH(t, &all->list, link) {
		if (t->kind->tick != NULL)
			t->kind->tick(t->hands, now);
		withdraw_look(t, now);
	}
	if (!known || now < all->due_usec)
		return;
	begun = cpu_usec();
	LIST_FOREACH(t, &all->list, link)
		look(t, now);
	gap = LOOK_PART * (cpu_usec() - begun);
	all->due_usec = now + (gap > LOOK_USEC ? gap : LOOK_USEC);
}

/* --- life --- */

static void
target_new(struct targets *all, const struct conf_target *c)
{
	struct target *t = must_zalloc(sizeof *t);

	t->all = all;
	t->wanted = true;
	t->conf = *c;
	section_copy(SECTION_TARGET, &t->conf);
	t->weigh = weigh_new();
	t->seen = map_new();
	t->kind = drivers[c->kind];
	t->hands = t->kind->open(t);
	LIST_INSERT_HEAD(&all->list, t, link);
	all->count++;
	if (all->began)			/* a reload has changed it, or brought it */
		pause_note(t, false);
	else if (all->world != NULL && live_is_paused(all->world->live, pause_mark(t)))
		t->phase = TARGET_WITHDRAWS;
}

static void
target_free(struct target *t)
{
	LIST_REMOVE(t, link);
	t->all->count--;
	t->kind->close(t->hands);
	plan_free(&t->plan);
	weigh_free(&t->weigh);
	seen_forget(t);
	map_free(&t->seen);
	section_free(SECTION_TARGET, &t->conf);
	free(t);
}

struct targets *
targets_new(struct loop *l, struct fetcher *f, const struct world *w)
{
	struct targets *all = must_zalloc(sizeof *all);

	*all = (struct targets){ .loop = l, .fetcher = f, .world = w, .scored = profile_all[PROFILE_BALANCED] };
	LIST_INIT(&all->list);
	return all;
}

void
targets_free(struct targets **ap)
{
	struct targets *all = *ap;
	struct target *t;

	while ((t = LIST_FIRST(&all->list)) != NULL)
		target_free(t);
	free(all);
	*ap = NULL;
}

static struct target *
target_like(struct targets *all, const struct conf_target *c)
{
	struct target *t;

	LIST_FOREACH(t, &all->list, link)
		if (section_same(SECTION_TARGET, &t->conf, c))
			return t;
	return NULL;
}

void
targets_reconf(struct targets *all, const struct conf *c)
{
	struct target *t, *next;

	all->scored.weight[RESOURCE_CPU] = c->score_cpu_weight;
	all->scored.weight[RESOURCE_RAM] = c->score_ram_weight;
	all->due_usec = 0;
	all->prometheus = c->prom.servers.n > 0 && c->prom.signals;
	all->settle_usec = all->prometheus ? GUARD_SAMPLES * c->prom.period_usec + SETTLE_USEC : SETTLE_USEC;
	LIST_FOREACH(t, &all->list, link)
		t->wanted = false;
	for (unsigned i = 0; i < c->ntargets; i++)
		if ((t = target_like(all, &c->target[i])) != NULL)
			t->wanted = true;
	for (t = LIST_FIRST(&all->list); t != NULL; t = next) {	/* first, for sockets and files may be the same */
		next = LIST_NEXT(t, link);
		if (!t->wanted)
			target_free(t);
	}
	for (unsigned i = c->ntargets; i-- > 0;) {		/* the last first: in the file's order in the end */
		if ((t = target_like(all, &c->target[i])) == NULL) {
			target_new(all, &c->target[i]);
			continue;
		}
		LIST_REMOVE(t, link);
		LIST_INSERT_HEAD(&all->list, t, link);
	}
	all->began = true;
}

bool
targets_any(const struct targets *all)
{
	return all->count > 0;
}
