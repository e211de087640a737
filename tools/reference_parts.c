/*
 * reference_parts: the rows of src/tbl/ that references are made of, one a line, fields with tabs between them and the name of
 * the table first. tools/reference makes doc/reference/ of them, and tests/docs looks for the words of Korean.
 */
#include <stdio.h>

/* A field; no table has tabs or line breaks in its text. */
static void
row(const char *table, const char *a, const char *b, const char *c, const char *d, const char *e, const char *f)
{
	printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", table, a, b, c, d, e, f);
}

static void
reasons(void)
{
#define WHY(id, status, blame, text) row("reason", #id, #status, #blame, text, "", "");
#include "../src/tbl/why.h"
#undef WHY
#define REFUSAL(id, text) row("refusal", #id, text, "", "", "", "");
#include "../src/tbl/refusals.h"
#undef REFUSAL
#define STEP(id, name, values, help) row("step", name, values, help, "", "", "");
#include "../src/tbl/steps.h"
#undef STEP
}

static void
signs(void)
{
#define METRIC(id, name, type, help) row("metric", #name, #type, help, "", "", "");
#include "../src/tbl/metrics.h"
#undef METRIC
#define NODE_METRIC(id, name, type, sampled, help) row("node_metric", #name, #type, #sampled, help, "", "");
#include "../src/tbl/node_metrics.h"
#undef NODE_METRIC
#define CONTAINER_METRIC(id, name, type, sampled, help) row("container_metric", #name, #type, #sampled, help, "", "");
#include "../src/tbl/container_metrics.h"
#undef CONTAINER_METRIC
#define EVENT(name, level, help) row("event", name, level, help, "", "", "");
#include "../src/tbl/events.h"
#undef EVENT
#define WARNING(id, name, severity, kind, meaning, remedy) row("warning", name, severity, kind, meaning, remedy, "");
#include "../src/tbl/warnings.h"
#undef WARNING
}

static void
commands(void)
{
#define CMD(name, function, args, help) row("verb", #name, args, help, "", "", "");
#include "../src/tbl/cmds.h"
#undef CMD
#define OPTION(verb, id, name, arg, help) row("option", #verb, name, arg, help, "", "");
#include "../src/tbl/options.h"
#undef OPTION
}

static void
choices(void)
{
#define POLICY(id, name, text) row("policy", name, text, "", "", "", "");
#include "../src/tbl/policies.h"
#undef POLICY
#define RESOURCE(id, name, alias, measure) row("resource", #name, measure, "", "", "", "");
#include "../src/tbl/profiles.h"
#undef RESOURCE
#define LIMIT(soft, hard)	#soft "-" #hard
#define NO_LIMIT		""
#define LIMITS(...)	LIMITS_OF(__VA_ARGS__)
#define LIMITS_OF(cpu, ram, io, net, cpu_limit, ram_limit, io_limit, net_limit, text) \
	"cpu " #cpu ", ram " #ram ", io " #io ", net " #net, cpu_limit "," ram_limit "," io_limit "," net_limit, text
#define PROFILE(id, name, ...)	row_of("profile", #name, LIMITS(__VA_ARGS__))
#define row_of(table, name, ...)	row(table, name, __VA_ARGS__, "", "");
#include "../src/tbl/profiles.h"
#undef PROFILE
#define TARGET(id, driver, name, least, most, interval, zero, drain, how) row("target", name, #least " to " #most, interval, zero, drain, how);
#include "../src/tbl/targets.h"
#undef TARGET
}

static void
labels(void)
{
#define LABEL(group, name, type, field, fallback, least, most, help) row("label", LABEL_NAME(group, name), #type, fallback, least, most, help);
#include "../src/tbl/labels.h"
#undef LABEL
}

#define NONE		""
#define REQUIRED	"\001"
#define MAP		"map"
#define MAP_AT(...)	"map"
#define LIST(...)	"list"
#define FEW(...)	"list"

static void
keys(void)
{
#define SECTION(id, parent, name, shape, type, help) row("section", #id, #parent, #name, shape, help, "");
#define KEY(section, name, type, field, fallback, least, most, help) \
	printf("key\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", #section, #name, #type, fallback, least, most, help);
#include "../src/tbl/conf.h"
}

int
main(void)
{
	reasons();
	signs();
	commands();
	choices();
	labels();
	keys();
	return 0;
}
