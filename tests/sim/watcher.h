/*
 * watcher: who looks at Mola over its admin address: a Prometheus that reads /metrics all the time, and visitors of other pages, some
 * of whom leave in the middle or read slowly. What metrics say has to hold together, also when another brain says it.
 */
#ifndef SIM_WATCHER_H
#define SIM_WATCHER_H

#include "plan.h"

#define WATCHER_AT	"127.0.0.1:8000"

void	watcher_begin(const struct plan *);
void	watcher_end(void);			/* it looks no more */
uint64_t watcher_pages(void);			/* that were whole */

#endif
