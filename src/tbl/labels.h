/*
 * Every label of a Swarm service that Mola knows, once. It feeds the reader, `mola services`
 * and mola-labels(7).
 *
 * LABEL(group, name, type, field, default, least, most, help): the group is the part before the
 * name, types are those of discovery/label_value.c, the field is a member of struct labels. The
 * default is text for people; "as in defaults" is that of a service in the configuration file.
 * Two rows with one group and name do not compile.
 */
#define LABEL_NAME(group, name)	"mola." LABEL_IN_##group #name
#define LABEL_IN_DEFAULTS	""
#define LABEL_IN_HEALTH		"health."
#define LABEL_IN_EJECT		"eject."
#define LABEL_IN_RETRY		"retry."
#define LABEL_IN_STICKY		"sticky."
#define LABEL_IN_OVERLOAD	"overload."
#define LABEL_IN_TASK_TLS	"task_tls."
#define LABEL_IN_SCALE		"scale."
#define LABEL_IN_PROMQL		"promql."
#define LABEL_IN_QUERY		"promql.NAME."

LABEL(DEFAULTS, enable, ENABLE, enable,
    "true with mola.port, mola.host, mola.rule or mola.listen", "", "",
    "Whether Mola serves the service: true, yes, on or 1. Anything else means no.")
LABEL(DEFAULTS, port, PORT, port, "the only one", "1", "65535",
    "The port on which the tasks listen inside their containers. Optional where the service "
    "publishes exactly one TCP port.")
LABEL(DEFAULTS, host, HOSTS, host, "none", "", "",
    "Host names, separated by commas; *.example.org matches all names below it, and * any host "
    "that no other service names. Without it, and without a Traefik router, the service is not "
    "served.")
LABEL(DEFAULTS, listen, NAMES, listen, "none", "", "",
    "Names of the listeners (listen in mola.yaml) by which requests of mola.host and mola.rule "
    "come, separated by commas; without it, all. For tcp services: of those whose connections "
    "go to the service; all of them, or with mola.host, those of TLS clients that name such a "
    "server. Without it, the listeners that have tls; mola.host is required then.")
LABEL(DEFAULTS, path, PATHS, path, "/", "", "",
    "Path prefixes, separated by commas. A prefix ends at a slash or at the end of the path; "
    "the longest wins.")
LABEL(DEFAULTS, rule, RULE, rule, "none", "", "",
    "Which requests the service gets, in the language of Traefik 3's rules: Host(`a.org`) && "
    "!PathPrefix(`/internal`). Instead of mola.host and mola.path. See mola-labels(7), Rules.")
LABEL(DEFAULTS, priority, PRIORITY, priority, "the length of the rule",
    "-9223372036854774807", "9223372036854774807",
    "Of several rules that match a request, the one with the greatest priority has it. 0 means the "
    "default.")
LABEL(DEFAULTS, middlewares, MIDDLEWARES, middlewares, "none", "", "",
    "Names of middlewares that the requests of mola.host and mola.rule pass, in this order, "
    "separated by commas: those of middlewares in mola.yaml, those that labels define "
    "(traefik.http.middlewares) and, as NAME@file, those of Traefik's files. While one of them "
    "cannot be applied, nothing of the service is served.")
/* What each service has of its own: tbl/service.h. */
#define LABEL_IF_FILE_AND_LABEL(section, key, type, field, fallback, least, most, help) \
	LABEL(section, key, type, conf.field, "as in defaults", least, most, help)
#define LABEL_IF_LABEL(section, key, type, field, fallback, least, most, help) \
	LABEL(section, key, type, conf.field, fallback, least, most, help)
#define LABEL_IF_ELSEWHERE(...)
#define SETTING(type, field, reach, ways, section, key, fallback, least, most, help) \
	LABEL_IF_##ways(section, key, type, field, fallback, least, most, help)
#include "tbl/service.h"
#undef SETTING
#undef LABEL_IF_FILE_AND_LABEL
#undef LABEL_IF_LABEL
#undef LABEL_IF_ELSEWHERE

LABEL(DEFAULTS, overload, SWITCH, conf.overload, "as in defaults", "", "",
    "The same as mola.overload.enable.")
LABEL(DEFAULTS, self, SWITCH, self, "false", "", "",
    "Whether the tasks are Molas that share the nodes with this one, in addition to those of "
    "its own service; see signals.balancers in mola.yaml(5).")
LABEL(DEFAULTS, promql, PROMQL, conf.terms, "as in defaults", "", "",
    "A query to Prometheus that yields one value for each node; a higher value means that the "
    "node has less to give. It adds one more resource to the profile's. The suffixes of NAME "
    "below apply to it, too: mola.promql.limits and so on. none: no query, even where defaults "
    "have one.")
LABEL(PROMQL, NAME, PROMQL, conf.terms, "none", "", "",
    "The same for several queries: up to four, each with a name of its own.")
LABEL(QUERY, weight, PROMQL, conf.terms, "0.8", "0", "1",
    "Weight of the query as a fraction of the whole; the profile's own weights share the rest. "
    "0: only its limits count.")
LABEL(QUERY, limits, PROMQL, conf.terms, "none", "", "",
    "Its soft and hard limit as fractions of full, such as 0.7-0.9.")
LABEL(QUERY, full, PROMQL, conf.terms, "1", "", "",
    "The value that means 100 %.")
LABEL(QUERY, period, PROMQL, conf.terms, "5s", "1s", "10m",
    "Time between two evaluations.")
