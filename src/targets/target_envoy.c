/*
 * target_envoy: Envoy, configured by files that it watches (one for each cluster) or by the
 * endpoint that it polls. drive/envoy.c makes assignments; this file publishes them, and again
 * before they expire in Envoy (stale_after).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "targets/target_envoy_priv.h"

#define TEXT_MAX	(16u << 20)
#define REFRESHES	3			/* of all files, within stale_after */
#define CHECK_USEC	USEC_PER_SEC		/* between two looks at whether the files were changed */
#define PLACEHOLDER	"{service}"

/* ---- resources ---- */

static char *
template_fill(const char *template, const char *service)
{
	const char *hole = strstr(template, PLACEHOLDER);

	if (hole == NULL)
		return must_strdup(template);
	return must_printf("%.*s%s%s", (int)(hole - template), template, service,
	    hole + strlen(PLACEHOLDER));
}

static void
resource_fini(struct envoy_resource *s)
{
	free(s->service);
	free(s->cluster);
	free(s->path);
	json_decref(s->assignment);
	buf_fini(&s->text);
}

static struct envoy_resource *
resource_by_service(const struct envoy_target *e, const char *service)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (strcmp(e->resource[i].service, service) == 0)
			return &e->resource[i];
	return NULL;
}

static struct envoy_resource *
resource_add(struct envoy_target *e, const char *service)
{
	struct envoy_resource *s;

	e->resource = must_realloc(e->resource, (e->nresources + 1) * sizeof *e->resource);
	ASSERT(resource_by_service(e, service) == NULL);
	s = &e->resource[e->nresources++];
	*s = (struct envoy_resource){ .service = must_strdup(service),
	    .cluster = template_fill(e->conf->backend, service), .rejected = -1,
	    .path = e->conf->file == NULL ? NULL : template_fill(e->conf->file, service) };
	buf_init(&s->text, TEXT_MAX);
	return s;
}

struct envoy_resource *
envoy_find_resource(const struct envoy_target *e, const char *cluster)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (strcmp(e->resource[i].cluster, cluster) == 0)
			return &e->resource[i];
	return NULL;
}

/* Takes the assignment. A file that has another version is written by files_write. */
static void
resource_set(struct envoy_resource *s, json_t *assignment)
{
	char was[ENVOY_VERSION];
	json_t *all;

	ASSERT(assignment != s->assignment);
	memcpy(was, s->version, sizeof was);
	json_decref(s->assignment);
	s->assignment = assignment;
	all = json_pack("[O]", s->assignment);
	buf_clear(&s->text);
	envoy_response_write(all, &s->text, s->version);
	json_decref(all);
	s->placed &= strcmp(was, s->version) == 0;
}

/* Services that are gone are forgotten; those without tasks keep what was published. */
static void
resources_update(struct envoy_target *e, const struct plan *p)
{
	unsigned kept = 0;

	e->withdrawn = false;
	for (unsigned i = 0; i < e->nresources; i++) {
		e->resource[i].current = false;
		if (plan_find_service(p, e->resource[i].service) != NULL)
			e->resource[kept++] = e->resource[i];
		else
			resource_fini(&e->resource[i]);
	}
	e->nresources = kept;
	for (unsigned i = 0; i < p->nservices; i++) {
		const struct plan_service *ps = &p->service[i];
		struct envoy_resource *s = resource_by_service(e, ps->name);
		if (ps->nservers == 0)
			continue;
		if (s == NULL)
			s = resource_add(e, ps->name);
		resource_set(s, envoy_assignment(ps, s->cluster, e->conf->stale_after_usec));
		s->current = true;
	}
	e->published_usec = loop_now(target_loop(e->target));
}

static bool
has_too_large(const struct envoy_target *e)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (e->resource[i].text.full)
			return true;
	return false;
}

/* ---- files ---- */

static const struct why *
resource_write(struct envoy_resource *s, char detail[FILE_DETAIL_MAX])
{
	const struct why *why;

	ASSERT(s->path != NULL && s->version[0] != '\0');
	s->placed = false;		/* if this fails, the next publication tries again */
	if ((why = atomic_file_write(s->path, buf_str(&s->text), &s->id, detail)) != NULL)
		return why;
	s->placed = true;
	return NULL;
}

/* Writes those that are new, or all that are current. The first failure is returned, and does not
 * keep the others back. */
static const struct why *
files_write(struct envoy_target *e, bool all, char detail[FILE_DETAIL_MAX])
{
	const struct why *first = NULL, *why;
	char other[FILE_DETAIL_MAX];

	for (unsigned i = 0; i < e->nresources; i++) {
		if (!e->resource[i].current || (!all && e->resource[i].placed))
			continue;
		why = resource_write(&e->resource[i], first == NULL ? detail : other);
		first = first == NULL ? why : first;
	}
	return first;
}

