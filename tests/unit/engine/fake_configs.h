/*
 * fake_configs: configs of a fake Engine, as Swarm keeps them: names once, labels by version, deleted by id. How it answers
 * a write is the test's to say.
 */
#ifndef TESTS_FAKE_CONFIGS_H
#define TESTS_FAKE_CONFIGS_H

#include <jansson.h>

#include "fake_engine.h"

struct fake_configs {
	json_t		*all;			/* as GET /configs has them */
	int		 index;
	int		 writes;
	int		 status;		/* of the next writes, in place of what is true; 0: the truth */
	bool		 undone;		/* they are not even done */
	const char	*words;
	bool		 worker;		/* it is no manager */
	char		 method[16];		/* of the last write */
};

static inline void
fake_configs_reply(struct request *x, int status, const char *message)
{
	json_t *j = message == NULL ? json_pack("{s:s}", "ID", "any") : json_pack("{s:s}", "message", message);
	char *text = json_dumps(j, JSON_COMPACT);

	request_reply(x, status, "application/json", str_of(text), NULL);
	json_decref(j);
	free(text);
}

static inline int
fake_configs_create(struct fake_configs *c, json_t *spec, const char **message)
{
	json_t *o;
	size_t i;
	char id[32];

	json_array_foreach(c->all, i, o)
		if (json_is_object(o) && strcasecmp(json_string_value(json_object_get(json_object_get(o, "Spec"), "Name")),
		    json_string_value(json_object_get(spec, "Name"))) == 0) {
			*message = "rpc error: code = AlreadyExists desc = config already exists";
			return 409;
		}
	snprintf(id, sizeof id, "id%d", ++c->index);
	json_array_append_new(c->all, json_pack("{s:s, s:{s:i}, s:s, s:O}", "ID", id, "Version", "Index", c->index,
	    "CreatedAt", "2026-11-27T22:00:00.123456789Z", "Spec", spec));
	return 201;
}

static inline int
fake_configs_update(struct fake_configs *c, json_t *o, json_t *spec, int version, const char **message)
{
	json_t *index = json_object_get(json_object_get(o, "Version"), "Index");

	if (json_integer_value(index) != version) {
		*message = "rpc error: code = Unknown desc = update out of sequence";
		return 500;
	}
	json_integer_set(index, ++c->index);
	json_object_set(json_object_get(o, "Spec"), "Labels", json_object_get(spec, "Labels"));
	return 200;
}

static inline int
fake_configs_write(struct fake_configs *c, struct request *x, struct str path, const char **message)
{
	struct str body = request_body(x);
	json_t *spec = body.len == 0 ? NULL : json_loadb(body.p, body.len, 0, NULL), *o;
	char version[16] = "", id[32] = "";
	size_t i, found = SIZE_MAX;
	int status = 404;

	request_query(x, "version", version, sizeof version);
	if (str_starts(path, STR("/configs/")))
		str_copy(id, sizeof id, (struct str){ path.p + 9, strcspn(path.p + 9, "/ ?") });
	json_array_foreach(c->all, i, o)
		if (json_is_object(o) && strcmp(json_string_value(json_object_get(o, "ID")), id) == 0)
			found = i;
	*message = "config not found";
	if (str_eq(path, STR("/configs/create"))) {
		*message = NULL;
		status = fake_configs_create(c, spec, message);
	} else if (found != SIZE_MAX) {
		*message = NULL;
		status = 204;
		if (str_eq(request_head(x)->method, STR("DELETE")))
			json_array_remove(c->all, found);
		else
			status = fake_configs_update(c, json_array_get(c->all, found), spec, atoi(version), message);
	}
	json_decref(spec);
	return status;
}

static inline bool
fake_configs_hook(struct fake *f, struct request *x, struct str path)
{
	struct fake_configs *c = f->hook_arg;
	const char *message = NULL;
	int status = 0;
	char *text;

	if (!str_starts(path, STR("/configs")))
		return false;
	if (c->worker)
		fake_configs_reply(x, 503, "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state.");
	else if (str_eq(request_head(x)->method, STR("GET"))) {
		text = json_dumps(c->all, 0);
		request_reply(x, 200, "application/json", str_of(text), NULL);
		free(text);
	} else {
		c->writes++;
		str_copy(c->method, sizeof c->method, request_head(x)->method);
		if (!c->undone)
			status = fake_configs_write(c, x, path, &message);
		if (c->status == -1)
			f->held[f->nheld++] = x;	/* never */
		else
			fake_configs_reply(x, c->status != 0 ? c->status : status, c->status != 0 ? c->words : message);
	}
	return true;
}

#endif
