/*
 * fetch_priv: what a fetch is to the two files that are about it. Private to net/.
 */
#ifndef NET_FETCH_PRIV_H
#define NET_FETCH_PRIV_H

#include <curl/curl.h>
#include <openssl/x509.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "net/fetch.h"

#define WANTED_MAX	256		/* bytes of a field's value */

struct fetch {
	struct fetcher	*fetcher;
	TAILQ_ENTRY(fetch) link;
	CURL		*easy;
	bool		 added;			/* to the multi handle */
	bool		 cancelled;		/* while inside: to be removed afterwards */
	bool		 large;			/* a ceiling was passed */
	bool		 ended;			/* on_data has seen enough */
	struct timer	 stall;
	int64_t		 stall_usec;
	size_t		 head_bytes, body_bytes, body_max;
	struct buf	 body;
	struct curl_slist *fields;		/* of the request */
	struct curl_slist *resolved;
	X509_STORE	*trust;
	bool		 in_head;		/* of a response, whose empty line has not come */
	void		(*on_header)(void *);
	const char	*wanted;		/* of the response's */
	char		 found[WANTED_MAX];
	void		(*on_field)(void *, struct str, struct str);
	int64_t		 first_byte_usec;
	fetch_data_f	*on_data;
	fetch_done_f	*done;
	void		*arg;
	char		 error[CURL_ERROR_SIZE];
};

/* fetch_set.c: what curl is to know of the request, of whom to trust, and of limits. */
void	fetch_set(struct fetch *, const struct fetch_conf *);

#endif
