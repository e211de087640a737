/*
 * `mola run`: reads the configuration and becomes the parent.
 */
#include <getopt.h>
#include <stdio.h>

#include "main/parent.h"
#include "main/verbs.h"

#define CONF_DEFAULT	"/etc/mola/mola.yaml"

static int
usage(FILE *to, int status)
{
	fprintf(to, "usage: mola run [[-c] FILE]\n"
	    "  -c, --config FILE   the configuration (default " CONF_DEFAULT ")\n"
	    "SIGHUP reloads it; SIGTERM stops gracefully, a second one at once.\n");
	return status;
}

int
run_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { 0 } };
	const char *file = CONF_DEFAULT;
	struct buf text, errors;
	struct conf *conf = NULL;
	int opt, status = 1;

	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return usage(stdout, 0);
		if (opt != 'c')
			return usage(stderr, 2);
		file = optarg;
	}
	if (optind < argc)
		file = argv[optind++];
	if (optind != argc) {
		fprintf(stderr, "mola run: '%s' is too much: one file is enough\n", argv[optind]);
		return usage(stderr, 2);
	}
	buf_init(&text, CONF_TEXT_MAX);
	buf_init(&errors, 64 * 1024);
	if (conf_read(file, &text, &errors))
		conf = conf_parse(buf_str(&text), file, &errors);
	fprintf(stderr, "%.*s", STR_ARG(buf_str(&errors)));
	if (conf != NULL)
		status = parent_run(conf, &text);
	buf_fini(&text);
	buf_fini(&errors);
	return status;
}
