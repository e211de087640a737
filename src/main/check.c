/*
 * check: `mola check FILE`: whether a configuration is valid; with --reload, whether it may take
 * the place of the one in force; with --swarm, what of the Swarm is served otherwise than by 0.1.0;
 * with --stack, how a stack would be served.
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
	if (!import_count(c->acme_import, c->acme_ca[0].url, &n, &bad, detail)) {
		fprintf(stderr, "%s: acme.import: %s\n", c->file, detail);
		return false;
	}
	if (n == 0 || bad > 0)
		fprintf(stderr, "%s: warning: acme.import: %s has %u certificate%s with a key, and %u that "
		    "cannot be used; their names will be ordered\n", c->file, c->acme_import, n, plural(n), bad);
	return true;
}

void
check_unchecked(const struct conf *c, const struct world_service *s)
{
	char text[CONF_UNCHECKED_MAX];

	for (unsigned i = 0; i < c->nservices; i++)
		if (strcmp(c->service[i].name, s->name) == 0)
			return;
	for (unsigned i = 0; i < c->ntargets && s->group == NULL; i++)
		if (conf_unchecked(&c->target[i], s->name, &s->conf, text))
			fprintf(stderr, "%s:%d: warning: targets.strategy: %s\n", c->file, c->target[i].line, text);
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
_Static_assert(CHECK_OPTIONS == 5, "tbl/options.h: check_main reads each option");

static const struct option options[] = {
#define CHECK_OPTION(id, name, argument, ...) \
	{ name + 2, sizeof argument > 1 ? required_argument : no_argument, NULL, CHECK_##id },
#include "tbl/options.h"
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* A file more. False: there are too many. */
static bool
file_add(const char *file, const char *files[CHECK_STACKS_MAX], unsigned *n)
{
	if (*n == CHECK_STACKS_MAX)
		return false;
	files[(*n)++] = file;
	return true;
}

struct conf *
check_load(const char *file, struct buf *text, struct buf *errors)
{
	buf_init(text, CONF_TEXT_MAX);
	buf_init(errors, CONF_ERRORS_MAX);
	return conf_read_all(file, text, errors) ? conf_parse(buf_str(text), file, errors) : NULL;
}

static int
check_conf(const char *file, bool reload, bool swarm)
{
	struct buf text, errors;
	struct conf *c = check_load(file, &text, &errors);
	int status = 1;

	if (errors.len > 0)
		fwrite(errors.p, 1, errors.len, stderr);
	if (c != NULL) {
		status = print_certificates(c, reload) && print_import(c) && check_traefik(c) ? 0 : 1;
		if (status == 0)
			print_valid(c);
		status |= swarm ? check_swarm(c) : 0;
	}
	buf_fini(&text);
	buf_fini(&errors);
	conf_free(&c);
	return status;
}

int
check_main(int argc, char **argv)
{
	struct check_stack stack = { .nstacks = 0 };
	bool reload = false, swarm = false, good = true;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1)
		switch (opt) {
		case CHECK_reload:
			reload = true;
			break;
		case CHECK_swarm:
			swarm = true;
			break;
		case CHECK_stack:
			good &= file_add(optarg, stack.stack, &stack.nstacks);
			break;
		case CHECK_env_file:
			good &= file_add(optarg, stack.env_file, &stack.nenv_files);
			break;
		case CHECK_write_labels:
			stack.write_labels = true;
			break;
		case 'h':
			return help_verb("check");
		default:
			return help_misuse("check", "expected one file");
		}
	stack.conf = optind < argc ? argv[optind] : NULL;
	if (!good || optind < argc - 1 || (stack.nstacks > 0 ? reload || swarm :
	    stack.nenv_files > 0 || stack.write_labels))
		return help_misuse("check", "expected one file; --reload and --swarm are not for --stack, and "
		    "--env-file and --write-labels are for it alone");
	if (stack.nstacks == 0 && stack.conf == NULL)
		return help_misuse("check", "expected one file");
	log_setup("check", LOG_ERROR, false);
	return stack.nstacks > 0 ? check_stack(&stack) : check_conf(stack.conf, reload, swarm);
}
