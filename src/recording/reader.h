/*
 * reader: the text of a recording as a list of what happened, checked: numbers are in range, and
 * what is named was there before. A text that ends in the middle of a line lacks that line only.
 */
#ifndef RECORDING_READER_H
#define RECORDING_READER_H

#include "recording/recording.h"

#define READER_ERROR_MAX	320

struct recording {
	struct recorded	*event;
	size_t		 n;
	uint32_t	 services, nodes, tasks;	/* all numbers are below */
	uint64_t	 picks;
	unsigned	 parts;
	int64_t		 length_usec;	/* of all parts together */
	bool		 cut;		/* the last part has no end */
	struct arena	*arena;
};

/* NULL: `error` has the line, what was expected there, and what was found. */
struct recording *reader_read(struct str text, char error[READER_ERROR_MAX]);
void		 recording_free(struct recording **);

#endif
