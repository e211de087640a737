/*
 * metrics_cert: families of certificates, and of the CA bundles for those of clients. Counters
 * start again with each brain.
 */
#include "admin/metrics_page.h"
#include "base/bug.h"
#include "certs/certs.h"

/* False: it has no value. */
static bool
cert_value(enum family family, const struct certs_status *st, double *x)
{
	_Static_assert(FAMILY_CERT_FAILURES - FAMILY_CERT_EXPIRY == 3,
	    "tbl/metrics.h: a new row of certificates needs its value below");
	switch (family) {
	case FAMILY_CERT_EXPIRY:	*x = (double)st->not_after; return st->not_after != 0;
	case FAMILY_CERT_LEFT:		*x = st->left; return st->not_after != 0;
	case FAMILY_CERT_UP:		*x = st->good; return true;
	case FAMILY_CERT_FAILURES:	*x = (double)st->failures; return true;
	default:			BUG("no family of certificates");
	}
}

void
metrics_certs(struct metrics_page *p, enum family family)
{
	struct certs_status st;
	size_t at = 0;
	double x;

	while (p->v->certs != NULL && certs_status(p->v->certs, &at, &st)) {
		if (!cert_value(family, &st, &x))
			continue;
		page_open(p);
		page_label(p, "certificate", st.id);
		page_close(p, x);
	}
}
