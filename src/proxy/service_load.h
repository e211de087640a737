/*
 * service_load: how busy what stands behind a service is, as a load report (http/orca.h): the view
 * that this worker chooses tasks by.
 */
#ifndef PROXY_SERVICE_LOAD_H
#define PROXY_SERVICE_LOAD_H

#include "http/orca.h"
#include "proxy/proxy_priv.h"

struct service_load_since {	/* of the report before; begin zeroed */
	int64_t		 usec;
	uint32_t	 lives, requests, errors;
};

/*
 * cpu: threads that want a core, for each core of the nodes that the service's tasks run on, above
 * 1 when some have to wait. memory: of the same nodes. application: the mean of what tasks report
 * of themselves, where they do. Requests and errors per second: this Mola's, since the last report.
 */
void	service_load(struct proxy *, const struct table *, const struct table_service *,
    struct service_load_since *, struct orca_report *);

#endif
