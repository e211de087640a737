/*
 * procfs: opens what signals/proc.c reads: the files of a /proc and the cgroups of containers
 * below a /sys/fs/cgroup.
 */
#ifndef MAIN_PROCFS_H
#define MAIN_PROCFS_H

#include "signals/proc.h"

struct procfs;

/* Both directories are kept by reference. NULL with errno when PROC/stat cannot be read. */
struct procfs	*procfs_new(const char *proc, const char *cgroup);
void		 procfs_free(struct procfs **);
/* A look, kept until the next one; a file that is missing is missing in the view. Containers only
 * if wished: they cost a walk through the cgroups, made anew every few seconds. */
const struct proc_view *procfs_look(struct procfs *, int64_t now_usec, bool containers);

#endif
