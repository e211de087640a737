/*
 * filter_check_limits: what must hold for middlewares that limit requests.
 */
#include "world/filter_priv.h"

/* Of whom a request is: one way to know it at most. */
static bool
check_source(struct str field, bool by_ip, bool by_host, char problem[FILTER_PROBLEM])
{
	if (by_ip + by_host + (field.len > 0) > 1)
		return filter_wrong(problem,
		    "expected one of ipStrategy, requestHeaderName and requestHost below sourceCriterion");
	return field.len == 0 || filter_is_token(field)
	    || filter_wrong(problem, "sourceCriterion.requestHeaderName is no name of a field");
}

bool
check_in_flight_req(struct arena *a, struct filter_in_flight_req *f, char problem[FILTER_PROBLEM])
{
	bool by_ip = f->depth >= 0 || f->excluded.n > 0 || f->subnet > 0;

	(void)a;
	if (!check_source(f->by_field, by_ip, f->by_host, problem))
		return false;
	f->by_host = !by_ip && f->by_field.len == 0;
	return true;
}

bool
check_rate_limit(struct arena *a, struct filter_rate_limit *f, char problem[FILTER_PROBLEM])
{
	bool by_ip = f->depth >= 0 || f->excluded.n > 0 || f->subnet > 0;

	(void)a;
	return check_source(f->by_field, by_ip, f->by_host, problem);
}

bool
check_retry(struct arena *a, struct filter_retry *f, char problem[FILTER_PROBLEM])
{
	(void)a;
	return f->attempts > 0 || filter_wrong(problem, "it has no attempts");
}

bool
check_circuit_breaker(struct arena *a, struct filter_circuit_breaker *f,
    char problem[FILTER_PROBLEM])
{
	(void)a;
	if (f->rule == NULL)
		return filter_wrong(problem, "it has no expression");
	return filter_is_status(f->status) || filter_wrong(problem, "responseCode is no status of HTTP");
}
