/*
 * A brain is an object on a loop here, and its process a number: it is killed by forgetting it, with all that it has allocated.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "brains.h"
#include "engine.h"
#include "fetch.h"
#include "haproxy.h"
#include "kernel.h"
#include "ledger.h"
#include "main/brain.h"
#include "main/memfile.h"
#include "memory.h"
#include "net/sock.h"
#include "operator.h"
#include "tables.h"
#include "watcher.h"

#define LOOK_USEC	(USEC_PER_SEC / 4)
#define CONF_BYTES	2000
#define MEMORY_MOST	(16 << 20)		/* bytes */

static struct {
	const struct plan *plan;
	struct live	*live;
	struct phys	*phys;
	brains_table_f	*on_table;
	struct brain_conf boot;
	struct brain	*brain;			/* NULL: there is none */
	int		 channel;		/* the parent's end; -1: none */
	int		 listener;		/* of its admin server */
	int		 table, secrets;	/* in force; -1: none */
	bool		 hangs, ended, killed;
	unsigned	 variant, unready;	/* of the configuration; reloads that it has not responded to */
	int64_t		 troubled;		/* when it began, or went on */
	int64_t		 reloaded;
	size_t		 bytes;
	uint64_t	 turns;
} b;

/* ---- its configuration ---- */

static const char conf_text[] =
    "listen: [ { address: '10.0.0.1:80', name: front } ]\n"
    "admin: { address: '" WATCHER_AT "', socket: none, token: '" OPERATOR_TOKEN "' }\n"
    "log: { level: %s }\n"
    "swarm: { endpoint: 'tcp://" ENGINE_AT "', network: " ENGINE_NETWORK ", node_exporter: '{address}:9100', poll: %s%s }\n"
    "signals: { period: %s }\n"
    "defaults:\n"
    "  connect: 1500ms\n"
    "  response: 6s\n"
    "  idle: 2500ms\n"
    "  tunnel: 3s\n"
    "  health: { interval: 1s, timeout: 500ms, rise: 1, fall: 2 }\n"
    "  eject: { window: 1s }\n"
    "mover: { dwell: 3s, cool_down: 8s, patience: 10s }\n";
static const char conf_target[] = "targets: [ { name: ha, kind: haproxy, socket: '" HAPROXY_AT "' } ]\n";

/* The file, as it is now: each reload finds another period and interval. */
static void
conf_write(char text[CONF_BYTES])
{
	snprintf(text, CONF_BYTES, conf_text, wire_verbose ? "debug" : "error", b.variant % 2 == 0 ? "1s" : "400ms",
	    b.plan->brain.agents ? ", agent: '{address}:9101'" : "", b.variant % 2 == 0 ? "1s" : "500ms");
	if (b.plan->brain.drives)
		strcat(text, conf_target);
}

static struct conf *
conf_make(void)
{
	char text[CONF_BYTES];
	struct buf errors;
	struct conf *c;

	conf_write(text);
	buf_init(&errors, CONF_ERRORS_MAX);
	c = conf_parse(str_of(text), "mola.yaml", &errors);
	if (c == NULL)
		BUG(errors.p);
	buf_fini(&errors);
	return c;
}

/* ---- its tables ---- */

static void
table_take(int fd)
{
	struct table *t;

	if (table_open(dup(fd), &t) != NULL) {
		broken("a table cannot be read");
		close(fd);
		return;
	}
	if (b.table >= 0)
		close(b.table);
	b.table = fd;
	b.on_table(dup(fd), table_serial(t));
	tables_take(t);
}

static void
on_look(void *arg, uint64_t n)
{
	int64_t now = wire_now();

	if (b.ended)
		return;
	wire_at(now + LOOK_USEC, on_look, arg, n);
	if (b.brain == NULL || b.hangs)
		b.troubled = now;
	if (tables_look(b.troubled) && b.unready > 0)
		broken("the brain has not responded to a reload");
	if (b.bytes > MEMORY_MOST)
		broken("the brain has %zu bytes", b.bytes);
}

/* ---- the parent ---- */

static void
hear(void)
{
	struct channel_msg m;
	int fd;

	while (b.channel >= 0 && sock_recv_fd(b.channel, &m, sizeof m, &fd) > 0)
		switch (m.kind) {
		case CHANNEL_TABLE:
			table_take(fd);
			break;
		case CHANNEL_SECRETS:
			if (b.secrets >= 0)
				close(b.secrets);
			b.secrets = fd;
			break;
		case CHANNEL_READY:
			if (b.unready-- == 0)
				broken("the brain is ready for a configuration that it has not got");
			break;
		default:
			broken("the brain sends a message of kind %d", (int)m.kind);
		}
}

static int
dup_or_none(int fd)
{
	return fd < 0 ? -1 : dup(fd);
}

/* What it allocates counts as its own. */
static void
account_begin(size_t *before)
{
	kernel_enter(BRAIN);
	*before = sim_product_bytes();
}

static void
account_end(size_t before)
{
	b.bytes += sim_product_bytes() - before;
	kernel_enter(0);
	hear();
}

