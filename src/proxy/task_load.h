/*
 * task_load: what tasks say of their own load in responses (http/orca.h), noted in live for all
 * workers, if their service wants that.
 */
#ifndef PROXY_TASK_LOAD_H
#define PROXY_TASK_LOAD_H

#include "http/h1_body.h"
#include "http/message.h"
#include "proxy/attempt.h"

/* The head of a response, a final one; edits of what clients get of it. */
void		task_load_head(const struct attempt *, const struct message *, struct edits *);
/* NULL: trailers are not looked at. Else its argument is the attempt. */
h1_watch_f	*task_load_watch(const struct attempt *);

#endif
