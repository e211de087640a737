/*
 * wanted: which certificates the configuration and the services want, and which of them are
 * refused, and why. Pure.
 */
#ifndef ACME_WANTED_H
#define ACME_WANTED_H

#include "acme/acme.h"
#include "base/arena.h"
#include "world/world.h"

/* The list and its texts live in the arena, or as long as conf and world. */
const struct acme_want *wanted_make(struct arena *, const struct conf *, const struct world *,
    unsigned *n);

#endif
