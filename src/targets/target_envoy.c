/*
 * target_envoy: Envoy, told by files that it watches (one for each cluster) or by the door at which it asks. What is
 * said is drive/envoy.c's affair; this one says it, and says it again before Envoy ceases to believe it (stale_after).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "targets/target_envoy_priv.h"

#define TEXT_MAX	(16u << 20)
#define BEATS		3		/* in the time after which Envoy ceases to believe */
#define MIND_USEC	USEC_PER_SEC		/* between two looks at whether the files are still ours */
#define HOLE		"{service}"

/* --- what is said of a service --- */

static char *
filled(const char *template, const char *service)
{
	const char *hole = strstr(template, HOLE);
	char *out;

	if (hole == NULL)
		return must_strdup(template);
	if (asprintf(&out, "%.*s%s%s", (int)(hole - template), template, service, hole + strlen(HOLE)) < 0)
		BUG("out of memory");
	return out;
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
resource_add(struct envoy *e, const char *service)
{
	struct envoy_resource *s;

	e->resource = must_realloc(e->resource, (e->nresources + 1) * sizeof *e->resource);
	s = &e->resource[e->nresources++];
	*s = (struct envoy_resource){ .service = must_strdup(service), .cluster = filled(e->conf->backend, service), .rejected = -1,
	    .path = e->conf->file == NULL ? NULL : filled(e->conf->file, service) };
	buf_init(&s->text, TEXT_MAX);
	return s;
}

static struct envoy_resource *
resource_by_service(struct envoy *e, const char *service)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (strcmp(e->resource[i].service, service) == 0)
			return &e->resource[i];
	return NULL;
}

struct envoy_resource *
envoy_find_resource(const struct envoy *e, const char *cluster)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (strcmp(e->resource[i].cluster, cluster) == 0)
			return &e->resource[i];
	return NULL;
}

/* Takes the assignment. */
static void
resource_set(struct envoy_resource *s, json_t *assignment)
{
	char was[ENVOY_VERSION];
	json_t *all;

	memcpy(was, s->version, sizeof was);
	json_decref(s->assignment);
	s->assignment = assignment;
	all = json_pack("[O]", s->assignment);
	buf_clear(&s->text);
	envoy_response_write(all, &s->text, s->version);
	json_decref(all);
	s->placed &= strcmp(was, s->version) == 0;
}

/* Services that are gone are forgotten; those without tasks keep what was said of them. */
static void
say(struct envoy *e, const struct plan *p)
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
is_too_large(const struct envoy *e)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (e->resource[i].text.full)
			return true;
	return false;
}

/* --- files --- */

static const struct why *
resource_write(struct envoy_resource *s, char detail[FILE_DETAIL_MAX])
{
	const struct why *why;

	s->placed = false;		/* when this fails, it is tried again with the next publication */
	if ((why = atomic_file_write(s->path, buf_str(&s->text), &s->mark, detail)) != NULL)
		return why;
	s->placed = true;
	return NULL;
}

/* Those that say something new, or all that are current. The first failure is told, and keeps none of the others back. */
static const struct why *
place(struct envoy *e, bool all, char detail[FILE_DETAIL_MAX])
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
	struct envoy *e = arg;
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why;

	say(e, p);
	why = is_too_large(e) ? WHY_NO_MEMORY : place(e, false, detail);
	if (why != NULL)
		target_failed(e->target, why, detail);
	else
		target_published(e->target);
}

/* To Envoy a file that is moved into place anew is an update, even if it says the same: its clock begins anew. */
static void
beat(struct envoy *e, int64_t now)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why;

	if (e->conf->stale_after_usec == 0 || now - e->beat_usec < e->conf->stale_after_usec / BEATS)
		return;
	e->beat_usec = now;
	if ((why = place(e, true, detail)) != NULL)
		target_failed(e->target, why, detail);
}