static void
file_publish(void *arg, const struct plan *p)
{
	struct envoy_target *e = arg;
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why;

	resources_update(e, p);
	why = has_too_large(e) ? WHY_NO_MEMORY : files_write(e, false, detail);
	if (why != NULL)
		target_failed(e->target, why, detail);
	else
		target_published(e->target);
}

/* To Envoy a file that is moved into place is an update, even if it has the same text: its clock
 * starts again. */
static void
files_refresh(struct envoy_target *e, int64_t now)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why;

	if (e->conf->stale_after_usec == 0 ||
	    now - e->refreshed_usec < e->conf->stale_after_usec / REFRESHES)
		return;
	e->refreshed_usec = now;
	if ((why = files_write(e, true, detail)) != NULL)
		target_failed(e->target, why, detail);
}

static void
files_check(struct envoy_target *e, int64_t now)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why = NULL;

	if (now - e->checked_usec < CHECK_USEC)
		return;
	e->checked_usec = now;
	for (unsigned i = 0; i < e->nresources && why == NULL; i++) {
		struct envoy_resource *s = &e->resource[i];
		ASSERT(s->path != NULL);
		if (!s->placed || atomic_file_is_same(&s->id, s->path))
			continue;
		log_event(LOG_WARN, "target.file_changed", "target", e->conf->name, "file", s->path, "text",
		    "another program has changed or removed it; it is written again", NULL);
		why = resource_write(s, detail);
	}
	if (why != NULL)
		target_failed(e->target, why, detail);
}

static void
file_tick(void *arg, int64_t now)
{
	struct envoy_target *e = arg;

	if (e->withdrawn)
		return;
	files_refresh(e, now);
	files_check(e, now);
	if (e->readback != NULL)
		envoy_readback_tick(e->readback, now);
}

/* ---- REST ---- */

static void
rest_publish(void *arg, const struct plan *p)
{
	struct envoy_target *e = arg;

	resources_update(e, p);
	if (has_too_large(e))
		target_failed(e->target, WHY_NO_MEMORY, "");
	else
		target_published(e->target);
}

static void
rest_respond(void *arg, struct request *req)
{
	envoy_respond(arg, req);
}

static void
rest_tick(void *arg, int64_t now)
{
	struct envoy_target *e = arg;

	if (e->withdrawn)
		return;
	if (e->readback != NULL)
		envoy_readback_tick(e->readback, now);
	else
		envoy_subscribers_check(e, now);
}

/* ---- withdrawing ---- */

static void
describe_withdraw(const void *arg, json_t *sentences)
{
	const struct envoy_target *e = arg;
	char text[400];

	for (unsigned i = 0; i < e->nresources; i++) {
		const struct envoy_resource *s = &e->resource[i];
		snprintf(text, sizeof text, "cluster %.100s gets an assignment without endpoints%s%.200s",
		    s->cluster, s->path == NULL ? "" : ": ", s->path == NULL ? "" : s->path);
		json_array_append_new(sentences, json_string(text));
	}
	if (e->nresources == 0)
		json_array_append_new(sentences, json_string(e->conf->file == NULL ?
		    "nothing: nothing was published to any cluster" :
		    "each file of Mola's gets an assignment without endpoints"));
}

static void
rest_withdraw(void *arg)
{
	struct envoy_target *e = arg;

	e->withdrawn = true;
	for (unsigned i = 0; i < e->nresources; i++) {
		resource_set(&e->resource[i], envoy_assignment_empty(e->resource[i].cluster));
		e->resource[i].current = true;		/* for those that poll */
	}
	target_withdrawn(e->target);
}

/* The service in a name that was made from this template; false: it was not. */
static bool
placeholder_match(const char *template, const char *text, char out[256])
{
	const char *hole = strstr(template, PLACEHOLDER);
	size_t before, after, len = strlen(text);

	if (hole == NULL)
		return false;
	before = (size_t)(hole - template);
	after = strlen(hole + strlen(PLACEHOLDER));
	if (len <= before + after || len - before - after > 255 ||
	    strncmp(text, template, before) != 0 ||
	    strcmp(text + len - after, hole + strlen(PLACEHOLDER)) != 0)
		return false;
	str_copy(out, 256, (struct str){ text + before, len - before - after });
	return true;
}

