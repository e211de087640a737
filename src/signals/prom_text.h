/*
 * prom_text: Prometheus text exposition (0.0.4) and what exporters send of OpenMetrics. Calls
 * back once per value, allocates nothing, keeps nothing of the text. Every byte may be hostile.
 */
#ifndef SIGNALS_PROM_TEXT_H
#define SIGNALS_PROM_TEXT_H

#include <stdbool.h>

#include "base/str.h"
#include "base/why.h"

#define PROM_LINE_MAX	16384		/* bytes of a line */
#define PROM_LABELS_MAX	64

struct prom_label {
	struct str	name;
	struct str	value;		/* as it stands, escapes and all: prom_unescape() */
};

struct prom_value {
	struct str	name;
	const struct prom_label *label;
	unsigned	nlabels;
	double		value;		/* may be NaN or infinite */
	bool		timed;		/* a timestamp followed */
};

typedef void	prom_value_f(void *arg, const struct prom_value *);

struct prom_text {
	prom_value_f	*fn;
	void		*arg;
	unsigned long	 line;		/* lines seen; of the bad one after a failure */
	const char	*expected;	/* after a failure: what should have stood there */
	bool		 eof;		/* "# EOF" was seen: whatever follows is a failure */
};

void		 prom_text_init(struct prom_text *, prom_value_f *, void *arg);

/*
 * Reads the whole lines at the front of `text` and says how many bytes they were; the rest is
 * the caller's to hand in again with more behind it. `last`: nothing more comes, so a line
 * without its newline counts too. WHY_METRICS_SYNTAX: `line` and `expected` say where and what;
 * nothing more is to be read.
 */
const struct why *prom_text_read(struct prom_text *, struct str text, bool last, size_t *used);

/* The value as it stands; p NULL when absent. */
struct str	 prom_label(const struct prom_value *, struct str name);
/* A label's value without its escapes, NUL-terminated and truncated; returns its length. */
size_t		 prom_unescape(struct str value, char *out, size_t cap);
bool		 prom_number(struct str, double *out);	/* as in the exposition: NaN, +Inf, 1.5e+09 */

#endif
