/*
 * ledger: what clients, tasks and the access log have seen of each exchange, and what must be true of it.
 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "message.h"
#include "plan.h"

/* What became of an exchange, for its client. */
enum fate {
	UNSENT,			/* nothing of it was sent */
	WAITING,		/* it was being sent, or its response was waited for, when all ended */
	ANSWERED,		/* a whole response of a task, */
	REFUSED,		/* or of Mola's own */
	CUT,			/* the connection ended in the middle of the response */
	DROPPED,		/* the connection ended before it */
	LEFT			/* the client itself went away */
};

/* What a line says of how it was served. */
struct line {
	uint64_t	 bytes, content, received, origin_content;
	int64_t		 origin_usec, overhead_usec;
	int		 origin_status;
	char		 task[16];	/* empty: none was chosen */
};

/* An attempt of it, when its head came to a task. */
struct seen {
	int64_t		 usec, came_usec;	/* it was read; the last of it was there */
	enum slip	 slip;
};
#define ATTEMPTS_SEEN	6

/* What was seen of a call of gRPC (rpc.h). */
struct rpc_seen {
	bool		 typed, said, trails, waits;	/* said: it has a status; trails: in its trailers */
	int		 status;
	char		 message[24];
	bool		 reset;			/* its stream was, with this code */
	uint32_t	 code;
	/* by tasks */
	int		 sent_status;		/* the last one */
	uint32_t	 sent_code;		/* its stream was reset with */
	unsigned	 unavailable, unprocessed;	/* so many said that */
	unsigned	 tries;			/* before, by its last head */
	char		 tries_text[8];
};

struct entry {
	const struct call *call;
	enum fate	 fate;
	int		 status;
	char		 why[40];	/* Mola-Why */
	char		 by[8];		/* the task whose response it is */
	char		 bound[8];	/* that it was to go to, by its cookie; empty: it has none */
	bool		 may_drop;	/* it was announced that the connection ends before this one */
	const struct end *end;		/* of its client's connection */
	bool		 lost;		/* the worker that had that was killed */
	int64_t		 began_usec, sent_usec, ended_usec;	/* first byte; all of it; 0: never */
	uint64_t	 sent;		/* bytes of it */
	int64_t		 put_usec, got_usec;	/* when its client has sent or got a byte of it last */
	uint64_t	 got, data;	/* bytes of its response, interim ones included; and of the body */
	uint64_t	 coded;		/* and of the body as it came, once it is whole */
	bool		 untyped;	/* its body's type is missing, that was to be guessed */
	unsigned	 port;		/* the client's */
	bool		 resumed;	/* the TLS of its connection */
	bool		 went_on;	/* its client was told to */
	const char	*asked, *answered[TASKS];	/* the heads that its client and tasks have sent last; heads.h */
	struct rpc_seen	 rpc;
	char		 id[48], trace[64];	/* that it came to its last task with; empty: none */
	/* by tasks */
	unsigned	 heads, wholes, slipped;
	struct seen	 seen[ATTEMPTS_SEEN];	/* the first ones */
	int64_t		 head_usec;	/* when the first of them did; 0: none has */
	int64_t		 left_usec;	/* when the connection of its response was closed, with nothing after that on it; 0: it was not */
	int64_t		 left_idle_usec;	/* and how long nothing had been on it */
	bool		 may_leave;	/* it may be closed before its time */
	/* when a task has sent a byte of it last; when the last byte that it has read, and all of it, had come to it, which may read later */
	int64_t		 wrote_usec, read_usec, whole_usec;
	/* by the log */
	unsigned	 lines, tried;
	int		 logged_status;
	char		 logged_why[40];
	int64_t		 took_usec, start_usec;	/* start: to the millisecond */
	int64_t		 logged_usec;
	struct line	 line;
};

void		 ledger_begin(const struct plan *);
struct entry	*ledger_of(uint32_t exchange);	/* NULL: there is none of this number */
void		 ledger_line(const char *line, size_t len);	/* of the access log */
void		 ledger_lost(const struct end *other);	/* the other end of a connection went with a worker */
void		 ledger_closed(unsigned service);	/* a task of it ends a connection */
void		 ledger_check(void);		/* when all is over */
uint64_t	 ledger_lines(void);
const struct plan *ledger_plan(void);
bool		 ledger_is_calm(void);		/* Mola lacks nothing, and nobody changes its configuration */

/* Nothing happens to the tasks of a service, and Mola lacks nothing that a request of it needs. */
bool		 ledger_is_calm_for(const struct plan_service *);

/* Of a line, what is behind "key": NULL: it has none; and as a number, 0: none. */
const char	*line_value(const char *line, const char *key);
uint64_t	 line_number(const char *line, const char *key);

/* Something is not as it must be: the first time counts. */
void		 broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char	*broken_text(void);		/* NULL: nothing is */

#endif
