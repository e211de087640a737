/* base64: with + and /, as in JSON of Docker's Engine. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"
#include "base/str.h"

/* With padding. False: it did not fit. */
bool	base64_add(struct buf *, struct str bytes);
/* False: it is not base64. Padding may be missing. `out` has room for three bytes for each four
 * and those that are left. */
bool	base64_read(struct str, char *out, size_t *len);

#endif
