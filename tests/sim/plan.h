/*
 * plan: all that is drawn from a seed before a simulation begins: who there is, what clients request, what goes wrong where. Each
 * thing that goes wrong, and each client, is a choice with a number; one that is masked is drawn and left out, so that what remains
 * is the same as before. That makes a failing plan small.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "base/clock.h"
#include "message.h"
#include "wire.h"
#include "world/table.h"

#define CLIENTS		12
#define CALLS		24		/* of a client, at most; in storms and crowds, */
#define CALLS_USUAL	8		/* and otherwise */
#define EXCHANGES	(CLIENTS * CALLS)
#define SERVICES	4		/* of HTTP */
#define TCP_SERVICES	2		/* behind those */
#define ALL_SERVICES	(SERVICES + TCP_SERVICES)
#define RELAYS		10		/* clients of these */
#define TASKS		4		/* of a service, at most */
#define NODES		4
#define WORKERS		3
#define CHOICES		8192

/* Limits that Mola has, in microseconds. */
#define HEAD_USEC	(2 * USEC_PER_SEC)
#define IDLE_USEC	(5 * USEC_PER_SEC)
#define BODY_USEC	(3 * USEC_PER_SEC)
#define WRITE_USEC	(4 * USEC_PER_SEC)
#define REQUEST_USEC	(15 * USEC_PER_SEC)
#define CONNECT_USEC	(1500 * USEC_PER_MSEC)
#define RESPONSE_USEC	(6 * USEC_PER_SEC)
#define PIECE_USEC	(2500 * USEC_PER_MSEC)	/* between pieces of a body */
#define TUNNEL_USEC	(3 * USEC_PER_SEC)	/* without a byte, of a service of TCP */
#define TASK_IDLE_USEC	(2 * USEC_PER_SEC)	/* a connection to a task that nothing is on, but in crowds */
#define CHECK_USEC	(USEC_PER_SEC / 2)	/* for the response to a check */
#define CHECK_EACH_USEC	USEC_PER_SEC		/* from a check to the next */
#define EJECT_WINDOW_USEC USEC_PER_SEC		/* in which so many failures eject a task, where its service says how many */
#define WAIT_USEC	(USEC_PER_SEC / 4)	/* for room */
#define HEAD_BYTES	8192			/* that a head may have */

enum bad { WELL, BAD_LINE, BAD_FIELD, BAD_LENGTHS, BAD_HOST, BAD_CHUNK, HEAD_LARGE, HEAD_STOPS, HEAD_WRONG, BADS };
enum slip {				/* what a task does to an exchange */
	GOOD, RESETS, CLOSES, SILENT, BAD_HEAD, RESETS_IN_BODY, CLOSES_IN_BODY, STALLS_IN_BODY, BAD_BODY, STATUS_503, SLIPS
};
enum detour {				/* the first of a task's two addresses, that it cannot be reached at */
	NO_DETOUR, TURNS_AWAY, SWALLOWS_ALL	/* NO_DETOUR: it has one address */
};
enum framing { BY_LENGTH, BY_CHUNKS, BY_END };
enum login { LOGIN_NONE, LOGIN_GOOD, LOGIN_WRONG };

/* A call of gRPC (rpc.h). When its deadline has passed, its client leaves, or its task cancels it, or says so. */
enum rpc_deadline { RPC_ENDLESS, RPC_CLIENT_LEAVES, RPC_TASK_CANCELS, RPC_TASK_SAYS, RPC_DEADLINES };
struct plan_rpc {
	bool		 on, in_turn;		/* in_turn: each side waits for the other's message before it sends its next one */
	bool		 alone;			/* the head is all of the response */
	unsigned	 messages[2];		/* by enum side */
	uint32_t	 bytes[2];		/* of each, with its length */
	int		 status;
	enum rpc_deadline deadline;
	int64_t		 deadline_usec;		/* 0: none */
};

