/*
 * brain_acme: what the brain has of ACME: where its state is kept, by configuration and by what
 * the Engine is, and what its events look like in the log.
 */
#ifndef MAIN_BRAIN_ACME_H
#define MAIN_BRAIN_ACME_H

#include "certs/certs.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "net/fetch.h"
#include "world/world.h"

struct brain_acme;

struct brain_acme *brain_acme_new(struct loop *, struct fetcher *, struct certs *);
/* Before it is freed at a stop: gives the lease back, for which it waits a moment at most. */
void		 brain_acme_stop(struct brain_acme *);
void		 brain_acme_free(struct brain_acme **);
/* The engine is that of discovery; NULL: there is none, or it is about to be freed. */
void		 brain_acme_engine(struct brain_acme *, struct engine *);
void		 brain_acme_configs(void *);	/* a watch_change_f, for watch_on_configs */
/* The configuration is kept by reference; after brain_acme_engine. */
void		 brain_acme_reconf(struct brain_acme *, const struct conf *);
/* The Engine is a manager: what is in a directory because it was none is shared from now on. */
void		 brain_acme_manager(struct brain_acme *);
/* What is stored has been read, or cannot be read soon: before that, names that have a certificate
 * would be refused. */
bool		 brain_acme_has_read(const struct brain_acme *);
void		 brain_acme_want(struct brain_acme *, const struct world *);	/* after each pass */

#endif
