/*
 * conf_target: types of values that only targets have, and what each kind of target must be given and may not be.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "base/map.h"
#include "conf/conf_sound.h"
#include "conf/conf_type.h"

static const char *const kind_words[] = {
#define TARGET(id, name, ...) name,
#include "tbl/targets.h"
#undef TARGET
	NULL
};
static const char *const kind_intervals[] = {
#define TARGET(id, name, least, most, interval, ...) interval,
#include "tbl/targets.h"
#undef TARGET
};
static const char *const policy_words[] = { "weighted", "best-node", NULL };

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

static bool
write_text(const void *member, struct buf *out)
{
	const char *const *text = member;

	return *text != NULL && buf_adds(out, str_of(*text));
}

static bool
read_peer(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	if (s.len == 0 || s.p[0] == ':' || addr_parse(s, &a) != NULL)
		return problem_say(problem, "'%s' is not a socket; expected one such as unix:/run/haproxy/admin.sock or 10.0.0.1:9999",
		    QUOTED(s));
	return text_set(member, s);
}

static bool
read_peer_listen(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	if (addr_parse(s, &a) != NULL || a.sa.any.sa_family == AF_UNIX)
		return problem_say(problem, "'%s' is not an address; expected one such as 10.0.0.1:9777 or :9777", QUOTED(s));
	memcpy(member, &a, sizeof a);
	return true;
}

static bool
write_address(const void *member, struct buf *out)
{
	const struct addr *a = member;
	char text[ADDR_TEXT_MAX];

	return a->len != 0 && buf_adds(out, str_of(addr_text(a, text)));
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
			return problem_say(problem, "'%s' are not words of HAProxy's 'server'; expected some such as 'check inter 1s', or none",
			    QUOTED(s));
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
	static const char hole[] = "{service}";
	const char *at = s.len == 0 ? NULL : memmem(s.p, s.len, hole, sizeof hole - 1);
	struct str before, after;

	(void)k;
	if (at == NULL)
		return problem_say(problem, "'%s' has no {service} in it; expected a name such as '{service}' or 'be_{service}'", QUOTED(s));
	before = (struct str){ s.p, (size_t)(at - s.p) };
	after = (struct str){ at + sizeof hole - 1, s.len - before.len - (sizeof hole - 1) };
	if (s.len > 64 || (before.len > 0 && !form_name(before)) || (after.len > 0 && !form_name(after)))
		return problem_say(problem, "'%s' is not a name; expected A-Z, a-z, 0-9, '.', '_' and '-' around {service}", QUOTED(s));
	return text_set(member, s);
}

const struct conf_type
	type_TARGET_KIND = { read_kind, write_kind, KIND_PLAIN, false },
	type_TARGET_POLICY = { read_policy, write_policy, KIND_PLAIN, false },
	type_PEER = { read_peer, write_text, KIND_TEXT, false },
	type_OPTIONS = { read_options, write_options, KIND_TEXT, false },
	type_PEER_LISTEN = { read_peer_listen, write_address, KIND_PLAIN, false },
	type_BACKEND = { read_backend, write_text, KIND_TEXT, false };

/* What belongs to which kinds, and to which it must be given. */

#define KINDS(...)	((const unsigned[]){ __VA_ARGS__, TARGET_COUNT })

static bool
is_any(enum target_id id, const unsigned *kinds)
{
	while (*kinds != TARGET_COUNT)
		if (*kinds++ == id)
			return true;
	return false;
}

/* Given, but not as it should be: then it is not missing. */
static bool
is_at_fault(const struct faults *f, int line, const char *where)
{
	size_t len = strlen(where);

	for (unsigned i = 0; i < f->n; i++)
		if (f->fault[i].line >= line && strncmp(f->fault[i].text, where, len) == 0 && f->fault[i].text[len] == ':')
			return true;
	return false;
}

static void
belongs(const struct conf_target *t, const char *key, bool given, const unsigned *kinds, bool must, struct faults *f)
{
	char where[64] = "targets.";

	strncat(where, key, sizeof where - 9);
	if (given && !is_any(t->kind, kinds))
		faults_add(f, t->line, where, "given, and kind %s has no use for it", kind_words[t->kind]);
	else if (must && !given && is_any(t->kind, kinds) && !is_at_fault(f, t->line, where))
		faults_add(f, t->line, where, "missing; kind %s needs it", kind_words[t->kind]);
}

static void
target_sound(const struct conf *c, struct conf_target *t, struct faults *f)
{
	const unsigned *traefik = KINDS(TARGET_TRAEFIK_FILE, TARGET_TRAEFIK_HTTP), *envoy = KINDS(TARGET_ENVOY_FILE, TARGET_ENVOY_REST);

	if (t->kind == TARGET_COUNT)		/* said already */
		return;
	belongs(t, "file", t->file != NULL, KINDS(TARGET_TRAEFIK_FILE, TARGET_ENVOY_FILE), true, f);
	belongs(t, "socket", t->socket != NULL, KINDS(TARGET_HAPROXY), true, f);
	belongs(t, "server_options", t->server_options != NULL, KINDS(TARGET_HAPROXY), false, f);
	belongs(t, "listen", t->listen.len != 0, KINDS(TARGET_HAPROXY_AGENT), true, f);
	belongs(t, "api", t->api != NULL, KINDS(TARGET_TRAEFIK_FILE, TARGET_TRAEFIK_HTTP, TARGET_ENVOY_FILE, TARGET_ENVOY_REST), false, f);
	belongs(t, "entry_points", t->entry_points.n > 0, traefik, false, f);
	belongs(t, "api_entry_point", t->api_entry_point != NULL, traefik, false, f);
	belongs(t, "strategy", t->strategy != NULL, traefik, false, f);
	belongs(t, "fallback", t->fallback != NULL, traefik, false, f);
	belongs(t, "stale_after", t->stale_after_usec > 0, envoy, false, f);
	if (t->kind == TARGET_ENVOY_FILE && t->file != NULL && t->services.n != 1 && strstr(t->file, "{service}") == NULL)
		faults_add(f, t->line, "targets.file", "has no {service} in it, and Envoy wants a file for each cluster; expected a path such as "
		    "/run/envoy/{service}.json, or one service in services");
	if (t->fallback != NULL && !t->best_node)
		faults_add(f, t->line, "targets.fallback", "given, and only policy best-node has a use for it");
	if (t->interval_usec == 0)
		ASSERT(form_duration(str_of(kind_intervals[t->kind]), &t->interval_usec));
	(void)c;
}

/* A service that is not in the file may be the Swarm's. */
static void
services_known(const struct conf *c, const struct conf_target *t, const struct map *services, struct faults *f)
{
	for (unsigned i = 0; i < t->services.n && c->swarm_endpoints.n == 0; i++)
		if (map_get(services, str_of(t->services.item[i])) == NULL)
			faults_add(f, t->line, "targets.services", "'%s' is no service; expected names of services", t->services.item[i]);
}

void
targets_sound(struct conf *c, struct faults *f)
{
	struct map *names = map_new(), *files = map_new(), *services = map_new();

	for (unsigned i = 0; i < c->nservices; i++)
		if (c->service[i].name != NULL)
			map_put(services, str_of(c->service[i].name), &c->service[i]);
	for (unsigned i = 0; i < c->ntargets; i++) {
		struct conf_target *t = &c->target[i];
		name_once(names, t->name, t->line, "targets.name", f);
		name_once(files, t->file, t->line, "targets.file", f);
		target_sound(c, t, f);
		services_known(c, t, services, f);
	}
	map_free(&names);
	map_free(&files);
	map_free(&services);
}
