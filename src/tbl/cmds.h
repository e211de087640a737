/*
 * Every verb of the command line, once, in the order in which help lists them.
 * CMD(name, function, args, help): `int function(int argc, char **argv)`, argv[0] being the verb.
 */
CMD(run,      run_main,      "[--config] [FILE]", "balance as FILE says")
CMD(agent,    agent_main,    "[OPTIONS]",        "tell this machine's state to Mola and to Prometheus")
CMD(check,    check_main,    "[--swarm] FILE",           "say whether a configuration file is sound")
CMD(nodes,    nodes_main,    "[OPTIONS]",        "list the nodes, how they fare and what share they get")
CMD(services, services_main, "[OPTIONS]",        "list the services and their traffic")
CMD(tasks,    tasks_main,    "[OPTIONS] [SERVICE]", "list the tasks of a service, or of all")
CMD(why,      why_main,      "[OPTIONS] SERVICE", "explain the shares of a service's tasks")
CMD(targets,  targets_verb,  "[OPTIONS] [withdraw|resume NAME]", "list the proxies that are told what to do, and what they have; or take that away")
CMD(drain,    drain_main,    "[OPTIONS] NODE",   "send a node, or with --task a task, no new requests; with --undo, send it some again")
CMD(health,   health_main,   "[OPTIONS]",        "say whether Mola, or an agent, serves")
CMD(version,  version_main,  "",                 "print the version")
CMD(help,     help_main,     "[VERB]",           "print this list, or how a verb is used")