#define BEHIND_HEAD	INT64_MAX	/* where the body is to begin */
struct call {
	uint32_t	 id;
	unsigned	 service;
	const char	*method;
	bool		 idempotent;
	int		 minor;
	bool		 closes, chunked, expects, pipelined, shuts;
	bool		 insists;		/* and sends its body when it is told to, and not before (patient.h) */
	bool		 upgrades;		/* both sides send behind a 101, and end: so many bytes, and its task's `answer` */
	uint64_t	 tunnel;
	uint64_t	 body;
	int64_t		 think_usec;

	/* what the client does wrong, or unusually */
	enum bad	 bad;
	uint32_t	 piece;			/* sends so many bytes at once; 0: all */
	int64_t		 piece_usec;
	int64_t		 stall_at, stall_usec;	/* stops there; -1: nowhere; BEHIND_HEAD */
	int64_t		 leave_at, leave_read, leave_usec;	/* after so many bytes sent, or read, or so long; -1 */
	bool		 leaves_by_reset;
	bool		 stays;			/* and does not end its direction when Mola has ended the other */
	bool		 odd;			/* sends fields that go no further than Mola */
	unsigned	 odd_asks, odd_says;	/* what is unusual in its head and that of its task (odd.c), as bits */
	unsigned	 wrong;			/* HEAD_WRONG: in which way */
	bool		 full;			/* its head is as large as one may be; HEAD_LARGE: by one byte larger */
	uint32_t	 read_piece;		/* reads so many bytes at once; 0: all */
	int64_t		 read_usec;

	/* what it says to middlewares */
	enum login	 login;
	enum coding	 accepts;
	bool		 origin, preflight;

	/* what its task does */
	int		 status;
	uint64_t	 answer;		/* bytes of the body */
	enum framing	 framing;
	int64_t		 delay_usec;
	unsigned	 slow;			/* attempts that it takes so long; 0: all */
	unsigned	 interims;
	bool		 early;			/* responds before it has read the body */
	bool		 last;			/* the task's connection ends with it */
	bool		 old;			/* it is of HTTP/1.0; one with chunks all the same is the last of a connection, too */
	uint32_t	 answer_piece;
	int64_t		 answer_usec;
	enum slip	 slip;
	unsigned	 slips;			/* so many attempts of it */
	uint64_t	 slip_at;		/* bytes of the body */
	struct plan_rpc	 rpc;
};

/* How a client speaks TLS. */
struct plan_secure {
	bool		 on;
	const char	*name;			/* of the host that it wants; NULL: it does not say */
	bool		 old;			/* TLS 1.2 */
	bool		 comes_back;		/* by tickets */
	bool		 mute;			/* leaves without close_notify */
};

/* The listener of TLS. */
struct plan_tls {
	bool		 there;
	bool		 fallback;		/* there is a certificate for who names no host that has one */
	bool		 tickets;		/* workers have their keys in common */
	int64_t		 renew_usec;		/* then another certificate is in the place of one; 0: never */
};

/* Who comes to it to no purpose (knock.h). */
#define KNOCKS	6
enum knock_kind {
	KNOCK_STOPS, KNOCK_STOPS_LATER,	/* in its first message, and behind it */
	KNOCK_LEAVES, KNOCK_PLAIN, KNOCK_GARBAGE,
	KNOCK_STRANGER,			/* wants a host that has no certificate */
	KNOCK_OLDER, KNOCK_PROTOCOL,	/* has no version, or protocol, that Mola has */
	KNOCK_DISTRUSTS, KNOCK_SLOW, KNOCK_KINDS
};
struct plan_knock {
	bool		 there, resets;
	enum knock_kind	 kind;
	int64_t		 starts_usec;
	uint64_t	 at;
	struct weather	 weather;
};

/* Who sends nothing but PINGs (pings.h). */
struct plan_pings {
	bool		 there;
	int64_t		 starts_usec;
	unsigned	 count;
	struct weather	 weather;
};

/* Who opens streams and resets them (resets.h). */
struct plan_resets {
	bool		 there;
	int64_t		 starts_usec, gap_usec, pause_usec;	/* a pause after as many as `before`, and a gap after each round of streams */
	unsigned	 round, before, count;
	struct weather	 weather;
};

