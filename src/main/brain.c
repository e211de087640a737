/*
 * The brain introduces its rooms to each other: configuration to world, exporters to samples,
 * samples to steering, everything to the admin API. The decisions are in score; the waiting is in
 * net.
 */
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/events.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "certs/certs.h"
#include "collect/prom_nodes.h"
#include "collect/user_queries.h"
#include "collect/scrape.h"
#include "engine/discover.h"
#include "engine/mover.h"
#include "main/beat.h"
#include "main/brain_acme.h"
#include "main/brain_certs.h"
#include "main/brain_priv.h"
#include "main/crowds.h"
#include "main/memfile.h"
#include "main/outages.h"
#include "main/overloads.h"
#include "main/sandbox.h"
#include "recording/recording.h"
#include "score/steer.h"
#include "targets/target.h"
#include "tracing/exporter.h"

#define TICK_USEC	(100 * USEC_PER_MSEC)
#define TIDY_USEC	(30 * USEC_PER_SEC)
#define LARGE_BYTES	(128 << 10)		/* such blocks go back to the machine at once */
#define SNAPSHOT_USEC	(5 * USEC_PER_SEC)	/* that the first pass may wait for a snapshot */

/* ---- what is known is applied ---- */

static void
on_certs(void *arg)
{
	brain_publish_secrets(arg);
}

static struct mover_conf
mover_conf_of(const struct conf *c)
{
	struct heat_rules heat = { c->mover_hot, c->mover_cold, c->mover_dwell_usec,
	    c->mover_cool_down_usec };

	return (struct mover_conf){ .enable = c->mover_enable, .dry_run = c->mover_dry_run,
	    .rules = { .heat = heat, .margin = c->mover_margin },
	    .patience_usec = c->mover_patience_usec };
}

static void
steer_reload(struct brain *b)
{
	const struct conf *c = b->conf;
	struct steer_conf sc = { .period_usec = c->signal_period_usec,
	    .balancers = c->balancers > 0 ? c->balancers : discover_balancers(b->discover),
	    .best_node_period_usec = c->best_node_period_usec, .cpu_weight = c->score_cpu_weight,
	    .ram_weight = c->score_ram_weight,
	    .prometheus_period_usec = c->prom.servers.n > 0 && c->prom.signals ? c->prom.period_usec : 0 };

	/* a pass alone is no reason to compute scores again */
	if (memcmp(&sc, &b->steered, sizeof sc) != 0)
		steer_conf(b->steer, &sc);
	b->steered = sc;
	steer_tick(b->steer, loop_now(b->loop));
}

/* The first pass waits for the Swarm's snapshot and for what ACME has stored, but not for ever, and
 * not when it is known that none comes soon. */
static bool
may_begin(const struct brain *b)
{
	struct watch *w = discover_watch(b->discover);

	if (loop_now(b->loop) - b->born_usec > SNAPSHOT_USEC)
		return true;
	return (discover_is_ready(b->discover) || watch_status(w).why != NULL) &&
	    brain_acme_has_read(b->acme);
}

/* Services whose profile found no slot are balanced, and that is logged when it begins. */
static void
profiles_report(struct brain *b)
{
	struct world_service *s;

	LIST_FOREACH(s, &b->world->services, link) {
		if (s->profile_crowded && !s->profile_reported)
			log_event(LOG_WARN, "profile.crowded", "service", s->name, "profile",
			    profile_name(&s->conf.profile), "text",
			    "there are more different profiles than a table can have; this service is balanced", NULL);
		s->profile_reported = s->profile_crowded;
	}
}

static void
apply(struct brain *b)
{
	struct mover_conf mc = mover_conf_of(b->conf);

	if (discover_watch(b->discover) != NULL && discover_is_ready(b->discover) &&
	    watch_status(discover_watch(b->discover)).why == NULL)
		brain_acme_manager(b->acme);
	b->began = b->began || may_begin(b);
	brain_certs_files(b->certs, b->conf, b->discover);
	b->changed |= b->began && discover_pass(b->discover);
	profiles_report(b);
	if (b->began)
		brain_acme_want(b->acme, b->world);
	user_queries_sync(b->user_queries);
	scrape_sync(b->scrape, b->world, b->conf->signal_period_usec, b->conf->signal_timeout_usec);
	mover_reconf(b->mover, &mc);
	steer_reload(b);
	if (!b->began || !brain_knows_better(b))
		return;
	if (b->world->serial == 0)
		brain_publish_secrets(b);	/* a worker begins with both */
	/* nothing to serve is a table, too */
	if (b->changed || b->world->serial == 0)
		brain_publish(b);
}

