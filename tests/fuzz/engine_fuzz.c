/*
 * What a hostile Engine responds, over time: to those who read the Swarm, to the one who moves services and scales them, and what it
 * says of events. An input is a script of parts with a line of "----" between them; each begins with a line that says what happens:
 *	aN PATH	from now on it responds N to paths that begin so, with what follows; 0: nobody is there
 *	d0	no longer
 *	e0	a piece of the stream of events follows;	E0	the stream ends
 *	sN	the service's specification follows;	uN	its update is in state N of `states`
 *	oN	its tasks are on the nodes that the digits of N name
 *	wN	N tenths of a second pass
 *	hN	bits of N say which nodes are hot, and (8) how many of their requests are ours
 *	lN	N calls find nobody
 *	vN	it speaks version 1.N
 *	c0	what follows is what the Engine says of a container; m0	the mounts of a process;	t0	its tasks
 * What is in the world is there by the world's rules, what is said of it is words, and everything that was asked is forgotten.
 */
#include <math.h>

#include "clock.h"
#include "engine_answers.h"
#include "base/log.h"
#include "engine/discover.h"
#include "engine/mover.h"
#include "engine/self.h"
#include "fresh.h"
#include "swarm_check.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char conf_text[] = "listen: 127.0.0.1:1\nnodes: [ { name: here } ]\nservices:\n- name: old\n  host: old.test\n"
    "  tasks: [ { node: here, address: '127.0.0.1:81' } ]\n"
    "swarm: { endpoint: 'unix:///nobody', poll: 1s, network: front }\n";

static const char *const states[] = { NULL, "updating", "completed", "paused", "rollback_started", "rollback_completed", "odd" };

static struct loop *l;
static struct live *live;
static struct phys *phys;
static struct conf *conf;
static struct world *world;
static struct discover *discover;
static struct mover *mover;
static unsigned hot;

static void
begin_once(void)
{
	struct buf errors;

	log_setup("fuzz", LOG_ERROR, false);
	l = loop_new();
	phys = phys_init(must_zalloc(phys_bytes()));
	buf_init(&errors, 4096);
	conf = conf_parse(str_of(conf_text), "m", &errors);
	ASSERT(conf != NULL);
	buf_fini(&errors);
}

static void
on_change(void *arg)
{
	(void)arg;
	discover_pass(discover);
	check_world(world);
	if (discover_report(discover) != NULL)
		check_report(discover_report(discover));
	mover_engine(mover, watch_engine(discover_watch(discover)));
}

/* ---- time ---- */

static void
sample_all(void)
{
	struct world_node *n;

	LIST_FOREACH(n, &world->nodes, link) {
		double threads = n->name[0] >= 'a' && n->name[0] <= 'c' && (hot >> (n->name[0] - 'a') & 1) != 0 ? 3 : 0.1;
		n->observed.sample = (struct sample){ .taken_usec = now_usec, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT, .cores = 1,
		    .busy = fmin(1, threads), .running = threads, .memory_total_bytes = NAN, .memory_available_bytes = NAN,
		    .psi_memory_stalled = NAN };
		n->observed.samples = 9;
		n->steering.row.law = (struct law_node){ .cores = 1, .sampled_usec = now_usec, .period_usec = USEC_PER_SEC, .balancers = 1,
		    .others = (hot & 8) != 0 ? threads : 0 };
	}
}

static void
views_check(void)
{
	struct world_service *s;
	json_t *j;

	LIST_FOREACH(s, &world->services, link) {
		j = mover_view(mover, s);
		ASSERT(json_is_null(j) || json_is_object(j));
		json_decref(j);
	}
}

static void
time_passes(unsigned tenths)
{
	for (unsigned i = 0; i < tenths; i++) {
		now_usec += USEC_PER_SEC / 10;
		sample_all();
		loop_turn(l, 0);
		while (engine_turn())
			loop_turn(l, 0);
	}
	views_check();
}

/* ---- what happens ---- */

static void
answer_is(long status, struct str path, struct str body)
{
	if (engine.rules == RULES) {
		memmove(&engine.rule[0], &engine.rule[1], (RULES - 1) * sizeof engine.rule[0]);
		engine.rules--;
	}
	engine.rule[engine.rules].path = path;
	engine.rule[engine.rules].status = status;
	engine.rule[engine.rules++].body = body;
}

/* Of what Mola is in the Swarm. */
static void
self_check(char verb, struct str text)
{
	struct self s = { .nnetworks = 0 };
	char id[SELF_ID_MAX] = "";

	if (verb == 'm' && self_container_in(text, id))
		ASSERT(strlen(id) == SELF_ID_MAX - 1);
	if (verb == 'c')
		(void)self_read_container(&s, text);
	if (verb == 't') {
		str_copy(s.container, sizeof s.container, STR("c1"));
		(void)self_read_tasks(&s, text);
	}
	ASSERT(s.nnetworks <= SELF_NETWORKS_MAX && strlen(s.service) < SELF_ID_MAX);
	self_fini(&s);
}

static void
spec_is(struct str text)
{
	if (text.len > TEXT_MAX / 4 || memchr(text.p, '\0', text.len) != NULL)
		return;
	free(engine.spec);
	engine.spec = str_dup(text);
	engine.index++;
}

static void
tasks_are(unsigned n)
{
	unsigned i = 0;

	do
		engine.on[i++] = (char)('a' + n % 10 % 3);
	while ((n /= 10) > 0);
	engine.on[i] = '\0';
	engine.index++;
}

static void
step(struct str part)
{
	struct str line;
	unsigned n;
	char verb = talk_step(&part, &line, &n);

	if (verb == 0)
		return;
	switch (verb) {
	case 'a': answer_is(n, line, part); break;
	case 'd': engine.rules = 0; break;
	case 'e': engine_say(part); break;
	case 'E': engine_stream_ends(); break;
	case 's': if (part.len > 0) spec_is(part); break;
	case 'u': engine.state = states[n % 7], engine.index++; break;
	case 'o': tasks_are(n); break;
	case 'w': time_passes(n % 300); break;
	case 'h': hot = n; break;
	case 'l': engine.lost = n % 20; break;
	case 'v': engine.minor = 40 + n % 60; break;
	case 'c': case 'm': case 't': self_check(verb, part); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct mover_conf moves = { .enable = true, .patience_usec = 20 * USEC_PER_SEC, .rules = { .margin = 0.25, .heat = {
	    .hot = 0.9, .cold = 0.7, .dwell_usec = 2 * USEC_PER_SEC, .cool_down_usec = 10 * USEC_PER_SEC } } };
	struct str rest = { (const char *)bytes, len }, part;

	if (l == NULL)
		begin_once();
	engine_begin();
	hot = 0;
	live = live_fresh(live);
	world = world_new(live, phys);
	discover = discover_new(l, NULL, world, on_change, NULL);
	mover = mover_new(l, world, &moves, "m1");
	discover_reconf(discover, conf);
	discover_pass(discover);
	while (talk_part(&rest, &part))
		step(part);
	time_passes(15);
	mover_engine(mover, NULL);
	mover_free(&mover);
	discover_free(&discover);
	loop_turn(l, 0);
	world_free(&world);
	engine_end();
	return 0;
}