/* Adds services that this process does not know: one before it may have written their files. */
static void
resources_find(struct envoy_target *e)
{
	const char *slash = strrchr(e->conf->file, '/');
	char folder[4096], service[256];
	struct dirent *entry;
	DIR *dir;

	for (unsigned i = 0; i < e->conf->services.n; i++)
		if (resource_by_service(e, e->conf->services.item[i]) == NULL)
			resource_add(e, e->conf->services.item[i]);
	if (strstr(slash, PLACEHOLDER) == NULL || e->conf->services.n > 0)
		return;
	snprintf(folder, sizeof folder, "%.*s",
	    slash == e->conf->file ? 1 : (int)(slash - e->conf->file), e->conf->file);
	if ((dir = opendir(folder)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (placeholder_match(slash + 1, entry->d_name, service) &&
		    resource_by_service(e, service) == NULL)
			resource_add(e, service);
	closedir(dir);
}

static bool
file_is_from_mola(const struct envoy_resource *s)
{
	struct buf text;
	bool is_mola;

	buf_init(&text, TEXT_MAX);
	is_mola = atomic_file_read(s->path, &text) && envoy_is_from_mola(buf_str(&text), s->cluster);
	buf_fini(&text);
	return is_mola;
}

static void
file_withdraw(void *arg)
{
	struct envoy_target *e = arg;
	const struct why *why, *first = NULL;
	char detail[FILE_DETAIL_MAX] = "", other[FILE_DETAIL_MAX];

	e->withdrawn = true;
	resources_find(e);
	for (unsigned i = 0; i < e->nresources; i++) {
		struct envoy_resource *s = &e->resource[i];
		resource_set(s, envoy_assignment_empty(s->cluster));
		if (!file_is_from_mola(s))
			continue;
		why = resource_write(s, first == NULL ? detail : other);
		first = first == NULL ? why : first;
	}
	if (first != NULL)
		target_failed(e->target, first, detail);
	else
		target_withdrawn(e->target);
}

/* ---- life ---- */

/* What the user should know about Envoy's own configuration. */
static json_t *
notes_view(const struct envoy_target *e)
{
	json_t *list = json_array();
	char text[400];

	for (unsigned i = 0; i < e->nresources; i++) {
		if (!e->resource[i].keeps_removed || !e->resource[i].current)
			continue;
		snprintf(text, sizeof text, "cluster %.100s has health checks without "
		    "ignore_health_on_host_removal: a task that is taken out keeps its share while its "
		    "check passes%s", e->resource[i].cluster,
		    e->conf->stale_after_usec == 0 ? "" : ", and stale_after empties nothing");
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void
on_view(const void *arg, json_t *j)
{
	const struct envoy_target *e = arg;
	json_t *list = json_array();

	for (unsigned i = 0; i < e->nresources; i++) {
		const struct envoy_resource *s = &e->resource[i];
		json_t *one = json_pack("{s:s, s:s, s:s, s:b}", "service", s->service,
		    "cluster", s->cluster, "version", s->version, "current", s->current);
		if (s->path != NULL)
			json_object_set_new(one, "file", json_string(s->path));
		json_array_append_new(list, one);
	}
	json_object_set_new(j, "clusters", list);
	json_object_set_new(j, "notes", notes_view(e));
	if (e->subscribers != NULL)
		envoy_subscribers_view(e, j);
}

static void *
on_open(struct target *t)
{
	struct envoy_target *e = must_zalloc(sizeof *e);

	e->target = t;
	e->conf = target_conf(t);
	if (e->conf->kind == TARGET_ENVOY_REST)
		e->subscribers = envoy_subscribers_new();
	if (e->conf->api != NULL)
		e->readback = envoy_readback_new(e);
	return e;
}

static void
on_close(void *arg)
{
	struct envoy_target *e = arg;

	if (e->readback != NULL)
		envoy_readback_free(&e->readback);
	if (e->subscribers != NULL)
		envoy_subscribers_free(&e->subscribers);
	for (unsigned i = 0; i < e->nresources; i++)
		resource_fini(&e->resource[i]);
	free(e->resource);
	free(e);
}

const struct target_driver target_driver_envoy_file = {
	.open = on_open, .close = on_close,
	.publish = file_publish, .withdraw = file_withdraw, .describe_withdraw = describe_withdraw,
	.tick = file_tick, .view = on_view,
};

const struct target_driver target_driver_envoy_rest = {
	.open = on_open, .close = on_close,
	.publish = rest_publish, .withdraw = rest_withdraw, .describe_withdraw = describe_withdraw,
	.online_only = "Envoy keeps its endpoints until it is restarted, "
	    "or until they expire (stale_after)",
	.tick = rest_tick, .respond = rest_respond, .view = on_view,
};
