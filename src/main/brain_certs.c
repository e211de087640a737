/*
 * brain_certs: discovery and certs do not see each other.
 */
#include "main/brain_certs.h"

#include "base/bug.h"
#include "discovery/provided.h"
#include "engine/traefik_files.h"

static bool
set_files(struct certs *c, const struct swarm_file *file, unsigned nfiles)
{
	static const enum certs_file_kind kinds[] = { [PROVIDED_CERT] = CERTS_FILE_CERT,
	    [PROVIDED_TASK_CA] = CERTS_FILE_TASK_CA, [PROVIDED_TASK_CERT] = CERTS_FILE_TASK_CERT };
	struct arena *a = arena_new();
	const struct provided_cert *list;
	unsigned n = provided_certs(a, file, nfiles, &list);
	struct certs_file *out = arena_zalloc(a, (n + 1) * sizeof *out);
	bool changed;

	for (unsigned i = 0; i < n; i++)
		out[i] = (struct certs_file){ kinds[list[i].kind],
		    arena_printf(a, "%s%s", PROVIDED_PREFIX, list[i].cert), list[i].cert, list[i].key };
	changed = certs_set_files(c, out, n);
	arena_free(&a);
	return changed;
}

void
brain_certs_files(struct certs *c, const struct conf *conf, const struct discover *d)
{
	unsigned n;
	const struct swarm_file *file = discover_provided(d, &n);

	if (set_files(c, file, n))
		certs_reconf(c, conf);
}

void
brain_certs_begin(struct certs *c, const struct conf *conf)
{
	struct traefik_files *t = traefik_files_new(NULL, NULL, NULL);
	const struct swarm_file *file;
	unsigned n;

	traefik_files_reconf(t, conf->traefik_files.item, conf->swarm_endpoints.n > 0 &&
	    conf->swarm_traefik ? conf->traefik_files.n : 0);
	file = traefik_files_all(t, &n);
	set_files(c, file, n);
	certs_reconf(c, conf);
	traefik_files_free(&t);
}
