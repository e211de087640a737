/*
 * available: the cores that each cgroup of a machine could have if it asked for all it can get,
 * with what the others use now as all that they want. The kernel shares a group's cores among its
 * children by weight; what a child does not want is shared by the rest, likewise. That is exact as
 * long as the others want no more than they have: what they use can only fall when one takes more.
 */
#ifndef SIGNALS_AVAILABLE_H
#define SIGNALS_AVAILABLE_H

#define AVAILABLE_GROUPS_MAX	8192
#define AVAILABLE_WEIGHT	1024.0		/* of a group that was given none, and of a thread */

/* A cgroup. Parents come before their children; the first one is the root, its own parent. */
struct available_group {
	unsigned	parent;
	double		weight;		/* > 0, beside its siblings */
	double		quota;		/* cores that it may use, INFINITY: as many as there are */
	double		used;		/* cores over the last interval, those of its children included */
};

/*
 * cores[i]: what group i could have, at most `machine` cores, its quota, and what its parent could.
 * What a parent uses beyond its children is used by threads of its own, each of AVAILABLE_WEIGHT
 * beside the children. How many there are is not known: as many as would each have no more for
 * their weight than a child has, but no more than ran or waited for a core on all the machine
 * (`running`; NAN: not known), and at least as many as the cores that they use.
 */
void	available_find(const struct available_group *, unsigned n, double machine, double running,
	    double *cores);

#endif
