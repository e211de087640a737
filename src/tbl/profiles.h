/*
 * What can run out on a node, and the profiles that say which of it matters to a service.
 *
 * RESOURCE(id, name, alias, measure): `measure` is the ratio that its limits are of.
 * LIMIT(soft, hard), NO_LIMIT: below the soft limit the node counts whole, at the hard one as a tenth.
 * PROFILE(id, name, weights of cpu, ram, io, net, limits of cpu, ram, io, net, text). The first is the default.
 * A profile of one's own begins with the limits of the first.
 */
#ifdef RESOURCE
RESOURCE(CPU, "cpu", "cpu",     "cores in use, of those there are")
RESOURCE(RAM, "ram", "memory",  "memory that is not available, of all there is")
RESOURCE(IO,  "io",  "disk",    "time in which everybody waited for a disk; where the kernel does not tell, in which the busiest disk had work")
RESOURCE(NET, "net", "network", "bytes per second in the busier direction, of what the link carries")
#endif
#ifdef PROFILE
PROFILE(BALANCED, "balanced", 0.8, 0.2, 0, 0, NO_LIMIT, LIMIT(0.85, 0.97), NO_LIMIT, NO_LIMIT,
    "cores count, and memory once it is nearly full")
PROFILE(CPU, "cpu", 1, 0, 0, 0, NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT,
    "for work that computes: nothing but cores counts, until a node stalls")
PROFILE(RAM, "ram", 0.2, 0.8, 0, 0, NO_LIMIT, LIMIT(0.70, 0.90), NO_LIMIT, NO_LIMIT,
    "for caches, databases, models held in memory: free memory counts before cores do")
PROFILE(IO, "io", 0.2, 0.2, 0.6, 0, NO_LIMIT, LIMIT(0.85, 0.97), LIMIT(0.20, 0.60), NO_LIMIT,
    "for work that reads and writes disks")
PROFILE(NET, "net", 0.2, 0.2, 0, 0.6, NO_LIMIT, LIMIT(0.85, 0.97), NO_LIMIT, LIMIT(0.60, 0.90),
    "for work that sends and receives much")
#endif
