/*
 * definitions: what of a service's labels Traefik compares with those of others: its routers and
 * its services, each as a text, so that equal ones are one.
 * Must not know other services.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <strings.h>

#include "base/buf.h"
#include "base/bug.h"
#include "discovery/tcp_priv.h"

static char *
lower(struct arena *a, struct str s)
{
	char *text = arena_text(a, s);

	for (char *c = text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

/* Without the blanks around its items. */
static void
add_list(struct buf *out, struct str list)
{
	struct str one;

	while (str_split(&list, ',', &one)) {
		buf_adds(out, str_trim(one));
		buf_adds(out, STR(","));
	}
}

/* It is as long as its labels, whatever that is. */
static const char *
text_end(struct arena *a, struct buf *out)
{
	const char *text = arena_text(a, buf_str(out));

	ASSERT(!out->full);
	buf_fini(out);
	return text;
}

/* What is below a name, in lower case; NULL: the label is of another one. */
static const char *
key_below(struct arena *a, const struct swarm_label *label, const char *prefix, struct str name)
{
	struct str rest, one;

	if (strncasecmp(label->name, prefix, strlen(prefix)) != 0)
		return NULL;
	rest = str_of(label->name + strlen(prefix));
	return str_split(&rest, '.', &one) && str_eq_nocase(one, name) ? lower(a, rest) : NULL;
}

static void
add_option(struct buf *out, const char *key, const char *value)
{
	bool list = strcmp(key, "entrypoints") == 0 || strcmp(key, "middlewares") == 0;
	int64_t n;

	if (strcmp(key, "priority") == 0 && rule_priority(str_of(value), &n)) {
		if (n != 0)
			buf_printf(out, "%s=%" PRId64 "\n", key, n);
		return;
	}
	buf_adds(out, str_of(key));
	buf_adds(out, STR("="));
	if (list)
		add_list(out, str_of(value));
	else
		buf_adds(out, str_trim(str_of(value)));
	buf_adds(out, STR("\n"));
}

/* Its labels are those below `prefix` and its name. A rule and a service that no label names follow
 * from the service's own name, and from what else it defines. */
static const char *
router_text(struct traefik_reading *r, const char *prefix, struct str name,
    const struct swarm_label *rule, const struct swarm_label *service, struct str implied)
{
	struct arena *a = r->l->arena;
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	buf_adds(&out, str_of(rule != NULL ? rule->value :
	    arena_printf(a, "the default rule of %s", r->service->name)));
	buf_adds(&out, STR("\n"));
	buf_adds(&out, service != NULL ? str_trim(str_of(service->value)) : implied);
	buf_adds(&out, STR("\n"));
	for (unsigned i = 0; i < r->service->nlabels; i++) {
		const struct swarm_label *label = &r->service->label[i];
		const char *key = key_below(a, label, prefix, name);
		if (key != NULL && strcmp(key, "rule") != 0 && strcmp(key, "service") != 0)
			add_option(&out, key, label->value);
	}
	return text_end(a, &out);
}

/* Its port and its scheme are its tasks'. */
static const char *
service_text(struct traefik_reading *r, const char *prefix, struct str name)
{
	struct arena *a = r->l->arena;
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	for (unsigned i = 0; i < r->service->nlabels; i++) {
		const struct swarm_label *label = &r->service->label[i];
		const char *key = key_below(a, label, prefix, name);
		if (key != NULL && strcmp(key, "loadbalancer.server.port") != 0 &&
		    strcmp(key, "loadbalancer.server.scheme") != 0)
			add_option(&out, key, label->value);
	}
	return text_end(a, &out);
}

/* Traefik takes nothing of a service that has a label which it does not understand, or one of whose
 * services has no port. */
static bool
is_taken(const struct traefik_reading *r)
{
	const struct tcp_reading *t = r->tcp;
	unsigned n = t == NULL ? 0 : t->nbackends;
	bool taken = r->mode == MODE_ALL && !r->service->provided && r->unknown == NULL &&
	    (r->nbackends > 0 || (r->nrouters == 0 && n > 0)) &&
	    (n > 0 || t == NULL || t->nrouters == 0);

	for (unsigned i = 0; i < r->nbackends; i++)
		taken &= backend_port(&r->backend[i]) != 0;
	for (unsigned i = 0; i < n; i++)
		taken &= tcp_backend_port(r, &t->backend[i]) != 0;
	return taken;
}

static struct labels_definition *
definition_add(struct labels *l, enum definition_kind kind, struct str name, const char *text)
{
	struct labels_definition *d = &l->definition[l->ndefinitions++];

	*d = (struct labels_definition){ .kind = kind, .text = text,
	    .name = arena_printf(l->arena, "%.*s@swarm", STR_ARG(name)) };
	return d;
}

void
definitions_read(struct traefik_reading *r)
{
	struct labels *l = r->l;
	unsigned most = r->nrouters + r->nbackends + (r->tcp == NULL ? 0 :
	    r->tcp->nrouters + r->tcp->nbackends);

	if (!is_taken(r))
		return;
	ASSERT(l->ndefinitions == 0 && most > 0);
	l->definition = arena_zalloc(l->arena, most * sizeof *l->definition);
	for (unsigned i = 0; i < r->nrouters; i++) {
		const struct router *router = &r->router[i];
		definition_add(l, DEFINES_ROUTER, router->name, router_text(r, "traefik.http.routers.",
		    router->name, router->rule, router->service, router->backend == NULL ? STR("") :
		    router->backend->name));
	}
	for (unsigned i = 0; i < r->nbackends; i++) {
		const struct backend *b = &r->backend[i];
		struct labels_definition *d = definition_add(l, DEFINES_SERVICE, b->name,
		    service_text(r, "traefik.http.services.", b->name));
		d->port = reading_has_label(r, "mola.port") ? l->port : backend_port(b);
		d->broken = b->unknown != NULL || b->unspoken != NULL;
		d->conf = l->conf;
		backend_port_conf(r, b, &d->conf);
	}
}

/* What is of TCP, once its settings are known. */
void
definitions_read_tcp(struct traefik_reading *r)
{
	struct tcp_reading *t = r->tcp;

	if (t == NULL || !is_taken(r))
		return;
	for (unsigned i = 0; i < t->nrouters; i++) {
		const struct tcp_router *router = &t->router[i];
		definition_add(r->l, DEFINES_TCP_ROUTER, router->name, router_text(r, "traefik.tcp.routers.",
		    router->name, router->rule, router->service, router->backend == NULL ? STR("") :
		    router->backend->name));
	}
	for (unsigned i = 0; i < t->nbackends; i++) {
		struct tcp_backend *b = &t->backend[i];
		struct service_conf *conf = b->unknown != NULL ? NULL : tcp_backend_conf(r, b);
		struct labels_definition *d = definition_add(r->l, DEFINES_TCP_SERVICE, b->name,
		    service_text(r, "traefik.tcp.services.", b->name));
		d->port = tcp_backend_port(r, b);
		d->broken = conf == NULL;
		d->conf = conf == NULL ? r->l->conf : *conf;
		d->conf.migrate = false;
		d->conf.scale_min = d->conf.scale_max = 0;
	}
}
