/*
 * certs_watch: when something may have happened to a file. Events of the kernel (inotify) come for
 * the file, for the directory that it is in, and for those of each symbolic link on the way to it,
 * as what renews certificates replaces links (certbot, Kubernetes). An event only means that all
 * files are looked at soon; a look every ten seconds finds what had none, as on network file
 * systems.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "certs/certs_priv.h"

#define SETTLE_USEC	(100 * USEC_PER_MSEC)	/* a certificate and its key are two writes */
#define AGAIN_USEC	(1 * USEC_PER_SEC)	/* before a failure counts: the second write may be to come */
#define POLL_USEC	(10 * USEC_PER_SEC)
#define MINUTE_USEC	(60 * USEC_PER_SEC)
#define ASKED_USEC	(50 * USEC_PER_MSEC)

#define IN_DIRECTORY	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | \
			    IN_ATTRIB)
#define IN_FILE		(IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct watcher {
	struct io	 io;		/* fd -1: there are no events, and looks must do */
};

static void	look(void *arg);

static void
look_by(struct certs *c, int64_t usec)
{
	int64_t at = loop_now(c->loop) + usec;

	if (c->look.node.at == 0 || c->look.deadline > at)
		timer_set(c->loop, &c->look, at, look, c);
}

/* ---- events ---- */

static void
on_event(void *arg, uint32_t events)
{
	struct certs *c = arg;
	char buf[4096] __attribute__((aligned(8)));
	bool any = false;

	(void)events;
	while (read(c->watcher->io.fd, buf, sizeof buf) > 0)
		any = true;
	if (any)
		look_by(c, SETTLE_USEC);
}

static void
watch_directory_of(int fd, const char *path, size_t len)
{
	char dir[PATH_MAX];

	while (len > 1 && path[len - 1] != '/')
		len--;
	if (len >= sizeof dir)
		return;
	memcpy(dir, path, len);
	dir[len] = '\0';
	inotify_add_watch(fd, dir, IN_DIRECTORY);
}

/* All that is between the root and the file. What is not there yet is found by a look. */
static void
watch_path(int fd, const char *path)
{
	char part[PATH_MAX], *real;
	struct stat st;
	size_t len = strlen(path);

	inotify_add_watch(fd, path, IN_FILE);
	watch_directory_of(fd, path, len);
	if ((real = realpath(path, NULL)) != NULL)
		watch_directory_of(fd, real, strlen(real));
	free(real);
	for (size_t i = 1; i < len && i < sizeof part - 1; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
			watch_directory_of(fd, part, i);
	}
}

static void
events_close(struct certs *c)
{
	int fd = c->watcher->io.fd;

	if (fd < 0)
		return;
	loop_unwatch(c->loop, &c->watcher->io);
	close(fd);
	c->watcher->io.fd = -1;
}

void
watch_again(struct certs *c)
{
	const struct item *i;
	int fd;

	events_close(c);
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return;		/* looks find it all, a few seconds later */
	loop_watch(c->loop, &c->watcher->io, fd, LOOP_LEVEL, on_event, c);
	TAILQ_FOREACH(i, &c->items, link) {
		if (i->file != NULL)
			watch_path(fd, i->file);
		if (i->key_file != NULL)
			watch_path(fd, i->key_file);
	}
}

/* ---- looks ---- */

static bool
is_changed(const struct item *i)
{
	struct file_sign file = file_sign(i->file);
	struct file_sign key = i->key_file != NULL ? file_sign(i->key_file) : (struct file_sign){ 0 };

	return !file_sign_same(&file, &i->sign[0]) || !file_sign_same(&key, &i->sign[1]);
}

/* A first failure may be the middle of a change, so it is looked at again before it is reported. */
static bool
is_due_again(const struct certs *c, const struct item *i)
{
	return i->unsettled && loop_now(c->loop) - i->failed_usec >= AGAIN_USEC;
}

static void
look(void *arg)
{
	struct certs *c = arg;
	bool read = false, any = false;
	struct item *i;

	timer_set(c->loop, &c->look, loop_now(c->loop) + POLL_USEC, look, c);
	TAILQ_FOREACH(i, &c->items, link) {
		bool again;

		if (i->file == NULL)
			continue;
		again = is_due_again(c, i);
		if (!again && !is_changed(i))
			continue;
		any |= is_changed(i);
		item_read(c, i, again);
		read = true;
		if (i->unsettled)
			look_by(c, AGAIN_USEC);
	}
	if (read)
		states_report(c, clock_wall_usec() / USEC_PER_SEC);
	if (any)
		watch_again(c);		/* links lead elsewhere now */
}

/* ---- time ---- */

static void
on_minute(void *arg)
{
	struct certs *c = arg;

	timer_set(c->loop, &c->minute, loop_now(c->loop) + MINUTE_USEC, on_minute, c);
	if (tickets_turn(&c->tickets, clock_wall_usec())) {
		log_event(LOG_INFO, "tickets.rotated", "text", "session tickets have a new key", NULL);
		certs_touch(c);
	}
	states_report(c, clock_wall_usec() / USEC_PER_SEC);
}

/* Workers write a number that is read here: nothing else of theirs reaches the brain. */
static void
on_asked(void *arg)
{
	struct certs *c = arg;
	uint32_t asked = live_challenges_asked(c->live);

	timer_set(c->loop, &c->asked, loop_now(c->loop) + ASKED_USEC, on_asked, c);
	if (asked == c->asked_seen)
		return;
	c->asked_seen = asked;
	if (c->source != NULL && c->source->asked != NULL)
		c->source->asked(c->source->arg);
}

void
watch_asked(struct certs *c)
{
	timer_clear(c->loop, &c->asked);
	c->asked_seen = live_challenges_asked(c->live);
	if (c->source != NULL && c->source->asked != NULL)
		timer_set(c->loop, &c->asked, loop_now(c->loop) + ASKED_USEC, on_asked, c);
}

void
watch_start(struct certs *c)
{
	c->watcher = must_zalloc(sizeof *c->watcher);
	c->watcher->io.fd = -1;
	timer_set(c->loop, &c->minute, loop_now(c->loop) + MINUTE_USEC, on_minute, c);
	timer_set(c->loop, &c->look, loop_now(c->loop) + POLL_USEC, look, c);
}

void
watch_stop(struct certs *c)
{
	events_close(c);
	timer_clear(c->loop, &c->minute);
	timer_clear(c->loop, &c->look);
	timer_clear(c->loop, &c->asked);
	free(c->watcher);
	c->watcher = NULL;
}
