/*
 * What the agent exports of each of Docker's containers, one row each, with a label `id`.
 * CONTAINER_METRIC(constant, name, type, sampled, help): the value is a field of struct
 * proc_container (signals/proc_page.c); `sampled` rows travel in the agent's stream too, and
 * the brain reads them (signals/node.c).
 */
CONTAINER_METRIC(SECONDS, mola_container_cpu_seconds_total, counter, false,
    "Seconds of CPU that a container has used.")
CONTAINER_METRIC(THROTTLED, mola_container_cpu_throttled_seconds_total, counter, false,
    "Seconds for which a container had used up its quota and had to wait.")
CONTAINER_METRIC(AVAILABLE, mola_container_cpu_available_cores, gauge, true,
    "Cores that a container could have if it wanted all of them, beside what others use now.")
CONTAINER_METRIC(USED, mola_container_cpu_used_cores, gauge, true,
    "Cores that a container has used over the interval for which the cores are that it could have.")
CONTAINER_METRIC(QUOTA, mola_container_cpu_quota_cores, gauge, true,
    "Cores that a container may use at most; absent: as many as there are.")
CONTAINER_METRIC(WEIGHT, mola_container_cpu_weight, gauge, false,
    "The weight of a container beside others; 1024 if it was given none.")
