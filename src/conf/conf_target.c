/*
 * conf_target: types of values that only targets have, and what each kind of target must be
 * given and may not be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/map.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"

static const char *const kind_words[] = {
#define TARGET(id, driver, name, ...) name,
#include "tbl/targets.h"
#undef TARGET
	NULL
};
static const char *const kind_intervals[] = {
#define TARGET(id, driver, name, least, most, interval, ...) interval,
#include "tbl/targets.h"
#undef TARGET
};
static const char *const policy_words[] = { "weighted", "best-node", NULL };
/* of Traefik's servers */
static const char *const strategy_words[] = { "wrr", "p2c", "hrw", "leasttime", NULL };

static bool
read_kind(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int at = word_of(s, kind_words, problem);
	enum target_id id = (enum target_id)at;

	(void)k;
	if (at >= 0)
		memcpy(member, &id, sizeof id);
	return at >= 0;
}

static bool
write_kind(const void *member, struct buf *out)
{
	const enum target_id *id = member;

	ASSERT((unsigned)*id < TARGET_COUNT);
	return buf_adds(out, str_of(kind_words[*id]));
}

static bool
read_policy(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int at = word_of(s, policy_words, problem);
	bool best = at == 1;

	(void)k;
	if (at >= 0)
		memcpy(member, &best, sizeof best);
	return at >= 0;
}

static bool
write_policy(const void *member, struct buf *out)
{
	const bool *best = member;

	return buf_adds(out, str_of(policy_words[*best]));
}

/* "web", or "web:9000" for one more port of it. */
static bool
read_services(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct str rest = s, name = s;
	uint64_t port = 1;

	(void)k;
	if (memchr(s.p, ':', s.len) != NULL) {
		str_split(&rest, ':', &name);
		if (!str_to_u64(rest, &port))
			port = 0;
	}
	if (!form_name(name) || port < 1 || port > 65535)
		return problem_set(problem, "'%s' is not the name of a service; expected one such as web, or "
		    "web:9000 for one of its other ports", QUOTED(s));
	return list_append(member, s, problem);
}

/* Traefik serves nothing of a service whose strategy it does not know. */
static bool
read_strategy(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return word_of(s, strategy_words, problem) >= 0 && text_set(member, s);
}

static bool
read_peer(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	if (s.len == 0 || s.p[0] == ':' || addr_parse(s, &a) != NULL)
		return problem_set(problem, "'%s' is not a socket; expected one such as "
		    "unix:/run/haproxy/admin.sock or 10.0.0.1:9999", QUOTED(s));
	return text_set(member, s);
}

static bool
read_peer_listen(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	if (addr_parse(s, &a) != NULL || a.sa.any.sa_family == AF_UNIX)
		return problem_set(problem, "'%s' is not an address; expected one such as 10.0.0.1:9777 or "
		    ":9777", QUOTED(s));
	memcpy(member, &a, sizeof a);
	return true;
}

/* Words of a command: nothing that would end it, quote, or begin another. */
static bool
read_options(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (str_eq(s, STR("none")))
		return text_set(member, (struct str){ "", 0 });
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' || strchr(";#\\\"'<", s.p[i]) != NULL)
			return problem_set(problem, "'%s' are not words of HAProxy's 'server'; expected some such as "
			    "'check inter 1s', or none", QUOTED(s));
	return text_set(member, str_trim(s));
}

static bool
write_options(const void *member, struct buf *out)
{
	const char *const *text = member;

	return *text != NULL && buf_adds(out, str_of((*text)[0] == '\0' ? "none" : *text));
}

/* Names, with {service} among them once. */
static bool
read_backend(const struct conf_key *k, struct str s, void *member, char *problem)
{
	static const char placeholder[] = "{service}";
	const char *at = s.len == 0 ? NULL : memmem(s.p, s.len, placeholder, sizeof placeholder - 1);
	struct str before, after;

	(void)k;
	if (at == NULL)
		return problem_set(problem, "'%s' has no {service} in it; expected a name such as '{service}' or "
		    "'be_{service}'", QUOTED(s));
	before = (struct str){ s.p, (size_t)(at - s.p) };
	after = (struct str){ at + sizeof placeholder - 1, s.len - before.len - (sizeof placeholder - 1) };
	if (s.len > 64 || (before.len > 0 && !form_name(before)) || (after.len > 0 && !form_name(after)))
		return problem_set(problem, "'%s' is not a name; expected A-Z, a-z, 0-9, '.', '_' and '-' around "
		    "{service}", QUOTED(s));
	return text_set(member, s);
}

