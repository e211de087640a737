/*
 * conf_check: each value is sound by itself when it arrives here; together they may still
 * contradict each other. Knows nothing of how values are written.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/word.h"
#include "conf/conf_check.h"
#include "conf/conf_value.h"

int
conf_line(const struct tree *root, const char *section, const char *key)
{
	const struct tree *in = tree_find(root, NULL, section), *t = NULL;

	if (in != NULL && in->shape == TREE_MAP && key != NULL)
		t = tree_find(in, NULL, key);
	return t != NULL ? t->line : in != NULL ? in->line : root->line;
}

/* Lines are never 0, so they may be pointers. */
void
name_once(struct map *names, const char *name, int line, const char *where, struct faults *f)
{
	void *first;

	if (name == NULL)
		return;
	ASSERT(line > 0);
	first = map_get(names, str_of(name));
	if (first != NULL)
		faults_add(f, line, where, "'%s' is already used in line %d; expected a unique one", name,
		    (int)(intptr_t)first);
	else
		map_put(names, str_of(name), (void *)(intptr_t)line);
}

static void
nodes_check(const struct conf *c, struct map *names, struct faults *f)
{
	for (unsigned i = 0; i < c->nnodes; i++)
		name_once(names, c->node[i].name, c->node[i].line, "nodes.name", f);
}

static void
task_node_check(const struct conf *c, const struct conf_task *t, const struct map *nodes,
    struct faults *f)
{
	const char **words, *near;
	unsigned n = 0;

	if (f->beyond > 0 || t->node == NULL || map_get(nodes, str_of(t->node)) != NULL)
		return;
	words = must_zalloc((c->nnodes + 1) * sizeof *words);
	for (unsigned i = 0; i < c->nnodes; i++)
		if (c->node[i].name != NULL)
			words[n++] = c->node[i].name;
	near = word_near(str_of(t->node), words);
	if (near != NULL)
		faults_add(f, t->line, "services.tasks.node", "there is no node '%s' in nodes; did you mean %s?",
		    t->node, near);
	else
		faults_add(f, t->line, "services.tasks.node",
		    "there is no node '%s' in nodes; expected the name of one of them", t->node);
	free(words);
}

static void
tasks_check(struct conf *c, struct conf_service *s, const struct map *nodes, struct map *names,
    struct faults *f)
{
	for (unsigned i = 0; i < s->ntasks; i++) {
		struct conf_task *t = &s->task[i];
		if (t->name == NULL && s->name != NULL)
			t->name = must_printf("%s.%u", s->name, i + 1);
		name_once(names, t->name, t->line, "services.tasks.name", f);
		task_node_check(c, t, nodes, f);
	}
}

static void
route_take(const struct conf_service *s, const struct route_conf *r, const char *listener,
    struct map *taken, struct faults *f)
{
	struct conf_service *first;
	char key[1600];

	snprintf(key, sizeof key, "%s %s %s", r->host, r->path, listener);
	first = map_get(taken, str_of(key));
	if (first == NULL)
		map_put(taken, str_of(key), (void *)(uintptr_t)s);
	else
		faults_add(f, s->line, "services",
		    "%s%s is served since line %d by '%s'; expected another host or path",
		    *r->host == '\0' ? "any host, path " : r->host, r->path, first->line,
		    first->name != NULL ? first->name : "?");
}

static void
route_add(const struct conf *c, struct conf_service *s, struct route_conf r, struct map *taken,
    struct faults *f)
{
	ASSERT(*r.path == '/');
	for (unsigned i = 0; i < c->nlisten; i++)
		if ((r.on >> i & 1) != 0)
			route_take(s, &r, c->listen[i].name, taken, f);
	if (r.on == 0)
		route_take(s, &r, "", taken, f);
	s->route[s->nroutes++] = route_conf_copy(&r);	/* routes_check made room for all */
}

static void
routes_check(const struct conf *c, struct conf_service *s, struct map *taken, struct faults *f)
{
	unsigned nhosts = s->hosts.n > 0 ? s->hosts.n : 1;
	struct route_conf r = { .host = (char *)"", .on = listeners_check_names(c, s, f) };

	s->route = must_zalloc((nhosts * s->paths.n + 1) * sizeof *s->route);
	for (unsigned h = 0; h < nhosts; h++)
		for (unsigned p = 0; p < s->paths.n; p++) {
			r.path = s->paths.item[p];
			if (s->hosts.n > 0)
				r.host = s->hosts.item[h];
			route_add(c, s, r, taken, f);
		}
	ASSERT(s->nroutes == nhosts * s->paths.n);
}

static void
services_check(struct conf *c, const struct tree *root, const struct map *nodes, struct faults *f)
{
	struct map *services = map_new(), *tasks = map_new(), *routes = map_new(),
	    *children = children_find(c);
	const struct tree *list = tree_find(root, NULL, "services");
	const struct tree *t = list != NULL && list->shape == TREE_LIST ? list->first : NULL;

	for (unsigned i = 0; i < c->nservices; i++, t = t != NULL ? t->next : NULL) {
		const struct tree *service = t != NULL && t->shape == TREE_MAP ? t : NULL;
		struct conf_service *s = &c->service[i];

		name_once(services, s->name, s->line, "services.name", f);
		tasks_check(c, s, nodes, tasks, f);
		kind_check(s, service, f);
		if (s->name != NULL && map_get(children, str_of(s->name)) != NULL && is_routeless(service))
			continue;
		if (s->conf.kind == SERVICE_TCP)
			tcp_routes_check(c, s, service, routes, f);
		else if (s->rule != NULL)
			rule_routes_check(c, s, service, f);
		else
			routes_check(c, s, routes, f);
	}
	map_free(&services);
	map_free(&tasks);
	map_free(&routes);
	map_free(&children);
	groups_check(c, list != NULL && list->shape == TREE_LIST ? list : NULL, f);
}

