/*
 * procfs: opens what signals/proc.c reads: the files of a /proc, and through cgroups.c those below
 * a /sys/fs/cgroup.
 */
#ifndef MAIN_PROCFS_H
#define MAIN_PROCFS_H

#include "signals/proc.h"

struct procfs;

/* Both directories are kept by reference. NULL with errno when PROC/stat cannot be read. */
struct procfs	*procfs_new(const char *proc, const char *cgroup);
void		 procfs_free(struct procfs **);
/* A look, kept until the next one; a file that is missing is missing in the view. `whole`: with
 * what pages have of containers and streams do not. */
const struct proc_view *procfs_look(struct procfs *, int64_t now_usec, bool whole);

#endif
