/*
 * holder: which other process listens on a port, for people who wonder why an address is taken.
 */
#ifndef MAIN_HOLDER_H
#define MAIN_HOLDER_H

#include "net/sock.h"

unsigned	 holder_port(const struct addr *);	/* of an IP address */
#define HOLDER_TEXT	300
/* Whether somebody listens where we are about to, sharing or not; errno says so. */
bool		 holder_is_there(const struct addr *);
/* "pid 7: mola run a.yaml", or "another process" when it is not to be found out. */
const char	*holder_text(const struct addr *, char out[HOLDER_TEXT]);

#endif
