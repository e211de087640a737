/*
 * The resources of a node, and the profiles that state which of them matter to a service.
 *
 * RESOURCE(id, name, alias, measure): `measure` is the ratio that its limits are of.
 * LIMIT(soft, hard), NO_LIMIT: below the soft limit the node counts whole, at the hard one as a
 * tenth.
 * PROFILE(id, name, weights of cpu, ram, io, net, limits of cpu, ram, io, net, text). The first
 * is the default.
 * A custom profile starts from the limits of the first.
 */
#ifdef RESOURCE
RESOURCE(CPU, cpu, cpu, "cores in use, of all cores")
RESOURCE(RAM, ram, memory, "memory that is not available, of all memory")
RESOURCE(IO, io, disk, "time in which all threads waited for a disk; where the kernel does not "
    "report it, time in which the busiest disk was busy")
RESOURCE(NET, net, network, "bytes per second in the busier direction, of the link's capacity")
#endif
#ifdef PROFILE
PROFILE(BALANCED, balanced, 0.8, 0.2, 0, 0, NO_LIMIT, LIMIT(0.85, 0.97), NO_LIMIT, NO_LIMIT,
    "cores count, and memory when it is nearly full")
PROFILE(CPU, cpu, 1, 0, 0, 0, NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT,
    "for CPU-bound work: only cores count, until a node stalls")
PROFILE(RAM, ram, 0.2, 0.8, 0, 0, NO_LIMIT, LIMIT(0.70, 0.90), NO_LIMIT, NO_LIMIT,
    "for caches, databases and models held in memory: free memory counts more than cores")
PROFILE(IO, io, 0.2, 0.2, 0.6, 0, NO_LIMIT, LIMIT(0.85, 0.97), LIMIT(0.20, 0.60), NO_LIMIT,
    "for disk-bound work")
PROFILE(NET, net, 0.2, 0.2, 0, 0.6, NO_LIMIT, LIMIT(0.85, 0.97), NO_LIMIT, LIMIT(0.60, 0.90),
    "for network-bound work")
#endif
