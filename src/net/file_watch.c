/*
 * file_watch: one descriptor of the kernel's for all files of one owner. It is closed and made
 * again when they are others, as links may lead elsewhere by then.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/file_watch.h"

#define IN_DIRECTORY	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | \
			    IN_ATTRIB)
#define IN_FILE		(IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct file_watch {
	struct loop	*loop;
	struct io	 io;		/* fd -1: there are no events */
	void		(*changed)(void *);
	void		*arg;
};

struct file_watch *
file_watch_new(struct loop *l, void (*changed)(void *), void *arg)
{
	struct file_watch *w = must_zalloc(sizeof *w);

	w->loop = l;
	w->io.fd = -1;
	w->changed = changed;
	w->arg = arg;
	return w;
}

static void
events_close(struct file_watch *w)
{
	int fd = w->io.fd;

	if (fd < 0)
		return;
	loop_unwatch(w->loop, &w->io);
	close(fd);
	w->io.fd = -1;
}

void
file_watch_free(struct file_watch **wp)
{
	struct file_watch *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	events_close(w);
	free(w);
}

static void
on_event(void *arg, uint32_t events)
{
	struct file_watch *w = arg;
	char buf[4096] __attribute__((aligned(8)));
	bool any = false;

	(void)events;
	while (read(w->io.fd, buf, sizeof buf) > 0)
		any = true;
	if (any)
		w->changed(w->arg);
}

void
file_watch_clear(struct file_watch *w)
{
	int fd;

	events_close(w);
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd >= 0)
		loop_watch(w->loop, &w->io, fd, LOOP_LEVEL, on_event, w);
}

/* ---- paths ---- */

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

/* All that is between the root and the file. */
void
file_watch_add(struct file_watch *w, const char *path)
{
	int fd = w->io.fd;
	char part[PATH_MAX], *real;
	struct stat st;
	size_t len = strlen(path);

	if (fd < 0)
		return;
	inotify_add_watch(fd, path, stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? IN_DIRECTORY :
	    IN_FILE);
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

/* ---- contents ---- */

struct file_sign
file_sign(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct file_sign){ .there = false };
	return (struct file_sign){ true, st.st_dev, st.st_ino, st.st_size, st.st_ctim, st.st_mtim };
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
file_sign_same(const struct file_sign *a, const struct file_sign *b)
{
	if (!a->there || !b->there)
		return a->there == b->there;
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    same_time(&a->changed, &b->changed) && same_time(&a->modified, &b->modified);
}
