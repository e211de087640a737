/*
 * upgrade_successor: the Mola that takes over: it finds what was left to it, has it until it is its
 * own or of no use, and says when it serves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "main/upgrade_priv.h"
#include "net/sock.h"

static bool
number_take(char **at, int *out)
{
	char *end;
	long n = strtol(*at, &end, 10);

	if (end == *at || (*end != ' ' && *end != '\0') || n < -1 || n > 1 << 20)
		return false;
	*at = end;
	*out = (int)n;
	return n < 0 || fcntl((int)n, F_SETFD, FD_CLOEXEC) == 0;
}

static bool
handed_read(struct upgrade *u, char *text, unsigned *workers)
{
	char *at = text;
	long n = strtol(at, &at, 10);

	if (n < 1 || n > WORKERS_MAX || !number_take(&at, &u->tell) || u->tell < 0 ||
	    !number_take(&at, &u->table) || !number_take(&at, &u->secrets))
		return false;
	*workers = (unsigned)n;
	while (*at != '\0') {
		struct inherited *s = &u->socket[u->nsockets];
		if (u->nsockets == UPGRADE_SOCKETS || !number_take(&at, &s->fd))
			return false;
		s->addr.len = sizeof s->addr.sa;
		if (s->fd >= 0 && getsockname(s->fd, &s->addr.sa.any, &s->addr.len) != 0)
			return false;
		u->nsockets += s->fd >= 0;
	}
	return true;
}

bool
upgrade_inherit(struct parent *p, struct conf *c)
{
	char *text = getenv(HANDED), *state = getenv(HANDED_STATE);
	unsigned workers = c->workers;
	bool good;

	p->upgrade.tell = p->upgrade.table = p->upgrade.secrets = p->upgrade.handover = -1;
	p->upgrade.ready.fd = p->upgrade.before.fd = -1;
	if (text == NULL)
		return true;
	p->upgrade.socket = must_zalloc(UPGRADE_SOCKETS * sizeof *p->upgrade.socket);
	good = handed_read(&p->upgrade, text, &workers);
	if (!good)
		log_event(LOG_ERROR, "start.failed", "reason", HANDED " in the environment is not what the "
		    "Mola before this one passes on", NULL);
	else if (workers != c->workers)
		log_event(LOG_WARN, "reload.later", "key", "workers", "takes_effect",
		    "at the next start that is no upgrade", NULL);
	unsetenv(HANDED);
	if (good && state != NULL && !number_take(&state, &p->upgrade.handover))
		p->upgrade.handover = -1;
	unsetenv(HANDED_STATE);
	c->workers = workers;		/* a queue of connections belongs to each */
	return good;
}

static struct inherited *
find(struct upgrade *u, const struct addr *a)
{
	for (unsigned i = 0; i < u->nsockets; i++)
		if (u->socket[i].fd >= 0 && addr_eq(&u->socket[i].addr, a))
			return &u->socket[i];
	return NULL;
}

bool
upgrade_has(struct parent *p, const struct addr *a)
{
	return find(&p->upgrade, a) != NULL;
}

int
upgrade_take(struct parent *p, const struct addr *a)
{
	struct inherited *s = find(&p->upgrade, a);
	int fd = s == NULL ? -1 : s->fd;

	if (s != NULL)
		s->fd = -1;
	return fd;
}

void
upgrade_close_rest(struct parent *p)
{
	struct upgrade *u = &p->upgrade;

	for (unsigned i = 0; i < u->nsockets; i++)
		if (u->socket[i].fd >= 0) {
			close(u->socket[i].fd);
			u->socket[i].fd = -1;
		}
	free(u->socket);
	u->socket = NULL;
	u->nsockets = 0;
}

void
upgrade_shed(struct parent *p)
{
	struct upgrade *u = &p->upgrade;

	if (u->ready.fd >= 0)
		close(u->ready.fd);
	if (u->before.fd >= 0)
		close(u->before.fd);
	fd_close(&u->tell);
}

bool
upgrade_is_on_trial(const struct parent *p)
{
	return p->upgrade.tell >= 0;
}

/* A brain that is not there begins with it. */
static void
counts_pass(struct parent *p, int fd)
{
	struct channel_msg m = { .kind = CHANNEL_COUNTS };

	if (p->brain.pid != 0 && channel_send(&p->brain.channel, &m, fd)) {
		close(fd);
		return;
	}
	fd_close(&p->upgrade.handover);
	p->upgrade.handover = fd;
	p->upgrade.counts_only = true;
}

/* The Mola before this one has ended. */
static void
on_before(void *arg, uint32_t events)
{
	struct parent *p = arg;
	char byte;
	int fd;

	(void)events;
	if (sock_recv_fd(p->upgrade.before.fd, &byte, 1, &fd) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	upgrade_before_close(p);
	if (fd >= 0)
		counts_pass(p, fd);
}

int
upgrade_table(const struct parent *p)
{
	return p->upgrade.table < 0 ? -1 : fcntl(p->upgrade.table, F_DUPFD_CLOEXEC, 0);
}

void
upgrade_taken(struct parent *p)
{
	fd_close(&p->upgrade.handover);
}

void
upgrade_serves(struct parent *p)
{
	struct upgrade *u = &p->upgrade;

	if (u->tell < 0 || p->table < 0 || p->unready > 0 || p->stopping)
		return;
	/* the kernel tells clients of that socket who listened last: `mola upgrade` reads it */
	if (p->admin_unix >= 0)
		listen(p->admin_unix, SOMAXCONN);
	if (!fd_write(u->tell, STR("r")))
		log_event(LOG_WARN, "upgrade.unsaid", "error", strerror(errno), NULL);
	loop_watch(p->loop, &u->before, u->tell, LOOP_LEVEL, on_before, p);
	u->tell = -1;
	fd_close(&u->table);
	fd_close(&u->secrets);
}
