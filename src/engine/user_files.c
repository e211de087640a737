/*
 * Whoever can set labels can name any file: it is read only as users, nothing of it is shown, and
 * one that is no plain file, or large, is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/map.h"
#include "engine/user_files.h"
#include "net/file_watch.h"

#define BYTES_MOST	65536
#define FILES_MOST	256
#define LOOK_USEC	(2 * USEC_PER_SEC)

struct file {
	bool		 wanted;	/* in this pass */
	bool		 is_read;
	char		*text;		/* NULL: `problem` says why */
	const char	*problem;
	struct file_sign seen;
	char		 path[];
};

struct user_files {
	struct loop	*loop;
	struct map	*files;
	struct timer	 timer;
	void		(*changed)(void *);
	void		*arg;
};

struct user_files *
user_files_new(struct loop *l, void (*changed)(void *), void *arg)
{
	struct user_files *u = must_zalloc(sizeof *u);

	u->loop = l;
	u->files = map_new();
	u->changed = changed;
	u->arg = arg;
	return u;
}

/* ---- one file ---- */

static const char *
text_read(int fd, char **out)
{
	char *text = must_zalloc(BYTES_MOST + 1);
	size_t n = 0;
	ssize_t got;

	while (n < BYTES_MOST && (got = fd_read(fd, text + n, BYTES_MOST - n)) > 0)
		n += (size_t)got;
	if (n == BYTES_MOST || memchr(text, '\0', n) != NULL) {
		free(text);
		return n == BYTES_MOST ? "it is larger than 64 KiB" : "it is no text";
	}
	*out = text;
	return NULL;
}

static void
file_read(struct file *f)
{
	struct stat st;
	int fd;

	f->seen = file_sign(f->path);	/* before it is read: what changes meanwhile is seen next time */
	f->is_read = true;
	free(f->text);
	f->text = NULL;
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		f->problem = strerrordesc_np(errno);
		return;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		f->problem = "it is no file";
	else
		f->problem = text_read(fd, &f->text);
	close(fd);
}

/* ---- all of them ---- */

static void
look(void *arg)
{
	struct user_files *u = arg;
	bool changed = false;
	struct str path;
	void *value;
	size_t at = 0;

	while (map_next(u->files, &at, &path, &value)) {
		struct file *f = value;
		struct file_sign now = file_sign(f->path);
		if (!file_sign_same(&now, &f->seen)) {
			f->is_read = false;
			changed = true;
		}
	}
	timer_set(u->loop, &u->timer, loop_now(u->loop) + LOOK_USEC, look, u);
	if (changed)
		u->changed(u->arg);
}

void
user_files_begin(struct user_files *u)
{
	struct str path;
	void *value;
	size_t at = 0;

	while (map_next(u->files, &at, &path, &value))
		((struct file *)value)->wanted = false;
}

static void
forget(struct user_files *u, bool all)
{
	struct file *f;
	struct str path;
	void *value;
	size_t at = 0;

	while (map_next(u->files, &at, &path, &value)) {
		f = value;
		if (f->wanted && !all)
			continue;
		(void)map_remove(u->files, str_of(f->path));
		free(f->text);
		free(f);
		at = 0;		/* the map is another one now */
	}
}

void
user_files_end(struct user_files *u)
{
	forget(u, false);
	if (map_count(u->files) == 0)
		timer_clear(u->loop, &u->timer);
	else
		timer_set(u->loop, &u->timer, loop_now(u->loop) + LOOK_USEC, look, u);
}

const char *
user_files_read(void *files, const char *path, const char **problem)
{
	struct user_files *u = files;
	struct file *f = map_get(u->files, str_of(path));

	if (f == NULL) {
		*problem = "there are too many files of users";
		if (map_count(u->files) >= FILES_MOST)
			return NULL;
		f = must_zalloc(sizeof *f + strlen(path) + 1);
		strcpy(f->path, path);
		map_put(u->files, str_of(path), f);
	}
	f->wanted = true;
	if (!f->is_read)
		file_read(f);
	*problem = f->problem;
	return f->text;
}

void
user_files_free(struct user_files **up)
{
	struct user_files *u = *up;

	*up = NULL;
	if (u == NULL)
		return;
	forget(u, true);
	timer_clear(u->loop, &u->timer);
	map_free(&u->files);
	free(u);
}
