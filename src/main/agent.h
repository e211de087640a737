/*
 * agent: `mola agent`, one small process per node. Looks at /proc and the cgroups when somebody asks and serves
 * what it saw: /metrics under the names that node_exporter uses, and /stream?period=100ms, an endless answer in
 * which every look is one block of Prometheus text ended by "# EOF".
 */
#ifndef MAIN_AGENT_H
#define MAIN_AGENT_H

int	agent_main(int argc, char **argv);	/* argv[0] is "agent"; the exit status: 0 ended by a signal, 1 trouble, 2 misuse */

#endif
