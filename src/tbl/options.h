/*
 * Every option of every verb, once. OPTION(verb, name, argument, help); the verb `ask` stands for all that
 * question a running Mola.
 */
OPTION(ask,   "--admin",      "WHERE", "whom to ask: unix:/path or http://host:port; also $MOLA_ADMIN")
OPTION(ask,   "--token-file", "FILE",  "the admin token, for writes over http")
OPTION(ask,   "--json",       "",      "print the answer as it came")
OPTION(drain, "--undo",       "",      "send it new requests again")
