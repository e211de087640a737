/*
 * Every option of every verb, one row each: VERB_OPTION(id, name, argument, help), where
 * ASK_OPTION stands for all clients of a running Mola. A file defines the macros of its own
 * verbs, or OPTION(verb, id, name, argument, help) for all of them. An option that its verb
 * does not read, or two of one id in one verb, do not compile.
 */
#ifdef OPTION
#define RUN_OPTION(...)	OPTION(run, __VA_ARGS__)
#define UPGRADE_OPTION(...)	OPTION(upgrade, __VA_ARGS__)
#define CHECK_OPTION(...)	OPTION(check, __VA_ARGS__)
#define ASK_OPTION(...)	OPTION(ask, __VA_ARGS__)
#define TARGETS_OPTION(...)	OPTION(targets, __VA_ARGS__)
#define DRAIN_OPTION(...)	OPTION(drain, __VA_ARGS__)
#define EVENTS_OPTION(...)	OPTION(events, __VA_ARGS__)
#define RECORD_OPTION(...)	OPTION(record, __VA_ARGS__)
#define REPLAY_OPTION(...)	OPTION(replay, __VA_ARGS__)
#define COMPARE_OPTION(...)	OPTION(compare, __VA_ARGS__)
#define AGENT_OPTION(...)	OPTION(agent, __VA_ARGS__)
#endif
#ifndef RUN_OPTION
#define RUN_OPTION(...)
#endif
#ifndef UPGRADE_OPTION
#define UPGRADE_OPTION(...)
#endif
#ifndef CHECK_OPTION
#define CHECK_OPTION(...)
#endif
#ifndef ASK_OPTION
#define ASK_OPTION(...)
#endif
#ifndef TARGETS_OPTION
#define TARGETS_OPTION(...)
#endif
#ifndef DRAIN_OPTION
#define DRAIN_OPTION(...)
#endif
#ifndef EVENTS_OPTION
#define EVENTS_OPTION(...)
#endif
#ifndef RECORD_OPTION
#define RECORD_OPTION(...)
#endif
#ifndef REPLAY_OPTION
#define REPLAY_OPTION(...)
#endif
#ifndef COMPARE_OPTION
#define COMPARE_OPTION(...)
#endif
#ifndef AGENT_OPTION
#define AGENT_OPTION(...)
#endif

RUN_OPTION(config, "--config", "FILE",
    "the configuration, also without --config; default /etc/mola/mola.yaml")
UPGRADE_OPTION(config, "--config", "FILE",
    "the configuration of the Mola that runs, also without --config; default "
    "/etc/mola/mola.yaml")
CHECK_OPTION(reload, "--reload", "",
    "whether the Mola that runs may take the file: a certificate that has expired, or that it "
    "cannot use now either, is a warning")
CHECK_OPTION(swarm, "--swarm", "",
    "also inspect the Swarm: list the services that are not served as Mola 0.1.0 served them")
CHECK_OPTION(stack, "--stack", "FILE",
    "a stack file: whether its services would be served as their labels mean, without any Docker. "
    "Several times: stacks of one Swarm; files of one stack have commas between them. The "
    "configuration may be left out then; exit status 2: a file cannot be read")
CHECK_OPTION(env_file, "--env-file", "FILE",
    "lines NAME=VALUE: variables of the stack file, before those of the environment")
CHECK_OPTION(write_labels, "--write-labels", "",
    "with --stack: prints what the labels of Traefik, caddy-docker-proxy and nginx-proxy would be "
    "in Mola's words, as a stack file")
ASK_OPTION(admin, "--admin", "WHERE",
    "the admin interface: unix:/path, /path or http://host:port; also $MOLA_ADMIN")
ASK_OPTION(token_file, "--token-file", "FILE",
    "the admin token, for requests over http; also $MOLA_TOKEN, the token itself")
ASK_OPTION(json, "--json", "",
    "print the response as JSON")
TARGETS_OPTION(dry_run, "--dry-run", "",
    "only show what withdraw would remove")
TARGETS_OPTION(config, "--config", "FILE",
    "withdraw what a target of this configuration has published; needs no running Mola")
DRAIN_OPTION(task, "--task", "",
    "the name is that of a task, not of a node")
DRAIN_OPTION(undo, "--undo", "",
    "resume sending it new requests")
EVENTS_OPTION(follow, "--follow", "",
    "also -f: go on with events as they come, also after a restart of the brain")
EVENTS_OPTION(level, "--level", "LEVEL",
    "only events of this level or a higher one: debug, info, warn, error")
EVENTS_OPTION(since, "--since", "ID",
    "only those after the event with this id")
RECORD_OPTION(seconds, "--seconds", "N",
    "for how long, up to 86400; default 60. Ctrl-C ends it earlier")
RECORD_OPTION(output, "--output", "FILE",
    "also -o: the file, which must not exist yet; default mola.recording")
RECORD_OPTION(limit, "--limit", "MIB",
    "the recording ends before the file has more MiB than this, up to 64; default 16")
RECORD_OPTION(names, "--names", "",
    "with the names of nodes and services; else they are numbers")
REPLAY_OPTION(policy, "--policy", "POLICY",
    "also with this policy for all services, up to four times; default least-conn, round-robin "
    "and best-node")
REPLAY_OPTION(json, "--json", "",
    "print the result as JSON")
COMPARE_OPTION(with, "--with", "URL",
    "where Traefik takes requests without TLS: http://host:port")
COMPARE_OPTION(with_tls, "--with-tls", "URL",
    "where it takes those by TLS: https://host:port; its certificate is not verified")
COMPARE_OPTION(mola, "--mola", "URL",
    "where Mola takes requests without TLS; by default the first such listener of its "
    "configuration")
COMPARE_OPTION(mola_tls, "--mola-tls", "URL",
    "where it takes those by TLS: https://host:port, or http://host:port of a listener without "
    "TLS that trusts this client's X-Forwarded-Proto; by default the first listener with tls")
COMPARE_OPTION(most, "--most", "N",
    "how many addresses at most, 1 to 100000, default 500")
AGENT_OPTION(listen, "--listen", "ADDRESS",
    "the address to listen on, default 0.0.0.0:9101")
AGENT_OPTION(period, "--period", "TIME",
    "between two samples of a stream that requests no period of its own, 100ms to 10s, default "
    "1s")
AGENT_OPTION(proc, "--proc", "DIR",
    "the node's /proc, if mounted elsewhere")
AGENT_OPTION(cgroup, "--cgroup", "DIR",
    "the node's /sys/fs/cgroup, if mounted elsewhere")

#undef RUN_OPTION
#undef UPGRADE_OPTION
#undef CHECK_OPTION
#undef ASK_OPTION
#undef TARGETS_OPTION
#undef DRAIN_OPTION
#undef EVENTS_OPTION
#undef RECORD_OPTION
#undef REPLAY_OPTION
#undef COMPARE_OPTION
#undef AGENT_OPTION
