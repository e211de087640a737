/*
 * raw: a client of HTTP/2 without a session of nghttp2, whose frames are written as they stand. It connects, hears what comes until
 * that ends it, and has so much patience. What it says is its owner's.
 */
#ifndef SIM_RAW_H
#define SIM_RAW_H

#include <nghttp2/nghttp2.h>

#include "base/addr.h"
#include "frames.h"
#include "plan_priv.h"
#include "wire.h"

#define RAW_NO_CODE	UINT32_MAX
#define RAW_HEAD	9		/* of a frame: bytes */
#define RAW_PREFACE	NGHTTP2_CLIENT_MAGIC "\0\0\0\4\0\0\0\0"	/* and its NUL: empty SETTINGS */

struct raw {
	const char	*name;			/* in the record of what happens */
	const struct weather *weather;
	int64_t		 patience_usec;
	void		(*on_connect)(void);
	void		(*on_frame)(const struct frames_in *);	/* a whole one */
	bool		(*go_on)(void);		/* it may write, or has heard something; false: it has all that it wants */
	const unsigned	*count;			/* what of, when it is over: for the record */
	/* raw.c alone, save what is read */
	struct host	 host;
	struct addr	 to;
	struct end	*end;			/* NULL: not yet, or no more */
	struct frames_in in;
	uint32_t	 code;			/* of GOAWAY */
};

/* From that address, from then on. */
void	raw_begin(struct raw *, const char *from, const struct addr *to, int64_t starts_usec);
void	raw_over(struct raw *);
/* The weather of such clients is fine: what they are told is compared. */
struct weather raw_weather(struct rng *);

#endif