static void
on_swarm(void *arg)
{
	apply(arg);
}

/* ---- what happens to it ---- */

static void
on_sample(void *arg, struct world_node *n, const struct sample *s, double inflight_at)
{
	struct brain *b = arg;
	const struct why *why = steer_sample(b->steer, n, s, inflight_at);

	admin_record_sample(b->admin, n, s, inflight_at);
	if (why != NULL)
		log_event(LOG_WARN, "sample.refused", "node", n->name, "why", why_name(why), NULL);
}

static void
on_prom_sample(void *arg, struct world_node *n, const struct sample *s, double inflight_at,
    double inflight_mean)
{
	struct brain *b = arg;
	const struct why *why = steer_sample_late(b->steer, n, s, inflight_at, inflight_mean);

	admin_record_sample(b->admin, n, s, inflight_at);
	if (why != NULL)
		log_event(LOG_WARN, "sample.refused", "node", n->name, "why", why_name(why), NULL);
}

static void
on_prom_round(void *arg)
{
	struct brain *b = arg;

	scrape_update_signals(b->scrape);
}

/* For those who record. */
static void
record_tick(struct brain *b)
{
	const struct steer_conf *c = &b->steered;
	const struct recorded_law law = { .period_usec = c->period_usec, .balancers = c->balancers,
	    .prometheus_period_usec = c->prometheus_period_usec,
	    .best_node_period_usec = c->best_node_period_usec, .cpu_weight = c->cpu_weight,
	    .ram_weight = c->ram_weight, .scores_due_usec = steer_scores_due(b->steer) };

	admin_record_tick(b->admin, &law);
}

/* What a configuration, a table or the pages of a thousand nodes took for a moment goes back to the
 * machine: between what lasts, malloc would keep it. */
static void
memory_tidy(struct brain *b)
{
	if (loop_now(b->loop) < b->tidy_usec)
		return;
	b->tidy_usec = loop_now(b->loop) + TIDY_USEC;
	malloc_trim(0);
}

static void
on_tick(void *arg)
{
	struct brain *b = arg;

	timer_set(b->loop, &b->tick, loop_now(b->loop) + TICK_USEC, on_tick, b);
	live_beat(b->boot->live, LIVE_BRAIN, clock_mono_usec());
	steer_tick(b->steer, loop_now(b->loop));
	record_tick(b);
	targets_tick(b->targets, loop_now(b->loop), b->began && discover_is_ready(b->discover));
	prom_nodes_tick(b->prom_nodes, loop_now(b->loop));
	outages_tick(b->outages, b->world, loop_now(b->loop));
	crowds_tick(b->world);
	overloads_tick(b->world, loop_now(b->loop));
	admin_tick(b->admin, loop_now(b->loop));
	memory_tidy(b);
	beat_report(b->boot->live, LIVE_BRAIN);
	if (!b->began && may_begin(b))
		apply(b);
	else if (b->began && b->changed && brain_knows_better(b) && loop_now(b->loop) >= b->retry_usec)
		brain_publish(b);
	if (b->began && b->boot->on_trial && b->inherited && !b->kept && !brain_knows_better(b))
		brain_keep_table(b);
	if (b->secrets_due && loop_now(b->loop) >= b->secrets_retry_usec)
		brain_publish_secrets(b);
	if (b->ready > 0)
		brain_tell_ready(b);
}

/* The serial of the table that has the change: one that is out, or the next one. */
static uint64_t
publish_change(struct brain *b, bool changed)
{
	b->changed |= changed;
	if (b->changed && brain_knows_better(b))
		brain_publish(b);
	return b->world->serial + b->changed;
}

