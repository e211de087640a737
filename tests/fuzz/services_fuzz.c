/*
 * Services of a Swarm as tenants write them, with tasks, Traefiks and Traefik's files, from labels to the table that workers read.
 * Lines, each with a word in front:
 *	:service NAME		a service begins; lines of the form NAME=VALUE are its labels
 *	:image, :arg, :env TEXT	its container's;  :file PATH CONFIG, :secret PATH, :mount TYPE SOURCE TARGET;  :dir PATH;  :misplaced LABEL
 *	:port TARGET PUBLISHED MODE
 *	:task NODE STATE DESIRED	a task of the last service;  :on NETWORK ADDRESS;  :host TARGET PUBLISHED
 *	:node NAME STATE AVAILABILITY ADDRESS
 *	:text NAME		lines up to the next word are a file's text, or of one of Swarm's configs
 *	:provided PATH		lines of a file of Traefik's file provider, numbered as they come
 *	:broken TEXT		that file has never been read
 *	:static NAME		a service of the configuration file, with the host NAME
 *	:listener NAME FLAGS	t: TLS, p: the PROXY protocol
 *	:entry NAME FLAGS	an entry point in the configuration: s: served, d: a default, t: TLS, o: orders, r: redirects, m: auth@file
 *	:constraint, :takes TEXT	of Mola's, of Traefik's;  :middleware LINE;  :trusted NET;  :ignore NAME;  :rule, :network TEXT
 *	:conf FLAGS		r: routeless, s: strict, c: client certificates, x: exposed, n: not by Traefik, a: files are assumed, 1: old rules
 *	:again			a pass over what there is so far
 * Whatever it is, a pass gives a world, a report and a table that hold together, and the next gives the same.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "discovery/constraint.h"
#include "discovery/provided.h"
#include "swarm_check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MANY	8

/* ---- the scene ---- */

static struct {
	struct arena	*arena;
	json_t		*nodes, *services, *tasks;
	json_t		*service, *task;	/* the last of them */
	struct swarm	*swarm;
	struct world	*world;
	struct swarm_conf conf;
	struct traefik_rules traefik;
	struct swarm_listener listener[MANY];
	struct traefik_entry_point entry[MANY];
	struct swarm_file provided[MANY];
	const char	*trusted[MANY], *ignored[MANY], *fixed[MANY], *text_name[MANY], *text[MANY];
	unsigned	 ntexts, nfixed, nlines;
	const char	*middlewares, *lines;	/* of the last file */
	enum { IN_SERVICE, IN_TEXT, IN_FILE } in;
} scene;

static const struct service_conf defaults = { .pass_host = true, .connect_usec = 5000000, .response_usec = 60000000,
	.idle_usec = 60000000, .tunnel_usec = 3600000000, .health_interval_usec = 2000000, .health_timeout_usec = 1000000,
	.health_rise = 2, .health_fall = 3 };

static const char *
text_of(const char *name)
{
	for (unsigned i = 0; i < scene.ntexts; i++)
		if (strcmp(scene.text_name[i], name) == 0)
			return scene.text[i];
	return NULL;
}

static const char *
on_file(void *arg, const char *path, const char **problem)
{
	const char *text = text_of(path);

	(void)arg;
	if (text == NULL)
		*problem = "is not there";
	return text;
}

static bool
on_host(void *arg, const char *name, unsigned port, struct addr *out)
{
	(void)arg;
	(void)port;
	return name[0] == 'k' && addr_parse(STR("10.0.7.7:7"), out) == NULL;
}

/* ---- JSON, as the Engine writes it ---- */

/* A text that is not UTF-8 is none that JSON can have. */
static json_t *
json_text(const char *s)
{
	json_t *j = json_string(s);

	return j != NULL ? j : json_string("?");
}

static json_t *
inside(json_t *j, const char *key)
{
	json_t *in = json_object_get(j, key);

	if (in == NULL)
		json_object_set_new(j, key, in = json_object());
	return in;
}

static json_t *
list_in(json_t *j, const char *key)
{
	json_t *in = json_object_get(j, key);

	if (in == NULL)
		json_object_set_new(j, key, in = json_array());
	return in;
}