/* Against those before it. Names are entry points' of Traefik, too, which have no case. */
static void
listener_differs(const struct conf *c, const struct conf_listen *l, const char *address,
    struct faults *f)
{
	const struct conf_listen *twin = NULL;

	for (const struct conf_listen *k = c->listen; k < l; k++) {
		if (k->addr.len != 0 && addr_eq(&l->addr, &k->addr)) {
			faults_add(f, l->line, "listen.address", "'%s' is listed twice", address);
			return;
		}
		if (twin == NULL && k->name != NULL && strcasecmp(l->name, k->name) == 0)
			twin = k;
	}
	if (twin != NULL)
		faults_add(f, l->line, "listen.name", "'%s' is already used in line %d; expected a unique one, "
		    "whatever its case", l->name, twin->line);
}

static void
listeners_check(struct conf *c, const struct tree *root, struct faults *f)
{
	char text[ADDR_TEXT_MAX];

	if (c->nlisten == 0 && c->ntargets == 0 && tree_find(root, NULL, "listen") == NULL)
		faults_add(f, root->line, "listen", "missing; expected addresses such as :80 (may be "
		    "left out only if there are targets)");
	for (unsigned i = 0; i < c->nlisten; i++) {
		struct conf_listen *l = &c->listen[i];
		if (l->addr.len == 0)
			continue;
		addr_text(&l->addr, text);
		if (l->name == NULL)
			l->name = must_strdup(text);
		if (c->admin_addr.len != 0 && addr_eq(&l->addr, &c->admin_addr))
			faults_add(f, l->line, "listen.address", "'%s' is also admin.address; expected another port",
			    text);
		listener_differs(c, l, text, f);
		if (l->proxy_protocol && c->clients_trusted.n == 0)
			faults_add(f, l->line, "listen.proxy_protocol", "no client could connect: clients.trusted "
			    "is empty; expected the proxies in front there");
		listen_tls_check(c, l, f);
	}
}

bool
secret_file_read(const char *file, char *text, size_t cap, struct str *line, char *problem,
    size_t problem_cap)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : fd_read(fd, text, cap);
	struct str whole = { text, n < 0 ? 0 : (size_t)n };

	if (n < 0)
		snprintf(problem, problem_cap, "cannot be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	*line = (struct str){ text, 0 };
	if (str_split(&whole, '\n', line))
		*line = str_trim(*line);
	return n >= 0;
}

void
tls_check(const struct tree *root, const char *section, const char *ca, const char *cert,
    const char *key, struct faults *f)
{
	const char *const name[] = { "ca", "cert", "key" }, *const file[] = { ca, cert, key };
	char where[40];

	if ((cert == NULL) != (key == NULL)) {
		faults_add(f, conf_line(root, section, cert != NULL ? "cert" : "key"), section,
		    "cert and key belong together; expected both or none");
		return;
	}
	for (unsigned i = 0; i < sizeof name / sizeof *name; i++)
		if (file[i] != NULL && access(file[i], R_OK) < 0) {
			snprintf(where, sizeof where, "%s.%s", section, name[i]);
			faults_add(f, conf_line(root, section, name[i]), where, "'%.200s' cannot be read: %s", file[i],
			    strerror(errno));
		}
}

/* The section turns discovery on, even an empty one. */
static void
swarm_check(struct conf *c, const struct tree *root, struct faults *f)
{
	if (tree_find(root, NULL, "swarm") == NULL)
		return;
	if (c->swarm_endpoints.n == 0) {
		c->swarm_endpoints.item = must_zalloc(sizeof *c->swarm_endpoints.item);
		c->swarm_endpoints.item[c->swarm_endpoints.n++] = must_strdup("unix:///var/run/docker.sock");
	}
	tls_check(root, "swarm", c->swarm_ca, c->swarm_cert, c->swarm_key, f);
}

/* What is in its mapping is for requests that are logged. */
static void
log_check(struct conf *c, const struct tree *root)
{
	const struct tree *log = tree_find(root, NULL, "log");

	if (log == NULL || log->shape != TREE_MAP || tree_find(log, NULL, "access") == NULL)
		c->log_access = CONF_ACCESS_OFF;
}

void
conf_check(struct conf *c, const struct tree *root, struct faults *f)
{
	struct map *nodes = map_new();

	if (c->defaults.kind != SERVICE_HTTP)
		faults_add(f, conf_line(root, "defaults", "kind"), "defaults.kind",
		    "of no use here; expected kind in each service of kind tcp");
	log_check(c, root);
	acme_check(c, root, f);
	listeners_check(c, root, f);
	certificates_check(c, root, f);
	admin_check(c, root, f);
	swarm_check(c, root, f);
	prom_check(c, root, f);
	tracing_check(c, root, f);
	if (fabs(c->score_cpu_weight + c->score_ram_weight - 1) > 0.001)
		faults_add(f, conf_line(root, "score", NULL), "score", "cpu and ram add up to %g; expected 1",
		    c->score_cpu_weight + c->score_ram_weight);
	if (c->mover_cold >= c->mover_hot)
		faults_add(f, conf_line(root, "mover", "cold"), "mover.cold",
		    "%g, and mover.hot is %g; expected less", c->mover_cold, c->mover_hot);
	nodes_check(c, nodes, f);
	services_check(c, root, nodes, f);
	middlewares_check(c, root, f);
	task_tls_check(c, root, f);
	targets_check(c, root, f);
	map_free(&nodes);
}
