/*
 * fetch: what the product sees in the place of libcurl (net/fetch.c): requests of the brain to simulated servers. It is not HTTP:
 * a server is a function that is called when the request arrives, and what it responds comes after a while, in pieces, in part or
 * never.
 */
#ifndef SIM_FETCH_H
#define SIM_FETCH_H

#include "base/str.h"
#include "wire.h"

struct fetch;

struct query {
	const char	*method, *path;		/* with what is behind a '?' */
	struct str	 body;
	const char	*const *fields;		/* of somebody else's request: "Name: value" */
	unsigned	 nfields;
	struct fetch	*fetch;			/* for a response that goes on: fetch_push */
};

enum ending { WHOLE, REFUSES, NEVER, BREAKS_OFF, GOES_ON };

struct reply {
	enum ending	 ending;		/* BREAKS_OFF: in the middle; GOES_ON: until fetch_end */
	int		 status;		/* 0 is 200 */
	struct str	 body;			/* lasts until the end of the world */
	const char	*fields;		/* of it, "Name: value" in lines; NULL: none */
	const char	*wanted;		/* of the field that is wanted; NULL: it does not come */
	int64_t		 delay_usec;		/* of the server's own */
	size_t		 piece;			/* comes in pieces of so many bytes, so long one after another; 0: at once */
	int64_t		 piece_usec;
};

typedef void	server_f(void *arg, const struct query *, struct reply *);

struct server {
	char		 at[64];		/* as in URLs: 10.0.0.1:2375 */
	struct host	*host;
	server_f	*fn;
	void		*arg;
	struct server	*next;
};

/* `from`: the machine that requests come from. No server is there. */
void	fetch_begin(struct host *from);
void	server_open(struct server *);

/* More of a response that goes on; false: its reader has left. */
bool	fetch_push(struct fetch *, struct str);		/* copied */
void	fetch_end(struct fetch *);			/* it breaks off, if it is there */
void	fetch_forget(unsigned process);			/* which is gone */

#endif
