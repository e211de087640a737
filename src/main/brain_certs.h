/*
 * brain_certs: certificates that Traefik's files name, from discovery to certs.
 */
#ifndef MAIN_BRAIN_CERTS_H
#define MAIN_BRAIN_CERTS_H

#include "certs/certs.h"
#include "conf/conf.h"
#include "engine/discover.h"

/* The first configuration: what a brain before had of the files must not vanish meanwhile. */
void	brain_certs_begin(struct certs *, const struct conf *);
/* The files may be others. */
void	brain_certs_files(struct certs *, const struct conf *, const struct discover *);

#endif
