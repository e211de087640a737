/*
 * note: the labels and troubles of a service in the API, as sentences.
 */
#ifndef CLI_NOTE_H
#define CLI_NOTE_H

#include <jansson.h>
#include <stdbool.h>

#define NOTE_MAX	700

/* False: the label is valid, and there is no note. */
bool	note_label(const json_t *label, char out[NOTE_MAX]);
/* The middlewares of a route, in their order: "auth (basicauth), strip (stripprefix)". False: it
 * has none. */
bool	note_middlewares(const json_t *route, char out[NOTE_MAX]);
/* The listeners that a route is for. False: it is for all. */
bool	note_listeners(const json_t *route, char out[NOTE_MAX]);
void	note_trouble(const json_t *service, const json_t *trouble, char out[NOTE_MAX]);

#endif
