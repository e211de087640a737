/*
 * stack_engine: the bodies of the Engine's responses, so that what reads those of a real one is
 * what reads a stack, too.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bug.h"
#include "conf/conf.h"
#include "stack/stack_engine.h"

#define NODE	"node1"

static json_t *
text(const char *s)
{
	return json_stringn_nocheck(s, strlen(s));	/* it was read as UTF-8 */
}

static json_t *
texts(const struct stack_texts *t)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->n; i++)
		json_array_append_new(list, text(t->item[i]));
	return list;
}

static json_t *
labels(const struct stack_pairs *p)
{
	json_t *map = json_object();

	for (unsigned i = 0; p != NULL && i < p->n; i++)
		json_object_set_new_nocheck(map, p->item[i].name, text(p->item[i].value));
	return map;
}

static json_t *
variables(const struct stack_pairs *p)
{
	json_t *list = json_array();
	char *one;

	for (unsigned i = 0; i < p->n; i++) {
		one = must_zalloc(strlen(p->item[i].name) + strlen(p->item[i].value) + 2);
		strcat(strcat(strcpy(one, p->item[i].name), "="), p->item[i].value);
		json_array_append_new(list, text(one));
		free(one);
	}
	return list;
}

/* Those of a task are on its node alone. */
static json_t *
ports(const struct stack_service *v, bool of_task)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->nports; i++) {
		const struct stack_port *p = &v->port[i];
		if (p->host || !of_task)
			json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:s}", "Protocol",
			    p->udp ? "udp" : "tcp", "TargetPort", (int)p->target, "PublishedPort",
			    p->published != 0 ? (int)p->published : 30000 + (int)i, "PublishMode",
			    p->host ? "host" : "ingress"));
	}
	return list;
}

static json_t *
mounts(const struct stack_service *v)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->nmounts; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "Type", text(v->mount[i].type),
		    "Source", text(v->mount[i].source), "Target", text(v->mount[i].target)));
	return list;
}

/* Ids of configs are numbers: those of the stack's, then one that it does not have. */
#define CONFIGS_OF_STACK 100000UL

static json_t *
config_id(const struct stack *s, unsigned of, const char *name)
{
	unsigned i = 0;

	while (i < s->nconfigs && i < CONFIGS_OF_STACK - 1 && strcmp(s->config[i].name, name) != 0)
		i++;
	return json_sprintf("%lu", of * CONFIGS_OF_STACK + i);
}

static json_t *
configs(const struct stack *s, unsigned of, const struct stack_service *v)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->nconfigs; i++)
		json_array_append_new(list, json_pack("{s:o, s:{s:o}}", "ConfigID",
		    config_id(s, of, v->config[i].source), "File", "Name", text(v->config[i].target)));
	return list;
}

static json_t *
container(const struct stack *s, unsigned of, const struct stack_service *v)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "Image",
	    text(v->image == NULL ? "" : v->image), "Command", texts(&v->entrypoint), "Args",
	    texts(&v->command), "Env", variables(&v->environment), "Labels",
	    labels(s->of_compose ? NULL : &v->container), "Mounts", mounts(v), "Configs",
	    configs(s, of, v));
}

/* `i` counts the services of all stacks. */
static json_t *
service(const struct stack *s, unsigned of, const struct stack_service *v, unsigned i)
{
	json_t *mode = v->global ? json_pack("{s:{}}", "Global") :
	    json_pack("{s:{s:i}}", "Replicated", "Replicas", (int)v->replicas);

	return json_pack("{s:o, s:s, s:{s:o, s:o, s:o, s:{s:o}, s:{s:o}}}", "ID",
	    json_sprintf("service%u", i), "CreatedAt", "2000-01-01T00:00:00Z", "Spec", "Name",
	    text(v->full), "Labels", labels(stack_labels(s, v)), "Mode", mode, "TaskTemplate",
	    "ContainerSpec", container(s, of, v), "EndpointSpec", "Ports", ports(v, false));
}

static json_t *
attachments(const struct stack_service *v, unsigned i)
{
	json_t *list = json_array();

	for (unsigned k = 0; k < v->networks.n; k++)
		json_array_append_new(list, json_pack("{s:{s:o, s:{s:o}}, s:[o]}", "Network", "ID",
		    text(v->networks.item[k]), "Spec", "Name", text(v->networks.item[k]), "Addresses",
		    json_sprintf("10.%u.%u.%u/16", 1 + k % 250, i / 250 % 250, 1 + i % 250)));
	return list;
}

