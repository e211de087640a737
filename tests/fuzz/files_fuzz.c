/*
 * Files and folders as others leave them, while Mola reads them: those of Traefik's file provider, and those of users that labels name. An input is
 * a script of parts with a line of "----" between them; the first line of each says what happens in a folder of its own:
 *	w NAME	this file has what follows;	a NAME	it has that, too;	x NAME	it is gone, or the folder
 *	d NAME	a folder;	l NAME	a link to what follows;	f NAME	a FIFO
 *	b NAME	a file that is large
 *	p NAME...	these are the paths that the configuration has
 *	u NAME...	a pass wants these files of users
 *	tN	N tenths of a second pass
 * What is in the list has a path and either lines or a problem; what is read of users is text, or has a problem; nothing is changed by reading.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "base/log.h"
#include "discovery/swarm.h"
#include "engine/traefik_files.h"
#include "engine/user_files.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define PATHS	8
#define MADE	64		/* files and folders of an input */

static struct loop *l;
static char folder[64];
static struct traefik_files *t;
static struct user_files *u;
static bool wants_pass;
static unsigned made;

/* ---- the folder ---- */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	remove(path);
	return 0;
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A name of letters, dots and slashes, that leads nowhere else. */
static bool
path_of(struct str name, char path[300])
{
	if (name.len > 200 || memmem(name.p, name.len, "..", 2) != NULL)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-/", name.p[i]) == NULL || name.p[i] == '\0')
			return false;
	snprintf(path, 300, "%s/%.*s", folder, STR_ARG(name));
	return true;
}

static void
file_write(const char *path, struct str text, int how)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOFOLLOW | how, 0600);

	if (fd < 0)
		return;
	(void)!write(fd, text.p, text.len);
	close(fd);
}

static void
change(char verb, struct str name, struct str text)
{
	char path[300], to[300];
	int fd;

	if (!path_of(name, path) || ++made > MADE)
		return;
	switch (verb) {
	case 'w': file_write(path, text, O_TRUNC); break;
	case 'a': file_write(path, text, O_APPEND); break;
	case 'x': if (name.len > 0) remove_tree(path); break;
	case 'd': mkdir(path, 0700); break;
	case 'f': (void)!mkfifo(path, 0600); break;
	case 'l':
		if (path_of(str_trim(text), to))
			(void)!symlink(to, path);
		break;
	default:
		if ((fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600)) >= 0) {
			(void)!ftruncate(fd, 2 << 20);
			close(fd);
		}
	}
}

/* ---- the readers ---- */

static void
on_change(void *arg)
{
	(void)arg;
	wants_pass = true;
}

static void
list_check(void)
{
	const struct swarm_file *all;
	unsigned n;

	all = traefik_files_all(t, &n);
	for (unsigned i = 0; i < n; i++) {
		ASSERT(strncmp(all[i].path, folder, strlen(folder)) == 0);
		ASSERT(all[i].lines != NULL || all[i].problem != NULL);
		for (unsigned k = 0; k < i; k++)
			ASSERT(strcmp(all[i].path, all[k].path) != 0);
	}
}

static void
paths_are(struct str names)
{
	char path[PATHS][300], *list[PATHS];
	struct str word;
	unsigned n = 0;

	while (n < PATHS && str_split(&names, ' ', &word))
		if (path_of(word, path[n])) {
			list[n] = path[n];
			n++;
		}
	traefik_files_reconf(t, list, n);
}

static void
users_read(struct str names)
{
	const char *problem, *text;
	struct str word;
	char path[300];

	wants_pass = false;
	user_files_begin(u);
	while (str_split(&names, ' ', &word))
		if (path_of(word, path)) {
			text = user_files_read(u, path, &problem);
			ASSERT(text != NULL || (problem != NULL && problem[0] != '\0'));
			ASSERT(text == NULL || strlen(text) < 65536);
		}
	user_files_end(u);
}

static void
time_passes(unsigned tenths)
{
	for (unsigned i = 0; i < tenths; i++) {
		now_usec += USEC_PER_SEC / 10;
		loop_turn(l, 0);
		list_check();
	}
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
	case 'w': case 'a': case 'x': case 'd': case 'l': case 'f': case 'b': change(verb, line, part); break;
	case 'p': paths_are(line); break;
	case 'u': users_read(line); break;
	case 't': time_passes(n % 150); break;
	}
	list_check();
}

/* Those who read once, as `mola check` does, have no loop and no watch. */
static void
read_once(void)
{
	struct traefik_files *once = traefik_files_new(l, NULL, NULL);
	char *list[] = { folder };
	const struct swarm_file *all;
	unsigned n;

	traefik_files_reconf(once, list, 1);
	all = traefik_files_all(once, &n);
	for (unsigned i = 0; i < n; i++)
		ASSERT(all[i].lines != NULL || all[i].problem != NULL);
	traefik_files_free(&once);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, part;

	if (l == NULL) {
		log_setup("fuzz", (enum log_level)(LOG_ERROR + 1), false);	/* nothing */
		l = loop_new();
		snprintf(folder, sizeof folder, "/tmp/mola-fuzz-%d-files", (int)getpid());
	}
	made = 0;
	remove_tree(folder);
	ASSERT(mkdir(folder, 0700) == 0);
	t = traefik_files_new(l, on_change, NULL);
	u = user_files_new(l, on_change, NULL);
	while (talk_part(&rest, &part))
		step(part);
	time_passes(25);
	read_once();
	user_files_free(&u);
	traefik_files_free(&t);
	loop_turn(l, 0);
	remove_tree(folder);
	return 0;
}
