/*
 * escape: texts from elsewhere (clients, labels, exporters, names in a Swarm) between double
 * quotes: nothing in them ends the value or the line, or controls a terminal.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/str.h"

enum escape {
	/* printable ASCII alone, the rest as \u001b: the log, JSON or not, and the access log */
	ESCAPE_LOG,
	/* a label value of Prometheus' text, which knows \\ \" \n alone: others are shown as
	 * \\u001b */
	ESCAPE_LABEL
};

#define ESCAPE_MOST 7		/* bytes that one may become */
/* Returns the bytes written, at most `cap`: no escape is cut. *used: bytes of the text that they
 * stand for, or NULL. */
size_t	escape_text(char *out, size_t cap, struct str, enum escape, size_t *used);

#endif
