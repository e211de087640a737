#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

int
version_main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help_verb(argv[0]);
	if (argc > 1)
		return help_misuse(argv[0], "expected no argument");
	printf("mola %s\n", MOLA_VERSION);
	return 0;
}
