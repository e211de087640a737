/*
 * recorder: writes down what steering sees and what becomes of requests, as the lines of
 * doc/recording.md. Text out and nothing else: whose it is, and where it goes, the caller knows.
 * Hosts, paths, addresses and tokens are in none of it; names of nodes and services only if
 * wished. Costs nothing where there is none: all numbers are read from what workers count anyway.
 */
#ifndef RECORDING_RECORDER_H
#define RECORDING_RECORDER_H

#include "base/buf.h"
#include "recording/recording.h"

struct recorder;

/* The law's times are those of the brain here, not of the recording. */
struct recorder	*recorder_new(const struct world *, const struct recorded_law *, bool names,
    int64_t now_usec, int64_t wall_usec, struct buf *out);
void		 recorder_free(struct recorder **);
/* After steer_sample, of what came, whether it was taken or refused. `inflight`: as given to it. */
void		 recorder_sample(struct recorder *, const struct world_node *, const struct sample *,
    double inflight, int64_t now_usec, struct buf *out);
/* After steer_tick. */
void		 recorder_tick(struct recorder *, const struct recorded_law *, int64_t now_usec,
    struct buf *out);
void		 recorder_end(struct recorder *, int64_t now_usec, struct buf *out);

#endif
