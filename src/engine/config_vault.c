/*
 * config_vault: how a vault's reads and writes are put to the Engine, and what its responses
 * mean for a write. An Engine goes on with a write whose client has gone, and what it refuses
 * with 500 may have been done: only a few refusals are certain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "engine/config_vault.h"
#include "engine/configs.h"
#include "vault/backend.h"
#include "vault/names.h"

#define WRITE_USEC	(25 * USEC_PER_SEC)	/* the Engine's own limit is 20 s */

struct config_vault {
	struct vault	 vault;
	struct engine	*engine;		/* NULL: none */
	struct engine_call *read;
	char		*prefix;		/* with the dot */
	struct buf	 path;			/* of the list */
};

/* ---- reading ---- */

static void
config_found(void *arg, const struct config_object *c)
{
	struct config_vault *v = arg;
	struct str name = str_of(c->name);

	if (!str_starts(name, str_of(v->prefix)) || !names_is_object(c->name + strlen(v->prefix)))
		return;
	vault_view_add(&v->vault, (struct vault_object){ .name = c->name + strlen(v->prefix),
	    .id = c->id, .version = c->version, .created_sec = c->created_sec, .labels = c->labels },
	    c->data, c->tag);
}

static bool
config_known(void *arg, uint64_t tag)
{
	return vault_view_keep(&((struct config_vault *)arg)->vault, tag);
}

static void
read_received(void *arg, const struct engine_response *a)
{
	char detail[CONFIGS_DETAIL_MAX] = "";
	struct config_vault *v = arg;
	const struct why *why;

	ASSERT(v->read != NULL);
	v->read = NULL;
	if (a->why != NULL) {
		vault_read_failed(&v->vault, a->why, a->detail);
		return;
	}
	why = configs_read(a->body, config_known, config_found, v, detail);
	if (why != NULL)
		vault_read_failed(&v->vault, why, detail);
	else
		vault_view_commit(&v->vault);
}

static void
read_configs(struct vault *s)
{
	struct config_vault *v = (struct config_vault *)s;

	ASSERT(v->read == NULL);
	if (v->engine == NULL)
		vault_read_failed(s, WHY_STORE_GONE, "there is no connection to a Docker Engine");
	else
		v->read = engine_get(v->engine, v->path.p, read_received, v);
}

/* ---- writing ---- */

static enum vault_answer
classify(const struct engine_response *a)
{
	if (a->why == NULL)
		return VAULT_ANSWER_YES;
	if (a->why != WHY_ENGINE_REFUSED)
		return VAULT_ANSWER_UNSURE;
	if (a->status == 409 || a->status == 404 || strstr(a->detail, "update out of sequence") != NULL)
		return VAULT_ANSWER_CONFLICT;
	return a->status >= 400 && a->status < 500 ? VAULT_ANSWER_NO : VAULT_ANSWER_UNSURE;
}

static void
write_received(void *arg, const struct engine_response *a)
{
	struct vault_call *c = arg;

	ASSERT(c->sending != NULL);
	c->sending = NULL;
	vault_call_answered(c, classify(a), a->why, a->detail);
}

static void
post(struct config_vault *v, struct vault_call *c, const char *path, char *json)
{
	c->sending = engine_write(v->engine, "POST", path, str_of(json), WRITE_USEC, write_received, c);
	free(json);
}

static void
write_config(struct vault *s, struct vault_call *c)
{
	struct config_vault *v = (struct config_vault *)s;
	char name[CONFIGS_NAME_MAX + 1], path[160];

	if (v->engine == NULL) {
		vault_call_answered(c, VAULT_ANSWER_UNSURE, WHY_STORE_GONE,
		    "there is no connection to a Docker Engine");
		return;
	}
	if (c->name != NULL)
		snprintf(name, sizeof name, "%s%s", v->prefix, c->name);
	switch (c->write) {
	case VAULT_CREATE:
		post(v, c, "/configs/create", configs_create(name, c->labels,
		    (struct str){ c->sealed, c->sealed_bytes }));
		break;
	case VAULT_RELABEL:
		snprintf(path, sizeof path, "/configs/%s/update?version=%llu", c->id,
		    (unsigned long long)c->version);
		post(v, c, path, configs_relabel(name, c->labels));
		break;
	case VAULT_REMOVE:
		snprintf(path, sizeof path, "/configs/%s", c->id);
		c->sending = engine_write(v->engine, "DELETE", path, STR(""), WRITE_USEC,
		    write_received, c);
		break;
	}
}

static void
drop_config(struct vault *s, struct vault_call *c)
{
	(void)s;
	engine_cancel(c->sending);
	c->sending = NULL;
}

/* ---- life ---- */

static void
calls_break(struct config_vault *v)
{
	struct vault_call *c;

	TAILQ_FOREACH(c, &v->vault.calls, link)
		if (c->sending != NULL) {
			drop_config(&v->vault, c);
			vault_call_answered(c, VAULT_ANSWER_UNSURE, WHY_STORE_GONE,
			    "the connection to the Docker Engine was given up");
		}
}

void
config_vault_engine(struct vault *s, struct engine *e)
{
	struct config_vault *v = (struct config_vault *)s;

	if (v->engine == e)
		return;
	calls_break(v);
	v->engine = e;
	if (v->read != NULL) {
		engine_cancel(v->read);
		v->read = NULL;
		vault_read_failed(s, WHY_STORE_GONE, "the connection to the Docker Engine was given up");
	}
	if (e != NULL)
		vault_read_soon(s);
}

static void
free_configs(struct vault *s)
{
	struct config_vault *v = (struct config_vault *)s;

	if (v->read != NULL)
		engine_cancel(v->read);
	vault_fini(s);
	buf_fini(&v->path);
	free(v->prefix);
	free(v);
}

static const struct vault_ops config_ops = { .kind = "configs of the Swarm", .read = read_configs,
	.send = write_config, .drop = drop_config, .free = free_configs };

bool
config_vault_prefix_is_valid(const char *prefix)
{
	return strlen(prefix) <= CONFIG_VAULT_PREFIX_MAX && strchr(prefix, '.') == NULL &&
	    names_is_object(prefix);
}

struct vault *
config_vault_new(struct loop *l, struct seal *seal, const char *prefix)
{
	struct config_vault *v = must_zalloc(sizeof *v);
	size_t cap = strlen(prefix) + 2;

	ASSERT(config_vault_prefix_is_valid(prefix) && seal != NULL);
	vault_init(&v->vault, &config_ops, l, seal);
	v->prefix = must_alloc(cap);
	snprintf(v->prefix, cap, "%s.", prefix);
	buf_init(&v->path, 256);
	configs_path(&v->path, v->prefix);
	buf_add(&v->path, "", 1);
	ASSERT(!v->path.full);
	return &v->vault;
}
