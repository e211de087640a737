/*
 * traefik_files: the files of Traefik's file provider that swarm.traefik.files has: read at once,
 * and again when they change. One that cannot be used leaves what was read of it before.
 */
#ifndef ENGINE_TRAEFIK_FILES_H
#define ENGINE_TRAEFIK_FILES_H

#include "discovery/swarm.h"
#include "net/loop.h"

struct traefik_files;

/* `changed`: traefik_files_all is another list now. NULL: they are read, and not watched. */
struct traefik_files	*traefik_files_new(struct loop *, void (*changed)(void *), void *arg);
void			 traefik_files_free(struct traefik_files **);
/* Files, or directories of files. */
void			 traefik_files_reconf(struct traefik_files *, char *const *path, unsigned n);
/* Until the next change. */
const struct swarm_file	*traefik_files_all(const struct traefik_files *, unsigned *n);

#endif