/* Heads that come in two parts: the first bytes of a frame, or a frame of its own and a CONTINUATION (frames.h). */
#define PARTS_LATE_USEC	(HEAD_USEC + 500 * USEC_PER_MSEC)	/* is too late by so much that it is noticed */
struct plan_parts {
	unsigned	 from, heads;		/* so many of a client, from this one on; 0: none */
	size_t		 at;			/* bytes of the head that are in the first part */
	int64_t		 usec;			/* and how long after that the second one comes */
	bool		 continued;
};

struct plan_client {
	bool		 there;
	struct plan_secure secure;
	int64_t		 starts_usec;
	unsigned	 ncalls;
	struct call	 call[CALLS];
	struct weather	 weather;
	unsigned	 front;			/* enum front_kind, where there is a proxy in front */
	/* of HTTP/2: calls are streams, so many at once */
	bool		 h2;
	unsigned	 h2_streams;
	uint32_t	 h2_window;		/* bytes of each that it takes before it makes room; 0: as usual */
	struct plan_parts parts;
};

enum wrong_cert { CERT_GOOD, CERT_OTHER_NAME, CERT_OVER, CERT_OTHER_CA };	/* what is wrong with a task's */
struct plan_task {
	unsigned	 node;
	int64_t		 down_usec, up_usec;	/* its port is closed between; 0: never */
	bool		 resets;		/* its connections break when it goes down */
	int64_t		 idle_usec;		/* it closes connections that are idle for so long; 0: never */
	int64_t		 sick_usec, well_usec;	/* its health check fails between */
	bool		 sick_says;		/* by a status, and not by silence */
	int64_t		 gone_usec, back_usec;	/* not in the table between; 0: never */
	int64_t		 drains_usec;		/* draining from here until it is gone */
	enum detour	 detour;
	bool		 announces;		/* by Keep-Alive, for how many seconds it keeps a connection */
	enum wrong_cert	 wrong;
};

/* How the tasks of a service have TLS. */
struct plan_task_tls {
	bool		 on, verified;
	bool		 old;			/* TLS 1.2 */
	bool		 mute;			/* they end without close_notify */
	bool		 h2_alone;		/* of those with HTTP/2: nothing else is offered to them */
	bool		 damaged;		/* in the file of their CA, a second certificate is */
};

/* Middlewares: fields added to requests and responses, limits, a breaker. */
enum { FILTER_BIT_FIELDS = 1, FILTER_BIT_IN_FLIGHT = 2, FILTER_BIT_RATE = 4, FILTER_BIT_BREAKER = 8 };

/* Middlewares that work on one exchange alone (chain.h), from `first` on, in this order. */
enum chain_kind {
	CHAIN_ALLOWS, CHAIN_LOGIN, CHAIN_REDIRECT, CHAIN_CORS, CHAIN_BUFFERS, CHAIN_ENCODES, CHAIN_GUESSES, CHAIN_PATH, CHAIN_KINDS
};
enum path_change { PATH_ADDED, PATH_STRIPPED, PATH_STRIPPED_REGEX, PATH_REPLACED, PATH_REPLACED_REGEX, PATH_CHANGES };
struct plan_chain {
	unsigned	 kinds, first;		/* kinds: bits */
	unsigned	 addresses;		/* of clients that pass, as bits */
	enum path_change path;
	bool		 by_scheme, permanent;	/* it redirects by scheme, and not those whose number is even */
	uint64_t	 request_most, response_most;	/* 0: any */
	bool		 hides;			/* tasks do not see Authorization */
};

/* How its requests are tried again (plan_retry.c). */
struct plan_retry {
	unsigned	 on, attempts, budget;	/* budget: percent of the requests */
	uint64_t	 body;
	int64_t		 per_try_usec;		/* 0: none */
	bool		 all_methods, hedges;
	unsigned	 slow;			/* percent of its requests that take long on a task or two, in a crowd */
};

