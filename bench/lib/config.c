#include <string.h>

#include "config.h"

/* "mine=ram" is a service of the name "mine", with policy marginal and that profile. */
static struct str
name_of(const char *policy)
{
	return (struct str){ policy, strcspn(policy, "=") };
}

static void
nodes_write(const struct config *c, FILE *f)
{
	char at[PLAN_TEXT_MAX];

	fputs("nodes:\n", f);
	for (unsigned k = 0; k < c->npolicies; k++)
		for (unsigned i = 1; i <= c->plan->nnodes; i++) {
			fprintf(f, "  - { name: %.*s-n%u, ", STR_ARG(name_of(c->policy[k])), i);
			if (c->agents)
				fprintf(f, "agent: \"%s\" }\n", plan_address(c->plan, k, i, c->plan->agent_port, at));
			else
				fprintf(f, "node_exporter: \"http://%s/metrics\" }\n", plan_address(c->plan, k, i, c->plan->exporter_port, at));
		}
}

static void
task_write(const struct config *c, unsigned k, unsigned i, FILE *f)
{
	char at[PLAN_TEXT_MAX], id[PLAN_CONTAINER_BYTES];

	fprintf(f, "      - { node: %.*s-n%u, address: \"%s\"", STR_ARG(name_of(c->policy[k])), i,
	    plan_address(c->plan, k, i, c->plan->task_port, at));
	if (c->agents)
		fprintf(f, ", container: \"%s\"", plan_container(k, i, PLAN_TASK, id));
	fputs(" }\n", f);
}

static void
services_write(const struct config *c, FILE *f)
{
	fputs("services:\n", f);
	for (unsigned k = 0; k < c->npolicies; k++) {
		struct str name = name_of(c->policy[k]);
		const char *profile = c->policy[k][name.len] == '=' ? c->policy[k] + name.len + 1 : NULL;
		fprintf(f, "  - name: %.*s\n    host: %.*s\n    policy: %s\n", STR_ARG(name), STR_ARG(name),
		    profile != NULL ? "marginal" : c->policy[k]);
		if (profile != NULL)
			fprintf(f, "    profile: %s\n", profile);
		fputs("    tasks:\n", f);
		for (unsigned i = 1; i <= c->plan->nnodes; i++)
			task_write(c, k, i, f);
	}
}

/* An overloaded set has thousands of requests waiting for minutes: they shall count, not be cut off; and all come from one address. */
void
config_write(const struct config *c, FILE *f)
{
	fprintf(f, "listen: \"%s\"\n", c->listen);
	if (c->workers > 0)
		fprintf(f, "workers: %u\n", c->workers);
	fprintf(f, "stop: 1s\nadmin: { address: \"%s\", socket: %s", c->admin, c->socket);
	if (c->token != NULL)
		fprintf(f, ", token: %s", c->token);
	fprintf(f, " }\nlog: { level: warn }\nsignals: { period: %s }\n", c->period);
	fputs("clients: { max: 16384, max_per_address: 0 }\ndefaults: { response: 10m, idle: 10m }\n", f);
	nodes_write(c, f);
	services_write(c, f);
}
