/*
 * compare_fetch: one GET of an address, sent to a server that need not be where the address's host
 * is, and what is compared of its response. Redirects are not followed. The server is not trusted:
 * head and body have ceilings, and silence a limit.
 */
#ifndef CLI_COMPARE_FETCH_H
#define CLI_COMPARE_FETCH_H

#include <stdbool.h>

#include "base/buf.h"

enum compared {
#define COMPARED(id, name, of_page) COMPARED_##id,
#include "tbl/compared.h"
#undef COMPARED
	COMPARED_COUNT
};

struct compare_address {
	bool	 tls;
	char	*host, *path;
	char	*text;			/* "https://host/path" */
	char	*service, *router;	/* "": not known */
};

#define COMPARE_TO_MAX	300

/* A server that is asked, without TLS or by it. */
struct compare_side {
	const char	*name;			/* "Traefik", "Mola" */
	char		 url[COMPARE_TO_MAX];	/* "": there is none */
	char		 to[COMPARE_TO_MAX];	/* where it is, as libcurl takes it */
	char		 host[COMPARE_TO_MAX];
	unsigned	 port;
	bool		 stated;		/* that requests came by TLS is said by X-Forwarded-Proto */
};

/* From "http://host:port"; `tls` alone takes https, too. False: it is something else. */
bool	compare_side_set(struct compare_side *, const char *url, bool tls);

#define COMPARE_WHY_MAX	48
#define COMPARE_VALUE_MAX 2048		/* bytes of a text; what is beyond is not compared */

struct compare_answer {
	char	*text[COMPARED_COUNT];	/* NULL: the response has none */
	char	 why[COMPARE_WHY_MAX];	/* the response is Mola's own, for this reason; "": it is not */
	bool	 came;			/* a response did; else the text of the status says why none did */
	bool	 away;			/* none did, as the server is not there */
};

void	compare_fetch(const struct compare_side *, const struct compare_address *,
    struct compare_answer *);
void	compare_answer_fini(struct compare_answer *);

#endif
