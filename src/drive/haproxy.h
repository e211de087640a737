/*
 * haproxy: a plan in HAProxy's words: the commands of its Runtime API that lead from the state it
 * has to the plan. A server that Mola adds is called HAPROXY_PREFIX and the task's name. A static
 * server (of HAProxy's own configuration) in the same backend that has a task's address gets the
 * task's weight, and nothing else of it changes. Pure.
 */
#ifndef DRIVE_HAPROXY_H
#define DRIVE_HAPROXY_H

#include "base/map.h"
#include "drive/haproxy_state.h"
#include "drive/plan.h"

#define HAPROXY_PREFIX		"mola:"
#define HAPROXY_WEIGHT_MAX	256		/* HAProxy's own limit, and that of tbl/targets.h */
#define HAPROXY_NAME_MAX	256		/* bytes of a name, with its end */

/* In the order in which commands are sent: no server drains before those that take over are
 * ready. */
enum haproxy_action {
	HAPROXY_ADD,
	HAPROXY_ENABLE_CHECK,
	HAPROXY_ADDRESS,
	HAPROXY_WEIGHT,
	HAPROXY_READY,
	HAPROXY_SET_DRAIN,
	HAPROXY_SET_MAINT,
	HAPROXY_DELETE
};

struct haproxy_command {
	enum haproxy_action action;
	unsigned	 number;		/* in the order of making: keeps the sort stable */
	const char	*line;			/* without its newline */
	bool		 refused;		/* for whoever sends it */
};

struct haproxy_commands {
	struct haproxy_command *command;
	unsigned	 n;
	unsigned	 ndelete;		/* how many are HAPROXY_DELETE: these may wait for connections to end */
	struct arena	*arena;			/* private: holds the lines */
	unsigned	 cap;			/* private */
};

struct haproxy_rules {
	const char	*backend;		/* template with {service} in it */
	const char	*options;		/* appended to each `add server`; "": none */
};

void			 haproxy_backend_name(const char *template, const char *service, char out[HAPROXY_NAME_MAX]);
/* The server of a task: a static one, else the one that Mola added; NULL: there is none. */
const struct haproxy_server *haproxy_task_server(const struct haproxy_state *, const char *backend,
			    const struct plan_server *);

/* The backend that a command is for. */
struct str		 haproxy_command_backend(const struct haproxy_command *);

/* Never NULL; the caller frees them. Empty: HAProxy has what is planned. */
struct haproxy_commands	*haproxy_commands_make(const struct haproxy_state *, const struct plan *,
			    const struct haproxy_rules *);
/* Adds those that remove Mola's servers from a backend whose service is gone. */
void			 haproxy_commands_clear_backend(struct haproxy_commands *,
			    const struct haproxy_state *, const char *backend);
/*
 * Removes every server that Mola added to backends that the template fits (of the services
 * `only`, if some are named), and gives static servers there the weights of HAProxy's
 * configuration: in the backends named in `filled`, whose weights Mola has set; NULL: in all of
 * them, because a process before this one may have set them.
 */
struct haproxy_commands	*haproxy_commands_withdraw(const struct haproxy_state *,
			    const struct haproxy_rules *, char *const *only, unsigned nonly, const struct map *filled);
void			 haproxy_commands_free(struct haproxy_commands **);

enum haproxy_verdict { HAPROXY_DONE, HAPROXY_BUSY, HAPROXY_REFUSED };
/* What the response to a command means. BUSY: the server is in maintenance, and can be deleted
 * when its connections have ended. */
enum haproxy_verdict	 haproxy_response_verdict(enum haproxy_action, struct str response);

#endif
