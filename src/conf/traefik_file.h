/*
 * traefik_file: a file of Traefik's file provider as lines of the labels that would say the same
 * (conf/flat.h), each with its number in the file: "12 http.routers.web.rule=Host(`a.org`)".
 * A line break in a value is a byte 1.
 */
#ifndef CONF_TRAEFIK_FILE_H
#define CONF_TRAEFIK_FILE_H

#include "base/buf.h"
#include "base/str.h"

#define TRAEFIK_FILE_MAX	((size_t)1 << 20)	/* bytes of a file */
#define TRAEFIK_LINES_MAX	((size_t)8 << 20)	/* of what it becomes */
#define TRAEFIK_FILE_PROBLEM	400

/* By the name of its file: whether it is one of those that a directory has. */
bool	traefik_file_is_one(struct str path);
/* False: nothing of it is used, and `problem` says why, with the line where there is one:
 * "12: http.routers: expected a mapping". */
bool	traefik_file_read(struct str path, struct str text, struct buf *lines,
	    char problem[TRAEFIK_FILE_PROBLEM]);

#endif
