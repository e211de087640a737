/*
 * Services of Traefik's own, which routers name as NAME@internal and Mola does not have.
 *
 * INTERNAL("name", "what Mola has instead")
 *
 * noop@internal is a filter (filters.h).
 */
INTERNAL("api", "Mola's own API is at its admin address")
INTERNAL("dashboard", "Mola's own pages are at its admin address")
INTERNAL("rest", "Mola takes no configuration by HTTP; labels and files have it")
INTERNAL("ping", "Mola's own health page is /healthz at its admin address")
INTERNAL("prometheus", "Mola's own metrics are /metrics at its admin address")
INTERNAL("acme-http", "Mola responds to the challenges of its own orders by itself")

#undef INTERNAL
