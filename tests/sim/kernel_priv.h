/*
 * kernel_priv: descriptors of processes (process.c), and which of them an epoll reports (epoll.c).
 */
#ifndef SIM_KERNEL_PRIV_H
#define SIM_KERNEL_PRIV_H

#include <sys/epoll.h>
#include <sys/socket.h>

#include "kernel.h"

#define FILES	4096

struct watch {
	int		 epoll;			/* 0: none */
	uint32_t	 events;
	epoll_data_t	 data;
	uint64_t	 ready;			/* since when it is in the list; 0: it is not */
};

enum kind { FREE, SOCKET, LISTENER, CONNECTED, EPOLL, LOG, PAIR, EVENT };

/* What descriptors of several processes may refer to. */
struct listening {
	unsigned	 refs;
	struct port	 port;
	struct end	*queue[256];
	unsigned	 queued;
};

struct file {
	enum kind	 kind;
	unsigned	 process;
	struct watch	 watch;
	struct end	*end;
	bool		 was_accepted, resets;
	struct listening *listening;
	struct pair	*pair;
	bool		 is_set;		/* an event */
	struct addr	 addr;
	int64_t		 until;			/* of an epoll */
	int64_t		 sent_usec;		/* when something was sent last */
	int64_t		 ended_usec;		/* when the other end's end had come; 0: it has not */
	bool		 was_headed, was_read;	/* a read has had bytes; and others than the header of a proxy in front */
	bool		 dry, stuffed;		/* there was nothing to read, or no room, and nothing has happened since */
	uint64_t	 told;			/* in which wait it was reported last */
	bool		 reported;
};

extern struct kernel {
	struct file	 file[FILES];
	struct host	*host;
	struct rng	 rng, random;
	kernel_weather_f *weather;
	kernel_line_f	*line;
	unsigned	 process, most, open[PROCESSES];
	int		 top;			/* no file from here on was ever used */
	bool		 no_ports, signals, shares, looks;
	int64_t		 wall;
	uint64_t	 order;
	struct kernel_count count;
} k;

bool		 kernel_has(int fd);			/* it is one of these */
struct file	*file_of(int fd);
int		 fd_of(const struct file *);
struct file	*file_new(enum kind);			/* NULL, with errno */
void		 file_close(struct file *);
bool		 kernel_is_full(void);			/* no more descriptors for the process */
int		 kernel_fail(int error);		/* -1 */
bool		 kernel_interrupted(void);
uint32_t	 file_mask(const struct file *);	/* what is so now, as EPOLLIN and the others */
void		 file_wake(struct file *, uint32_t what);	/* that has happened */

void		 log_begin(void);

/* pair.c */
uint32_t	 pair_mask(const struct pair *);
ssize_t		 pair_send(struct pair *, const struct msghdr *);
ssize_t		 pair_peek(const struct pair *, void *, size_t);
void		 pair_close(struct pair *);

#endif
