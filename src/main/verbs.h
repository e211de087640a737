/*
 * verbs: the commands that are more than clients of the admin API. Each takes its own arguments
 * (argv[0] is the verb) and returns the exit status: 0 fine, 1 trouble, 2 misuse.
 */
#ifndef MAIN_VERBS_H
#define MAIN_VERBS_H

int	run_main(int argc, char **argv);
int	agent_main(int argc, char **argv);
int	check_main(int argc, char **argv);
int	replay_main(int argc, char **argv);
int	upgrade_main(int argc, char **argv);
int	targets_verb(int argc, char **argv);

#endif