static uint64_t
on_drain_node(void *arg, struct world_node *n, bool drained)
{
	struct brain *b = arg;

	log_event(LOG_INFO, drained ? "node.drained" : "node.undrained", "node", n->name, NULL);
	return publish_change(b, world_drain(b->world, n, drained));
}

static uint64_t
on_drain_task(void *arg, struct world_task *t, bool drained)
{
	struct brain *b = arg;

	log_event(LOG_INFO, drained ? "task.drained" : "task.undrained", "task", t->name, NULL);
	return publish_change(b, world_drain_task(b->world, t, drained));
}

static void
discover_reload(struct brain *b)
{
	struct watch *w;

	if (!discover_keeps_engine(b->discover, b->conf)) {
		mover_engine(b->mover, NULL);
		brain_acme_engine(b->acme, NULL);
	}
	discover_reconf(b->discover, b->conf);
	w = discover_watch(b->discover);
	mover_engine(b->mover, w == NULL ? NULL : watch_engine(w));
	brain_acme_engine(b->acme, w == NULL ? NULL : watch_engine(w));
	if (w != NULL)
		watch_on_configs(w, brain_acme_configs, b->acme);
	brain_acme_reconf(b->acme, b->conf);
}

static void
reload(struct brain *b, int fd)
{
	struct buf text, errors;
	struct conf *next = NULL;

	ASSERT(b->admin != NULL);
	buf_init(&text, CONF_TEXT_MAX);
	buf_init(&errors, CONF_ERRORS_MAX);
	if (memfile_read(fd, &text))
		next = conf_parse(buf_str(&text), b->conf->file, &errors);
	if (next == NULL)		/* the parent found it sound; but a token file can vanish meanwhile */
		log_event(LOG_ERROR, "reload.lost", "kept", "the configuration in force", NULL);
	else {
		conf_free(&b->conf);
		b->conf = next;
		log_setup("brain", next->log_level, next->log_json);
		admin_reconf(b->admin, next);
		certs_reconf(b->certs, next);
		discover_reload(b);
		exporter_reconf(b->exporter, next);
		prometheus_reconf(b->prometheus, next);
		prom_nodes_reconf(b->prom_nodes, next);
		apply(b);
		targets_reconf(b->targets, next);
		brain_publish_secrets(b);
	}
	b->ready++;
	brain_tell_ready(b);
	buf_fini(&text);
	buf_fini(&errors);
}

/* A worker's: that it says how many bytes there are is not believed. */
static void
take_spans(struct brain *b, const struct channel_msg *m)
{
	if (m->spans.bytes <= sizeof m->spans.text)
		exporter_add(b->exporter, (struct str){ m->spans.text, m->spans.bytes });
}

static void
on_parent_message(void *arg, const struct channel_msg *m, int fd)
{
	struct brain *b = arg;

	ASSERT(m == NULL || m->kind == CHANNEL_CONF || m->kind == CHANNEL_SPANS ||
	    m->kind == CHANNEL_COUNTS);
	if (m == NULL)
		loop_stop(b->loop);
	else if (m->kind == CHANNEL_COUNTS)
		brain_take_over(b, fd, true);
	else if (m->kind == CHANNEL_SPANS)
		take_spans(b, m);
	else
		reload(b, fd);
	if (fd >= 0)
		close(fd);
}

/* ---- birth and death ---- */