static json_t *
task(const struct stack_service *v, unsigned i)
{
	return json_pack("{s:o, s:o, s:s, s:i, s:s, s:{s:s, s:{s:o}}, s:o}", "ID",
	    json_sprintf("task%u", i), "ServiceID", json_sprintf("service%u", i), "NodeID", NODE, "Slot",
	    v->global ? 0 : 1, "DesiredState", "running", "Status", "State", "running", "PortStatus",
	    "Ports", ports(v, true), "NetworksAttachments", attachments(v, i));
}

/* ---- to its readers ---- */

typedef const struct why	*read_f(struct swarm *, struct str, char detail[SWARM_DETAIL]);

static void
give(struct swarm *to, read_f *read, json_t *list)
{
	char detail[SWARM_DETAIL], *body = json_dumps(list, JSON_COMPACT);
	const struct why *why = body == NULL ? WHY_NO_MEMORY : read(to, str_of(body), detail);

	ASSERT(why == NULL);			/* it is what the Engine promises */
	free(body);
	json_decref(list);
}

static void
give_config(struct swarm *to, struct stack *const *stack, const char *id)
{
	unsigned long number = strtoul(id, NULL, 10), i = number % CONFIGS_OF_STACK;
	const struct stack *s = stack[number / CONFIGS_OF_STACK];
	struct buf file, errors, data;
	char *body;
	json_t *j;

	if (i >= s->nconfigs || s->config[i].path == NULL) {
		swarm_config_failed(to, id, "is a config that is no file beside the stack");
		return;
	}
	buf_init(&file, CONF_TEXT_MAX);
	buf_init(&errors, CONF_ERRORS_MAX);
	buf_init(&data, 2 * CONF_TEXT_MAX);
	if (!conf_read(s->config[i].path, &file, &errors) || !base64_add(&data, buf_str(&file)))
		swarm_config_failed(to, id, "is a config whose file cannot be read here");
	else {
		j = json_pack("{s:{s:s%}}", "Spec", "Data", data.len > 0 ? data.p : "", data.len);
		body = json_dumps(j, JSON_COMPACT);
		swarm_read_config(to, id, str_of(body));
		free(body);
		json_decref(j);
	}
	buf_fini(&file);
	buf_fini(&errors);
	buf_fini(&data);
}

static void
networks_of(json_t *all, const struct stack *s)
{
	for (unsigned i = 0; i < s->nservices; i++)
		for (unsigned k = 0; k < s->service[i].networks.n; k++)
			json_object_set_new_nocheck(all, s->service[i].networks.item[k], json_null());
}

static void
give_networks(struct swarm *to, struct stack *const *stack, unsigned n)
{
	json_t *all = json_object(), *list = json_array(), *v;
	const char *name;

	for (unsigned i = 0; i < n; i++)
		networks_of(all, stack[i]);
	json_object_foreach(all, name, v) {
		json_array_append_new(list, json_pack("{s:o, s:o}", "Id", text(name), "Name", text(name)));
		swarm_attach(to, name);
	}
	give(to, swarm_read_networks, list);
	json_decref(all);
}

static void
give_services(struct swarm *to, struct stack *const *stack, unsigned n)
{
	json_t *services = json_array(), *tasks = json_array();
	unsigned id = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < stack[i]->nservices; k++, id++) {
			const struct stack_service *v = &stack[i]->service[k];
			json_array_append_new(services, service(stack[i], i, v, id));
			json_array_append_new(tasks, task(v, id));
		}
	give(to, swarm_read_services, services);
	give(to, swarm_read_tasks, tasks);
}

struct swarm *
stack_swarm(struct stack *const *stack, unsigned n)
{
	struct swarm *to = swarm_new();
	const char *config;

	give(to, swarm_read_nodes, json_pack("[{s:s, s:{s:s}, s:{s:s, s:{s:I, s:I}}, s:{s:s, s:s}}]",
	    "ID", NODE, "Spec", "Availability", "active", "Description", "Hostname", NODE, "Resources",
	    "NanoCPUs", (json_int_t)4000000000, "MemoryBytes", (json_int_t)8 << 30, "Status", "State",
	    "ready", "Addr", "192.0.2.1"));
	give_services(to, stack, n);
	give_networks(to, stack, n);
	while ((config = swarm_config_wanted(to)) != NULL) {
		char *id = must_strdup(config);
		give_config(to, stack, id);
		free(id);
	}
	return to;
}
