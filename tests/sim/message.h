/*
 * message: HTTP/1 as simulated clients and tasks read it, on their own: nothing here is the product's. Bodies have a pattern by
 * which each byte belongs to one exchange, one direction and one place.
 */
#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOBODY	UINT32_MAX		/* no exchange */

enum side { UP, DOWN };

/* What a body may be encoded with. */
enum coding { PLAIN, GZIP, BROTLI, ZSTD };

/* Fields that middlewares set or take away; empty: it has none. */
struct chain_seen {
	char		 prefix[8], replaced[24], user[8], login[32], id[48], trace[64];	/* of requests */
	char		 forwarded[64], real_ip[24], proto[12], host[12], port[12];
	char		 coding[8], location[64], origin[24], vary[48], type[40], nosniff[12], frames[12], challenge[32];
};
struct chain_ask {
	const char	*name, *value;
};
struct coded;

char	pattern(uint32_t exchange, enum side, uint64_t at);

struct reading {
	enum side	 side;		/* requests or responses */
	bool		 to_head;	/* the response has no body */
	/* what it is, with `head` */
	bool		 head, done;
	const char	*bad;		/* what no message may be; NULL: nothing */
	int		 status;
	char		 method[12];
	char		 target[40];
	struct chain_seen seen;
	uint32_t	 exchange;	/* by its target, or by X-Tag */
	char		 by[8];		/* the task that responds, by X-By */
	char		 cookie[24];	/* that it sets; empty: none */
	int		 minor;
	bool		 keeps, chunked, has_length, expects, ours, added;	/* ours: with Mola-Why; added: with what a middleware adds */
	bool		 says_keep;	/* Connection: keep-alive */
	bool		 endless;	/* its body lasts as long as the connection */
	char		 why[40];
	uint64_t	 length;
	uint64_t	 body;		/* bytes of its data so far */
	struct coded	 *coded;	/* where that is encoded; NULL: it is not */
	char		 whole[16384];	/* its head, as it came */
	/* private */
	char		 text[16384];
	size_t		 len;
	uint64_t	 left;		/* of the body or its chunk */
	int		 state;
};

void	reading_begin(struct reading *, enum side);
/* The exchange of a request with that target, which middlewares may have changed; NOBODY: of none. */
uint32_t exchange_of(const char *target, const struct chain_seen *);
/* Takes bytes until the message is complete: how many it took. */
size_t	reading_eat(struct reading *, const char *, size_t);
/* What follows its head is no HTTP any more, until the end. */
void	reading_switch(struct reading *);
/* Nothing follows. False: something is missing. */
bool	reading_end(struct reading *);

/*
 * A body as it is sent: so many bytes from `at` of what a chunked or a plain body of `length` bytes is on the wire. 0: there is
 * no more.
 */
struct writing {
	uint32_t	 exchange;
	enum side	 side;
	bool		 chunked, wrong;	/* wrong: one of its chunks is malformed */
	uint64_t	 length;
	uint32_t	 chunk;		/* bytes of each but the last */
	/* private */
	uint64_t	 at;
	char		 text[64];
	size_t		 len, sent;
	int		 state;
};
size_t	writing_take(struct writing *, char *out, size_t cap);
uint64_t writing_bytes(const struct writing *);		/* all that it comes to, from the beginning */

#endif
