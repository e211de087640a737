/*
 * contender: a Mola's part in ACME without the CA. It shares a vault in a Swarm's configs, wants its lease, and whenever it
 * gets that, creates the next certificate, a text. What it prints has the monotonic time of the machine, so that the lines
 * of several can be put in order:
 *
 *	contender NAME SOCKET [PREFIX]
 *
 *	1234.567 NAME ready OBJECTS       the vault has been read
 *	1234.567 NAME held | lost         the right to act begins, ends
 *	1234.567 NAME made cert.aa.G      it created that one
 *	1234.567 NAME sees cert.aa.G      it is in its view
 *	1234.567 NAME away WHY DETAIL     the vault cannot be read; `back` when it can
 *
 * SIGUSR1: it gives the lease back and wants it no more; SIGUSR2: it wants it again.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "acme/store_vault.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/config_vault.h"
#include "engine/engine_events.h"
#include "net/fetch.h"

#define SECRET	"the secret of all contenders, 32 characters and more"

struct contender {
	const char	*name;
	struct loop	*loop;
	struct engine	*engine;
	struct engine_events *events;
	struct seal	*seal;
	struct vault	*vault;
	struct store	*store;
	struct timer	 timer;
	struct io	 signals;
	bool		 ready, held, making;
	const struct why *why;
	unsigned	 seen;		/* the newest certificate */
};

static void	say(const struct contender *, const char *, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct contender *c, const char *fmt, ...)
{
	va_list ap;

	printf("%.3f %s ", (double)clock_mono_usec() / USEC_PER_SEC, c->name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static void	look(struct contender *);

static void
on_made(void *arg, enum store_outcome outcome, const char *detail)
{
	struct contender *c = arg;

	c->making = false;
	if (outcome == STORE_DONE)
		say(c, "made cert.aa.%u", c->seen + 1);
	else if (outcome == STORE_REFUSED)
		say(c, "refused %s", detail);
	look(c);
}

static void
make_next(struct contender *c)
{
	char name[64];

	c->making = true;
	snprintf(name, sizeof name, "cert.aa.%u", c->seen + 1);
	store_create(c->store, name, NULL, 0, str_of(c->name), on_made, c);
}

static void
see(struct contender *c)
{
	char name[64];

	for (snprintf(name, sizeof name, "cert.aa.%u", c->seen + 1); !c->making && store_find(c->store, name) != NULL;
	    snprintf(name, sizeof name, "cert.aa.%u", c->seen + 1))
		say(c, "sees cert.aa.%u", ++c->seen);
}

static void
look(struct contender *c)
{
	struct store_state st = store_state(c->store);
	bool held = store_lease_held(c->store);

	if (st.ready && !c->ready)
		say(c, "ready %u", vault_count(c->vault));
	c->ready = st.ready;
	if (st.why != c->why && st.why != NULL)
		say(c, "away %s %s", why_name(st.why), st.detail);
	else if (st.why != c->why)
		say(c, "back");
	c->why = st.why;
	see(c);
	if (held != c->held) {
		say(c, held ? "held" : "lost");
		c->held = held;
		if (held && !c->making)
			make_next(c);
	}
}

static void
on_change(void *arg)
{
	struct contender *c = arg;

	if (c->store != NULL)
		look(c);
}

/* ---- events of the Engine ---- */

static void
on_event(void *arg, enum engine_event e)
{
	(void)arg, (void)e;
}

static void
on_configs(void *arg)
{
	store_read(((struct contender *)arg)->store);
}

static void
on_events_ended(void *arg)
{
	(void)arg;
}

static void
tick(void *arg)
{
	struct contender *c = arg;

	if (!engine_events_is_open(c->events)) {
		engine_events_open(c->events);
		store_read(c->store);
	}
	timer_set(c->loop, &c->timer, loop_now(c->loop) + 500 * USEC_PER_MSEC, tick, c);
}

static void
on_signal(void *arg, uint32_t events)
{
	struct contender *c = arg;
	struct signalfd_siginfo s;

	(void)events;
	if (read(c->signals.fd, &s, sizeof s) != sizeof s)
		return;
	store_lease_want(c->store, s.ssi_signo == SIGUSR2);
	look(c);
}

static void
watch_signals(struct contender *c)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ASSERT(fd >= 0);
	loop_watch(c->loop, &c->signals, fd, LOOP_LEVEL, on_signal, c);
}

int
main(int argc, char **argv)
{
	struct contender c = { .name = argc > 1 ? argv[1] : "" };
	struct engine_conf ec = { .nendpoints = 1, .timeout_usec = 10 * USEC_PER_SEC };
	char endpoint[256], *endpoints[] = { endpoint };
	struct fetcher *f;

	if (argc < 3 || argc > 4 || (argc == 4 && !config_vault_prefix_is_valid(argv[3]))) {
		fprintf(stderr, "usage: contender NAME SOCKET [PREFIX]\n");
		return 2;
	}
	snprintf(endpoint, sizeof endpoint, "unix://%s", argv[2]);
	ec.endpoint = endpoints;
	log_setup(c.name, LOG_WARN, false);
	c.loop = loop_new();
	f = fetcher_new(c.loop);
	c.engine = engine_new(c.loop, f, &ec);
	c.seal = seal_new();
	if (seal_add(c.seal, STR(SECRET)) != NULL)
		BUG("the secret is refused");
	c.vault = config_vault_new(c.loop, c.seal, argc == 4 ? argv[3] : "contender");
	c.store = store_vault_new(c.loop, c.vault, true, on_change, &c);
	config_vault_engine(c.vault, c.engine);
	c.events = engine_events_new(c.loop, on_event, on_events_ended, &c);
	engine_events_on_configs(c.events, on_configs, &c);
	engine_events_use(c.events, c.engine);
	store_lease_want(c.store, true);
	watch_signals(&c);
	tick(&c);
	loop_run(c.loop);
	return 0;
}
