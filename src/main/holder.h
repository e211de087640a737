/*
 * holder: which other process listens on a port, for people who wonder why an address is taken.
 */
#ifndef MAIN_HOLDER_H
#define MAIN_HOLDER_H

#include "net/sock.h"

#define HOLDER_TEXT	300
/* The same port, and one of them is any address. */
bool		 holder_overlap(const struct addr *, const struct addr *);
/* Whether somebody listens where we are about to, sharing or not; errno says so. */
bool		 holder_is_there(const struct addr *);
/* "pid 7: mola run a.yaml", or "another process" when it is not to be found out. */
const char	*holder_text(const struct addr *, char out[HOLDER_TEXT]);

#endif
