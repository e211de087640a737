/*
 * placement: reads and edits JSON, and sends nothing. The edits are as small as they can be:
 * Swarm compares the whole task template, and only if nothing but the placement differs does a
 * task that may stay where it is stay untouched (doc/why/0006-the-mover.md). UpdateConfig is no
 * part of the template.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/bug.h"
#include "base/str.h"
#include "discovery/placement.h"

/* ---- reading ---- */

static const json_t *
member(const json_t *j, const char *a, const char *b, const char *c)
{
	const char *const path[] = { a, b, c };

	for (unsigned i = 0; i < 3 && path[i] != NULL; i++)
		j = json_object_get(j, path[i]);
	return j;
}

static const char *
member_text(const json_t *j, const char *a, const char *b, const char *c)
{
	const char *s = json_string_value(member(j, a, b, c));

	return s == NULL ? "" : s;
}

static const json_t *
spec_of(const json_t *service)
{
	return json_object_get(service, "Spec");
}

/* Without a driver's name, or with the name of the one that keeps its files on the node. */
static enum refusal
mount_refusal(const json_t *mount)
{
	const char *type = member_text(mount, "Type", NULL, NULL);
	const char *driver = member_text(mount, "VolumeOptions", "DriverConfig", "Name");

	if (strcmp(type, "tmpfs") == 0)
		return REFUSAL_NONE;
	if (strcmp(type, "volume") == 0 || type[0] == '\0')
		return driver[0] == '\0' || strcmp(driver, "local") == 0 ? REFUSAL_VOLUME : REFUSAL_NONE;
	return strcmp(type, "cluster") == 0 ? REFUSAL_VOLUME : REFUSAL_BIND;
}

struct node_constraint {
	struct str	 key, value;
	bool		 equal;		/* ==, else != */
};

static bool
constraint_parse_text(const char *text, struct node_constraint *c)
{
	const char *op = strstr(text, "=="), *not = strstr(text, "!=");

	if (op == NULL || (not != NULL && not < op))
		op = not;
	if (op == NULL)
		return false;
	c->equal = *op == '=';
	c->key = str_trim((struct str){ text, (size_t)(op - text) });
	c->value = str_trim(str_of(op + 2));
	return c->key.len > 0;
}

static bool
is_pinned(const json_t *placement)
{
	const json_t *item;
	struct node_constraint c;
	size_t i;

	json_array_foreach(json_object_get(placement, "Constraints"), i, item)
		if (json_is_string(item) && constraint_parse_text(json_string_value(item), &c) && c.equal &&
		    (str_eq_nocase(c.key, STR("node.id")) || str_eq_nocase(c.key, STR("node.hostname")) ||
		    str_eq_nocase(c.key, STR("node.ip"))))
			return true;
	return false;
}

static enum refusal
mode_refusal(const json_t *spec)
{
	const json_t *mode = json_object_get(spec, "Mode");

	if (json_object_get(mode, "Global") != NULL)
		return REFUSAL_GLOBAL;
	if (json_object_get(mode, "ReplicatedJob") != NULL || json_object_get(mode, "GlobalJob") != NULL)
		return REFUSAL_JOB;
	return json_is_integer(member(mode, "Replicated", "Replicas", NULL)) ? REFUSAL_NONE :
	    REFUSAL_MALFORMED;
}

static enum refusal
update_refusal(const json_t *service)
{
	enum update_state u = placement_update(service);

	return u == UPDATE_NONE || u == UPDATE_COMPLETED ? REFUSAL_NONE : REFUSAL_UPDATING;
}

static enum refusal
mounts_refusal(const json_t *task)
{
	const json_t *item;
	enum refusal r;
	size_t i;

	json_array_foreach(member(task, "ContainerSpec", "Mounts", NULL), i, item)
		if ((r = mount_refusal(item)) != REFUSAL_NONE)
			return r;
	return REFUSAL_NONE;
}

/* A fixed port of the node is an address that clients may know, and that two tasks cannot
 * share; one that the node chooses is known to discovery alone. */
