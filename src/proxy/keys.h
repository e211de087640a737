/*
 * keys: what the set of secrets means to clients' connections: certificates by names, answers to
 * challenges of CAs, keys of tickets, whom client certificates must be from. A new set takes
 * effect with the next handshake or request; connections that are there keep what they have.
 */
#ifndef PROXY_KEYS_H
#define PROXY_KEYS_H

#include "net/tls.h"
#include "proxy/proxy.h"

struct keys;

struct keys	*keys_new(struct loop *, struct live *, tls_choose_f *, void *arg);
void		 keys_free(struct keys **);
/* Takes a reference. What cannot be read in it is left out, and counted by the caller's `bad`. */
void		 keys_set_secrets(struct keys *, struct secrets *, unsigned *bad);
/* After a reload: what listeners do with TLS may be different. */
void		 keys_reconf(struct keys *);

struct keys_wish {
	struct str	 protocols;		/* as in tls_server_conf */
	bool		 http;			/* requests come of it */
	unsigned	 min_version, suites;	/* the same */
	const struct table *table;
	const struct table_tls *options;	/* of that table; NULL: none */
};

/* What makes such connections of this listener; stays the caller's for this turn at most. */
const struct why *keys_server(struct keys *, const struct proxy_listener *,
		    const struct keys_wish *, struct tls_server **);
/* Another table: what was made for options that it has not is let go. */
void		 keys_set_table(struct keys *, const struct table *);

/* NULL: no certificate serves this host. */
const struct cert_group *keys_find(const struct keys *, struct str host);
/* The certificate of a challenge TLS-ALPN-01 for the host, in this turn; false: none is known. */
bool		 keys_find_alpn(struct keys *, struct str host, struct cert_group *);
/* The key authorization of a challenge HTTP-01; lives as long as the set. False: none is known. */
bool		 keys_find_http(const struct keys *, struct str token, struct str *answer);

/*
 * A challenge that is not known here may be known to the brain in a moment: whoever was asked for
 * it waits for the next set of secrets. Lives in its owner, zeroed.
 */
struct keys_wait {
	LIST_ENTRY(keys_wait) link;
	struct keys	*keys;		/* NULL: it does not wait */
	struct ip	 ip;		/* the client's; of one that has a /64 the beginning */
	struct timer	 timer;
	bool		 over;		/* it has waited; once is enough */
	void		(*fn)(void *);
	void		*arg;
};

/*
 * True: `fn` is called when there is another set, or in two seconds. False: waiting is no use, or
 * too many wait, in all or from this address: no client can take the places of a CA.
 */
bool		 keys_wait(struct keys *, struct keys_wait *, const struct ip *, void (*fn)(void *),
		    void *arg);
void		 keys_unwait(struct keys_wait *);

#endif
