/*
 * What the parent opens, as only it may: the sockets of clients and of the admin API, and the file
 * of the access log.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "main/holder.h"
#include "main/parent_priv.h"
#include "main/upgrade.h"

#define ADMIN_PATIENCE		(1 * USEC_PER_SEC)
#define PATIENCE_MOST		(5 * USEC_PER_SEC)
#define LISTEN_PATIENCE		(10 * USEC_PER_SEC)

/* The brain of a parent that was killed a moment ago may not have left yet. */
static const struct why *
admin_listen(struct parent *p, const struct addr *a, int *fd)
{
	int64_t until = clock_mono_usec() + ADMIN_PATIENCE;
	const struct why *why;

	if ((*fd = upgrade_take(p, a)) >= 0)
		return NULL;
	while ((why = sock_listen(a, false, fd)) != NULL && errno == EADDRINUSE &&
	    clock_mono_usec() < until)
		usleep(20000);
	return why;
}

/* A configured group that does not exist must neither let others in nor lock everybody out. */
static bool
parent_own_socket(const struct conf *c)
{
	const struct group *g = c->admin_group == NULL ? NULL : getgrnam(c->admin_group);

	if (c->admin_group != NULL && g == NULL) {
		log_event(LOG_ERROR, "admin.no_group", "group", c->admin_group, "text",
		    "expected the name of a group of this machine", NULL);
		return false;
	}
	if (g != NULL && chown(c->admin_socket, (uid_t)-1, g->gr_gid) != 0) {
		log_event(LOG_ERROR, "admin.no_group", "group", c->admin_group, "path",
		    c->admin_socket, "error", strerror(errno), NULL);
		return false;
	}
	chmod(c->admin_socket, 0660);
	return true;
}

static bool
open_admin_tcp(struct parent *p)
{
	const struct addr *a = &p->conf->admin_addr;
	char text[ADDR_TEXT_MAX];

	if (a->len == 0 || p->admin_tcp >= 0 || admin_listen(p, a, &p->admin_tcp) == NULL)
		return true;
	log_event(LOG_ERROR, "admin.closed", "address", addr_text(a, text), "error", strerror(errno),
	    NULL);
	p->admin_tcp = -1;
	return false;
}

static bool
open_admin_unix(struct parent *p)
{
	const struct conf *c = p->conf;
	char path[ADDR_TEXT_MAX + 8];
	struct addr a;

	if (c->admin_socket == NULL)
		return true;
	snprintf(path, sizeof path, "unix:%s", c->admin_socket);
	if (p->admin_unix < 0 && (addr_parse(str_of(path), &a) != NULL ||
	    admin_listen(p, &a, &p->admin_unix) != NULL)) {
		/* a default path in a place that we may not write to is no reason not to balance */
		log_event(c->admin_socket_given ? LOG_ERROR : LOG_WARN, "admin.no_socket", "path",
		    c->admin_socket, "error", strerror(errno), NULL);
		p->admin_unix = -1;
		return !c->admin_socket_given;
	}
	return parent_own_socket(c);
}

/* Each for itself: people reach a Mola that runs by the one while the other cannot be had. */
bool
parent_open_admin(struct parent *p)
{
	bool tcp = open_admin_tcp(p), local = open_admin_unix(p);

	p->admin_due = !tcp || !local;
	return !p->admin_due;
}

void
parent_close_admin(struct parent *p)
{
	if (p->admin_tcp >= 0)
		close(p->admin_tcp);
	if (p->admin_unix >= 0)
		close(p->admin_unix);
	p->admin_tcp = p->admin_unix = -1;
}

bool
parent_open_access(struct parent *p)
{
	const char *path = p->conf->log_access_file;
	int fd = -1;

	if (path != NULL &&
	    (fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
	    0640)) < 0) {
		log_event(LOG_ERROR, "access.no_file", "path", path, "error", strerror(errno), NULL);
		return false;
	}
	if (p->access >= 0)
		close(p->access);
	p->access = fd;
	return true;
}

/* A listener of our own that is in the way of one more: any address, and one of them, on the same
 * port. */
static bool
is_own_in_the_way(const struct parent *p, const struct addr *a)
{
	for (unsigned i = 0; i < p->listeners.count; i++)
		if (holder_overlap(&p->listeners.one[i].addr, a))
			return true;
	return false;
}

bool
parent_may_listen(struct parent *p, const struct conf_listen *l)
{
	/* at the start, the workers of a predecessor that was killed a moment ago may not have
	 * let go yet */
	int64_t until = clock_mono_usec() + (p->table < 0 ? LISTEN_PATIENCE : 0);
	char text[ADDR_TEXT_MAX], by[HOLDER_TEXT];
	bool said = false;

	if (l->shared || upgrade_has(p, &l->addr) || is_own_in_the_way(p, &l->addr))
		return true;
	while (holder_is_there(&l->addr)) {
		if (clock_mono_usec() >= until) {
			log_event(LOG_ERROR, "listen.taken", "address", addr_text(&l->addr, text),
			    "error", strerror(EADDRINUSE), "by", holder_text(&l->addr, by),
			    "text", "stop it, or set shared: true for this address in listen "
			    "if both are to serve there", NULL);
			return false;
		}
		if (!said)
			log_event(LOG_INFO, "listen.waiting", "address",
			    addr_text(&l->addr, text), "by", holder_text(&l->addr, by), NULL);
		said = true;
		usleep(20000);
	}
	return true;
}

bool
parent_open_listener(struct parent *p, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (upgrade_has(p, a)) {
		struct listen_set *l = listeners_adopt(&p->listeners, a);
		for (unsigned w = 0; w < p->nworkers; w++)
			l->fd[w] = upgrade_take(p, a);
		log_event(LOG_INFO, "listen.kept", "address", addr_text(a, text), NULL);
		return true;
	}
	if (listeners_add(&p->listeners, a) == NULL) {
		log_event(LOG_INFO, "listen.open", "address", addr_text(a, text), NULL);
		return true;
	}
	log_event(LOG_ERROR, "listen.failed", "address", addr_text(a, text), "error",
	    strerror(errno), NULL);
	return false;
}

int64_t
parent_patience(const struct parent *p)
{
	bool another = p->upgrade.served;

	for (unsigned i = 0; i < p->conf->nlisten; i++)
		another |= p->conf->listen[i].shared;
	if (!another)
		return 0;
	return p->conf->stop_usec / 2 < PATIENCE_MOST ? p->conf->stop_usec / 2 : PATIENCE_MOST;
}

static bool
find_user(struct parent *p)
{
	if (getuid() != 0)
		return true;
	p->other_user = true;
	if (sandbox_user_find(p->conf->user, &p->user))
		return true;
	log_event(LOG_ERROR, "user.unknown", "user", p->conf->user, NULL);
	return false;
}

bool
parent_open(struct parent *p)
{
	for (unsigned i = 0; i < p->conf->nlisten; i++)		/* before any of ours can be in the way */
		if (!parent_may_listen(p, &p->conf->listen[i]))
			return false;
	for (unsigned i = 0; i < p->conf->nlisten; i++)
		if (!parent_open_listener(p, &p->conf->listen[i].addr))
			return false;
	if (!find_user(p) || !parent_open_access(p) || !parent_open_admin(p))
		return false;
	upgrade_close_rest(p);
	return true;
}
