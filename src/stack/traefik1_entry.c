/*
 * traefik1_entry: what a Traefik 1 in the same Swarm may do to all that comes by its entry points,
 * which no label of a service shows: passwords, lists of addresses, certificates of clients.
 */
#include <string.h>
#include <strings.h>

#include "stack/foreign_priv.h"

/* --entryPoints='Name:https Address::443 Auth.Basic.Users:...', or one option of it. */
static bool
guards(const char *arg)
{
	static const char *const words[] = { "auth", "whitelist", "whitelistsourcerange", "clientca",
	    "ca:", "ca.files" };

	if (strcasestr(arg, "entrypoint") == NULL)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasestr(arg, words[i]) != NULL)
			return true;
	return false;
}

static bool
is_file(const char *path)
{
	static const char *const ends[] = { ".toml", ".yml", ".yaml" };
	bool is = false;

	for (size_t i = 0; path != NULL && i < sizeof ends / sizeof *ends; i++)
		is |= str_ends_nocase(str_of(path), str_of(ends[i]));
	return is;
}

static bool
is_traefik(const struct stack_service *v)
{
	return v->image != NULL && strcasestr(v->image, "traefik") != NULL;
}

static void
check_args(struct foreign_reading *r, const struct stack_service *v, const struct stack_texts *args)
{
	for (unsigned i = 0; i < args->n; i++)
		if (guards(args->item[i]))
			foreign_refuse(r, &v->at, "an entry point of %s has a password, a list of addresses or the "
			    "like, for all that comes by it", v->name);
}

static void
check_files(struct foreign_reading *r, const struct stack_service *v,
    const struct stack_mount *mount, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (is_file(mount[i].target))
			foreign_refuse(r, &v->at, "the entry points of %s may be in %s, with passwords or lists of "
			    "addresses", v->name, mount[i].target);
}

void
foreign_check_entries_traefik1(struct foreign_reading *r)
{
	for (unsigned k = 0; k < r->nstacks; k++)
		for (unsigned i = 0; i < r->stack[k]->nservices; i++) {
			const struct stack_service *v = &r->stack[k]->service[i];
			if (!is_traefik(v))
				continue;
			check_args(r, v, &v->entrypoint);
			check_args(r, v, &v->command);
			for (unsigned e = 0; e < v->environment.n; e++)
				if (guards(v->environment.item[e].name))
					foreign_refuse(r, &v->environment.item[e].at, "%s is for all that comes by an entry "
					    "point", v->environment.item[e].name);
			check_files(r, v, v->mount, v->nmounts);
			check_files(r, v, v->config, v->nconfigs);
		}
	foreign_note(r, "what Traefik's entry points do to all requests (auth, whiteList) is not in "
	    "labels: look before you switch");
}