struct plan_service {
	unsigned	 ntasks, policy;
	unsigned	 precedence;		/* where it shares nodes: enum precedence */
	struct plan_retry retry;
	struct plan_task task[TASKS];
	bool		 checked, overload, sticky, names_task;
	bool		 redirects;		/* its checks are sent elsewhere first */
	unsigned	 eject_failures;
	bool		 fails;			/* its tasks reset whatever comes */
	unsigned	 max_inflight, task_max_inflight;	/* 0: as many as there are */
	/* the middlewares of its router; of limits, how much */
	unsigned	 filters, inflight_amount, rate;
	struct plan_chain chain;
	bool		 asks;			/* somebody else whether requests may pass (auth.h) */
	bool		 shows;			/* and shows the request's body */
	bool		 mirrored;		/* copies of its requests go to a mirror (mirror.h) */
	bool		 h2c;			/* its tasks get HTTP/2 */
	bool		 rpc;			/* and are of gRPC */
	struct plan_task_tls tls;
	/* of TCP: */
	unsigned	 proxy_version;		/* enum proxy_version */
	bool		 greets;		/* its tasks say something first */
};

/* How one side of a connection that is relayed behaves: when it has sent all, it ends its direction, waits for the other side's end,
 * ends the connection, breaks it off, or does nothing more. */
enum side_ending { SIDE_SHUTS, SIDE_WAITS, SIDE_CLOSES, SIDE_RESETS, SIDE_STAYS, SIDE_ENDINGS };
struct plan_side {
	uint64_t	 bytes;
	enum side_ending ending;
	uint32_t	 piece;			/* sends so many bytes at once; 0: all */
	int64_t		 piece_usec;
	bool		 pauses;		/* once */
	uint64_t	 pause_at;
	int64_t		 pause_usec;
	uint32_t	 read_piece;		/* reads so many bytes at once; 0: all */
	int64_t		 read_usec;
};

/* A connection of a client to a service of TCP; `side` by enum side. */
struct plan_relay {
	bool		 there;
	int64_t		 starts_usec;
	unsigned	 service;
	struct plan_side side[2];
	struct weather	 weather;
};

struct plan_worker {
	int64_t		 kill_usec, again_usec;	/* its end, 0: never; and how long after that another one is in its place */
	int64_t		 hang_usec, wakes_usec;	/* it does nothing between; 0: never */
};

/* What is wrong with an Engine or an exporter, from and until; 0: never. */
enum engine_trouble {
	ENGINE_DOWN, ENGINE_HANGS, ENGINE_FAILS, ENGINE_LATE, ENGINE_BREAKS, ENGINE_EMPTY, ENGINE_BABBLES, ENGINE_LAGS, ENGINE_TROUBLES
};
enum exporter_trouble {
	EXPORTER_GOOD, EXPORTER_DOWN, EXPORTER_HANGS, EXPORTER_STUCK, EXPORTER_RESTARTS, EXPORTER_LATE, EXPORTER_BREAKS, EXPORTER_SLOW,
	EXPORTER_LIES, EXPORTER_TROUBLES
};
struct trouble {
	unsigned	 what;
	int64_t		 from_usec, until_usec;
	int64_t		 usec;			/* so late */
};
enum target_trouble { TARGET_DOWN, TARGET_HANGS, TARGET_LATE, TARGET_REFUSES, TARGET_BREAKS, TARGET_MEDDLES, TARGET_TROUBLES };
enum node_trouble { NODE_THERE, NODE_LOST, NODE_EMPTIED, NODE_LEFT, NODE_TROUBLES };

#define TROUBLES	3
#define ENDS		2

/* The brain, and what it sees of the Swarm. */
struct plan_brain {
	bool		 there;			/* else tables come from the simulator */
	struct trouble	 engine[TROUBLES], exporter[NODES][TROUBLES];
	bool		 drives;		/* a HAProxy */
	struct trouble	 target[TROUBLES];
	bool		 moves;			/* there is a service that it may move, on a node that is hot at first */
	unsigned	 hot;
	int64_t		 meddle_usec[2];	/* somebody else changes that service; 0: never */
	unsigned	 drain_node;
	int64_t		 drain_usec, undrain_usec;	/* an operator wants that node drained; 0: never */
	bool		 watched;		/* all of its pages, not metrics alone */
	bool		 agents;		/* nodes have agents, too, whose streams are what exporters export */
	bool		 deaf;			/* no event comes of what changes */
	struct { enum node_trouble what; int64_t leaves_usec, back_usec; } node[NODES];
	struct { int64_t usec, again_usec; bool kills; } end[ENDS];	/* the brain ends, and another one begins so long after that */
	int64_t		 hang_usec, wakes_usec;	/* it does nothing between; 0: never */
	int64_t		 wall_usec, wall_ahead_usec;	/* the wall clock is set then; 0: never */
	int64_t		 reload_usec[2];	/* of its configuration; 0: none */
};