static bool
has_host_port(const json_t *spec)
{
	const json_t *item;
	size_t i;

	json_array_foreach(member(spec, "EndpointSpec", "Ports", NULL), i, item)
		if (strcmp(member_text(item, "PublishMode", NULL, NULL), "host") == 0 &&
		    json_integer_value(json_object_get(item, "PublishedPort")) != 0)
			return true;
	return false;
}

enum refusal
placement_refusal(const json_t *service)
{
	const json_t *spec = spec_of(service), *task = json_object_get(spec, "TaskTemplate");
	enum refusal r;

	if (!json_is_object(task))
		return REFUSAL_MALFORMED;
	if ((r = mode_refusal(spec)) != REFUSAL_NONE)
		return r;
	if (!json_is_object(json_object_get(task, "ContainerSpec")))
		return REFUSAL_MALFORMED;		/* a plugin: what it depends on is not known */
	/* Managers crash on a service whose tasks have a placement and which itself has none
	 * any more (moby/swarmkit issue 2947): a service without one must not get one. The
	 * docker command always writes one. */
	if (!json_is_object(json_object_get(task, "Placement")))
		return REFUSAL_NO_PLACEMENT;
	if ((r = mounts_refusal(task)) != REFUSAL_NONE)
		return r;
	if (has_host_port(spec))
		return REFUSAL_HOST_PORT;
	if (is_pinned(json_object_get(task, "Placement")))
		return REFUSAL_PINNED;
	if (json_integer_value(member(task, "Placement", "MaxReplicas", NULL)) > 0)
		return REFUSAL_MAX_REPLICAS;
	if (json_array_size(member(member(task, "Resources", "Reservations", NULL),
	    "GenericResources", NULL, NULL)) > 0)
		return REFUSAL_GENERIC;
	return update_refusal(service);
}

enum refusal
placement_scale_refusal(const json_t *service)
{
	enum refusal r = mode_refusal(spec_of(service));

	return r != REFUSAL_NONE ? r : update_refusal(service);
}

/* ---- where it may run ---- */

static struct str
label_of(const json_t *labels, struct str name)
{
	char key[256];

	str_copy(key, sizeof key, name);
	return str_of(json_string_value(json_object_get(labels, key)));
}

static bool
key_rest(struct str key, struct str prefix, struct str *rest)
{
	if (key.len <= prefix.len || !str_eq_nocase((struct str){ key.p, prefix.len }, prefix))
		return false;
	*rest = (struct str){ key.p + prefix.len, key.len - prefix.len };
	return true;
}

/* What the node has under a key of constraints; false: the key is not known. */
static bool
node_value(const json_t *node, struct str key, struct str *value)
{
	struct str rest;

	if (str_eq_nocase(key, STR("node.id")))
		*value = str_of(member_text(node, "ID", NULL, NULL));
	else if (str_eq_nocase(key, STR("node.hostname")))
		*value = str_of(member_text(node, "Description", "Hostname", NULL));
	else if (str_eq_nocase(key, STR("node.ip")))
		*value = str_of(member_text(node, "Status", "Addr", NULL));
	else if (str_eq_nocase(key, STR("node.role")))
		*value = str_of(member_text(node, "Spec", "Role", NULL));
	else if (str_eq_nocase(key, STR("node.platform.os")))
		*value = str_of(member_text(node, "Description", "Platform", "OS"));
	else if (str_eq_nocase(key, STR("node.platform.arch")))
		*value = str_of(member_text(node, "Description", "Platform", "Architecture"));
	else if (key_rest(key, STR("node.labels."), &rest))
		*value = label_of(member(node, "Spec", "Labels", NULL), rest);
	else if (key_rest(key, STR("engine.labels."), &rest))
		*value = label_of(member(node, "Description", "Engine", "Labels"), rest);
	else
		return false;
	return true;
}

/* Values are compared as Swarm does: case does not matter, '*' stands for anything. What
 * cannot be read allows nothing. */
static bool
node_satisfies(const char *text, const json_t *node)
{
	char pattern[300], value[300];
	struct node_constraint c;
	struct str is;

	if (!constraint_parse_text(text, &c) || !node_value(node, c.key, &is))
		return false;
	str_copy(pattern, sizeof pattern, c.value);
	str_copy(value, sizeof value, is);
	return (fnmatch(pattern, value, FNM_CASEFOLD) == 0) == c.equal;
}

