/*
 * check: `mola check FILE`: whether a configuration is valid; with --swarm, what of the Swarm is
 * served otherwise than by 0.1.0.
 */
#include <stdio.h>
#include <string.h>

#include "certs/certs.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "main/check.h"
#include "main/verbs.h"

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* What cannot be used; what is doubtful is told, and no more. */
static bool
print_certificates(const struct conf *c)
{
	struct buf out;
	unsigned wrong;

	buf_init(&out, CONF_ERRORS_MAX);
	wrong = certs_check(c, &out);
	if (out.len > 0)
		fwrite(out.p, 1, out.len, stderr);
	buf_fini(&out);
	return wrong == 0;
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
_Static_assert(CHECK_swarm == 0 && CHECK_OPTIONS == 1,
    "tbl/options.h: check_main reads each option");

int
check_main(int argc, char **argv)
{
	bool swarm = argc == 3 && strcmp(argv[1], "--swarm") == 0;
	const char *file = argv[argc - 1];
	struct buf text, errors;
	int status = 1;
	struct conf *c;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help_verb("check");
	if (argc != 2 + swarm || file[0] == '-')
		return help_misuse("check", "expected one file");
	log_setup("check", LOG_ERROR, false);
	c = conf_load(file, &text, &errors);
	if (c != NULL) {
		status = print_certificates(c) ? 0 : 1;
		if (status == 0)
			print_valid(c);
		status |= swarm ? check_swarm(c) : 0;
	} else
		fwrite(errors.p, 1, errors.len, stderr);
	buf_fini(&text);
	buf_fini(&errors);
	conf_free(&c);
	return status;
}
