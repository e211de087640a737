/*
 * traefik_files: a list of paths is followed to files, in Traefik's order: those of a directory by
 * name, with those of directories in it where these are. Any event leads to a look at all of them
 * a moment later; without events there is one every ten seconds.
 *
 * A file of which a part is written may be valid, and lack the middlewares of a router. So what has
 * changed is taken when it has not changed for a second, and so is that a file is gone: programs
 * may remove one to write it anew. Until then all stays as it was; where nothing was, as at a
 * start, the file is one that could not be read.
 * Must not know what is in a file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "conf/traefik_file.h"
#include "engine/traefik_files.h"
#include "net/file_watch.h"

#define SETTLE_USEC	(100 * USEC_PER_MSEC)	/* a change may be several events */
#define QUIET_USEC	(1 * USEC_PER_SEC)	/* and several writes */
#define POLL_USEC	(10 * USEC_PER_SEC)
#define FILES_MOST	256
#define DEPTH_MOST	8

struct file {
	char		*path;
	unsigned	 from;		/* which of the configured paths led to it */
	struct file_sign sign;		/* as last read */
	struct file_sign seen;		/* as last seen, */
	int64_t		 seen_usec;	/* and since when; 0: it has not changed since it was read */
	char		*lines, *problem;	/* as in struct swarm_file */
	bool		 hidden;	/* it came a moment ago, and is not read yet */
	int64_t		 gone_usec;	/* since when it is not there; 0: it is */
};

struct traefik_files {
	struct loop	*loop;
	void		(*changed)(void *);
	void		*arg;
	struct file_watch *watch;	/* NULL: they are not watched */
	struct timer	 look;
	char		**path;		/* as configured */
	unsigned	 npaths;
	struct file	*file, *old;	/* old: those of the look before */
	unsigned	 nfiles, nold;
	struct swarm_file *all;
	unsigned	 nall;
	bool		 different;	/* what was found in this look */
	bool		 first;		/* of these paths */
	bool		 waits;		/* something has changed a moment ago */
};

struct traefik_files *
traefik_files_new(struct loop *l, void (*changed)(void *), void *arg)
{
	struct traefik_files *t = must_zalloc(sizeof *t);

	t->loop = l;
	t->changed = changed;
	t->arg = arg;
	return t;
}

/* ---- one file ---- */

static void
file_clear(struct file *f)
{
	free(f->path);
	free(f->lines);
	free(f->problem);
	*f = (struct file){ .path = NULL };
}

static void
set_problem(struct traefik_files *t, struct file *f, const char *problem)
{
	if (f->problem != NULL && strcmp(f->problem, problem) == 0)
		return;
	free(f->problem);
	f->problem = must_strdup(problem);
	t->different = true;
	if (t->watch != NULL)
		log_event(LOG_ERROR, "traefik_file.refused", "file", f->path, "text", problem, "kept",
		    f->lines != NULL ? "what was read of it before" :
		    "nothing: routers of Traefik's are not served",
		    NULL);
}

static void
set_lines(struct traefik_files *t, struct file *f, const struct buf *lines)
{
	bool same = f->problem == NULL && f->lines != NULL && strlen(f->lines) == lines->len &&
	    (lines->len == 0 || memcmp(f->lines, lines->p, lines->len) == 0);

	if (same)
		return;
	free(f->problem);
	free(f->lines);
	f->problem = NULL;
	f->lines = str_dup(buf_str(lines));
	t->different = true;
	if (t->watch != NULL)
		log_event(LOG_INFO, "traefik_file.read", "file", f->path, NULL);
}

