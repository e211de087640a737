/*
 * join_group: services of files that lead to others: which these are in the world, and that none of
 * the ways leads back. A group of which anything cannot be served is not served.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/join.h"

#define FOLLOWED_MAX	1024

/* The service that a name in a group stands for; NULL: there is none of its kind. */
static struct join_service *
child_service(const struct join *j, const struct labels *l, const char *name, unsigned *port)
{
	struct str s = str_trim(str_of(name)), own = middlewares_name(s);
	struct str of_file = str_of(middlewares_qualify(j->arena, s, FILE_PROVIDER));
	bool tcp = l->conf.kind == SERVICE_TCP;
	struct join_service *shared = NULL;
	const struct swarm_service *of;

	*port = 0;
	if (own.len < s.len && (shared = join_shared_service(j, own, port)) != NULL)
		return shared;
	if (own.len < s.len)
		of = tcp ? tcp_middlewares_page(middlewares_tcp(j->middlewares), own, port) :
		    middlewares_page(j->middlewares, own, port);
	else
		of = tcp ? files_tcp_service(j->files, of_file) : files_service(j->files, of_file);
	return of == NULL ? NULL : map_get(j->services, str_of(of->id));
}

static bool
has_kind(struct labels *l, unsigned port, enum service_kind kind)
{
	const struct service_conf *conf = labels_port_conf(l, port);

	return conf != NULL && conf->kind == kind;
}

/* What is wrong with it; NULL: nothing. Recursion is as deep as GROUP_DEPTH at most, and few
 * children are followed in all, as each may have many. */
static const char *
group_problem(const struct join *j, const struct labels *l, unsigned depth, unsigned *left)
{
	const char *problem = NULL;

	if (depth == 0)
		return "it leads back to itself, or through more than 4 services";
	for (unsigned i = 0; i < l->group->n && problem == NULL; i++) {
		const char *name = l->group->child[i].name;
		unsigned port;
		struct join_service *to = name == NULL ? NULL : child_service(j, l, name, &port);
		if (to != NULL)
			to->labels.needed = true;
		if ((*left)-- == 0)
			return "it leads to too many services";
		if (to == NULL)
			problem = arena_printf(j->arena, "it leads to %s, which nothing defines", name == NULL ?
			    "a service without a name" : name);
		else if (!to->labels.enabled || to->labels.broken || (to->labels.group == NULL &&
		    !has_kind(&to->labels, port, l->conf.kind)))
			problem = arena_printf(j->arena, "it leads to %s, which is not served", name);
		else if (to->labels.prefix.len > 0)
			problem = arena_printf(j->arena, "it leads to %s, whose servers have a path that counts "
			    "(preservePath)", name);
		else if (to->labels.group != NULL)
			problem = group_problem(j, &to->labels, depth - 1, left);
	}
	return l->group->n == 0 ? "it leads to no service" : problem;
}

void
join_check_groups(struct join *j, struct join_service *js, unsigned n)
{
	bool *wrong = arena_zalloc(j->arena, (n + 1) * sizeof *wrong);

	for (unsigned i = 0; i < n; i++) {
		struct labels *l = &js[i].labels;
		unsigned left = FOLLOWED_MAX;
		const char *problem = l->group == NULL || l->broken ? NULL :
		    group_problem(j, l, GROUP_DEPTH, &left);
		wrong[i] = problem != NULL;
		if (wrong[i])
			join_add_trouble(j, l->report, WHY_ROUTER_SERVICE, arena_printf(j->arena,
			    "service %s is not served: %s", js[i].from->name, problem));
	}
	for (unsigned i = 0; i < n; i++)
		js[i].labels.broken |= wrong[i];
}

/* As the world has it: NAME, or NAME:PORT where it is not the first one. */
static char *
child_name(struct join *j, const struct labels *l, const char *name)
{
	unsigned port;
	const struct join_service *to = child_service(j, l, name, &port);

	ASSERT(to != NULL);			/* it was checked */
	return port == 0 || port == to->labels.port ? arena_text(j->arena, str_of(to->from->name)) :
	    arena_printf(j->arena, "%s:%u", to->from->name, port);
}

void
join_group(struct join *j, const struct labels *l, struct world_service *ws)
{
	struct group_child child[GROUP_CHILDREN];
	struct service_group g = { .kind = l->group->kind, .n = l->group->n, .child = child,
	    .bodiless = l->group->bodiless, .body_most = l->group->body_most };

	if (l->broken)
		return;
	ASSERT(g.n > 0 && g.n <= GROUP_CHILDREN);
	for (unsigned i = 0; i < g.n; i++) {
		const char *name = l->group->child[i].name;
		child[i] = (struct group_child){ child_name(j, l, name),
		    arena_text(j->arena, str_trim(str_of(name))), l->group->child[i].weight };
	}
	world_pass_group(j->world, ws, &g);
}