static json_t *
container(void)
{
	return inside(inside(inside(scene.service, "Spec"), "TaskTemplate"), "ContainerSpec");
}

static struct str
word(struct str *s)
{
	struct str w;

	if (!str_split(s, ' ', &w))
		w = STR("");
	return w;
}

static char *
word_text(struct str *s)
{
	return arena_text(scene.arena, word(s));
}

static json_int_t
word_number(struct str *s)
{
	uint64_t n;

	return str_to_u64(word(s), &n) ? (json_int_t)(n % 100000) : 0;
}

static json_t *
port_of(struct str *s)
{
	json_t *j = json_pack("{s:s, s:I}", "Protocol", "tcp", "TargetPort", word_number(s));

	json_object_set_new(j, "PublishedPort", json_integer(word_number(s)));
	return j;
}

/* ---- what lines say ---- */

static void
do_node(struct str s)
{
	char *name = word_text(&s), *state = word_text(&s), *use = word_text(&s), *at = word_text(&s);

	json_array_append_new(scene.nodes, json_pack("{s:o, s:{s:o, s:{s:I, s:I}}, s:{s:o, s:o}, s:{s:o}}", "ID", json_text(name),
	    "Description", "Hostname", json_text(name), "Resources", "NanoCPUs", (json_int_t)4000000000, "MemoryBytes",
	    (json_int_t)8589934592, "Status", "State", json_text(state), "Addr", json_text(at), "Spec", "Availability", json_text(use)));
}

static void
do_service(struct str s)
{
	char *name = word_text(&s), id[16], when[32];
	size_t n = json_array_size(scene.services);

	snprintf(id, sizeof id, "s%zu", n);
	snprintf(when, sizeof when, "2026-01-01T00:00:%02zu.5Z", n % 60);
	scene.service = json_pack("{s:s, s:s, s:{s:o}}", "ID", id, "CreatedAt", when, "Spec", "Name", json_text(name));
	json_array_append_new(scene.services, scene.service);
	scene.task = NULL;
	scene.in = IN_SERVICE;
}

static void
do_image(struct str s)
{
	json_object_set_new(container(), "Image", json_text(arena_text(scene.arena, s)));
}

static void
do_dir(struct str s)
{
	json_object_set_new(container(), "Dir", json_text(arena_text(scene.arena, s)));
}

static void
do_arg(struct str s)
{
	json_array_append_new(list_in(container(), "Args"), json_text(arena_text(scene.arena, s)));
}

static void
do_env(struct str s)
{
	json_array_append_new(list_in(container(), "Env"), json_text(arena_text(scene.arena, s)));
}

static void
do_file(struct str s)
{
	char *path = word_text(&s), *id = word_text(&s);

	json_array_append_new(list_in(container(), "Configs"), json_pack("{s:o, s:{s:o}}", "ConfigID", json_text(id), "File",
	    "Name", json_text(path)));
}

static void
do_secret(struct str s)
{
	json_array_append_new(list_in(container(), "Secrets"), json_pack("{s:{s:o}}", "File", "Name", json_text(word_text(&s))));
}

static void
do_mount(struct str s)
{
	char *type = word_text(&s), *from = word_text(&s), *to = word_text(&s);

	json_array_append_new(list_in(container(), "Mounts"), json_pack("{s:o, s:o, s:o}", "Type", json_text(type), "Source",
	    json_text(from), "Target", json_text(to)));
}

/* A label of the containers, which is not one of the service. */
static void
do_misplaced(struct str s)
{
	(void)json_object_set_new(inside(container(), "Labels"), arena_text(scene.arena, s), json_string("x"));
}

static void
do_port(struct str s)
{
	json_t *j = port_of(&s);

	json_object_set_new(j, "PublishMode", json_text(word_text(&s)));
	json_array_append_new(list_in(inside(inside(scene.service, "Spec"), "EndpointSpec"), "Ports"), j);
}

