/*
 * `mola run`: reads the configuration and becomes the parent.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "main/parent.h"
#include "main/verbs.h"

#define CONF_DEFAULT	"/etc/mola/mola.yaml"

enum {
#define RUN_OPTION(id, ...) RUN_##id,
#include "tbl/options.h"
	RUN_OPTIONS
};
_Static_assert(RUN_config == 0 && RUN_OPTIONS == 1, "tbl/options.h: run_main reads each option");

int
run_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { 0 } };
	const char *file = CONF_DEFAULT;
	struct buf text, errors;
	struct conf *conf;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return help_verb("run");
		if (opt != 'c')
			return help_misuse("run", "expected -c FILE, not '%s'", argv[optind - 1]);
		file = optarg;
	}
	if (optind < argc)
		file = argv[optind++];
	if (optind != argc)
		return help_misuse("run", "'%s' is too much: one file is enough", argv[optind]);
	conf = conf_load(file, &text, &errors);
	fprintf(stderr, "%.*s", STR_ARG(buf_str(&errors)));
	buf_fini(&text);
	buf_fini(&errors);
	return conf == NULL ? 1 : parent_run(conf);
}
