/*
 * agent: the `mola agent` of an emulated node: /metrics, and /stream?period=100ms. The text is the real agent's
 * (signals/proc_page.h), of what the emulation says.
 */
#ifndef BENCH_AGENT_H
#define BENCH_AGENT_H

#include "emu.h"

/* Responds to a request of this node's agent, now or from now on. */
void		 agent_take(struct emu *, struct loop *, struct serve_request *, int64_t now_usec);

#endif