struct plan {
	uint64_t	 seed;
	struct plan_brain brain;
	struct plan_client client[CLIENTS];
	struct plan_service service[ALL_SERVICES];
	struct plan_relay relay[RELAYS];
	struct plan_tls	 tls;
	struct plan_knock knock[KNOCKS];
	struct plan_pings pings;
	struct plan_resets resets;
	struct { int64_t cut_usec, heals_usec; } node[NODES];
	unsigned	 nworkers;
	struct plan_worker worker[WORKERS];
	unsigned	 clients_max, per_address, idle_max;	/* of each worker */
	bool		 abort_on_close, signals, min_rate;
	int64_t		 starved_usec, fed_usec;	/* between these there are few descriptors */
	unsigned	 descriptors;
	int64_t		 no_ports_usec, ports_usec;
	int64_t		 reconf_usec;			/* another configuration; 0: none */
	int64_t		 drain_usec;			/* Mola is told to stop; 0: it is not */
	bool		 storm;				/* all requests are for a service that fails */
	bool		 crowd;				/* many small requests for one service, of one worker */
	int64_t		 task_idle_usec;		/* a connection to a task that nothing is on */
	bool		 rush;				/* all come at once, and there is room for some (rush.h) */
	unsigned	 cores;				/* of a node, in a rush */
	bool		 sharing;			/* in a rush: of two services (precedence.h) */
	bool		 flood;				/* a worker that wakes finds a large response for each client */
	struct weather	 weather;			/* between Mola and tasks */
	unsigned	 log_trouble;			/* enum log_trouble, between */
	int64_t		 log_usec, log_until_usec;
	struct { bool half, bodiless; uint32_t body_most; unsigned swallows; int64_t response_usec; } mirror;	/* half: of half of them only;
						 * swallows: of its tasks, as bits, those that nothing comes from */
	bool		 proxied, trusts;		/* clients come through a proxy; some are one (front.h) */
	bool		 traces;			/* requests have IDs, and are part of traces */
	unsigned	 choices;			/* that there were */
};

/* `masked`: a byte for each of CHOICES, what is not 0 is left out. */
void	plan_draw(struct plan *, uint64_t seed, const unsigned char masked[CHOICES]);
void	plan_print(const struct plan *);

/* The Swarm or an operator takes the node's tasks out of use for a while. */
bool	plan_takes_away(const struct plan *, unsigned node);

/* Both sides say all that they have to say, and do not take too long for it. */
bool	relay_is_sound(const struct plan_relay *);

/* Of its tasks. */
enum scheme	plan_scheme(const struct plan_service *);
/* Mola will not have its certificate. */
bool	plan_task_is_refused(const struct plan_service *, const struct plan_task *);

/* Its tasks have HTTP/1, and no middleware but the one for fields has a say. */
bool	plan_service_is_plain(const struct plan_service *);
/* It is of HTTP/1 on both sides, and no middleware but the one for fields has a say: whose bytes and times are all known. */
bool	plan_is_plain(const struct plan *, const struct call *);
/* No connection of a world is another one than such. */
bool	plan_is_all_plain(const struct plan *);

/* What it is tried again for, as in retry.on. */
const char *plan_retry_on(const struct plan_service *);
/* More than one task may have it. */
bool	plan_may_repeat(const struct plan *, const struct call *);

/* Nothing that the client does is unusual enough to end the exchange otherwise. */
bool	call_is_sound(const struct call *);

#endif
