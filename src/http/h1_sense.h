/*
 * h1_sense: what the fields of a head mean together: host, framing, persistence. For h1_read.c
 * only.
 */
#ifndef HTTP_H1_SENSE_H
#define HTTP_H1_SENSE_H

#include "base/why.h"
#include "http/message.h"

/* Where the fields with a meaning stand, how often, and what Connection lists. */
struct sense {
	int			 hosts, lengths, codings;
	struct field		*host, *length, *coding;
	bool			 connection, upgrade;	/* there is such a field */
	bool			 event_stream;	/* the first that Accept names */
	bool			 close, keep_alive;	/* Connection lists it */
};

/* While the head is read: each field that is not FIELD_OTHER. */
void			 sense_note(struct sense *, struct field *);
/*
 * When all of it is there: fills in what follows from the fields, or returns the rule that they
 * break.
 */
const struct why	*sense_request(struct message *, struct sense *);
const struct why	*sense_response(struct message *, struct sense *, bool to_head);

#endif