static void
do_task(struct str s)
{
	char *node = word_text(&s), *state = word_text(&s), *desired = word_text(&s), id[16];
	size_t n = json_array_size(scene.tasks);

	snprintf(id, sizeof id, "t%zu", n);
	scene.task = json_pack("{s:s, s:O, s:o, s:I, s:o, s:{s:o, s:{s:s}}}", "ID", id, "ServiceID",
	    json_object_get(scene.service, "ID"), "NodeID", json_text(node), "Slot", (json_int_t)(n % 3), "DesiredState",
	    json_text(*desired == '\0' ? "running" : desired), "Status", "State", json_text(*state == '\0' ? "running" : state),
	    "ContainerStatus", "ContainerID", id);
	json_array_append_new(scene.tasks, scene.task);
}

static void
do_on(struct str s)
{
	char *network = word_text(&s), *at = word_text(&s);

	json_array_append_new(list_in(scene.task, "NetworksAttachments"), json_pack("{s:{s:o, s:{s:o, s:b}}, s:[o]}", "Network",
	    "ID", json_text(network), "Spec", "Name", json_text(network), "Ingress", strcmp(network, "ingress") == 0, "Addresses",
	    json_text(at)));
}

static void
do_host(struct str s)
{
	json_t *j = port_of(&s);

	json_object_set_new(j, "PublishMode", json_string("host"));
	json_array_append_new(list_in(inside(inside(scene.task, "Status"), "PortStatus"), "Ports"), j);
}

static void
do_text(struct str s)
{
	if (scene.ntexts == MANY)
		return;
	scene.text_name[scene.ntexts] = arena_text(scene.arena, s);
	scene.text[scene.ntexts++] = "";
	scene.in = IN_TEXT;
}

static void
do_provided(struct str s)
{
	if (scene.conf.nprovided == MANY)
		return;
	scene.provided[scene.conf.nprovided++] = (struct swarm_file){ arena_text(scene.arena, s), "", NULL };
	scene.lines = "";
	scene.nlines = 0;
	scene.in = IN_FILE;
}

static void
do_broken(struct str s)
{
	if (scene.conf.nprovided > 0)
		scene.provided[scene.conf.nprovided - 1] = (struct swarm_file){ "/broken.yml", NULL, arena_text(scene.arena, s) };
}

static void
do_static(struct str s)
{
	if (scene.nfixed < MANY)
		scene.fixed[scene.nfixed++] = word_text(&s);
}

static bool
has(struct str s, char c)
{
	return s.len > 0 && memchr(s.p, c, s.len) != NULL;
}

static void
do_listener(struct str s)
{
	if (scene.conf.nlisteners < MANY) {
		struct swarm_listener *l = &scene.listener[scene.conf.nlisteners++];
		*l = (struct swarm_listener){ .name = word_text(&s) };
		l->tls = has(s, 't');
		l->proxy_protocol = has(s, 'p');
	}
}

static void
do_entry(struct str s)
{
	static const char *const middlewares[] = { "auth@file", "slim@mola" };

	if (scene.traefik.nentry_points < MANY) {
		struct traefik_entry_point *e = &scene.entry[scene.traefik.nentry_points++];
		*e = (struct traefik_entry_point){ .name = word_text(&s) };
		e->served = has(s, 's');
		e->as_default = has(s, 'd');
		e->tls = has(s, 't');
		e->orders = has(s, 'o');
		e->redirect = has(s, 'r') ? "websecure" : NULL;
		e->middlewares = (struct traefik_names){ middlewares, has(s, 'm') ? 2 : 0 };
	}
}

static void
do_constraint(struct str s)
{
	char problem[CONSTRAINT_PROBLEM];

	scene.conf.constraint = constraint_parse(scene.arena, s, problem);
}

static void
do_takes(struct str s)
{
	char problem[CONSTRAINT_PROBLEM];

	scene.conf.traefik_constraint = constraint_parse(scene.arena, s, problem);
}

static void
do_middleware(struct str s)
{
	scene.middlewares = arena_printf(scene.arena, "%s%.*s\n", scene.middlewares, STR_ARG(s));
}

static void
name_add(struct traefik_names *names, const char **name, struct str s)
{
	names->name = name;
	if (names->n < MANY)
		name[names->n++] = word_text(&s);
}

static void
do_trusted(struct str s)
{
	name_add(&scene.conf.trusted, scene.trusted, s);
}

static void
do_ignore(struct str s)
{
	name_add(&scene.traefik.ignore_middlewares, scene.ignored, s);
}

