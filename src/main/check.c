/*
 * check: `mola check FILE`: whether a configuration is valid; with --reload, whether it may take
 * the place of the one in force; with --swarm, what of the Swarm is served otherwise than by 0.1.0.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "acme/import.h"
#include "certs/certs.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "main/check.h"
#include "main/verbs.h"

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* Of the Mola that runs: its certificates, by the admin interface of the same file. One that does
 * not respond has none. */
static json_t *
certificates_in_force(const struct conf *c)
{
	char where[ADDR_TEXT_MAX + 8] = "", text[ADDR_TEXT_MAX];
	struct api a = { .verb = "check", .where = c->admin_socket };
	json_t *j = NULL;

	if (c->admin_socket == NULL && c->admin_addr.len > 0) {
		snprintf(where, sizeof where, "http://%s", addr_text(&c->admin_addr, text));
		a.where = where;
	}
	if (a.where != NULL)
		j = api_get(&a, "/api/v1/certs", NULL, NULL);
	return j != NULL ? j : json_object();
}

/* What cannot be used; what is doubtful is reported, and no more. */
static bool
print_certificates(const struct conf *c, bool reload)
{
	json_t *in_force = reload ? certificates_in_force(c) : NULL;
	struct buf out;
	unsigned wrong;

	buf_init(&out, CONF_ERRORS_MAX);
	wrong = certs_check(c, in_force, &out);
	if (out.len > 0)
		fwrite(out.p, 1, out.len, stderr);
	buf_fini(&out);
	json_decref(in_force);
	return wrong == 0;
}

/* The file of another program, whose certificates are to be taken. */
static bool
print_import(const struct conf *c)
{
	char detail[IMPORT_DETAIL_MAX];
	unsigned n, bad;

	if (c->acme_import == NULL)
		return true;
	if (!import_count(c->acme_import, &n, &bad, detail)) {
		fprintf(stderr, "%s: acme.import: %s\n", c->file, detail);
		return false;
	}
	if (n == 0 || bad > 0)
		fprintf(stderr, "%s: warning: acme.import: %s has %u certificate%s with a key, and %u that "
		    "cannot be used; their names will be ordered\n", c->file, c->acme_import, n, plural(n), bad);
	return true;
}

static void
print_valid(const struct conf *c)
{
	unsigned ntasks = 0;

	for (unsigned i = 0; i < c->nservices; i++)
		ntasks += c->service[i].ntasks;
	printf("%s: valid: %u node%s, %u service%s, %u task%s", c->file, c->nnodes,
	    plural(c->nnodes), c->nservices, plural(c->nservices), ntasks, plural(ntasks));
	if (c->ntargets > 0)
		printf(", %u target%s", c->ntargets, plural(c->ntargets));
	printf("\n");
}

enum {
#define CHECK_OPTION(id, ...) CHECK_##id,
#include "tbl/options.h"
	CHECK_OPTIONS
};
_Static_assert(CHECK_OPTIONS == 2, "tbl/options.h: check_main reads each option");

static const struct option options[] = {
#define CHECK_OPTION(id, name, ...) { name + 2, no_argument, NULL, CHECK_##id },
#include "tbl/options.h"
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

int
check_main(int argc, char **argv)
{
	bool wants[CHECK_OPTIONS] = { false };
	struct buf text, errors;
	int status = 1, opt;
	struct conf *c;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (opt == 'h')
			return help_verb("check");
		if (opt == '?')
			return help_misuse("check", "expected one file");
		wants[opt] = true;
	}
	if (optind != argc - 1)
		return help_misuse("check", "expected one file");
	log_setup("check", LOG_ERROR, false);
	c = conf_load(argv[optind], &text, &errors);
	if (errors.len > 0)
		fwrite(errors.p, 1, errors.len, stderr);
	if (c != NULL) {
		status = print_certificates(c, wants[CHECK_reload]) && print_import(c) &&
		    check_traefik(c) ? 0 : 1;
		if (status == 0)
			print_valid(c);
		status |= wants[CHECK_swarm] ? check_swarm(c) : 0;
	}
	buf_fini(&text);
	buf_fini(&errors);
	conf_free(&c);
	return status;
}