bool
placement_allows(const json_t *service, const json_t *node)
{
	const json_t *item;
	size_t i;

	if (strcmp(member_text(node, "Status", "State", NULL), "ready") != 0 ||
	    strcmp(member_text(node, "Spec", "Availability", NULL), "active") != 0)
		return false;
	json_array_foreach(member(spec_of(service), "TaskTemplate", "Placement", "Constraints"), i, item)
		if (!json_is_string(item) || !node_satisfies(json_string_value(item), node))
			return false;
	return true;
}

/* ---- a move ---- */

static json_t *
get_object(json_t *j, const char *key)
{
	json_t *in = json_object_get(j, key);

	if (json_is_object(in))
		return in;
	json_object_set_new(j, key, json_object());
	return json_object_get(j, key);
}

static json_t *
get_constraints(json_t *spec)
{
	json_t *placement = get_object(get_object(spec, "TaskTemplate"), "Placement"),
	    *list = json_object_get(placement, "Constraints");

	if (json_is_array(list))
		return list;
	json_object_set_new(placement, "Constraints", json_array());
	return json_object_get(placement, "Constraints");
}

static int
find_constraint(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_is_string(json_array_get(list, i)) &&
		    strcmp(json_string_value(json_array_get(list, i)), text) == 0)
			return (int)i;
	return -1;
}

static void
add_constraint(json_t *list, json_t *added, const char *op, const char *id)
{
	char text[PLACEMENT_ID_MAX + 16];

	snprintf(text, sizeof text, "node.id%s%s", op, id);
	if (find_constraint(list, text) >= 0)
		return;				/* the user's own stays when the move ends */
	json_array_append_new(list, json_string(text));
	json_array_append_new(added, json_string(text));
}

static void
write_label(json_t *spec, const json_t *label)
{
	char *text = json_dumps(label, JSON_COMPACT | JSON_PRESERVE_ORDER);

	ASSERT(text != NULL);
	json_object_set_new(get_object(spec, "Labels"), PLACEMENT_LABEL, json_string(text));
	free(text);
}

static json_t *
read_label(const json_t *spec)
{
	const char *text = json_string_value(member(spec, "Labels", PLACEMENT_LABEL, NULL));

	return text == NULL ? NULL : json_loads(text, 0, NULL);
}

/* "order" of the label: the value before, null where there was none, false where there was
 * no UpdateConfig. */
static void
set_order(json_t *spec, json_t *label)
{
	json_t *config = json_object_get(spec, "UpdateConfig");

	if (!json_is_object(config)) {
		json_object_set_new(spec, "UpdateConfig",
		    json_pack("{s:i, s:s}", "Parallelism", 1, "Order", "start-first"));
		json_object_set_new(label, "order", json_false());
		return;
	}
	if (json_is_string(json_object_get(config, "Order")))
		json_object_set(label, "order", json_object_get(config, "Order"));
	else
		json_object_set_new(label, "order", json_null());
	json_object_set_new(config, "Order", json_string("start-first"));
}

static void
restore_order(json_t *spec, const json_t *label)
{
	json_t *config = json_object_get(spec, "UpdateConfig"), *order = json_object_get(label, "order");

	if (strcmp(member_text(config, "Order", NULL, NULL), "start-first") != 0)
		return;				/* it was changed meanwhile */
	if (json_is_string(order))
		json_object_set(config, "Order", order);
	else if (json_is_null(order))
		json_object_del(config, "Order");
	else if (json_is_false(order))
		json_object_del(spec, "UpdateConfig");
}

void
placement_begin(json_t *spec, const struct placement_mark *m, const char *const *excluded,
    unsigned n)
{
	json_t *added = json_array(), *list = get_constraints(spec);
	json_t *label = json_pack("{s:s, s:I, s:I, s:s, s:s}", "by", m->by, "since",
	    (json_int_t)m->since, "until", (json_int_t)m->until, "from", m->from, "to", m->to);

	ASSERT(label != NULL && m->since <= m->until && n > 0);
	ASSERT(member(spec, "Labels", PLACEMENT_LABEL, NULL) == NULL);	/* a move begins once */
	for (unsigned i = 0; i < n; i++)
		add_constraint(list, added, "!=", excluded[i]);
	ASSERT(json_array_size(added) <= n);
	json_object_set_new(label, "added", added);
	set_order(spec, label);
	write_label(spec, label);
	json_decref(label);
}

