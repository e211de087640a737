/*
 * reply: how this interface responds: never to be kept, and errors as {"error": TEXT}.
 */
#ifndef ADMIN_REPLY_H
#define ADMIN_REPLY_H

#include <jansson.h>

#include "http/server.h"

/* `fields`: more header lines, or NULL. */
void	reply_text(struct request *, int status, const char *type, struct str body,
	    const char *fields);
/* Takes the object. */
void	reply_json(struct request *, int status, json_t *, const char *fields);
void	reply_error(struct request *, int status, const char *error, const char *fields);
/* There is no WHAT of this name, which is the client's: any bytes. */
void	reply_absent(struct request *, const char *what, const char *name);

#endif