const struct conf_type
	type_TARGET_KIND = { read_kind, write_kind, KIND_PLAIN, false, NULL },
	type_TARGET_POLICY = { read_policy, write_policy, KIND_PLAIN, false, NULL },
	type_TARGET_SERVICES = { read_services, NULL, KIND_LIST, false, NULL },
	type_STRATEGY = { read_strategy, write_text, KIND_TEXT, false, NULL },
	type_PEER = { read_peer, write_text, KIND_TEXT, false, NULL },
	type_OPTIONS = { read_options, write_options, KIND_TEXT, false, NULL },
	type_PEER_LISTEN = { read_peer_listen, write_address, KIND_PLAIN, false, NULL },
	type_BACKEND = { read_backend, write_text, KIND_TEXT, false, NULL };

/* What belongs to which kinds, and to which it must be given. */
enum {
	USES_FILE = 1 << 0, USES_SOCKET = 1 << 1, USES_LISTEN = 1 << 2, USES_API = 1 << 3,
	USES_TRAEFIK = 1 << 4, USES_ENVOY = 1 << 5, USES_HAPROXY = 1 << 6
};

/* A new kind has to list here the keys that it uses. */
static unsigned
kind_uses(enum target_id kind)
{
	switch (kind) {
	case TARGET_TRAEFIK_FILE:
		return USES_TRAEFIK | USES_API | USES_FILE;
	case TARGET_TRAEFIK_HTTP:
		return USES_TRAEFIK | USES_API;
	case TARGET_ENVOY_FILE:
		return USES_ENVOY | USES_API | USES_FILE;
	case TARGET_ENVOY_REST:
		return USES_ENVOY | USES_API;
	case TARGET_HAPROXY:
		return USES_HAPROXY | USES_SOCKET;
	case TARGET_HAPROXY_AGENT:
		return USES_LISTEN;
	case TARGET_COUNT:
		break;
	}
	BUG("no such kind of target");
}

static const struct target_use {
	const char	*key;
	unsigned	 by;			/* kinds that have it in kind_uses */
	bool		 must;
} uses[] = {
	{ "file", USES_FILE, true },
	{ "socket", USES_SOCKET, true },
	{ "server_options", USES_HAPROXY, false },
	{ "listen", USES_LISTEN, true },
	{ "api", USES_API, false },
	{ "routers", USES_TRAEFIK, false },
	{ "entry_points", USES_TRAEFIK, false },
	{ "api_entry_point", USES_TRAEFIK, false },
	{ "strategy", USES_TRAEFIK, false },
	{ "fallback", USES_TRAEFIK, false },
	{ "stale_after", USES_ENVOY, false },
};

/* A target, and what stands in the file of it. */
struct checked_target {
	const struct conf_target *target;
	const struct tree *item;
	struct faults	*faults;
};

static const struct tree *
given_key(const struct checked_target *s, const char *key)
{
	return s->item == NULL || s->item->shape != TREE_MAP ? NULL : tree_find(s->item, NULL, key);
}

static int
line_of(const struct checked_target *s, const char *key)
{
	const struct tree *given = given_key(s, key);

	return given == NULL ? s->target->line : given->line;
}

static void
key_check(const struct checked_target *s, const struct target_use *u)
{
	bool given = given_key(s, u->key) != NULL, fits = (kind_uses(s->target->kind) & u->by) != 0;
	char where[64] = "targets.";

	strncat(where, u->key, sizeof where - 9);
	if (given && !fits)
		faults_add(s->faults, line_of(s, u->key), where, "given, and kind %s has no use for it",
		    kind_words[s->target->kind]);
	else if (u->must && !given && fits)
		faults_add(s->faults, s->target->line, where, "missing; kind %s needs it",
		    kind_words[s->target->kind]);
}

static void
file_check(const struct checked_target *s)
{
	const struct conf_target *t = s->target;
	int line = line_of(s, "file");
	bool placeholder;

	if (t->file == NULL || (t->kind != TARGET_TRAEFIK_FILE && t->kind != TARGET_ENVOY_FILE))
		return;
	placeholder = strstr(t->file, "{service}") != NULL;
	if (t->file[strlen(t->file) - 1] == '/')
		faults_add(s->faults, line, "targets.file", "'%.200s' is a folder; expected a file in it",
		    t->file);
	if (t->kind == TARGET_ENVOY_FILE && t->services.n != 1 && !placeholder)
		faults_add(s->faults, line, "targets.file", "has no {service} in it, and Envoy wants a file for "
		    "each cluster; expected a path such as "
		    "/run/envoy/{service}.json, or one service in services");
	if (t->kind == TARGET_TRAEFIK_FILE && placeholder)
		faults_add(s->faults, line, "targets.file", "has {service} in it, and Traefik gets one file for "
		    "all; expected a path without");
}