bool
placement_mark(const json_t *service, struct placement_mark *m)
{
	json_t *label;

	if (member(spec_of(service), "Labels", PLACEMENT_LABEL, NULL) == NULL)
		return false;
	label = read_label(spec_of(service));
	*m = (struct placement_mark){ .since = json_integer_value(json_object_get(label, "since")),
	    .until = json_integer_value(json_object_get(label, "until")) };
	str_copy(m->by, sizeof m->by, str_of(member_text(label, "by", NULL, NULL)));
	str_copy(m->from, sizeof m->from, str_of(member_text(label, "from", NULL, NULL)));
	str_copy(m->to, sizeof m->to, str_of(member_text(label, "to", NULL, NULL)));
	json_decref(label);
	return true;
}

void
placement_back(json_t *spec, const char *from)
{
	json_t *label = read_label(spec), *added = json_object_get(label, "added");

	if (json_is_array(added)) {
		json_t *item, *list = get_constraints(spec);
		size_t i;
		json_array_foreach(added, i, item)
			if (json_is_string(item) && find_constraint(list, json_string_value(item)) >= 0)
				json_array_remove(list, (size_t)find_constraint(list, json_string_value(item)));
		json_array_clear(added);
		add_constraint(list, added, "==", from);
		write_label(spec, label);
	}
	json_decref(label);
}

bool
placement_end(json_t *spec)
{
	json_t *label = read_label(spec), *placement, *list, *item;
	size_t i;

	if (member(spec, "Labels", PLACEMENT_LABEL, NULL) == NULL)
		return false;
	placement = json_object_get(json_object_get(spec, "TaskTemplate"), "Placement");
	list = json_object_get(placement, "Constraints");
	json_array_foreach(json_object_get(label, "added"), i, item)
		if (json_is_string(item) && find_constraint(list, json_string_value(item)) >= 0)
			json_array_remove(list, (size_t)find_constraint(list, json_string_value(item)));
	/* a list that was made for the move and is empty again is removed, too; but never the placement */
	if (json_array_size(list) == 0)
		json_object_del(placement, "Constraints");
	if (label != NULL)
		restore_order(spec, label);
	json_object_del(json_object_get(spec, "Labels"), PLACEMENT_LABEL);
	json_decref(label);
	return true;
}

/* ---- what becomes of it ---- */

enum update_state
placement_update(const json_t *service)
{
	static const struct {
		const char	*word;
		enum update_state state;
	} words[] = {
		{ "", UPDATE_NONE }, { "updating", UPDATE_RUNNING }, { "paused", UPDATE_PAUSED },
		    { "completed", UPDATE_COMPLETED },
		{ "rollback_completed", UPDATE_COMPLETED }, { "rollback_started", UPDATE_ROLLED_BACK },
		{ "rollback_paused", UPDATE_ROLLED_BACK },
	};
	const char *is = member_text(service, "UpdateStatus", "State", NULL);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(is, words[i].word) == 0)
			return words[i].state;
	return UPDATE_RUNNING;		/* a word that is not known yet */
}

int64_t
placement_changed(const json_t *service)
{
	const char *text = member_text(service, "UpdatedAt", NULL, NULL);
	struct tm tm = { 0 };

	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL ? 0 : (int64_t)timegm(&tm);
}

int
placement_replicas(const json_t *service)
{
	const json_t *n = member(spec_of(service), "Mode", "Replicated", "Replicas");
	json_int_t v = json_integer_value(n);

	return json_is_integer(n) && v >= 0 && v <= 1000000 ? (int)v : -1;
}

bool
placement_scale(json_t *spec, unsigned replicas)
{
	json_t *mode = json_object_get(json_object_get(spec, "Mode"), "Replicated");

	return json_is_object(mode) && json_object_set_new(mode, "Replicas", json_integer(replicas)) == 0;
}
