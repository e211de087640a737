/* POLICY(constant, name, text): how a task is chosen for a request. The first is the default. */
POLICY(MARGINAL, "marginal",
    "lowest marginal cost: node state and requests in flight together")
POLICY(LEAST_CONN,  "least-conn",  "fewest requests in flight on the task")
POLICY(ROUND_ROBIN, "round-robin", "each task in turn")
POLICY(RANDOM_TWO,  "random-two",  "of two random tasks, the one with fewer requests in flight")
POLICY(BEST_NODE, "best-node",
    "all requests to the node with the best score, chosen "
    "again every 5 s (for comparison: it overloads that node)")
POLICY(MARGINAL_1, "marginal-1",
    "lowest marginal cost by the law before: what a task's container could have does not count "
    "(for one release)")
