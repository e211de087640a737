/*
 * exchange: what server.c and exchange.c know of each other, and nobody else.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <sys/queue.h>

#include "http/server.h"

TAILQ_HEAD(exchange_list, exchange);

struct server {
	struct loop		*loop;
	struct server_conf	 conf;		/* defaults filled in */
	server_f		*fn;
	void			*arg;
	struct exchange_list	 exchanges;	/* those who last changed their place come last */
	int			 count;
	struct listener		*listeners;
	struct timer		 accept_again;
};

/* A client has connected: a slot for it and for the requests it will send, one after another. */
void	exchange_open(struct server *, int fd, const struct addr *peer, void *tag);
/* Ends the connection that has been without an unanswered request for longest; false when all are at work. */
bool	exchange_make_room(struct server *);
/* The server ends: so does the connection. One whose request is not answered yet lives on without either. */
void	exchange_orphan(struct exchange *);

#endif
