/*
 * cli: the verbs that are clients of a running Mola, and help. They know only what doc/api.md
 * documents. Each returns the exit status: 0 success, 1 failure, 2 wrong usage.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

int	top_main(int argc, char **argv);
int	nodes_main(int argc, char **argv);
int	services_main(int argc, char **argv);
int	tasks_main(int argc, char **argv);
int	why_main(int argc, char **argv);
int	targets_main(int argc, char **argv);
int	certs_main(int argc, char **argv);
int	events_main(int argc, char **argv);
int	config_main(int argc, char **argv);
int	record_main(int argc, char **argv);
int	drain_main(int argc, char **argv);
int	compare_main(int argc, char **argv);
int	health_main(int argc, char **argv);
int	version_main(int argc, char **argv);
int	help_main(int argc, char **argv);

/* `mola VERB --help`, for every verb of tbl/cmds.h: prints its usage on stdout, returns 0. */
int	help_verb(const char *verb);
/* `word` is not a verb: prints that on stderr, with a verb that is spelled like it, returns 2. */
int	help_no_verb(const char *word);
/* Wrong usage: prints one sentence and where to read more on stderr, returns 2. */
int	help_misuse(const char *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
