/*
 * task_h2: tasks that get HTTP/2 without TLS (h2c), as those of gRPC do: each connection has many exchanges. What goes wrong with one
 * of them is done to its stream. It has nghttp2 for the frames.
 */
#ifndef SIM_TASK_H2_H
#define SIM_TASK_H2_H

#include "plan.h"

struct task_h2;

struct task_h2 *task_h2_new(const struct plan *, unsigned service, unsigned number, struct host *, const struct addr *at);
/* It breaks off its connections, and what they have of memory is given back. */
void		task_h2_stop(struct task_h2 *);

#endif
