/*
 * Every reason for which the mover does not move a service, or the scaler does not scale it, one
 * row each. REFUSAL(constant, text): the name is the constant in lower case; both are in
 * /api/v1/why, in the log and in events.
 */
REFUSAL(NONE,          "nothing prevents it")

/* not requested */
REFUSAL(DISABLED,      "mover.enable is off")
REFUSAL(NOT_OPTED,     "the service has no label for it")
REFUSAL(DRY_RUN,       "mover.dry_run is on: nothing is changed")
REFUSAL(UNSEEN,        "its specification has not been read from the Swarm yet")

/* what is observed of it */
REFUSAL(NO_TASK,       "no task of it takes requests")
REFUSAL(BLIND,         "its node has no recent sample")
REFUSAL(NOT_HOT,       "its node is not hot")
REFUSAL(NOT_LONG,      "its node is hot, but has not been for long enough")
REFUSAL(ELSEWHERE,
    "it has tasks on other nodes too: requests avoid the hot node without a move")
REFUSAL(NO_COLD,       "no other node that it may run on has been cold for long enough")
REFUSAL(GAIN,          "the predicted gain is below mover.margin")

/* not now */
REFUSAL(COOL_SERVICE,  "the service was changed less than mover.cool_down ago")
REFUSAL(COOL_NODE,     "a task was moved off or to its node less than mover.cool_down ago")
REFUSAL(ONE_AT_A_TIME, "another service is being moved or scaled")
REFUSAL(UPDATING,      "an update of the service is under way, paused or rolled back")

/* its specification */
REFUSAL(GLOBAL,        "it is a global service: one task on each node")
REFUSAL(JOB,           "it is a job")
REFUSAL(VOLUME,        "it mounts a volume that may be local to its node")
REFUSAL(BIND,          "it mounts a directory or a device of its node")
REFUSAL(HOST_PORT,     "it publishes a fixed port in host mode")
REFUSAL(PINNED,        "a placement constraint names its node")
REFUSAL(MAX_REPLICAS,  "it limits its replicas per node")
REFUSAL(GENERIC,       "it reserves generic resources")
REFUSAL(NO_PLACEMENT,
    "its specification has no Placement, and Docker's "
    "managers do not survive taking one away again")
REFUSAL(MALFORMED,     "its specification is not understood")
REFUSAL(OLD_ENGINE,
    "the manager that responds has an older API version than its specification needs")
REFUSAL(ALTERED,       "the Engine lost part of its specification when Mola last changed it")

/* the scaler's own */
REFUSAL(STEADY,        "the pressure on its nodes calls for no other number of tasks")
REFUSAL(AT_MOST,       "it has as many tasks as mola.scale.max allows")
REFUSAL(AT_LEAST,      "it has as few tasks as mola.scale.min allows")
REFUSAL(STOPPED,       "it was scaled to 0, which Mola does not change")