static void
brain_open(struct brain *b)
{
	struct admin_conf a = { .conf = b->conf, .world = b->world, .events = b->events,
	    .tcp_fd = b->boot->admin_tcp_fd, .unix_fd = b->boot->admin_unix_fd,
	    .drain_node = on_drain_node, .drain_task = on_drain_task, .arg = b };

	struct mover_conf mc = mover_conf_of(b->conf);
	char host[64] = "";

	brain_inherit_table(b);
	if (b->boot->handover_fd >= 0)
		brain_take_over(b, b->boot->handover_fd, b->boot->counts_only);
	b->certs = certs_new(b->loop, b->boot->live, on_certs, b);
	brain_inherit_secrets(b);
	brain_certs_begin(b->certs, b->conf);
	if (b->secrets_serial > 0)
		/* files may have changed since; a first set goes with the first table */
		brain_publish_secrets(b);
	b->fetcher = fetcher_new(b->loop);
	b->exporter = exporter_new(b->loop, b->fetcher, b->boot->live);
	exporter_reconf(b->exporter, b->conf);
	b->scrape = scrape_new(b->loop, b->fetcher, on_sample, b);
	b->steer = steer_new(b->world);
	b->prometheus = prometheus_new(b->loop, b->fetcher);
	prometheus_reconf(b->prometheus, b->conf);
	b->prom_nodes = prom_nodes_new(b->loop, b->prometheus, b->world, on_prom_sample, on_prom_round, b);
	prom_nodes_reconf(b->prom_nodes, b->conf);
	b->user_queries = user_queries_new(b->loop, b->prometheus, b->world);
	gethostname(host, sizeof host - 1);
	b->acme = brain_acme_new(b->loop, b->fetcher, b->certs);
	b->mover = mover_new(b->loop, b->world, &mc, host);
	b->discover = discover_new(b->loop, b->fetcher, b->world, on_swarm, b);
	discover_reload(b);
	b->targets = targets_new(b->loop, b->fetcher, b->world);
	targets_reconf(b->targets, b->conf);
	a.mover = b->mover;
	a.prometheus = b->prometheus;
	a.prom_nodes = b->prom_nodes;
	a.user_queries = b->user_queries;
	a.targets = b->targets;
	a.certs = b->certs;
	a.discover = b->discover;
	a.inherited = b->inherited;
	b->admin = admin_new(b->loop, &a);
	apply(b);
	b->ready = 1;
	on_tick(b);
}

struct brain *
brain_new(const struct brain_conf *boot)
{
	struct brain *b = must_zalloc(sizeof *b);

	ASSERT(boot->channel_fd >= 0);
	b->boot = boot;
	b->conf = boot->conf;
	b->loop = loop_new();
	b->born_usec = loop_now(b->loop);
	b->events = events_new();
	b->outages = outages_new();
	b->world = world_new(boot->live, boot->phys);
	channel_open(&b->channel, b->loop, boot->channel_fd, on_parent_message, b);
	brain_open(b);
	return b;
}

struct loop *
brain_loop(struct brain *b)
{
	return b->loop;
}

void
brain_free(struct brain **bp)
{
	struct brain *b = *bp;

	*bp = NULL;
	timer_clear(b->loop, &b->tick);
	admin_free(&b->admin);
	targets_free(&b->targets);
	brain_acme_free(&b->acme);
	certs_free(&b->certs);
	mover_free(&b->mover);
	discover_free(&b->discover);
	user_queries_free(&b->user_queries);
	prom_nodes_free(&b->prom_nodes);
	prometheus_free(&b->prometheus);
	scrape_free(&b->scrape);
	exporter_free(&b->exporter);
	fetcher_free(&b->fetcher);
	steer_free(&b->steer);
	outages_free(&b->outages);
	world_free(&b->world);
	channel_close(&b->channel);
	conf_free(&b->conf);
	log_tap(NULL, NULL);
	events_free(&b->events);
	loop_free(&b->loop);
	free(b);
}

/* Without the list, Mola serves as before: it is a second wall. */
static void
brain_limit(void)
{
	const char *step = sandbox_limit();

	if (step != NULL)
		log_event(LOG_WARN, "limits.failed", "step", step, NULL);
}

int
brain_run(const struct brain_conf *boot)
{
	struct brain *b;

	prctl(PR_SET_NAME, "brain");
	prctl(PR_SET_DUMPABLE, 0);	/* private keys: no core dump, no debugger */
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	log_setup("brain", boot->conf->log_level, boot->conf->log_json);
	brain_limit();
	json_set_alloc_funcs(reserve_alloc, free);
	alloc_reserve(BEAT_RESERVE_BYTES);
	b = brain_new(boot);
	loop_run(b->loop);
	brain_acme_stop(b->acme);
	brain_free(&b);
	alloc_reserve(0);
	return 0;
}
