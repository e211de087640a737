/*
 * kernel_priv: descriptors, and which of them an epoll reports.
 */
#ifndef SIM_KERNEL_PRIV_H
#define SIM_KERNEL_PRIV_H

#include <sys/epoll.h>

#include "kernel.h"

#define FILES	4096

struct watch {
	int		 epoll;			/* 0: none */
	uint32_t	 events;
	epoll_data_t	 data;
	uint64_t	 ready;			/* since when it is in the list; 0: it is not */
};

enum kind { FREE, SOCKET, LISTENER, CONNECTED, EPOLL, LOG };

struct file {
	enum kind	 kind;
	struct watch	 watch;
	struct end	*end;
	bool		 was_accepted, resets;
	struct port	*port;			/* of a listener */
	struct addr	 addr;
	struct end	*queue[256];
	unsigned	 queued;
	int64_t		 until;			/* of an epoll */
	bool		 reported;
};

extern struct kernel {
	struct file	 file[FILES];
	struct host	*host;
	struct rng	 rng, random;
	kernel_weather_f *weather;
	kernel_line_f	*line;
	unsigned	 most, open;
	int		 top;			/* no file from here on was ever used */
	bool		 no_ports, signals;
	uint64_t	 order;
	struct kernel_count count;
} k;

bool		 kernel_has(int fd);			/* it is one of these */
struct file	*file_of(int fd);
int		 fd_of(const struct file *);
struct file	*file_new(enum kind);			/* NULL, with errno */
int		 kernel_fail(int error);		/* -1 */
bool		 kernel_interrupted(void);
uint32_t	 file_mask(const struct file *);	/* what is so now, as EPOLLIN and the others */
void		 file_wake(struct file *, uint32_t what);	/* that has happened */

#endif
