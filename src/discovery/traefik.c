/*
 * traefik: the labels that people have already. What can be served as it is meant is;
 * everything else is reported, and nothing is guessed: where something of a router is not
 * understood, the router is not served.
 * Must not override mola.* labels.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "base/go.h"
#include "discovery/files.h"
#include "discovery/traefik_priv.h"

#define DEPTH_MAX	10

const struct traefik_rules traefik_rules_default = { .enable = true, .exposed_by_default = true };
const char *const traefik_usual[TRAEFIK_USUAL] = { "web", "websecure", "http", "https" };

bool
traefik_is_usual(struct str entry_point)
{
	for (size_t i = 0; i < TRAEFIK_USUAL; i++)
		if (str_eq_nocase(entry_point, str_of(traefik_usual[i])))
			return true;
	return false;
}

void
reading_report(struct traefik_reading *r, const struct swarm_label *label, enum label_state state,
    const char *text)
{
	labels_report(r->l, label, state, text == NULL ? NULL : arena_text(r->l->arena, str_of(text)));
}

void
reading_mark_unknown(struct traefik_reading *r, const struct swarm_label **unknown,
    const struct swarm_label *label, const char *text)
{
	if (*unknown == NULL)
		*unknown = label;
	reading_report(r, label, LABEL_UNKNOWN, text);
}

bool
reading_has_label(const struct traefik_reading *r, const char *label)
{
	for (unsigned i = 0; i < r->service->nlabels; i++)
		if (strcmp(r->service->label[i].name, label) == 0)
			return true;
	return false;
}

const char *
reading_provider(const struct traefik_reading *r)
{
	return r->service->provided ? FILE_PROVIDER : "@swarm";
}

const char *
reading_key(const struct traefik_reading *r, const struct swarm_label *label)
{
	return label_key(r->l->arena, label);
}

const char *
reading_place(const struct traefik_reading *r, const struct swarm_label *const *label, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (label[i] != NULL && label[i]->file != NULL)
			return arena_printf(r->l->arena, "%s:%u: ", label[i]->file, label[i]->line);
	return "";
}

const char *
reading_add_middleware(const struct traefik_reading *r, const char *chain, struct str reference,
    const char **problem)
{
	const char *with;

	if (r->service->provided)
		reference = str_of(middlewares_qualify(r->l->arena, reference, FILE_PROVIDER));
	with = middlewares_add(r->middlewares, r->l->arena, chain, reference, problem);

	return with == NULL && middlewares_left_out(r->middlewares, reference) ? chain : with;
}

const char *
reading_tls_name(const struct traefik_reading *r, struct str name)
{
	if (name.len == 0 || str_eq(name, STR("default")))
		return "default";
	return memchr(name.p, '@', name.len) != NULL ? arena_text(r->l->arena, name) :
	    arena_printf(r->l->arena, "%.*s%s", STR_ARG(name), reading_provider(r));
}

/* "traefik.http.routers.web.rule" in words; the last one has all that is left. */
static unsigned
split_words(const char *name, struct str word[DEPTH_MAX])
{
	struct str rest = str_of(name);
	unsigned n = 0;

	while (n < DEPTH_MAX - 1 && str_split(&rest, '.', &word[n]))
		n++;
	if (rest.p != NULL)
		word[n++] = rest;
	ASSERT(n > 0 && n <= DEPTH_MAX);
	return n;
}

/* ---- whether the labels count ---- */

/* Traefik skips a service whose traefik.enable it cannot read. */
static void
read_enable(struct traefik_reading *r)
{
	bool found = false, overridden = r->l->enable != ENABLE_ABSENT;

	for (unsigned i = 0; i < r->service->nlabels; i++) {
		const struct swarm_label *label = &r->service->label[i];
		bool on;
		if (strcasecmp(label->name, "traefik.enable") != 0)
			continue;
		found = true;
		if (!go_bool(str_of(label->value), &on)) {
			r->mode = MODE_OFF;
			reading_report(r, label, LABEL_INVALID, "expected true or false; it counts as false");
			continue;
		}
		r->enabled |= on;
		if (!on)
			r->mode = MODE_OFF;
		reading_report(r, label, overridden ? LABEL_UNUSED : LABEL_VALID,
		    overridden ? "mola.enable has precedence" : NULL);
	}
	if ((!found && !r->rules->exposed_by_default) || r->l->enable == ENABLE_NO)
		r->mode = MODE_OFF;
}

