/*
 * listener: where clients come in.
 */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/proxy_priv.h"

struct listener;

void	listener_open(struct proxy *, int fd, const struct addr *);
/* One of another worker's; none is borrowed twice. */
void	listener_borrow(struct proxy *, int fd, const struct addr *, unsigned owner);
void	listener_give_back(struct proxy *, unsigned owner);
void	listener_close(struct proxy *, const struct addr *);
/* After a reload: the modes of those to come. */
void	listener_reconf(struct proxy *);
/* Another table: what is relayed of those to come. */
void	listener_set_table(struct proxy *);
/* Takes the connections that wait already, then closes all. */
void	listener_drain(struct proxy *);
void	listener_close_all(struct proxy *);

/* For a client of which it is not decided yet what becomes of it: it may be closed meanwhile. */
struct listener *listener_ref(struct listener *);
void	listener_unref(struct listener **);		/* NULL: none */
const struct proxy_listener *listener_modes(const struct listener *);
/* Of its name, and the name of such a number; empty: it has none. */
uint8_t	listener_number(const struct listener *);
struct str	listener_name(const struct proxy *, uint8_t number);
void	listener_names_free(struct proxy *);
/* A response without a request would be understood. */
bool	listener_speaks_http(const struct listener *);
bool	listener_is_plain(const struct listener *);	/* connections begin with a request, all of them */
enum table_relays listener_relays(const struct listener *);

#endif
