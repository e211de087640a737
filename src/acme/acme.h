/*
 * acme: certificates from CAs that speak ACME, for any number of Molas that share a store:
 * which ones are wanted, when each is due, who may order, and what is served meanwhile.
 * Certificates and answers to challenges go into certs/, which workers have them from.
 */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include "acme/store.h"
#include "certs/certs.h"
#include "conf/conf.h"
#include "net/fetch.h"

struct acme;

/*
 * For the log and for events: `name` is the certificate's first name, `text` a URL, a problem,
 * or "".
 */
typedef void	acme_event_f(void *arg, enum log_level, const char *event, const char *name,
		    const struct why *, const char *text);

struct acme	*acme_new(struct loop *, struct fetcher *, struct certs *, acme_event_f *, void *arg);
void		 acme_free(struct acme **);
/*
 * The section of a configuration, kept by reference until the next one, and the store that
 * belongs to it, whose `changed` is acme_store_changed; NULL: there is none (no section, or it
 * cannot be opened). What is under way is left where it is, and gone on with. The store before
 * is not needed after this.
 */
void		 acme_reconf(struct acme *, const struct conf *, struct store *);
void		 acme_store_changed(void *acme);

struct acme_want {
	const char	*names;		/* "example.org www.example.org": one certificate */
	const char	*source;	/* "configuration", or the name of a service */
	const char	*refused;	/* a sentence: why it gets none; NULL: it does */
};
/*
 * All that is wanted, copied. What is no longer among it is served as long as it stays in the
 * store.
 */
void		 acme_want(struct acme *, const struct acme_want *, unsigned n);

#endif
