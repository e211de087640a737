/*
 * reader_priv: the line that is read, and its fields: what reader.c, which has the lines of a
 * period, reader_world.c, which has those of what exists, and reader_fields.c share. Each function
 * takes a field, or a line, and returns true, or puts into the reader's error what was expected.
 */
#ifndef RECORDING_READER_PRIV_H
#define RECORDING_READER_PRIV_H

#include "base/arena.h"
#include "recording/reader.h"

#define SHOWN_MAX	48		/* bytes of a field as errors show it */

struct line {
	struct reader	*reader;
	struct str	 rest;		/* what was not taken yet */
	const char	*kind;
};

struct reader {
	struct recording *r;
	size_t		 cap;
	uint64_t	 number;	/* of the line, from 1 */
	uint64_t	 version;	/* of the part */
	uint64_t	 responses;
	char		*error;
	bool		 names;
	int64_t		 tick_usec;	/* the last one of the part; -1: none yet */
	bool		 law;		/* the part has had it */
	bool		 over;		/* the part has ended */
	struct recorded_service *service;	/* of the last line of one */
	bool		 service_is[RECORDING_SERVICES], node_is[NODES_MAX], task_is[TASKS_MAX];
	struct recorded_was *was_of[NODES_MAX];
};

/* One more, at the end; valid until the next one. */
struct recorded	*reader_event(struct reader *, enum recorded_kind, uint32_t id);
#define NEW(rd, type) ((type *)arena_zalloc((rd)->r->arena, sizeof(type)))

/* reader_world.c */
bool		 read_service(struct line *);
bool		 read_tenants(struct line *);
bool		 read_slow_start(struct line *);
bool		 read_query(struct line *);
bool		 read_node(struct line *);
bool		 read_was(struct line *);
bool		 read_last(struct line *);
bool		 read_smoothed(struct line *);
bool		 read_task(struct line *);
bool		 read_gone(struct line *);

/* reader_fields.c */
bool		 line_fail(struct line *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool		 line_expected(struct line *, const char *what, struct str found);
/* What was found, fit to be shown. */
const char	*field_shown(struct str, char out[SHOWN_MAX]);

struct str	 take_field(struct line *);
bool		 take_count(struct line *, const char *what, uint64_t most, uint64_t *);
bool		 take_u32(struct line *, const char *what, uint32_t most, uint32_t *);
bool		 take_bool(struct line *, const char *what, bool *);
/* Finite, and between the two; "-": NAN, where that may be. */
bool		 take_number(struct line *, const char *what, double least, double most, bool unknown,
    double *);
/* May be before the beginning; "-": INT64_MIN, where that may be. */
bool		 take_time(struct line *, const char *what, bool never, int64_t *);
bool		 take_span(struct line *, const char *what, int64_t least, int64_t *);
/* Numbers; `known`: of one that is there. */
bool		 take_node(struct line *, bool known, uint32_t *);
bool		 take_service(struct line *, bool known, uint32_t *);
bool		 take_task(struct line *, bool known, uint32_t *);
bool		 take_same(struct line *, uint32_t own, uint32_t *);	/* `own` where the line is over */
bool		 take_name(struct line *, char **);
bool		 take_sample(struct line *, struct sample *);
bool		 take_state(struct line *, enum recorded_state *);
bool		 take_tenants(struct line *, enum tenancy *);
bool		 take_steps(struct line *, struct recorded_did *);

#endif