static void
do_rule(struct str s)
{
	scene.traefik.default_rule = arena_text(scene.arena, s);
}

static void
do_network(struct str s)
{
	scene.traefik.network = arena_text(scene.arena, s);
}

static void
do_conf(struct str s)
{
	scene.conf.routeless = has(s, 'r');
	scene.conf.tls.strict = has(s, 's');
	scene.conf.tls.client_ca = has(s, 'c') ? "/ca" : NULL;
	scene.conf.tls.client_certs = has(s, 'c');
	scene.traefik.exposed_by_default = scene.conf.traefik_exposed_configured = has(s, 'x');
	scene.traefik.enable = !has(s, 'n');
	scene.conf.files_assumed = has(s, 'a');
	scene.traefik.rule_syntax = has(s, '1') ? RULE_V2 : RULE_ANY;
}

/* ---- a pass ---- */

static void
read_list(const struct why *(*read)(struct swarm *, struct str, char *), json_t *list)
{
	char *text = json_dumps(list, JSON_COMPACT), detail[SWARM_DETAIL] = "";

	ASSERT(text != NULL);
	(void)read(scene.swarm, str_of(text), detail);
	check_words(detail);
	free(text);
}

static void
read_configs(void)
{
	const char *id, *text;
	struct buf b;

	while ((id = swarm_config_wanted(scene.swarm)) != NULL) {
		if ((text = text_of(id)) == NULL) {
			swarm_config_failed(scene.swarm, id, "is not there");
			continue;
		}
		buf_init(&b, 1 << 20);
		buf_printf(&b, "{\"Spec\":{%s\"Data\":\"", strstr(text, "{{") != NULL ? "\"Templating\":{}," : "");
		base64_add(&b, str_of(text));
		buf_printf(&b, "\"}}");
		swarm_read_config(scene.swarm, id, buf_str(&b));
		buf_fini(&b);
	}
}

static void
pass_static(void)
{
	struct route_conf route = { .path = (char *)"/" };
	struct world_node node = { .name = (char *)"fixed", .address = (char *)"10.9.0.1" };
	struct swarm_urls urls;
	struct world_service *ws;
	struct addr at;

	ASSERT(addr_parse(STR("10.9.0.1:80"), &at) == NULL);
	swarm_fill_node(scene.swarm, &scene.conf, &node, &urls);
	if (scene.nfixed > 0)
		world_pass_node(scene.world, &node);
	for (unsigned i = 0; i < scene.nfixed; i++) {
		route.host = (char *)scene.fixed[i];
		if ((ws = world_pass_service(scene.world, scene.fixed[i], &defaults, &route, 1)) != NULL)
			world_pass_task(scene.world, ws, scene.fixed[i], "fixed", &at, false);
	}
}

static void
check_table(void)
{
	const struct why *why;
	struct table *t;
	int fd;

	if (world_table(scene.world, &fd) != NULL)
		return;
	ASSERT(table_open(fd, &t) == NULL);
	(void)table_match(t, &(struct request_view){ .host = STR("a.org"), .path = STR("/x"), .method = STR("GET") }, &why);
	table_unref(&t);
}

/* The certificates of Traefik's files are read apart from all else. */
static void
check_certs(void)
{
	const struct provided_cert *cert;
	unsigned n = provided_certs(scene.arena, scene.provided, scene.conf.nprovided, &cert);

	for (unsigned i = 0; i < n; i++)
		ASSERT(cert[i].cert[0] == '/' && (cert[i].key == NULL || cert[i].key[0] == '/'));
}

static void
pass(void)
{
	struct swarm_report *report;
	char skipped[100];

	read_list(swarm_read_nodes, scene.nodes);
	read_list(swarm_read_services, scene.services);
	read_list(swarm_read_tasks, scene.tasks);
	read_configs();
	for (int i = 0; i < 2; i++) {
		world_pass_begin(scene.world);
		pass_static();
		ASSERT(swarm_pass(scene.swarm, &scene.conf, scene.world, &report));
		ASSERT(!world_pass_end(scene.world) || i == 0);
		check_report(report);
		swarm_report_free(&report);
	}
	check_world(scene.world);
	check_table();
	check_certs();
	(void)swarm_skipped(scene.swarm, skipped, sizeof skipped);
	ASSERT(swarm_balancers(scene.swarm, "s0") <= json_array_size(scene.tasks));
	(void)swarm_configs_retry(scene.swarm);
}

