/*
 * Every option of every verb, one row each. OPTION(verb, name, argument, help); the verb `ask` stands for all
 * clients of a running Mola.
 */
OPTION(run,   "--config",     "FILE",  "the configuration, also without --config; default /etc/mola/mola.yaml")
OPTION(check, "--swarm",      "",      "also inspect the Swarm: list the services that are not served as Mola 0.1.0 served them")
OPTION(ask,   "--admin",      "WHERE", "the admin interface: unix:/path, /path or http://host:port; also $MOLA_ADMIN")
OPTION(ask,   "--token-file", "FILE",  "the admin token, for writes over http")
OPTION(ask,   "--json",       "",      "print the response as JSON")
OPTION(targets, "--dry-run",  "",      "only show what withdraw would remove")
OPTION(targets, "--config",   "FILE",  "withdraw what a target of this configuration has published; needs no running Mola")
OPTION(drain, "--task",       "",      "the name is that of a task, not of a node")
OPTION(drain, "--undo",       "",      "resume sending it new requests")
OPTION(agent, "--listen",     "ADDRESS", "the address to listen on, default 0.0.0.0:9101")
OPTION(agent, "--period",     "TIME",  "between two samples of a stream that requests no period of its own, 100ms to 10s, default 1s")
OPTION(agent, "--proc",       "DIR",   "the node's /proc, if mounted elsewhere")
OPTION(agent, "--cgroup",     "DIR",   "the node's /sys/fs/cgroup, if mounted elsewhere")
