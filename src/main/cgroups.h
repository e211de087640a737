/*
 * cgroups: the groups of a machine that matter to its containers' CPU time: containers, those
 * beside them, those they are in, and those beside these. Opens what signals/proc.c reads;
 * signals/available.c reckons.
 */
#ifndef MAIN_CGROUPS_H
#define MAIN_CGROUPS_H

#include "signals/proc.h"

struct cgroups;

/* Of a directory such as /sys/fs/cgroup, kept by reference. */
struct cgroups	*cgroups_new(const char *directory);
void		 cgroups_free(struct cgroups **);
/*
 * Fills in the view's containers. What each could have is known from the second look on, of CPU
 * time between looks that are some time apart, and of the view's CPUs. `whole`: with the time that
 * they were throttled.
 */
void		 cgroups_look(struct cgroups *, int64_t now_usec, bool whole, struct proc_view *);
/* Cores that all of them together may use, as far as is known from the last look; INFINITY: any. */
double		 cgroups_quota(const struct cgroups *);

#endif
