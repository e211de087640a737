/*
 * constraint: Traefik's language for which services a proxy takes: Label(`key`, `value`),
 * LabelRegex(`key`, `regex`), &&, ||, ! and parentheses. Label names are exact; a label that is
 * absent counts as empty.
 */
#ifndef DISCOVERY_CONSTRAINT_H
#define DISCOVERY_CONSTRAINT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define CONSTRAINT_MAX		4096	/* bytes */
#define CONSTRAINT_PROBLEM	200

struct constraint;
struct swarm_label;

/* Lives in the arena. NULL: `problem` says what is not understood, and where. */
const struct constraint	*constraint_parse(struct arena *, struct str,
	    char problem[CONSTRAINT_PROBLEM]);
bool			 constraint_match(const struct constraint *, const struct swarm_label *, unsigned nlabels);

#endif
