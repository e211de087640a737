/*
 * envoy: endpoints as Envoy accepts them. What is valid was learned from Envoy itself: a weight
 * of 0, a second assignment in one file, or one for another cluster than was requested makes it
 * reject the whole response. Must not know how responses are sent, nor when.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "drive/envoy.h"

#define NAMES_MAX	1000		/* clusters in one request */
#define EXPECTED	"expected a DiscoveryRequest of Envoy in JSON"

/* ---- assignments ---- */

void
envoy_endpoints_make(const struct plan_service *s, struct envoy_endpoint *out)
{
	for (unsigned i = 0; i < s->nservers; i++) {
		const struct plan_server *v = &s->server[i];
		out[i] = (struct envoy_endpoint){ v, v->weight > 0 ? v->weight : 1,
		    v->draining && s->nserving > 0 };
		ASSERT(out[i].draining || v->weight > 0 || s->nserving == 0);
	}
}

/* The metadata are for Envoy's access log: %UPSTREAM_METADATA(mola:task)%. */
static json_t *
endpoint(const struct envoy_endpoint *e)
{
	const struct plan_server *v = e->server;
	char host[ADDR_TEXT_MAX];
	json_t *j;

	j = json_pack("{s:{s:{s:{s:s, s:i}}}, s:s, s:i, s:{s:{s:{s:s, s:s}}}}",
	    "endpoint", "address", "socket_address",
	    "address", addr_host_text(&v->addr, host), "port_value", (int)addr_port(&v->addr),
	    "health_status", e->draining ? "DRAINING" : "HEALTHY",
	    "load_balancing_weight", (int)e->weight,
	    "metadata", "filter_metadata", "mola", "task", v->name, "node", v->node);
	ASSERT(j != NULL && e->weight > 0);
	return j;
}

static json_t *
endpoints(const struct plan_service *s)
{
	struct envoy_endpoint *end = must_alloc((s->nservers + 1) * sizeof *end);
	json_t *list = json_array();

	envoy_endpoints_make(s, end);
	for (unsigned i = 0; i < s->nservers; i++)
		json_array_append_new(list, endpoint(&end[i]));
	free(end);
	ASSERT(json_array_size(list) == s->nservers);
	return list;
}

json_t *
envoy_assignment(const struct plan_service *s, const char *cluster, int64_t stale_usec)
{
	json_t *j = json_pack("{s:s, s:s, s:[{s:o}]}", "@type", ENVOY_TYPE, "cluster_name", cluster,
	    "endpoints", "lb_endpoints", endpoints(s));
	char stale[32];

	ASSERT(j != NULL && stale_usec >= 0);
	if (stale_usec > 0) {
		snprintf(stale, sizeof stale, "%lld.%06llds", (long long)(stale_usec / USEC_PER_SEC),
		    (long long)(stale_usec % USEC_PER_SEC));
		json_object_set_new(j, "policy", json_pack("{s:s}", "endpoint_stale_after", stale));
	}
	return j;
}

json_t *
envoy_assignment_empty(const char *cluster)
{
	json_t *j = json_pack("{s:s, s:s, s:[]}", "@type", ENVOY_TYPE, "cluster_name", cluster,
	    "endpoints");

	ASSERT(j != NULL);
	return j;
}

/* Mola's endpoints carry metadata of its name. A file without endpoints needs no withdrawal. */
bool
envoy_is_from_mola(struct str text, const char *cluster)
{
	json_t *j = json_loadb(text.len > 0 ? text.p : "", text.len, 0, NULL);
	const json_t *assignment, *locality, *end, *metadata;
	const char *name;
	bool is_mola;

	assignment = json_array_get(json_object_get(j, "resources"), 0);
	name = json_string_value(json_object_get(assignment, "cluster_name"));
	locality = json_array_get(json_object_get(assignment, "endpoints"), 0);
	end = json_array_get(json_object_get(locality, "lb_endpoints"), 0);
	metadata = json_object_get(json_object_get(end, "metadata"), "filter_metadata");
	is_mola = name != NULL && strcmp(name, cluster) == 0 &&
	    json_is_object(json_object_get(metadata, "mola"));
	json_decref(j);
	return is_mola;
}

/* FNV-1a: the same in every process, so that a Mola that was restarted gives the same versions. */
static void
version_of(const char *text, char out[ENVOY_VERSION])
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	snprintf(out, ENVOY_VERSION, "%016llx", (unsigned long long)h);
}

void
envoy_response_write(const json_t *resources, struct buf *out, char version[ENVOY_VERSION])
{
	char *text = json_dumps(resources, JSON_INDENT(1) | JSON_PRESERVE_ORDER);

	ASSERT(text != NULL && json_is_array(resources));
	version_of(text, version);
	buf_printf(out, "{\"version_info\": \"%s\", \"type_url\": \"%s\", \"resources\": ",
	    version, ENVOY_TYPE);
	buf_adds(out, str_of(text));
	buf_adds(out, STR("}\n"));
	free(text);
}

/* ---- requests ---- */

bool
envoy_invalid(char detail[ENVOY_DETAIL], const char *words)
{
	snprintf(detail, ENVOY_DETAIL, "%s", words);
	return false;
}

bool
envoy_is_clean(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

/* A text that may be missing. */
static bool
text_of(const json_t *j, const char *key, const char **out)
{
	const json_t *v = json_object_get(j, key);

	*out = "";
	if (v == NULL || json_is_null(v))
		return true;
	*out = json_string_value(v);
	return *out != NULL && envoy_is_clean(*out);
}

static bool
names_valid(const json_t *names)
{
	const json_t *name;
	size_t i;

	if (names == NULL || json_is_null(names))
		return true;
	if (!json_is_array(names) || json_array_size(names) > NAMES_MAX)
		return false;
	json_array_foreach(names, i, name)
		if (!json_is_string(name) || !envoy_is_clean(json_string_value(name)))
			return false;
	return true;
}

static bool
request_valid(struct envoy_request *q, char detail[ENVOY_DETAIL])
{
	const json_t *node = json_object_get(q->json, "node");
	const json_t *names = json_object_get(q->json, "resource_names");
	const char *type;

	if (!json_is_object(q->json))
		return envoy_invalid(detail, "not an object; " EXPECTED);
	if (!text_of(q->json, "type_url", &type) || (*type != '\0' && strcmp(type, ENVOY_TYPE) != 0))
		return envoy_invalid(detail, "type_url: expected " ENVOY_TYPE);
	if (!text_of(q->json, "version_info", &q->version))
		return envoy_invalid(detail, "version_info: expected a text");
	if (node != NULL && !json_is_object(node))
		return envoy_invalid(detail, "node: expected an object with an id");
	if (!text_of(node, "id", &q->node))
		return envoy_invalid(detail, "node: expected a text as id");
	if (!names_valid(names))
		return envoy_invalid(detail, "resource_names: expected at most 1000 names of clusters");
	q->names = json_is_array(names) ? names : NULL;
	return true;
}

bool
envoy_request_parse(struct str body, struct envoy_request *out, char detail[ENVOY_DETAIL])
{
	struct envoy_request q = { .json = json_loadb(body.len > 0 ? body.p : "", body.len, 0, NULL) };

	if (q.json == NULL)
		return envoy_invalid(detail, "not JSON; " EXPECTED);
	if (!request_valid(&q, detail)) {
		json_decref(q.json);
		return false;
	}
	*out = q;
	return true;
}

void
envoy_request_free(struct envoy_request *q)
{
	ASSERT(q->json != NULL);
	json_decref(q->json);
	*q = (struct envoy_request){ 0 };	/* its texts are gone, too */
}
