/*
 * file_watch: when something may have happened to files. Events of the kernel (inotify) come for a
 * file, for the directory that it is in, and for those of each symbolic link on the way to it: what
 * renews files replaces links (certbot, Kubernetes, Docker's configs). An event only means that
 * all of them are to be looked at; where there are no events, as on network file systems, only a
 * look from time to time finds what has changed, and that is its owner's.
 */
#ifndef NET_FILE_WATCH_H
#define NET_FILE_WATCH_H

#include <sys/types.h>
#include <time.h>

#include "net/loop.h"

struct file_watch;

/* `changed`: something may have happened; it is called from the loop. */
struct file_watch	*file_watch_new(struct loop *, void (*changed)(void *), void *arg);
void			 file_watch_free(struct file_watch **);
/* Forgets all files; then each that is to be watched. One that is not there yet is found by its
 * directory. */
void			 file_watch_clear(struct file_watch *);
void			 file_watch_add(struct file_watch *, const char *path);

/* What tells one content of a file from the next without reading it. */
struct file_sign {
	bool		 there;
	dev_t		 dev;
	ino_t		 ino;
	off_t		 size;
	struct timespec	 changed, modified;
};

struct file_sign	 file_sign(const char *path);
bool			 file_sign_same(const struct file_sign *, const struct file_sign *);

#endif