static const char *
off_reason(const struct traefik_reading *r)
{
	return r->l->enable == ENABLE_NO ? "mola.enable is not true" :
	    r->enabled || r->rules->exposed_by_default ? "traefik.enable is not true" :
	    "there is no traefik.enable, and services are not exposed by default";
}

/* ---- gathering ---- */

static bool
is_v1(const struct str *word, unsigned n)
{
	static const char *const old[] = { "frontend", "backend", "port", "protocol", "weight",
	    "domain", "tags" };

	for (unsigned i = 1; i < n && i < 3; i++)
		for (unsigned k = 0; k < sizeof old / sizeof *old; k++)
			if (word_is(word[i], old[k]))
				return true;
	return false;
}

/* "traefik.http.router.web.middlewares": Traefik itself takes nothing of a service with such
 * a label. */
static void
gather_unknown(struct traefik_reading *r, const struct swarm_label *label)
{
	if (r->unknown == NULL)
		r->unknown = label;
	reading_report(r, label, LABEL_UNKNOWN, "not understood: no router of the service is served");
}

/* Where it cannot be applied, routers say so, too. */
static void
middleware_report(struct traefik_reading *r, const struct swarm_label *label, struct str name)
{
	const char *problem;

	if (middlewares_add(r->middlewares, r->l->arena, "", name, &problem) != NULL)
		reading_report(r, label, LABEL_VALID, NULL);
	else
		reading_report(r, label, LABEL_UNUSED, arena_printf(r->l->arena, "%s: %s",
		    middlewares_ignored(r->middlewares, name) ? "left out" : "routers that name this "
		    "middleware are not served", problem));
}

static void
gather_http(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	if (n >= 5 && word_is(word[2], "routers"))
		router_gather(r, label, word, n);
	else if (n >= 5 && word_is(word[2], "services"))
		backend_gather(r, label, word, n);
	else if (n >= 4 && word_is(word[2], "middlewares"))
		middleware_report(r, label, word[3]);
	else if (n >= 4 && word_is(word[2], "serverstransports"))
		reading_report(r, label, LABEL_UNSUPPORTED,
		    "what it sets is in mola.scheme and mola.task_tls labels");
	else
		gather_unknown(r, label);
}

/* Traefik takes nothing of a service with labels of both. */
static void
gather_network(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	const struct swarm_label **group = word_is(word[1], "docker") ? &r->docker : &r->swarm;

	ASSERT(n >= 3);
	if (*group == NULL)
		*group = label;
	if (r->docker != NULL && r->swarm != NULL) {
		if (r->unknown == NULL)
			r->unknown = label;
		reading_report(r, label, LABEL_INVALID, "traefik.docker and traefik.swarm exclude each "
		    "other: no router of the service is served");
	} else if (n == 3 && word_is(word[2], "network")) {
		r->l->network = label->value[0] == '\0' ? NULL : label->value;
		reading_report(r, label, LABEL_VALID, NULL);
	} else
		reading_report(r, label, LABEL_UNUSED, "Mola goes to tasks directly");
}

