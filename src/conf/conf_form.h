/*
 * conf_form: the value of one key, in each form in which one of its type may be written.
 */
#ifndef CONF_CONF_FORM_H
#define CONF_CONF_FORM_H

#include "conf/conf_value.h"
#include "conf/faults.h"
#include "conf/tree.h"

#define WHERE_MAX	128	/* of the name of a place in the file: "services.web.promql.0" */

/* "where.key", in `out`, which is returned; of a long name its beginning. */
const char	*where_inside(const char *where, const char *key, char out[WHERE_MAX]);
/* Reads the value of the key into `base`, the struct of its section. What is wrong with it becomes
 * a fault at `where`. */
void		 form_read(struct faults *, const struct conf_key *, const struct tree *,
    const char *where, void *base);
/* The same for a key that may have nothing but one plain value there. */
void		 form_read_plain(struct faults *, const struct conf_key *, const struct tree *,
    const char *where, void *base);

#endif