static void
born(void)
{
	size_t before;
	int fd[2];

	ASSERT(b.brain == NULL && channel_pair(fd));
	b.channel = fd[0];
	kernel_give(fd[1], BRAIN);
	b.boot = (struct brain_conf){ .live = b.live, .phys = b.phys, .channel_fd = fd[1], .table_fd = dup_or_none(b.table),
	    .secrets_fd = dup_or_none(b.secrets), .handover_fd = -1, .admin_tcp_fd = kernel_pass(b.listener, BRAIN), .admin_unix_fd = -1 };
	b.troubled = wire_now();
	b.unready = 1;
	b.bytes = 0;
	account_begin(&before);
	b.boot.conf = conf_make();
	log_setup("brain", b.boot.conf->log_level, false);
	b.brain = brain_new(&b.boot);
	account_end(before);
}

static void
turn(void)
{
	size_t before;

	account_begin(&before);
	loop_turn(brain_loop(b.brain), -1);
	account_end(before);
	b.turns++;
}

static void
stop(void)
{
	size_t before;

	close(b.channel);
	b.channel = -1;
	turn();
	account_begin(&before);
	brain_free(&b.brain);
	account_end(before);
}

static void
lost(void *arg, const struct end *e)
{
	(void)arg;
	(void)e;
}

static void
die(void)
{
	hear();
	kernel_kill(BRAIN, lost, NULL);
	fetch_forget(BRAIN);
	log_tap(NULL, NULL);
	close(b.channel);
	b.channel = -1;
	b.brain = NULL;
	b.killed = true;
}

/* ---- what happens to it ---- */

static void
on_again(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	if (!b.ended && b.brain == NULL)
		born();
}

static void
on_end(void *arg, uint64_t kills)
{
	int64_t again = (int64_t)(uintptr_t)arg;

	if (b.ended || b.brain == NULL)
		return;
	wire_note(kills ? "brain dies" : "brain stops", 0, 0);
	b.hangs = false;
	kills ? die() : stop();
	wire_at(wire_now() + again, on_again, NULL, 0);
}

static void
on_reload(void *arg, uint64_t n)
{
	struct channel_msg m = { .kind = CHANNEL_CONF };
	char text[CONF_BYTES];
	int fd;

	(void)arg;
	(void)n;
	b.variant++;
	conf_write(text);
	ASSERT((fd = memfile_seal(str_of(text))) >= 0);
	b.reloaded = wire_now();
	wire_note("reload", b.variant, 0);
	if (b.channel >= 0 && sock_send_fd(b.channel, &m, sizeof m, fd))
		b.unready++;
	close(fd);
}

static void
on_wall(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	wire_note("wall clock", 0, 0);
	kernel_set_wall(b.plan->brain.wall_ahead_usec);
}

static void
on_hang(void *arg, uint64_t begins)
{
	(void)arg;
	wire_note(begins ? "brain hangs" : "brain goes on", 0, 0);
	b.hangs = begins;
}

void
brains_begin(const struct plan *p, struct addr at[SERVICES][TASKS], struct live *live, struct phys *phys, brains_table_f *on_table)
{
	const struct plan_brain *how = &p->brain;
	struct addr admin;

	memset(&b, 0, sizeof b);
	b.plan = p;
	tables_begin(p, at, live);
	b.live = live;
	b.phys = phys;
	b.on_table = on_table;
	b.table = b.secrets = -1;
	ASSERT(addr_parse(STR(WATCHER_AT), &admin) == NULL && sock_listen(&admin, false, &b.listener) == NULL);
	born();
	b.troubled -= SETTLES_USEC - USEC_PER_SEC;	/* at first, nothing is wrong */
	for (unsigned i = 0; i < ENDS; i++)
		if (how->end[i].usec > 0)
			wire_at(wire_now() + how->end[i].usec, on_end, (void *)(uintptr_t)how->end[i].again_usec, how->end[i].kills);
	for (unsigned i = 0; i < 2; i++)
		if (how->reload_usec[i] > 0)
			wire_at(wire_now() + how->reload_usec[i], on_reload, NULL, 0);
	if (how->wall_usec > 0)
		wire_at(wire_now() + how->wall_usec, on_wall, NULL, 0);
	if (how->hang_usec > 0) {
		wire_at(wire_now() + how->hang_usec, on_hang, NULL, 1);
		wire_at(wire_now() + how->wakes_usec, on_hang, NULL, 0);
	}
	wire_at(wire_now() + LOOK_USEC, on_look, NULL, 0);
}

void
brains_end(void)
{
	tables_check_end();
	if (b.brain != NULL)
		stop();
	b.ended = true;
	tables_end();
	close(b.listener);
	close(b.table);
	if (b.secrets >= 0)
		close(b.secrets);
}

bool
brains_turn(int64_t *until)
{
	*until = INT64_MAX;
	if (b.brain == NULL || b.hangs)
		return false;
	if (!kernel_is_ready(BRAIN) && kernel_until(BRAIN) > wire_now()) {
		*until = kernel_until(BRAIN);
		return false;
	}
	turn();
	return true;
}

int64_t
brains_well_since(void)
{
	if (b.ended || b.brain == NULL || b.hangs)
		return wire_now();
	return b.troubled > b.reloaded ? b.troubled : b.reloaded;
}

bool
brains_were_killed(void)
{
	return b.killed;
}

void
brains_none(void)
{
	memset(&b, 0, sizeof b);
}

uint64_t
brains_turns(void)
{
	return b.turns;
}