/* NULL: `text` has all of it. */
static const char *
text_read(const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *problem = NULL;
	struct stat st;

	if (fd < 0)
		return strerrordesc_np(errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		problem = "it is no file";
	else if (!fd_read_all(fd, text))
		problem = errno == EFBIG ? "it is larger than 1 MiB" : strerrordesc_np(errno);
	close(fd);
	return problem;
}

static bool
is_as(const struct file *f, const struct file_sign *sign)
{
	struct file_sign now = file_sign(f->path);

	return file_sign_same(&now, sign);
}

/* It is looked at again, and read when it does not change any more. */
static void
file_wait(struct traefik_files *t, struct file *f)
{
	t->waits = true;
	f->sign = (struct file_sign){ .there = false };
	if (f->lines != NULL || f->problem != NULL)
		return;
	f->hidden = !t->first;
	if (f->hidden)
		return;
	f->problem = must_strdup("it is being written");
	t->different = true;
}

static void
file_read(struct traefik_files *t, struct file *f)
{
	char problem[TRAEFIK_FILE_PROBLEM];
	struct buf text, lines;
	const char *why;

	f->sign = file_sign(f->path);
	f->seen_usec = 0;
	f->hidden = false;
	buf_init(&text, TRAEFIK_FILE_MAX);
	buf_init(&lines, TRAEFIK_LINES_MAX);
	why = text_read(f->path, &text);
	if (!is_as(f, &f->sign) && t->watch != NULL)
		file_wait(t, f);
	else if (why != NULL)
		set_problem(t, f, why);
	else if (!traefik_file_read(str_of(f->path), buf_str(&text), &lines, problem))
		set_problem(t, f, problem);
	else
		set_lines(t, f, &lines);
	buf_fini(&text);
	buf_fini(&lines);
}

/* By the file's own time, or, where that is of another clock, by ours. */
static bool
is_quiet(const struct traefik_files *t, struct file *f, const struct file_sign *now)
{
	int64_t modified = now->modified.tv_sec * USEC_PER_SEC + now->modified.tv_nsec / 1000;

	if (t->watch == NULL || !now->there || modified + QUIET_USEC <= clock_wall_usec())
		return true;
	if (f->seen_usec != 0 && file_sign_same(now, &f->seen))
		return loop_now(t->loop) >= f->seen_usec + QUIET_USEC;
	f->seen = *now;
	f->seen_usec = loop_now(t->loop);
	return false;
}

/* ---- a look at all of them ---- */

/* As it was at the last look. */
static struct file *
old_find(struct traefik_files *t, const char *path)
{
	for (unsigned i = 0; i < t->nold; i++)
		if (t->old[i].path != NULL && strcmp(t->old[i].path, path) == 0)
			return &t->old[i];
	return NULL;
}

static struct file *
file_add(struct traefik_files *t, const char *path, unsigned from)
{
	struct file *old = old_find(t, path), *f;

	for (unsigned i = 0; i < t->nfiles; i++)
		if (strcmp(t->file[i].path, path) == 0)
			return NULL;		/* two paths lead to it */
	t->file = must_realloc(t->file, (t->nfiles + 1) * sizeof *t->file);
	f = &t->file[t->nfiles++];
	*f = (struct file){ .path = NULL };
	if (old != NULL) {
		*f = *old;
		*old = (struct file){ .path = NULL };
	} else
		f->path = must_strdup(path);
	f->from = from;
	f->gone_usec = 0;
	if (t->watch != NULL)
		file_watch_add(t->watch, path);
	return f;
}

static void
look_at(struct traefik_files *t, const char *path, unsigned from)
{
	struct file *f = file_add(t, path, from);
	struct file_sign now = file_sign(path);

	if (f == NULL || (file_sign_same(&now, &f->sign) && (f->lines != NULL || f->problem != NULL) &&
	    now.there))
		return;
	if (is_quiet(t, f, &now))
		file_read(t, f);
	else
		file_wait(t, f);
}

/* What cannot be listed is as a file that cannot be read, and its files stay. */
static void
keep_those_of(struct traefik_files *t, const char *path, unsigned from, const char *problem)
{
	struct file *f = file_add(t, path, from);

	if (f != NULL)
		set_problem(t, f, problem);
	for (unsigned i = 0; i < t->nold; i++)
		if (t->old[i].path != NULL && t->old[i].from == from)
			file_add(t, t->old[i].path, from);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
is_directory(const char *path, bool follow)
{
	struct stat st;

	return (follow ? stat(path, &st) : lstat(path, &st)) == 0 && S_ISDIR(st.st_mode);
}

/* Recursion is as deep as DEPTH_MOST at most. */
static void
look_into(struct traefik_files *t, const char *path, unsigned from, unsigned depth)
{
	struct dirent **entry;
	char inner[PATH_MAX];
	int n = scandir(path, &entry, NULL, by_name);

	if (t->watch != NULL)
		file_watch_add(t->watch, path);
	if (n < 0 || depth == DEPTH_MOST) {
		keep_those_of(t, path, from, n < 0 ? strerrordesc_np(errno) : "directories are too deep");
		n = n < 0 ? 0 : n;
	}
	for (int i = 0; i < n; free(entry[i++])) {
		const char *name = entry[i]->d_name;
		if (depth == DEPTH_MOST || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    snprintf(inner, sizeof inner, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
		    name) >= (int)sizeof inner)
			continue;
		if (is_directory(inner, false))
			look_into(t, inner, from, depth + 1);
		else if (traefik_file_is_one(str_of(name)) && t->nfiles < FILES_MOST)
			look_at(t, inner, from);
		else if (traefik_file_is_one(str_of(name)))
			keep_those_of(t, path, from, "it has too many files");
	}
	if (n > 0)
		free(entry);
}

static void
make_list(struct traefik_files *t)
{
	free(t->all);
	t->all = must_zalloc((t->nfiles + 1) * sizeof *t->all);
	t->nall = 0;
	for (unsigned i = 0; i < t->nfiles; i++)
		if (!t->file[i].hidden)
			t->all[t->nall++] = (struct swarm_file){ t->file[i].path, t->file[i].lines,
			    t->file[i].problem };
}

/* In the order of looks: a folder's files before what begins with its name. */
static bool
stands_before(const struct file *a, const struct file *b)
{
	const char *x = a->path, *y = b->path;

	if (a->from != b->from)
		return a->from < b->from;
	for (; *x == *y && *x != '\0'; x++, y++)
		;
	return *y != '\0' && (*x == '\0' || *x == '/' ||
	    (*y != '/' && (unsigned char)*x < (unsigned char)*y));
}

static void
file_keep(struct traefik_files *t, struct file *old)
{
	unsigned at = 0;

	t->file = must_realloc(t->file, (t->nfiles + 1) * sizeof *t->file);
	while (at < t->nfiles && stands_before(&t->file[at], old))
		at++;
	memmove(&t->file[at + 1], &t->file[at], (t->nfiles - at) * sizeof *t->file);
	t->file[at] = *old;
	*old = (struct file){ .path = NULL };
	t->nfiles++;
	t->waits = true;
}

/* Those that a path no longer leads to: they may be back in a moment. */
static void
drop_old(struct traefik_files *t, bool keep)
{
	int64_t now = keep ? loop_now(t->loop) : 0;	/* who reads them once has no loop */

	for (unsigned i = 0; i < t->nold; i++) {
		struct file *f = &t->old[i];
		if (keep && f->path != NULL && f->gone_usec == 0)
			f->gone_usec = now;
		if (f->path != NULL && keep && !f->hidden && now < f->gone_usec + QUIET_USEC) {
			file_keep(t, f);
			continue;
		}
		t->different |= f->path != NULL && !f->hidden;
		file_clear(f);
	}
	free(t->old);
	t->old = NULL;
	t->nold = 0;
}

static void
look(struct traefik_files *t)
{
	t->old = t->file;
	t->nold = t->nfiles;
	t->file = NULL;
	t->nfiles = 0;
	t->different = t->waits = false;
	if (t->watch != NULL)
		file_watch_clear(t->watch);
	for (unsigned i = 0; i < t->npaths; i++)
		if (is_directory(t->path[i], true))
			look_into(t, t->path[i], i, 0);
		else
			look_at(t, t->path[i], i);
	drop_old(t, !t->first && t->watch != NULL);
	make_list(t);
}

static void	on_time(void *arg);

static void
look_later(struct traefik_files *t)
{
	timer_set(t->loop, &t->look, loop_now(t->loop) + (t->waits ? QUIET_USEC : POLL_USEC), on_time,
	    t);
}

static void
on_time(void *arg)
{
	struct traefik_files *t = arg;

	look(t);
	look_later(t);
	if (t->different)
		t->changed(t->arg);
}

/* An event may bring the next look forward, and never puts it off: they may come without an end,
 * of other files in the same directory. */
static void
on_event(void *arg)
{
	struct traefik_files *t = arg;
	int64_t at = loop_now(t->loop) + SETTLE_USEC;

	if (t->look.node.at == 0 || t->look.deadline > at)
		timer_set(t->loop, &t->look, at, on_time, t);
}

/* ---- which they are ---- */

static void
drop_paths(struct traefik_files *t)
{
	while (t->npaths > 0)
		free(t->path[--t->npaths]);
	free(t->path);
	t->path = NULL;
}

static bool
same_paths(const struct traefik_files *t, char *const *path, unsigned n)
{
	bool same = n == t->npaths;

	for (unsigned i = 0; i < n && same; i++)
		same = strcmp(path[i], t->path[i]) == 0;
	return same;
}

void
traefik_files_reconf(struct traefik_files *t, char *const *path, unsigned n)
{
	t->first = !same_paths(t, path, n);
	drop_paths(t);
	t->path = must_zalloc((n + 1) * sizeof *t->path);
	for (unsigned i = 0; i < n; i++)
		t->path[t->npaths++] = must_strdup(path[i]);
	if (n > 0 && t->watch == NULL && t->changed != NULL)
		t->watch = file_watch_new(t->loop, on_event, t);
	else if (n == 0)
		file_watch_free(&t->watch);
	look(t);
	t->first = false;
	if (t->watch != NULL)
		look_later(t);
	else
		timer_clear(t->loop, &t->look);
}

const struct swarm_file *
traefik_files_all(const struct traefik_files *t, unsigned *n)
{
	*n = t->nall;
	return t->all;
}

void
traefik_files_free(struct traefik_files **tp)
{
	struct traefik_files *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	timer_clear(t->loop, &t->look);
	file_watch_free(&t->watch);
	drop_paths(t);
	t->old = t->file;
	t->nold = t->nfiles;
	drop_old(t, false);
	free(t->all);
	free(t);
}
