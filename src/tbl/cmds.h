/*
 * Every verb of the command line, one row each, in the order in which help lists them.
 * CMD(name, function, args, help): `int function(int argc, char **argv)`, argv[0] being the verb.
 */
CMD(run, run_main, "[--config] [FILE]", "run the load balancer as configured in FILE")
CMD(upgrade, upgrade_main, "[--config] [FILE]",
    "have the Mola that runs hand over to this program, without a lost request")
CMD(agent, agent_main, "[OPTIONS]", "export this machine's state to Mola and Prometheus")
CMD(check, check_main, "[OPTIONS] FILE", "validate a configuration file, or a stack file")
CMD(top, top_main, "[OPTIONS]",
    "watch nodes, services, tasks and events live, in a terminal")
CMD(nodes, nodes_main, "[OPTIONS]",
    "list the nodes, their state and their share of the requests")
CMD(services, services_main, "[OPTIONS]", "list the services and their traffic")
CMD(tasks, tasks_main, "[OPTIONS] [SERVICE]", "list the tasks of one service or of all")
CMD(why, why_main, "[OPTIONS] SERVICE [TASK|NODE]",
    "explain step by step the share of each task of a service, of one task, or those of a node")
CMD(targets, targets_verb, "[OPTIONS] [withdraw|resume NAME]",
    "list the external proxies that Mola configures and what they have applied, or withdraw that")
CMD(certs, certs_main, "[OPTIONS] [renew|remove NAME]",
    "list the certificates, where they come from and when they expire, or renew or remove one")
CMD(events, events_main, "[OPTIONS]", "list what has happened lately, and follow what happens")
CMD(config, config_main, "[OPTIONS]",
    "print the configuration in force as a file, with the defaults marked")
CMD(record, record_main, "[OPTIONS]", "record what steering sees and what becomes of requests")
CMD(replay, replay_main, "[OPTIONS] FILE",
    "replay a recording: shares and times as they were, and as they would have been")
CMD(drain, drain_main, "[OPTIONS] NODE",
    "stop sending new requests to a node, or with --task to a task; resume with --undo")
CMD(compare, compare_main, "[OPTIONS] --with URL",
    "compare the responses of Traefik and of Mola for the address of each route")
CMD(health, health_main, "[OPTIONS]", "check whether Mola, or an agent, is healthy")
CMD(version, version_main, "", "print the version")
CMD(help, help_main, "[VERB]", "print this list, or the usage of a verb")
