/*
 * encode: bytes in a content coding (RFC 9110, 8.4.1), piece by piece. Windows are small, as a
 * proxy has many bodies under way: the memory of each coder is bounded, and named in encode.c.
 *
 * Knows nothing of messages.
 */
#ifndef HTTP_ENCODE_H
#define HTTP_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

enum encoding { ENCODING_NONE, ENCODING_GZIP, ENCODING_BR, ENCODING_ZSTD };

/* What the coders of one worker may take together, and what they take. */
struct encode_budget {
	size_t	used, most;	/* bytes */
};

struct encoder;

/* There is room for one more, of any coding. */
bool		 encode_budget_has(const struct encode_budget *);
/* NULL: there is no memory. The budget must outlive it. */
struct encoder	*encoder_new(enum encoding, struct encode_budget *);
void		 encoder_free(struct encoder **);
const char	*encoding_name(enum encoding);		/* as in Content-Encoding */

enum encode_step {
	ENCODE_MORE,		/* more follows: the coder may keep what it has */
	ENCODE_FLUSH,		/* all of it is to be readable at the other end */
	ENCODE_END		/* that was all */
};

struct encode_io {		/* both move on */
	const char	*in;
	size_t		 in_len;
	char		*out;
	size_t		 out_len;	/* 64 at least when it begins */
};

enum encode_result {
	ENCODE_DONE,		/* all of `in` is taken, and the step is done */
	ENCODE_FULL,		/* `out` is: the same step again, with more of it */
	ENCODE_FAIL		/* there is no memory */
};

enum encode_result encoder_run(struct encoder *, enum encode_step, struct encode_io *);

#endif
