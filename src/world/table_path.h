/*
 * table_path: what a path means to those who read it: to Traefik, whose rules are compared with it,
 * and to tasks.
 */
#ifndef WORLD_TABLE_PATH_H
#define WORLD_TABLE_PATH_H

#include "base/str.h"

/* Whether it may be read in another way than it is spelled. */
bool	path_is_odd(struct str path);
/* Whether it may lead upwards: a segment is "..". */
bool	path_climbs(struct str path);

/*
 * As Traefik 3 compares paths with rules: dot segments and empty ones taken out, a slash at the end
 * kept, escapes decoded except those of reserved characters and of '%'. `room` is of at least
 * PATH_ROUTED_ROOM(path.len) bytes. False: Traefik does not read it: a malformed escape.
 */
#define PATH_ROUTED_ROOM(len)	(3 * (len) + 2)
bool	path_routed(struct str path, char *room, struct str *routed);

/* The ways in which tasks read paths. False: it does not fit. */
#define PATH_READINGS	8U
#define PATH_PLAIN_MOST	4096	/* a longer path that needs reading is refused where anything is */
bool	path_read(struct str path, unsigned how, char out[PATH_PLAIN_MOST], struct str *plain);

#endif
