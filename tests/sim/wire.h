/*
 * wire: the network of a simulation, and its time. Connections are two ends; what one end sends arrives at the other in order,
 * later, in pieces, or not at all, as a kernel and a network would have it. All that happens is an event at a virtual time; events
 * of one time happen in the order in which they were put there.
 *
 * An end belongs to a simulated client or task, or to a socket of the product (kernel.c). Its function is called whenever
 * something has happened to it, and finds out what by trying.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/rng.h"

/* ---- time ---- */

typedef void	wire_f(void *arg, uint64_t n);

void		wire_begin(void);
int64_t		wire_now(void);			/* microseconds; what the product has as its monotonic clock */
void		wire_pass(int64_t usec);	/* so much more; events that are due then have not happened yet */
void		wire_at(int64_t usec, wire_f *, void *arg, uint64_t n);	/* not before now */
int64_t		wire_next(void);		/* when the next event is due; INT64_MAX: there is none */
void		wire_run(void);			/* all that are due */
uint64_t	wire_hash(void);		/* of all that has happened so far, and when */
void		wire_note(const char *what, uint64_t a, uint64_t b);	/* goes into it, and is printed if wire_verbose */
extern bool	wire_verbose;

/* ---- machines ---- */

/* A machine that is cut off neither gets nor sends anything, from and until; what was on its way arrives afterwards. */
struct host {
	struct addr	 addr;			/* the port has no meaning */
	int64_t		 cut_usec, heals_usec;
};
bool		host_is_cut(const struct host *);

/* ---- connections ---- */

/* How its bytes travel. */
struct weather {
	int64_t		 delay_usec, jitter_usec;
	uint32_t	 piece_most;		/* bytes that arrive at once; 0: any number */
	uint32_t	 window, room;		/* bytes on their way or unread; and that wait to be sent */
	uint64_t	 seed;
};

enum { END_IN = 1, END_OUT = 2, END_HUNG = 4, END_BROKEN = 8, END_OVER = 16 };	/* what has happened, or is so */

struct end;
typedef void	end_f(void *arg, unsigned what);

/* From a machine to what listens there; `fn` is called when it is connected, or refused (END_BROKEN). */
struct end	*end_connect(struct host *from, const struct addr *to, const struct weather *, end_f *, void *arg);
void		 end_adopt(struct end *, end_f *, void *arg);
/* As send() and recv(): -1 with errno. EAGAIN: its function will be called. */
ssize_t		 end_write(struct end *, const void *, size_t);
ssize_t		 end_read(struct end *, void *, size_t, bool peek);
unsigned	 end_is(const struct end *);	/* which of the above hold now */
int64_t		 end_came_usec(const struct end *);	/* when bytes arrived last, whether or not they were read at once */
int		 end_error(struct end *);	/* of the connection, once: as SO_ERROR */
void		 end_shut(struct end *);
void		 end_close(struct end *, bool reset);	/* bytes that nobody has read make a reset of it, too */
const struct addr *end_addr(const struct end *);	/* its own */
const struct addr *end_peer_addr(const struct end *);
bool		 end_is_between(const struct end *, const struct end *);	/* they are the two of one connection */
bool		 end_unacknowledged(const struct end *, int64_t *since_usec);	/* it has sent what cannot arrive now */
/* What is on its way to this end stops there for a while. */
void		 end_stall(struct end *, int64_t until_usec);

/* ---- listening ---- */

typedef void	port_f(void *arg, struct end *);
/* What listens at an address; several may, and then a connection goes to one of them. Refuses while `accept` is NULL. */
struct port {
	struct addr	 addr;
	struct host	*host;
	port_f		*accept;
	void		*arg;
	struct port	*next;
};
void		 port_open(struct port *);
void		 port_close(struct port *);

#endif
