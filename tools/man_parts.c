/*
 * man_parts: the parts of the manual pages that are tables in src/tbl/, as mdoc. tools/man puts them in place.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Text, each sentence on its own line, the first letter large, unless it is a metric's; a question ends as one. */
static void
sentences(const char *s)
{
	if (*s >= 'a' && *s <= 'z' && s[strcspn(s, " _")] != '_')
		putchar(*s++ & ~0x20);
	for (; *s != '\0'; s++) {
		if (*s == '\\')		/* it would begin an escape */
			printf("\\e");
		else
			putchar(*s);
		if (strcmp(s, "?.") == 0)
			break;
		if (*s == '.' && s[1] == ' ') {
			putchar('\n');
			s++;
		}
	}
	putchar('\n');
}

static void
verbs(void)
{
	printf(".Bl -tag -width services\n");
#define CMD(name, function, args, help) printf(".It Ic " #name "%s%s\n", *args == '\0' ? "" : " Ar ", args); sentences(help ".");
#include "../src/tbl/cmds.h"
#undef CMD
	printf(".El\n");
}

static void
options(const char *verb)
{
	printf(".Bl -tag -width Ds\n");
#define OPTION(v, id, name, arg, help) \
	if (strcmp(#v, verb) == 0) { \
		printf(".It Fl %s%s%s\n", name + 1, *arg == '\0' ? "" : " Ar ", arg); \
		sentences(help "."); \
	}
#include "../src/tbl/options.h"
#undef OPTION
	printf(".El\n");
}

/* Up to `complete` they are the ends of requests and connections. */
static void
reasons(bool of_requests)
{
	const char *status;
	bool before = true;
	char lower[64];
	size_t i;

	printf(".Bl -tag -width Ds\n");
#define WHY(id, code, blame, text) \
	for (i = 0; i < sizeof #id; i++) \
		lower[i] = #id[i] >= 'A' && #id[i] <= 'Z' ? (char)(#id[i] | 0x20) : #id[i]; \
	status = #code; \
	if (before == of_requests) { \
		printf(".It Cm %s%s%s\n", lower, strcmp(status, "0") == 0 ? "" : " Pq Li ", strcmp(status, "0") == 0 ? "" : status); \
		sentences(text "."); \
	} \
	before = before && strcmp(lower, "complete") != 0;
#include "../src/tbl/why.h"
#undef WHY
	printf(".El\n");
}

static void
metrics(void)
{
	printf(".Bl -tag -width Ds\n");
#define METRIC(id, name, type, help) printf(".It Cm " #name " Pq " #type "\n"); sentences(help);
#include "../src/tbl/metrics.h"
#undef METRIC
	printf(".El\n");
}

static void
events(void)
{
	printf(".Bl -tag -width Ds\n");
#define EVENT(name, level, help) printf(".It Cm " name " Pq " level "\n"); sentences(help);
#include "../src/tbl/events.h"
#undef EVENT
	printf(".El\n");
}

/* The facts of a line in the access log: their names in both formats. */
static void
facts(void)
{
	printf(".Bl -column request_User-Agent request_User-Agent\n.It Em mola Ta Em json Ta\n");
#define FORMAT(id, name, help)
#define FACT(id, own, json, help) printf(".It Cm %s Ta Cm %s Ta %s\n", *own ? own : "-", *json ? json : "-", help);
#include "../src/tbl/access.h"
#undef FORMAT
#undef FACT
	printf(".El\n");
}

static void
policies(void)
{
	printf(".Bl -tag -width round-robin\n");
#define POLICY(id, name, text) printf(".It Cm " name "\n"); sentences(text ".");
#include "../src/tbl/policies.h"
#undef POLICY
	printf(".El\n");
}

static void
label(const char *name, const char *fallback, const char *least, const char *most, const char *help)
{
	printf(".It Ic %s\n", name);
	sentences(help);
	if (*least != '\0')
		printf("From\n.Cm %s\nto\n.Cm %s .\n", least, most);
	printf("Default:\n.Cm %s .\n", fallback);
}

static void
labels(void)
{
	printf(".Bl -tag -width Ds\n");
#define LABEL(group, name, type, field, fallback, least, most, help) \
	label(LABEL_NAME(group, name), fallback, least, most, help);
#include "../src/tbl/labels.h"
#undef LABEL
	printf(".El\n");
}

static void
limit(const char *resource, double soft, double hard)
{
	if (hard > 0)
		printf(".Cm limits.%s=%g-%g\n", resource, soft, hard);
}

static void
weight(const char *resource, double w)
{
	if (w > 0)
		printf(".Cm %s=%g\n", resource, w);
}

#define LIMIT(soft, hard) soft, hard
#define NO_LIMIT 0, 0
#define ROW(...) ROW_OF(__VA_ARGS__)
#define ROW_OF(name, cpu, ram, io, net, cpu_soft, cpu_hard, ram_soft, ram_hard, io_soft, io_hard, net_soft, net_hard, text) \
	printf(".It Cm " #name "\n"); sentences(text "."); printf(".br\n"); \
	weight("cpu", cpu); weight("ram", ram); weight("io", io); weight("net", net); \
	limit("cpu", cpu_soft, cpu_hard); limit("ram", ram_soft, ram_hard); limit("io", io_soft, io_hard); limit("net", net_soft, net_hard);

static void
profiles(void)
{
	printf(".Bl -tag -width balanced\n");
#define PROFILE(id, ...) ROW(__VA_ARGS__)
#include "../src/tbl/profiles.h"
#undef PROFILE
	printf(".El\n");
}

static void
targets(void)
{
	printf(".Bl -tag -width haproxy-agent\n");
#define TARGET(id, driver, name, least, most, interval, zero, drain, how) \
	printf(".It Cm " name "\n"); \
	sentences(how "."); \
	printf("Weights %s to %s, published every %s at most.\nDrain: %s.\nWeight 0 would mean: %s.\n", #least, #most, \
	    interval, drain, zero);
#include "../src/tbl/targets.h"
#undef TARGET
	printf(".El\n");
}

static void
resources(void)
{
	printf(".Bl -tag -width balanced\n");
#define RESOURCE(id, name, alias, measure) printf(".It Cm " #name "\n"); sentences(measure ".");
#include "../src/tbl/profiles.h"
#undef RESOURCE
	printf(".El\n");
}

/* keys: one row after the other, in the order of the sections */

enum section {
#define SECTION(id, parent, name, shape, type, help) SECTION_##id,
#define KEY(section, name, type, field, fallback, least, most, help)
#include "../src/tbl/conf.h"
#undef SECTION
#undef KEY
};

#define NONE		NULL
#define REQUIRED	required
static const char required[] = "";

static void
key(const char *name, const char *fallback, const char *least, const char *most, const char *help)
{
	printf(".It Ic %s\n", name);
	sentences(help);
	if (*least != '\0')
		printf("From\n.Cm %s\nto\n.Cm %s .\n", least, most);
	if (fallback == required)
		printf("Required.\n");
	else if (fallback != NULL)
		printf("Default:\n.Cm %s .\n", fallback);
}

static void
keys_of(enum section of)
{
	printf(".Bl -tag -width Ds\n");
#define SECTION(id, parent, name, shape, type, help)
#define KEY(section, name, type, field, fallback, least, most, help) \
	if (SECTION_##section == of) \
		key(#name, fallback, least, most, help);
#include "../src/tbl/conf.h"
#undef SECTION
#undef KEY
	printf(".El\n");
}

/* A section inside services is headed services.tasks; health belongs to two. */
static void
heading(enum section parent, const char *name)
{
	printf(".Ss %s%s\n", parent == SECTION_SERVICE ? "services." : parent == SECTION_SWARM ? "swarm." : "", name);
}

static void
keys(void)
{
#define MAP "A mapping."
#define MAP_AT(...) MAP
#define LIST(...) "A list of mappings."
#define FEW LIST
#define SECTION(id, parent, name, shape, type, help) \
	if (SECTION_##id != SECTION_TOP) { \
		heading(SECTION_##parent, #name); \
		printf("%s\n", shape); \
		sentences(help); \
	} \
	keys_of(SECTION_##id);
#define KEY(section, name, type, field, fallback, least, most, help)
#include "../src/tbl/conf.h"
#undef SECTION
#undef KEY
}

int
main(int argc, char **argv)
{
	const char *part = argc == 2 ? argv[1] : "";

	if (strcmp(part, "verbs") == 0)
		verbs();
	else if (strcmp(part, "agent") == 0 || strcmp(part, "check") == 0 || strcmp(part, "ask") == 0 || strcmp(part, "drain") == 0
	    || strcmp(part, "compare") == 0 || strcmp(part, "record") == 0 || strcmp(part, "replay") == 0)
		options(part);
	else if (strcmp(part, "events_options") == 0)
		options("events");
	else if (strcmp(part, "withdraw") == 0)
		options("targets");
	else if (strcmp(part, "reasons") == 0)
		reasons(true);
	else if (strcmp(part, "other_reasons") == 0)
		reasons(false);
	else if (strcmp(part, "metrics") == 0)
		metrics();
	else if (strcmp(part, "events") == 0)
		events();
	else if (strcmp(part, "facts") == 0)
		facts();
	else if (strcmp(part, "policies") == 0)
		policies();
	else if (strcmp(part, "profiles") == 0)
		profiles();
	else if (strcmp(part, "resources") == 0)
		resources();
	else if (strcmp(part, "targets") == 0)
		targets();
	else if (strcmp(part, "labels") == 0)
		labels();
	else if (strcmp(part, "keys") == 0)
		keys();
	else
		return 1;
	return 0;
}
