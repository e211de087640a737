/* Thousands of servers: what must not grow with the square of their number. */
#ifndef TESTS_UNIT_DRIVE_MANY_H
#define TESTS_UNIT_DRIVE_MANY_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "drive/plan.h"

#define MANY		8000
#define MANY_SECONDS	1.0	/* of CPU, with sanitizers: some hundredths are used, and by squares ten times as much as this */

struct many {
	struct plan_server *server;
	struct plan_service service;
	struct plan	 plan;
	char		 (*name)[16];
};

static inline void
many_init(struct many *m)
{
	char text[40];

	*m = (struct many){ .server = must_zalloc(MANY * sizeof *m->server), .name = must_zalloc(MANY * sizeof *m->name) };
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(m->name[i], sizeof m->name[i], "web.%05u", i);
		m->server[i] = (struct plan_server){ .name = m->name[i], .node = m->name[i], .share = 1.0 / MANY, .weight = 100 };
		snprintf(text, sizeof text, "10.0.%u.%u:80", i / 250, i % 250 + 1);
		assert_null(addr_parse(str_of(text), &m->server[i].addr));
	}
	m->service = (struct plan_service){ .name = "web", .server = m->server, .nservers = MANY, .nserving = MANY };
	m->plan = (struct plan){ .service = &m->service, .nservices = 1 };
}

static inline void
many_fini(struct many *m)
{
	free(m->server);
	free(m->name);
}

static inline double
many_cpu(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
