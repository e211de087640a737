/*
 * upgrade_priv: what a Mola that hands over (upgrade.c) and the one that takes over
 * (upgrade_successor.c) have in common: how the one finds what the other has left to it.
 */
#ifndef MAIN_UPGRADE_PRIV_H
#define MAIN_UPGRADE_PRIV_H

#include "main/parent_priv.h"
#include "main/upgrade.h"

/* variables of the environment: numbers of descriptors */
#define HANDED		"MOLA_UPGRADE"
#define HANDED_STATE	"MOLA_UPGRADE_STATE"	/* apart: a Mola that does not know it goes without */

/* From the Mola before this one nothing more comes. */
void	upgrade_before_close(struct parent *);

#endif