static void
do_again(struct str s)
{
	(void)s;
	scene.conf.middlewares = *scene.middlewares == '\0' ? NULL : scene.middlewares;
	pass();
}

/* ---- lines ---- */

static const struct {
	struct str word;
	void (*fn)(struct str);
	json_t **of;			/* what must be there before */
} words[] = {
#define W(word, of) { { #word, sizeof #word - 1 }, do_##word, of }
	W(node, NULL), W(service, NULL), W(image, &scene.service), W(dir, &scene.service), W(arg, &scene.service),
	W(env, &scene.service), W(file, &scene.service), W(secret, &scene.service), W(mount, &scene.service),
	W(misplaced, &scene.service), W(port, &scene.service), W(task, &scene.service), W(on, &scene.task), W(host, &scene.task),
	W(text, NULL), W(provided, NULL), W(broken, NULL), W(static, NULL), W(listener, NULL), W(entry, NULL), W(constraint, NULL),
	W(takes, NULL), W(middleware, NULL), W(trusted, NULL), W(ignore, NULL), W(rule, NULL), W(network, NULL), W(conf, NULL),
	W(again, NULL)
#undef W
};

static void
plain_line(struct str line)
{
	struct swarm_file *f = scene.conf.nprovided == 0 ? NULL : &scene.provided[scene.conf.nprovided - 1];
	char *text = arena_text(scene.arena, line), *value = strchr(text, '=');
	json_t *j;

	if (scene.in == IN_TEXT)
		scene.text[scene.ntexts - 1] = arena_printf(scene.arena, "%s%s\n", scene.text[scene.ntexts - 1], text);
	else if (value == NULL)
		return;
	else if (scene.in == IN_FILE && f->problem == NULL)
		f->lines = arena_printf(scene.arena, "%s%u %s\n", f->lines, ++scene.nlines, text);
	else if (scene.in == IN_SERVICE && scene.service != NULL) {
		*value++ = '\0';
		j = json_text(value);
		if (json_object_set_new(inside(inside(scene.service, "Spec"), "Labels"), text, j) != 0)
			return;			/* its name is not UTF-8 */
	}
}

static void
line_read(struct str line)
{
	struct str rest = line, w;

	if (line.len == 0 || *line.p != ':') {
		plain_line(line);
		return;
	}
	w = word(&rest);
	w = (struct str){ w.p + 1, w.len - 1 };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(w, words[i].word) && (words[i].of == NULL || *words[i].of != NULL))
			words[i].fn(rest.p == NULL ? STR("") : rest);
}

static void
scene_begin(void)
{
	static struct live *live;
	static struct phys *phys;

	if (live == NULL) {
		live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
		phys = phys_init(must_zalloc(phys_bytes()));
	}
	memset(&scene, 0, sizeof scene);
	scene.arena = arena_new();
	scene.nodes = json_array();
	scene.services = json_array();
	scene.tasks = json_array();
	scene.swarm = swarm_new();
	scene.world = world_new(live, phys);
	scene.traefik = traefik_rules_default;
	scene.traefik.entry_point = scene.entry;
	scene.middlewares = "";
	scene.conf = (struct swarm_conf){ .defaults = &defaults, .agent_template = "{address}:9101",
		.exporter_template = "http://{hostname}:9100/{id}", .traefik = &scene.traefik, .listener = scene.listener,
		.provided = scene.provided, .file = on_file, .host = on_host, .tls = { .min_version = 12 },
		.setting = { { "clients.idle", "60s" } } };
	swarm_attach(scene.swarm, "shared");
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, line;

	scene_begin();
	line_read(STR(":node n ready active 10.0.1.1"));
	while (str_split(&rest, '\n', &line))
		line_read(line);
	do_again(STR(""));
	json_array_clear(scene.tasks);
	pass();
	json_decref(scene.nodes);
	json_decref(scene.services);
	json_decref(scene.tasks);
	world_free(&scene.world);
	swarm_free(&scene.swarm);
	arena_free(&scene.arena);
	return 0;
}