static void
gather(struct traefik_reading *r, const struct swarm_label *label)
{
	struct str word[DEPTH_MAX];
	unsigned n = split_words(label->name, word);

	if (n == 2 && word_is(word[1], "enable"))
		return;
	if (r->mode == MODE_OFF)
		reading_report(r, label, LABEL_UNUSED, off_reason(r));
	else if (n >= 2 && word_is(word[1], "http"))
		gather_http(r, label, word, n);
	else if (n >= 3 && word_is(word[1], "tcp"))
		tcp_gather(r, label, word, n);
	else if (n >= 3 && word_is(word[1], "udp")) {
		r->nudp++;
		reading_report(r, label, LABEL_UNSUPPORTED, "Mola relays HTTP and TCP; publish the port, or "
		    "leave it to Traefik");
	} else if (n >= 3 && (word_is(word[1], "docker") || word_is(word[1], "swarm")))
		gather_network(r, label, word, n);
	else if (is_v1(word, n)) {
		r->v1 = r->nv1++ == 0 ? label : r->v1;
		reading_report(r, label, LABEL_UNUSED, "a label of Traefik 1");
	} else if (n >= 3 && word_is(word[2], "routers"))
		gather_unknown(r, label);
	else if (n == 2)
		reading_report(r, label, LABEL_UNUSED, "for constraints, and nothing else");
	else
		reading_report(r, label, LABEL_UNKNOWN, "not understood");
}

/* ---- making sense of it ---- */

/* The settings of another port than the service's first. */
static void
add_port(struct traefik_reading *r, const struct backend *b)
{
	struct service_conf *conf = labels_add_port(r->l, backend_port(b));

	if (conf != NULL)
		backend_port_conf(r, b, conf);
}

/* A service of several ports is several services to the world: each port that a router leads
 * to is one, and the first of them, by the router's name, has the service's name alone. */
static void
choose_ports(struct traefik_reading *r)
{
	struct labels *l = r->l;
	bool given = reading_has_label(r, "mola.port");
	const struct backend *first = NULL;

	for (unsigned i = 0; i < r->nrouters && !given && first == NULL; i++)
		first = r->router[i].refused ? NULL : r->router[i].backend;
	for (unsigned i = 0; i < r->nbackends && first == NULL; i++)
		first = given && r->nbackends > 1 && backend_port(&r->backend[i]) != l->port ?
		    NULL : &r->backend[i];
	if (!given && first != NULL)
		l->port = backend_port(first);
	/* of routers that are not served, too: for targets */
	for (unsigned i = 0; i < r->nrouters && !given; i++)
		if (r->router[i].backend != NULL && backend_port(r->router[i].backend) != 0 &&
		    backend_port(r->router[i].backend) != l->port)
			add_port(r, r->router[i].backend);
	if (first != NULL)
		backend_conf(r, first, &l->conf);
}

/* One line for what is not a router of HTTP, and would be missed. */
static void
report_others(struct traefik_reading *r)
{
	struct labels *l = r->l;

	if (r->nv1 > 0)
		labels_add_trouble(l, WHY_LABELS_FOREIGN,
		    arena_printf(l->arena, "it has %u %s of Traefik 1 (%s), which Mola does not "
		    "read; set mola.host and mola.port, or use labels of Traefik 2 or 3 "
		    "(traefik.http.routers.NAME.rule)", r->nv1, r->nv1 == 1 ? "label" : "labels",
		    r->v1->name));
	if (r->nudp > 0 && r->nrouters == 0 && !tcp_is_there(r))
		labels_add_trouble(l, WHY_LABELS_FOREIGN,
		    arena_text(l->arena, STR("it has labels for UDP alone, and Mola relays HTTP and TCP; if it "
		    "serves HTTP, set mola.host and mola.port; otherwise publish its port, or leave it to "
		    "Traefik")));
}

static bool
is_router_label(const char *name)
{
	struct str word[DEPTH_MAX];
	unsigned n = split_words(name, word);

	return n >= 3 && word_is(word[0], "traefik") && word_is(word[2], "routers");
}

/* Traefik may serve it: that Mola does not is nothing that its author has asked for. */
static void
report_unexposed(struct traefik_reading *r)
{
	bool routers = false, enable = r->l->enable != ENABLE_ABSENT;

	for (unsigned i = 0; i < r->service->nlabels; i++) {
		routers |= is_router_label(r->service->label[i].name);
		enable |= strcasecmp(r->service->label[i].name, "traefik.enable") == 0;
	}
	if (routers && !enable && r->rules->exposed_unknown)
		labels_add_trouble(r->l, WHY_LABELS_FOREIGN, arena_printf(r->l->arena, "it has routers and no "
		    "traefik.enable, and whether services need one is not known, as %s; set it, or "
		    "swarm.traefik.exposed_by_default", r->rules->unreadable));
}

