/*
 * Knows the form of a report and how old its numbers may be; not whose they are.
 */
#include <stdio.h>

#include "base/clock.h"
#include "orca.h"

const char *
orca_field(struct orca *o, int64_t now, double cores, double busy, uint64_t answered, char field[ORCA_FIELD_MAX])
{
	double passed = (double)(now - o->since_usec);

	if (now - o->since_usec >= USEC_PER_SEC) {
		if (o->since_usec > 0) {
			o->utilization = (busy - o->busy_usec) / (passed * cores);
			o->rate = (double)(answered - o->answered) * 1e6 / passed;
		}
		o->since_usec = now;
		o->busy_usec = busy;
		o->answered = answered;
	}
	field[0] = '\0';
	if (o->rate > 0)
		snprintf(field, ORCA_FIELD_MAX, "endpoint-load-metrics: TEXT cpu_utilization=%.4f,rps_fractional=%.2f\r\n", o->utilization, o->rate);
	return field;
}
