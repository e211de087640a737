/*
 * main: introduces the verb on the command line to the function that knows it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "main/verbs.h"

static const struct {
	const char	*name;
	int		(*run)(int argc, char **argv);
} commands[] = {
#define CMD(name, function, args, help) { #name, function },
#include "tbl/cmds.h"
#undef CMD
};

/* Two rows of one name do not compile. */
enum {
#define CMD(name, function, args, help) COMMAND_##name,
#include "tbl/cmds.h"
#undef CMD
	NCOMMANDS
};

/* What could not be written was not done: the disk is full, say. */
static int
written(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "mola: the output could not be written: %s\n", strerror(errno));
	return status == 0 ? 1 : status;
}

/* Where one of the first three descriptors is closed, the next that is opened would have its
 * number: a socket, into which the log would be written. */
static bool
first_three_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "help";

	if (!first_three_open())
		return 1;
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)
		verb = "help";
	if (strcmp(verb, "--version") == 0)
		verb = "version";
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(verb, commands[i].name) == 0)
			return written(commands[i].run(argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv));
	return help_no_verb(verb);
}
