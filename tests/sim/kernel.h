/*
 * kernel: what the product sees in the place of Linux: its system calls on descriptors, by ld's --wrap, on the ends of wire.h.
 * Descriptors of it are numbers from KERNEL_FD on; calls on others are passed on. epoll is edge-triggered as the real one is, and
 * never waits: kernel_until() says how long it would have.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include "wire.h"

#define KERNEL_FD	4096

/* `host`: the machine that the product runs on. */
void		kernel_begin(struct host *, uint64_t seed);
/* Of the connections to an address from now on; the weather's seed is the connection's own. */
typedef struct weather kernel_weather_f(const struct addr *to);
void		kernel_set_weather(kernel_weather_f *);
/* The access log's descriptor; each line that is written to it goes to the function. */
typedef void	kernel_line_f(const char *line, size_t len);
int		kernel_log(kernel_line_f *);

/* ---- processes, each with one epoll; 0 is what starts the others ---- */

#define PROCESSES	8
#define BRAIN		(PROCESSES - 1)		/* whose connections are none of clients and tasks */

void		kernel_enter(unsigned process);		/* whose calls those from now on are */
unsigned	kernel_process(void);
/* Another descriptor of a process for what is behind this one of a listener. */
int		kernel_pass(int fd, unsigned process);
/* A descriptor of this process becomes another one's. */
void		kernel_give(int fd, unsigned process);
/* Closes all that it has, as its end by a signal does; with each connection that it accepted. */
typedef void	kernel_lost_f(void *arg, const struct end *);
void		kernel_kill(unsigned process, kernel_lost_f *, void *arg);
/* Has its last wait for events reported something, or would the next one now? And until when it would wait otherwise. */
bool		kernel_is_ready(unsigned process);
int64_t		kernel_until(unsigned process);

/* Something that a loop may wait for: it is readable while it is set. */
int		kernel_event(void);
void		kernel_event_set(int fd, bool);

/* ---- what goes wrong ---- */

/* The log's reader: STALLS: he takes nothing for now. BREAKS: he has gone; what is written then goes to the function all the same. */
enum log_trouble { LOG_GOOD, LOG_STALLS, LOG_BREAKS };
void		kernel_set_log(enum log_trouble);
/* For a line that is being read, of this process: false: it is lost. Else how many were, since one was read last. */
bool		kernel_log_reads(uint64_t *lost);
uint64_t	kernel_log_lost(void);			/* by all, ever */

/* No process but 0 has more descriptors than this, as by RLIMIT_NOFILE; none of the ports of this machine is free. */
void		kernel_set_most(unsigned);
void		kernel_set_no_ports(bool);
/* The wall clock is so much ahead from now on, or behind. */
void		kernel_set_wall(int64_t usec);
/* Requests share connections to tasks: one may have been sent on while another waits. */
void		kernel_set_shares(bool);
/* Calls are interrupted by signals now and then. */
void		kernel_set_signals(bool);

struct kernel_count {
	unsigned	 accepted, called, listening, others;	/* open now */
	uint64_t	 waits, calls, bytes;	/* ever; bytes: that were read */
};
struct kernel_count kernel_count(void);

#endif
