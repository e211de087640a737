/*
 * Every option of every verb, once. OPTION(verb, name, argument, help); the verb `ask` stands for all that
 * question a running Mola.
 */
OPTION(run,   "--config",     "FILE",  "the configuration, also without --config; default /etc/mola/mola.yaml")
OPTION(check, "--swarm",      "",      "look at the Swarm, too: which services are not served as Mola 0.1.0 served them")
OPTION(ask,   "--admin",      "WHERE", "whom to ask: unix:/path, /path or http://host:port; also $MOLA_ADMIN")
OPTION(ask,   "--token-file", "FILE",  "the admin token, for writes over http")
OPTION(ask,   "--json",       "",      "print the answer as JSON")
OPTION(targets, "--dry-run",  "",      "only say what withdraw would take away")
OPTION(targets, "--config",   "FILE",  "withdraw what this configuration's target has written, without a Mola that runs")
OPTION(drain, "--task",       "",      "what is named is a task, not a node")
OPTION(drain, "--undo",       "",      "send it new requests again")
OPTION(agent, "--listen",     "ADDRESS", "where to answer, default 0.0.0.0:9101")
OPTION(agent, "--period",     "TIME",  "between the looks of a stream that asks for no period of its own, 100ms to 10s, default 1s")
OPTION(agent, "--proc",       "DIR",   "the node's /proc, if it is mounted elsewhere")
OPTION(agent, "--cgroup",     "DIR",   "the node's /sys/fs/cgroup, if it is mounted elsewhere")
