/*
 * Every state of a certificate, in which it is shown and logged: STATE(id, name, level, text). The
 * level and the text are those of the log line when it begins.
 */
STATE(GOOD, "good", LOG_INFO, "it is in force, and what its source has")
STATE(WAITING, "waiting", LOG_DEBUG, "it has not been issued yet")
STATE(WARNING, "warning", LOG_WARN, "it is served, and may not work for all clients")
STATE(EXPIRING, "expiring", LOG_WARN, "it expires soon, and nothing has renewed it")
STATE(KEPT, "kept", LOG_ERROR, "what it was to be replaced with cannot be used: it stays in force")
STATE(NOT_YET_VALID, "not_yet_valid", LOG_WARN,
    "it is served, and clients reject it until it begins")
STATE(EXPIRED, "expired", LOG_ERROR, "it is served, and clients reject it")
STATE(MISSING, "missing", LOG_ERROR, "there is none that can be used")
