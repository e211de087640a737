/*
 * swarm_configs: the texts of Swarm's configs, by id. They do not change, so that each is requested
 * once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bug.h"
#include "discovery/swarm_priv.h"
#include "discovery/json_reader.h"

#define CONFIGS_MAX	64

const struct swarm_config *
swarm_config_find(const struct swarm *s, const char *id)
{
	for (unsigned i = 0; i < s->nconfigs; i++)
		if (strcmp(s->config[i].id, id) == 0)
			return &s->config[i];
	return NULL;
}

static void
config_free(struct swarm_config *c)
{
	ASSERT((c->text == NULL) != (c->unreadable == NULL));	/* it was read, or it is known why not */
	free(c->id);
	free(c->text);
	free(c->unreadable);
}

void
swarm_configs_clear(struct swarm *s)
{
	while (s->nconfigs > 0)
		config_free(&s->config[--s->nconfigs]);
	free(s->config);
	s->config = NULL;
}

/* There are as many as Traefiks; it does not pay to find out whose services are gone. */
static struct swarm_config *
add_config(struct swarm *s, const char *id)
{
	ASSERT(swarm_config_find(s, id) == NULL && s->nconfigs <= CONFIGS_MAX);
	if (s->nconfigs == CONFIGS_MAX)
		swarm_configs_clear(s);
	s->config = must_realloc(s->config, (s->nconfigs + 1) * sizeof *s->config);
	s->config[s->nconfigs] = (struct swarm_config){ .id = must_strdup(id) };
	return &s->config[s->nconfigs++];
}

/* An id becomes part of a path. */
static bool
id_is_valid(const char *id)
{
	return *id != '\0' &&
	    strspn(id,
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(id);
}

const char *
swarm_config_wanted(const struct swarm *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->services.n; i++) {
		const struct traefik_spec *t = SWARM_SERVICES(s)[i].traefik;
		if (t == NULL || t->config == NULL || !id_is_valid(t->config) || ++n > CONFIGS_MAX)
			continue;
		if (swarm_config_find(s, t->config) == NULL)
			return t->config;
	}
	return NULL;
}

void
swarm_config_failed(struct swarm *s, const char *id, const char *text)
{
	if (swarm_config_find(s, id) == NULL)
		add_config(s, id)->unreadable = must_strdup(text);
}

static void
read_config(struct swarm *s, const char *id, const json_t *j)
{
	struct json_reader jr = { .what = "config" };
	struct str data = json_reader_text(&jr, j, "Spec.Data");
	char *text = must_zalloc(data.len + 1);
	struct swarm_config *c;
	size_t len;

	if (json_reader_object(&jr, j, "Spec.Templating") != NULL)
		swarm_config_failed(s, id, "is a template, which each node fills in");
	else if (jr.why != NULL || data.len > STATIC_FILE_MAX * 4 / 3 || !base64_read(data, text, &len))
		swarm_config_failed(s, id, "is a config that is not understood");
	else {
		c = add_config(s, id);
		c->text = text;
		c->len = len;
		return;
	}
	free(text);
}

void
swarm_read_config(struct swarm *s, const char *id, struct str json)
{
	json_error_t e;
	json_t *j = json_loadb(json.p == NULL ? "" : json.p, json.len, JSON_DECODE_INT_AS_REAL, &e);

	if (swarm_config_find(s, id) != NULL)
		;
	else if (!json_is_object(j))
		swarm_config_failed(s, id, "is a config that is not understood");
	else
		read_config(s, id, j);
	json_decref(j);
}

bool
swarm_configs_retry(struct swarm *s)
{
	for (unsigned i = 0; i < s->nconfigs; )
		if (s->config[i].unreadable != NULL) {
			config_free(&s->config[i]);
			s->config[i] = s->config[--s->nconfigs];
		} else
			i++;
	return swarm_config_wanted(s) != NULL;
}
