/*
 * Every step from the state of a node to the share of a task, as `mola why` and /api/v1/why tell
 * them, in the order in which they are told; a task has those that apply.
 * STEP(constant, name, values, help): the numbers and names that the step has, and what it means.
 * The page has a sentence of its own for each name in other languages, made of the values.
 */

/* whether the task takes requests */
STEP(DRAINING, "draining", "", "It takes no new requests: it or its node is drained or stops.")
STEP(DOWN, "down", "cause", "Its health check fails.")
STEP(EJECTED, "ejected", "left_seconds cause",
    "Requests to it failed, and it gets none for so long.")
STEP(ALL_USED, "all_used", "left_seconds cause",
    "It is ejected and used all the same, for more of its service's tasks are than panic allows.")
STEP(DEGRADED, "degraded", "factor",
    "It reports itself degraded in its health check: its cost counts so many times.")
STEP(WARM_UP, "warm_up", "left_seconds",
    "It is new, healthy again or no longer ejected, and its service has a slow start.")
STEP(RETRIES, "retries", "retried refused hedges",
    "Requests that failed on it and were sent to another task, those that were not as the retry "
    "budget was spent, and hedges of its service: all that there ever were.")
/* what is known of its node */
STEP(SAMPLE, "sample", "age_seconds source busy cores running",
    "The last sample of its node: when, from where, how many cores were busy.")
STEP(NO_SAMPLE, "no_sample", "", "Its node was never sampled, and counts as the mean of all.")
STEP(NEW, "new", "", "One sample came; its node counts as the mean of all until the second.")
STEP(STALE, "stale", "age_seconds trust_ratio",
    "The sample is old, or the next may well differ: it counts for this part, the mean for the "
    "rest.")
STEP(BLIND, "blind", "age_seconds",
    "The last sample is too old: its node counts as the mean of all.")
STEP(OTHERS, "others", "threads inflight balancers others",
    "Threads that wanted a core at the sample, Mola's requests then, and what is left for others.")
STEP(WAITING, "waiting", "threads inflight balancers waiting",
    "The same where Mola's requests wanted fewer cores than there were requests.")
STEP(ASSUMED, "assumed", "others",
    "What others are taken to want, where no fresh sample shows it.")
STEP(INFLIGHT, "inflight", "inflight inflight_sampled balancers of_task",
    "Mola's requests in flight on its node now, and on the task.")
/* what makes the node smaller than it is */
STEP(LIMIT, "limit", "what used_ratio soft_ratio hard_ratio factor_ratio",
    "The scarcest resource is above its soft limit: so much of the cores is left.")
STEP(FLOOR, "floor", "what used_ratio hard_ratio factor_ratio",
    "The scarcest resource is above its hard limit: the least is left that is always left.")
STEP(PREFERENCE, "preference", "profile factor_ratio",
    "What its profile prefers to cores is scarcer here than on the best node.")
STEP(SLOW_START, "slow_start", "left_seconds cores_shown cores",
    "A new node shows a part of its cores at first.")
STEP(LOAD, "load", "utilization age_seconds factor",
    "The utilization that the task reports of itself, and what its cost is multiplied by.")
STEP(LOAD_MEAN, "load_mean", "factor",
    "It has reported none lately, and others of its service have: their mean counts.")
STEP(AVAILABLE, "available", "available cores",
    "The cores that its container could have, by the use of the containers beside it.")
STEP(CPU_LIMIT, "cpu_limit", "available cores",
    "The cores that its container may use at most, where no agent reports what it could have.")
STEP(TENANTS, "tenants", "tenants others counted",
    "Threads of others count twice (polite) or half (greedy), as set for the service.")
STEP(PENALTY, "penalty", "requests",
    "Failures of the task count as so many requests, and fade.")
/* the choice */
STEP(COST, "cost", "threads cores cost", "What one more request costs there, by the law.")
STEP(COST_FULL, "cost_full", "inflight threads cores cost",
    "The same where no core is free: Mola's requests that are there would wait longer, too.")
STEP(COST_CONTAINER, "cost_container", "threads available cost",
    "The same where what its container could have decides, and not the node.")
STEP(FULL, "full", "inflight want cores bound",
    "So many of Mola's requests there want a core that no other is sent while another node has "
    "room; where none has, it waits.")
STEP(SERVICE_LIMIT, "service_limit", "inflight limit",
    "The service has as many in flight as max_inflight allows: one more waits.")
STEP(TASK_LIMIT, "task_limit", "inflight limit",
    "The task has as many in flight as task_max_inflight allows: it gets no other.")
STEP(SCORE, "score", "score", "What best-node goes by.")
STEP(POLICY, "policy", "policy inflight", "What the policy looks at instead of the cost.")
STEP(STICKY, "sticky", "cookie",
    "Clients with the cookie come back to the task, whatever it costs.")
STEP(RANK, "rank", "rank of best cost",
    "Its place among the tasks that take requests, and the first.")
STEP(SHARE, "share", "share_ratio requests_per_second",
    "What came of it: its part of the service's requests of the last 5 s.")
/* what would change it */
STEP(NEXT, "next", "more others node",
    "The next request goes to it; what makes another one the next.")
STEP(MORE, "more", "more node",
    "It is the next when the cheapest node has so many more requests.")
STEP(FEWER_OTHERS, "fewer_others", "others node", "Or when others want fewer threads here.")
STEP(BACK, "back", "", "What makes a task take requests again that takes none.")
