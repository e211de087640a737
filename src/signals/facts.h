/*
 * facts: the rows of tbl/node_metrics.h, tbl/container_metrics.h and tbl/cpu_modes.h as enums and
 * constants, for the reader (node.c) and for the writer (proc_page.c).
 */
#ifndef SIGNALS_FACTS_H
#define SIGNALS_FACTS_H

#include <stdbool.h>

#include "base/str.h"

enum fact_id {
#define NODE_METRIC(id, name, type, sampled, help) FACT_##id,
#include "tbl/node_metrics.h"
#undef NODE_METRIC
	FACT_COUNT
};
/* Two rows of one name do not compile. */
enum {
#define NODE_METRIC(id, name, type, sampled, help) FACT_NAME_##name,
#include "tbl/node_metrics.h"
#undef NODE_METRIC
};

struct fact {
	struct str	 name;
	const char	*type, *help;
	bool		 sampled;
};

enum container_fact {
#define CONTAINER_METRIC(id, name, type, sampled, help) CONTAINER_##id,
#include "tbl/container_metrics.h"
#undef CONTAINER_METRIC
	CONTAINER_COUNT
};

enum cpu_mode {
#define CPU_MODE(id, name, busy) MODE_##id,
#include "tbl/cpu_modes.h"
#undef CPU_MODE
	MODE_COUNT
};

struct mode {
	struct str	name;
	bool		busy;
};

/* A CPU's counter that falls by more was reset; by less, it is jitter of the kernel. */
#define FACT_CPU_BACK_SECONDS 3.0

extern const struct fact fact_all[FACT_COUNT];
extern const struct fact container_all[CONTAINER_COUNT];
extern const struct mode mode_all[MODE_COUNT];

bool	fact_real_net(struct str device);
bool	fact_real_disk(struct str device);

#endif
