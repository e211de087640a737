/*
 * secret: labels hold password hashes, tokens and header values; the log, the API and the
 * command line show labels. Everything that is shown of a value goes through here first.
 */
#ifndef DISCOVERY_SECRET_H
#define DISCOVERY_SECRET_H

#include "base/arena.h"

/* What may be shown of a label's value: the value itself, a text of the arena or a static one. */
const char	*secret_value(struct arena *, const char *label, const char *value);
/* The same of a sentence about the label, which may quote the value; NULL gives NULL. */
const char	*secret_text(struct arena *, const char *label, const char *text);

#endif
