/*
 * fake_target: what a driver uses and reports, without the life of a target: it gets a plan, and its reports are
 * counted. A test defines it instead of targets/target.c.
 */
#ifndef TESTS_FAKE_TARGET_H
#define TESTS_FAKE_TARGET_H

#include "targets/target.h"

struct target {
	struct loop	*loop;
	struct conf_target conf;
	const struct plan *plan;
	int64_t		 joined_usec;
	bool		 standalone;
	unsigned	 published, failed, applied, not_applied, withdrawn;
	const struct why *why;
	char		 detail[240];
	char		 reported[240];		/* "server weight state;" */
};

struct loop *target_loop(const struct target *t) { return t->loop; }
struct fetcher *target_fetcher(const struct target *t) { (void)t; return NULL; }
const struct conf_target *target_conf(const struct target *t) { return &t->conf; }
const char *target_name(const struct target *t) { return t->conf.name; }
bool target_is_standalone(const struct target *t) { return t->standalone; }
int64_t target_joined_usec(const struct target *t) { return t->joined_usec; }
const struct plan *target_plan(const struct target *t) { return t->plan; }
void target_published(struct target *t) { t->published++; }
void target_withdrawn(struct target *t) { t->withdrawn++; }
void target_applied(struct target *t) { t->applied++; t->why = NULL; }

static void
fault_set(struct target *t, const struct why *why, const char *detail)
{
	t->why = why;
	snprintf(t->detail, sizeof t->detail, "%s", detail);
}

void
target_failed(struct target *t, const struct why *why, const char *detail)
{
	t->failed++;
	fault_set(t, why, detail);
}

void
target_not_applied(struct target *t, const struct why *why, const char *detail)
{
	t->not_applied++;
	fault_set(t, why, detail);
}

void
target_server_reported(struct target *t, const char *server, int weight, const char *state)
{
	snprintf(t->reported + strlen(t->reported), sizeof t->reported - strlen(t->reported), "%s %d %s;", server, weight, state);
}

#endif