static void
target_check(const struct checked_target *s)
{
	if (s->target->kind == TARGET_COUNT)		/* reported already */
		return;
	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
		key_check(s, &uses[i]);
	file_check(s);
	if (s->target->entry_points.n > 0 && (kind_uses(s->target->kind) & USES_TRAEFIK) != 0 &&
	    !s->target->routers)
		faults_add(s->faults, line_of(s, "entry_points"), "targets.entry_points",
		    "given, and no routers are written; expected "
		    "routers: true beside it, or no entry_points and SERVICE@%s in a router of your own",
		    s->target->kind == TARGET_TRAEFIK_FILE ? "file" : "http");
	if (s->target->fallback != NULL && !s->target->best_node)
		faults_add(s->faults, line_of(s, "fallback"), "targets.fallback",
		    "given, and only policy best-node has a use for it");
}

/* A service that is not in the file may be one of the Swarm. */
static void
services_exist(const struct conf *c, const struct checked_target *s, const struct map *services)
{
	const struct conf_target *t = s->target;

	for (unsigned i = 0; i < t->services.n && c->swarm_endpoints.n == 0; i++)
		if (map_get(services, str_of(t->services.item[i])) == NULL)
			faults_add(s->faults, line_of(s, "services"), "targets.services",
			    "'%s' is no service; expected names of services", t->services.item[i]);
}

static bool
target_has(const struct conf_target *t, const char *service)
{
	for (unsigned i = 0; i < t->services.n; i++)
		if (strcmp(t->services.item[i], service) == 0)
			return true;
	return t->services.n == 0;
}

bool
conf_unchecked(const struct conf_target *t, const char *service, const struct service_conf *c,
    char text[CONF_UNCHECKED_MAX])
{
	if (t->strategy == NULL || strcmp(t->strategy, "leasttime") != 0 || t->name == NULL ||
	    c->kind != SERVICE_HTTP || service_conf_checks(c) || !target_has(t, service))
		return false;
	snprintf(text, CONF_UNCHECKED_MAX, "leasttime of target '%s' takes a task that refuses "
	    "connections for the fastest, and sends it all requests: service '%s' has no health check; "
	    "expected health.path", t->name, service);
	return true;
}

/* Those of the Swarm are not known here: `mola check --swarm` and --stack look at them. */
static void
unchecked_check(const struct conf *c, const struct checked_target *s)
{
	char text[CONF_UNCHECKED_MAX];

	for (unsigned i = 0; i < c->nservices; i++) {
		const struct conf_service *v = &c->service[i];

		if (v->ntasks > 0 && v->name != NULL && conf_unchecked(s->target, v->name, &v->conf, text))
			faults_doubt(s->faults, line_of(s, "strategy"), "targets.strategy", "%s", text);
	}
}

struct target_names {
	struct map	*names, *files, *listens;
};

/* No two targets share a name, a file or an address. */
static void
names_check(const struct checked_target *s, const struct target_names *n)
{
	const struct conf_target *t = s->target;
	char text[ADDR_TEXT_MAX];

	name_once(n->names, t->name, line_of(s, "name"), "targets.name", s->faults);
	name_once(n->files, t->file, line_of(s, "file"), "targets.file", s->faults);
	if (t->listen.len != 0)
		name_once(n->listens, addr_text(&t->listen, text), line_of(s, "listen"), "targets.listen",
		    s->faults);
}

void
targets_check(struct conf *c, const struct tree *root, struct faults *f)
{
	const struct tree *list = tree_find(root, NULL, "targets");
	const struct tree *item = list == NULL ? NULL : list->first;
	struct target_names once = { map_new(), map_new(), map_new() };
	struct map *services = map_new();

	for (unsigned i = 0; i < c->nservices; i++)
		if (c->service[i].name != NULL)
			map_put(services, str_of(c->service[i].name), &c->service[i]);
	for (unsigned i = 0; i < c->ntargets; i++) {
		struct conf_target *t = &c->target[i];
		const struct checked_target s = { t, item, f };
		names_check(&s, &once);
		target_check(&s);
		services_exist(c, &s, services);
		unchecked_check(c, &s);
		if (t->interval_usec == 0 && t->kind != TARGET_COUNT) {
			bool ok = form_duration(str_of(kind_intervals[t->kind]), &t->interval_usec);

			ASSERT(ok && t->interval_usec > 0);
		}
		item = item == NULL ? NULL : item->next;
	}
	map_free(&once.names);
	map_free(&once.files);
	map_free(&once.listens);
	map_free(&services);
}
