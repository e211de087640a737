/*
 * haproxy: a plan in HAProxy's words: the commands of its Runtime API that turn what it has into what it should have.
 * Servers that we add are called PREFIX and the task's name. Servers of the user's own that stand in the same backend
 * and have a task's address get its weight, and nothing else is done to them. Pure.
 */
#ifndef DRIVE_HAPROXY_H
#define DRIVE_HAPROXY_H

#include "base/map.h"
#include "drive/haproxy_state.h"
#include "drive/plan.h"

#define HAPROXY_PREFIX		"mola:"
#define HAPROXY_NAME_MAX	256		/* bytes of a name, with its end */

/* In the order in which they are given: nobody drains before those who take over are ready. */
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
	unsigned	 number;		/* place among its equals */
	const char	*line;			/* the command, without its end */
};

struct haproxy_commands {
	struct haproxy_command *command;
	unsigned	 n;
	unsigned	 ndelete;		/* of them, HAPROXY_DELETE: they may have to wait for connections to end */
	struct arena	*arena;			/* private: all of it lies there */
	unsigned	 cap;
};

struct haproxy_rules {
	const char	*backend;		/* template with {service} in it */
	const char	*options;		/* words of each `add server`, "" for none */
};

void			 haproxy_backend_name(const char *template, const char *service, char out[HAPROXY_NAME_MAX]);
/* The server that stands for a task: the user's own, or ours; NULL: none does. */
const struct haproxy_server *haproxy_task_server(const struct haproxy_state *, const char *backend,
			    const struct plan_server *);

struct haproxy_commands	*haproxy_commands_make(const struct haproxy_state *, const struct plan *, const struct haproxy_rules *);
/* And takes out what we once added to a backend whose service is gone. */
void			 haproxy_commands_clear_backend(struct haproxy_commands *, const struct haproxy_state *, const char *backend);
/*
 * Takes out what we ever added to backends that the template fits (of these services, if some are named), and gives the user's own
 * servers there the weights of their configuration. `filled` has the backends, by name, whose weights were ours; NULL: it may be any.
 */
struct haproxy_commands	*haproxy_commands_withdraw(const struct haproxy_state *, const struct haproxy_rules *, char *const *only, unsigned nonly,
			    const struct map *filled);
void			 haproxy_commands_free(struct haproxy_commands **);

enum haproxy_verdict { HAPROXY_DONE, HAPROXY_BUSY, HAPROXY_REFUSED };
/* What the answer to an order means. BUSY: a server is out of use, and will be deleted when its connections have ended. */
enum haproxy_verdict	 haproxy_response_verdict(enum haproxy_action, struct str answer);

#endif