static void
files_mind(struct envoy *e, int64_t now)
{
	char detail[FILE_DETAIL_MAX] = "";
	const struct why *why = NULL;

	if (now - e->minded_usec < MIND_USEC)
		return;
	e->minded_usec = now;
	for (unsigned i = 0; i < e->nresources && why == NULL; i++) {
		struct envoy_resource *s = &e->resource[i];
		if (!s->placed || atomic_file_is_same(&s->mark, s->path))
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
	struct envoy *e = arg;

	if (e->withdrawn)
		return;
	beat(e, now);
	files_mind(e, now);
	if (e->look != NULL)
		envoy_readback_tick(e->look, now);
}

/* --- REST --- */

static void
rest_publish(void *arg, const struct plan *p)
{
	struct envoy *e = arg;

	say(e, p);
	if (is_too_large(e))
		target_failed(e->target, WHY_NO_MEMORY, "");
	else
		target_published(e->target);
}

static void
rest_answer(void *arg, struct request *req)
{
	envoy_respond(arg, req);
}

static void
rest_tick(void *arg, int64_t now)
{
	struct envoy *e = arg;

	if (e->withdrawn)
		return;
	if (e->look != NULL)
		envoy_readback_tick(e->look, now);
	else
		envoy_subscribers_check(e, now);
}

/* --- taking it away --- */

static void
would(const void *arg, json_t *sentences)
{
	const struct envoy *e = arg;
	char text[400];

	for (unsigned i = 0; i < e->nresources; i++) {
		snprintf(text, sizeof text, "cluster %.100s gets an assignment without endpoints%s%.200s", e->resource[i].cluster,
		    e->resource[i].path == NULL ? "" : ": ", e->resource[i].path == NULL ? "" : e->resource[i].path);
		json_array_append_new(sentences, json_string(text));
	}
	if (e->nresources == 0)
		json_array_append_new(sentences, json_string(e->conf->file == NULL ? "nothing: nothing was published to any cluster" :
		    "each file of Mola's gets an assignment without endpoints"));
}

static void
rest_withdraw(void *arg)
{
	struct envoy *e = arg;

	e->withdrawn = true;
	for (unsigned i = 0; i < e->nresources; i++) {
		resource_set(&e->resource[i], envoy_assignment_empty(e->resource[i].cluster));
		e->resource[i].current = true;		/* for those that ask */
	}
	target_withdrawn(e->target);
}

/* What stands between what comes before and what comes after the hole of a template; false: it does not fit. */
static bool
hole_read(const char *template, const char *text, char out[256])
{
	const char *hole = strstr(template, HOLE), *after = hole == NULL ? NULL : hole + strlen(HOLE);
	size_t before, len = strlen(text);

	if (hole == NULL)
		return false;
	before = (size_t)(hole - template);
	if (len <= before + strlen(after) || len - before - strlen(after) > 255 || strncmp(text, template, before) != 0 ||
	    strcmp(text + len - strlen(after), after) != 0)
		return false;
	str_copy(out, 256, (struct str){ text + before, len - before - strlen(after) });
	return true;
}

/* Files of services that this process never heard of: one before it may have written them. */
static void
files_find(struct envoy *e)
{
	const char *slash = strrchr(e->conf->file, '/');
	char folder[4096], service[256];
	struct dirent *entry;
	DIR *dir;

	for (unsigned i = 0; i < e->conf->services.n; i++)
		if (resource_by_service(e, e->conf->services.item[i]) == NULL)
			resource_add(e, e->conf->services.item[i]);
	if (strstr(slash, HOLE) == NULL || e->conf->services.n > 0)
		return;
	snprintf(folder, sizeof folder, "%.*s", slash == e->conf->file ? 1 : (int)(slash - e->conf->file), e->conf->file);
	if ((dir = opendir(folder)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (hole_read(slash + 1, entry->d_name, service) && resource_by_service(e, service) == NULL)
			resource_add(e, service);
	closedir(dir);
}

static bool
file_is_ours(const struct envoy_resource *s)
{
	struct buf text;
	bool ours;

	buf_init(&text, TEXT_MAX);
	ours = atomic_file_read(s->path, &text) && envoy_is_from_mola(buf_str(&text), s->cluster);
	buf_fini(&text);
	return ours;
}

static void
file_withdraw(void *arg)
{
	struct envoy *e = arg;
	const struct why *why, *first = NULL;
	char detail[FILE_DETAIL_MAX] = "", other[FILE_DETAIL_MAX];

	e->withdrawn = true;
	files_find(e);
	for (unsigned i = 0; i < e->nresources; i++) {
		struct envoy_resource *s = &e->resource[i];
		resource_set(s, envoy_assignment_empty(s->cluster));
		if (!file_is_ours(s))
			continue;
		why = resource_write(s, first == NULL ? detail : other);
		first = first == NULL ? why : first;
	}
	if (first != NULL)
		target_failed(e->target, first, detail);
	else
		target_withdrawn(e->target);
}

/* --- life --- */

/* What people have to know of Envoy's own configuration. */
static json_t *
notes_view(const struct envoy *e)
{
	json_t *list = json_array();
	char text[400];

	for (unsigned i = 0; i < e->nresources; i++) {
		if (!e->resource[i].keeps || !e->resource[i].current)
			continue;
		snprintf(text, sizeof text, "cluster %.100s has health checks without ignore_health_on_host_removal: a task that is taken out "
		    "keeps its share while its check passes%s", e->resource[i].cluster, e->conf->stale_after_usec == 0 ? "" :
		    ", and stale_after empties nothing");
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void
on_show(const void *arg, json_t *j)
{
	const struct envoy *e = arg;
	json_t *list = json_array();

	for (unsigned i = 0; i < e->nresources; i++) {
		const struct envoy_resource *s = &e->resource[i];
		json_t *one = json_pack("{s:s, s:s, s:s, s:b}", "service", s->service, "cluster", s->cluster, "version", s->version,
		    "current", s->current);
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
	struct envoy *e = must_zalloc(sizeof *e);

	e->target = t;
	e->conf = target_conf(t);
	if (e->conf->kind == TARGET_ENVOY_REST)
		e->subscribers = envoy_subscribers_new();
	if (e->conf->api != NULL)
		e->look = envoy_readback_new(e);
	return e;
}

static void
on_close(void *arg)
{
	struct envoy *e = arg;

	if (e->look != NULL)
		envoy_readback_free(&e->look);
	if (e->subscribers != NULL)
		envoy_subscribers_free(&e->subscribers);
	for (unsigned i = 0; i < e->nresources; i++)
		resource_fini(&e->resource[i]);
	free(e->resource);
	free(e);
}

const struct target_driver target_driver_envoy_file = {
	.open = on_open, .close = on_close, .publish = file_publish, .withdraw = file_withdraw, .describe_withdraw = would, .tick = file_tick, .view = on_show,
};

const struct target_driver target_driver_envoy_rest = {
	.open = on_open, .close = on_close, .publish = rest_publish, .withdraw = rest_withdraw, .describe_withdraw = would, .tick = rest_tick,
	.respond = rest_answer, .view = on_show,
	.online_only = "Envoy keeps its endpoints until it is restarted, or until they expire (stale_after)",
};
