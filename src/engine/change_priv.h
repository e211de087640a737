/*
 * change_priv: one change while it is made, for change.c, which knows its phases, and
 * change_edit.c, which edits the specification and checks what became of that. Private to
 * these.
 */
#ifndef ENGINE_CHANGE_PRIV_H
#define ENGINE_CHANGE_PRIV_H

#include "engine/change.h"
#include "net/loop.h"

#define RETRIES_MAX	5		/* of an edit that need not be made */

enum phase {
	PHASE_NEW,
	PHASE_BEGIN,
	PHASE_WAIT,
	PHASE_BACK,
	PHASE_SETTLE,
	PHASE_END,
	PHASE_SCALE,
	PHASE_CHECK,
	PHASE_UNDO,
	PHASE_UNDONE
};

struct change {
	struct loop	*loop;
	struct engine	*engine;
	const struct world *world;
	change_ended_f	*ended;
	void		*arg;
	struct engine_call *call;
	struct timer	 timer;
	enum phase	 phase;
	int64_t		 began_usec, phase_usec, deadline_usec;
	unsigned	 tries;			/* in this phase */
	bool		 begun;			/* something was posted, or was before a restart */
	char		*service;
	struct placement_mark mark;
	char		**exclude;
	unsigned	 nexclude;
	unsigned	 from, to;		/* replicas */
	const char	*given_up;		/* why; NULL: not */
	/* of the last edit */
	enum phase	 edited;		/* the phase that made it */
	json_t		*before, *sent;		/* the specification as it was read and as it was sent; NULL: not yet */
	unsigned	 minor;			/* of the version that it was read and sent in */
	bool		 altered;		/* it cost the specification something, and that was logged */
	char		 text[320];
};

struct move_progress {
	bool	 arrived;		/* a task serves elsewhere */
	bool	 stays;			/* one still serves where it was */
};

/* change.c */
/* The arrows of its drawing: nothing else is allowed. Requests the service again, at once or
 * after a while. */
void	change_enter(struct change *, enum phase);
void	change_request_after(struct change *, int64_t usec);
/* Tries again, goes on without, or ends the change, as the phase allows. */
void	change_request_failed(struct change *, const struct engine_response *);
/* Nothing of the change may be used after it: its owner frees it there. */
void	change_finish(struct change *, bool moved, enum refusal, const char *text);
struct move_progress change_progress(const struct change *);

/* change_edit.c: with what was read of the service. Each ends in another phase, a request,
 * or the end of the change. */
void	edit_apply(struct change *, json_t *service, const struct engine_response *);
void	edit_check(struct change *, json_t *service, const struct engine_response *);
void	edit_check_undone(struct change *, const json_t *service);
/* What follows an edit of phase `of` that was made, or need not be made. */
void	edit_done(struct change *, enum phase of);

#endif