static bool
is_sign(char c)
{
	return !isalnum((unsigned char)c);
}

/* What Traefik calls the service in the default rule, and the router that it makes then: letters
 * and digits, with one dash for what is between them. */
const char *
reading_default_name(const struct traefik_reading *r)
{
	const char *project = NULL, *service = NULL, *from = r->service->name;
	char *name, *to;

	for (unsigned i = 0; i < r->service->nall; i++) {
		const struct swarm_label *one = &r->service->all[i];
		if (strcmp(one->name, "com.docker.compose.project") == 0 && *one->value != '\0')
			project = one->value;
		else if (strcmp(one->name, "com.docker.compose.service") == 0 && *one->value != '\0')
			service = one->value;
	}
	if (project != NULL && service != NULL)
		from = arena_printf(r->l->arena, "%s_%s", service, project);
	name = to = arena_text(r->l->arena, str_of(from));
	for (; *from != '\0'; from++)
		if (!is_sign(*from))
			*to++ = *from;
		else if (to > name && from[1] != '\0' && !is_sign(from[1]))
			*to++ = '-';
	*to = '\0';
	return name;
}

/* Traefik makes one of the default rule for a service without routers, unless it has labels of TCP
 * or UDP alone. Here a label must ask for it: traefik.enable, or a service of Traefik's. */
static void
add_default_router(struct traefik_reading *r)
{
	bool asked = r->nbackends == 1 || (r->enabled && r->nudp == 0 && r->tcp == NULL);

	ASSERT(r->nrouters <= ROUTERS_MAX);
	if (asked && r->nrouters == 0 && r->rules->default_rule != NULL && r->nv1 == 0 &&
	    r->mode != MODE_OFF && !r->service->provided)
		r->router[r->nrouters++] = (struct router){ .name = str_of(reading_default_name(r)) };
}

/* traefik.enable comes first: it decides whether the others count. Names are in order, as
 * labels are. */
void
traefik_read(struct labels *l, const struct swarm_service *s, const struct traefik_rules *rules,
    const struct middlewares *m)
{
	struct traefik_reading r = { .l = l, .service = s, .rules = rules, .middlewares = m,
	    .mode = l->host.given || l->path.given || l->rule.given || l->conf.kind == SERVICE_TCP ?
	    MODE_PORT_ONLY : MODE_ALL };

	l->network = rules->network;
	read_enable(&r);
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strncasecmp(s->label[i].name, "traefik.", 8) == 0)
			gather(&r, &s->label[i]);
	add_default_router(&r);
	if (r.mode == MODE_OFF)
		l->network = NULL;
	ASSERT(r.mode != MODE_OFF || (r.nrouters == 0 && r.nbackends == 0));
	if (r.mode != MODE_OFF && l->enable == ENABLE_ABSENT)
		l->enabled = r.enabled || s->provided || r.nrouters > 0 || tcp_is_there(&r) || l->enabled;
	for (unsigned i = 0; i < r.nbackends; i++)
		backend_read(&r, &r.backend[i]);
	for (unsigned i = 0; i < r.nbackends && s->provided; i++)
		l->broken |= r.backend[i].unknown != NULL || r.backend[i].unspoken != NULL;
	if (l->broken)
		l->nservers = 0;
	for (unsigned i = 0; i < r.nrouters; i++)
		router_check(&r, &r.router[i]);
	definitions_read(&r);
	choose_ports(&r);
	ASSERT(l->port <= 65535 && l->nothers <= LABELS_PORTS_MAX);
	for (unsigned i = 0; i < r.nrouters; i++)
		router_resolve(&r, &r.router[i],
		    r.router[i].to != NULL ? r.router[i].to_port :
		    r.router[i].backend == NULL || reading_has_label(&r, "mola.port") ?
		    l->port : backend_port(r.router[i].backend));
	tcp_read(&r);
	definitions_read_tcp(&r);
	if (r.mode == MODE_ALL)
		report_others(&r);
	report_unexposed(&r);
}
