/*
 * self: Docker mounts /etc/hostname and others from a directory that has the container's id in
 * its name: that is so with cgroup v1 and v2, and with any host name. The service and the
 * networks come from the Engine.
 */
#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "base/fd.h"
#include "engine/self.h"

#define MOUNTS_MAX	(1u << 20)

static size_t
hex_digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && isxdigit((unsigned char)s.p[n]))
		n++;
	return n;
}

bool
self_container_in(struct str text, char id[SELF_ID_MAX])
{
	static const char before[] = "/containers/";
	size_t len = sizeof before - 1;
	const char *p;
	struct str rest;

	while (text.len > 0 && (p = memmem(text.p, text.len, before, len)) != NULL) {
		text.len -= (size_t)(p - text.p) + len;
		text.p = p + len;
		if (hex_digits(text) != SELF_ID_MAX - 1)
			continue;
		rest = (struct str){ text.p + SELF_ID_MAX - 1, text.len - (SELF_ID_MAX - 1) };
		if (str_starts(rest, STR("/hostname "))) {
			str_copy(id, SELF_ID_MAX, text);
			return true;
		}
	}
	return false;
}

void
self_init(struct self *s)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct buf text;

	*s = (struct self){ 0 };
	buf_init(&text, MOUNTS_MAX);
	if (fd >= 0)
		fd_read_all(fd, &text);
	self_container_in(buf_str(&text), s->container);
	buf_fini(&text);
	if (fd >= 0)
		close(fd);
}

static void
clear_networks(struct self *s)
{
	ASSERT(s->nnetworks <= SELF_NETWORKS_MAX);
	for (unsigned i = 0; i < s->nnetworks; i++)
		free(s->network[i]);
	s->nnetworks = 0;
}

void
self_fini(struct self *s)
{
	clear_networks(s);
}

static void
add_network(struct self *s, const json_t *id)
{
	if (json_is_string(id) && s->nnetworks < SELF_NETWORKS_MAX)
		s->network[s->nnetworks++] = must_strdup(json_string_value(id));
}

static void
set_service(struct self *s, const json_t *id)
{
	str_copy(s->service, sizeof s->service, str_of(json_string_value(id)));
	s->known = true;
}

static const json_t *
member(const json_t *j, const char *a, const char *b)
{
	return json_object_get(json_object_get(j, a), b);
}

bool
self_read_container(struct self *s, struct str json)
{
	json_t *j = json_loadb(json.p, json.len, 0, NULL);
	const json_t *networks = member(j, "NetworkSettings", "Networks");
	const char *name;
	json_t *network;
	bool ok = json_is_object(networks);

	if (ok) {
		clear_networks(s);
		json_object_foreach((json_t *)networks, name, network)
			add_network(s, json_object_get(network, "NetworkID"));
		set_service(s, json_object_get(member(j, "Config", "Labels"), "com.docker.swarm.service.id"));
	}
	json_decref(j);
	return ok;
}

static bool
is_own_task(const struct self *s, const json_t *task)
{
	const char *id = json_string_value(json_object_get(member(task, "Status",
	    "ContainerStatus"), "ContainerID"));

	return id != NULL && strcmp(id, s->container) == 0;
}

static void
read_task(struct self *s, const json_t *task)
{
	json_t *attachment;
	size_t i;

	clear_networks(s);
	json_array_foreach(json_object_get(task, "NetworksAttachments"), i, attachment)
		add_network(s, member(attachment, "Network", "ID"));
	set_service(s, json_object_get(task, "ServiceID"));
}

bool
self_read_tasks(struct self *s, struct str json)
{
	bool found = false;
	json_t *j, *task;
	size_t i;

	if (s->container[0] == '\0' || json.len == 0 || memmem(json.p, json.len, s->container,
	    strlen(s->container)) == NULL)
		return false;
	j = json_loadb(json.p, json.len, 0, NULL);
	json_array_foreach(j, i, task)
		if (!found && (found = is_own_task(s, task)))
			read_task(s, task);
	json_decref(j);
	return found;
}
