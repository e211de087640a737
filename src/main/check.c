/*
 * check: `mola check FILE`: says whether a configuration is sound, and does nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "conf/conf.h"
#include "main/verbs.h"

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void
say_fine(const struct conf *c)
{
	unsigned ntasks = 0;

	for (unsigned i = 0; i < c->nservices; i++)
		ntasks += c->service[i].ntasks;
	printf("%s: fine: %u node%s, %u service%s, %u task%s", c->file, c->nnodes, plural(c->nnodes), c->nservices,
	    plural(c->nservices), ntasks, plural(ntasks));
	if (c->ntargets > 0)
		printf(", %u target%s", c->ntargets, plural(c->ntargets));
	printf("\n");
}

int
check_main(int argc, char **argv)
{
	struct buf text, errors;
	struct conf *c;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help_verb("check");
	if (argc != 2 || argv[1][0] == '-')
		return help_misuse("check", "expected one file");
	c = conf_load(argv[1], &text, &errors);
	if (c != NULL)
		say_fine(c);
	else
		fwrite(errors.p, 1, errors.len, stderr);
	buf_fini(&text);
	buf_fini(&errors);
	if (c == NULL)
		return 1;
	conf_free(&c);
	return 0;
}
