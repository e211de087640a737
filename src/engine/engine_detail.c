/*
 * engine_detail: what an Engine, a proxy before it, or libcurl says of a failure, in one line for
 * people. Must not know what follows from it.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine_priv.h"

/* On one line, without control characters. */
static void
copy_printable(char out[DETAIL_MAX], struct str text)
{
	size_t n = str_copy(out, DETAIL_MAX, str_trim(text));

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
	while (n > 0 && out[n - 1] == ' ')
		out[--n] = '\0';
}

/* The Engine refuses with {"message": "…"}; a proxy before it may respond otherwise. */
void
describe_refusal(char out[DETAIL_MAX], const struct fetch_result *r)
{
	json_t *j = json_loadb(r->body.len > 0 ? r->body.p : "", r->body.len, 0, NULL);
	const char *message = json_string_value(json_object_get(j, "message"));

	if (message != NULL)
		copy_printable(out, str_of(message));
	else if (r->body.len > 0 && *str_trim(r->body).p != '<')
		copy_printable(out, r->body);
	else
		snprintf(out, DETAIL_MAX, "HTTP status %ld%s", r->status,
		    r->body.len > 0 ? ", and a page instead of the Engine's words" : "");
	json_decref(j);
}

/* libcurl has one sentence for all that can be wrong with a socket's path. */
void
describe_unreachable(char out[DETAIL_MAX], const struct endpoint *ep, const struct fetch_result *r)
{
	if (ep->socket != NULL && access(ep->socket, F_OK) != 0)
		snprintf(out, DETAIL_MAX, "there is no %.180s", ep->socket);
	else if (ep->socket != NULL && !r->sent && access(ep->socket, R_OK | W_OK) != 0)
		snprintf(out, DETAIL_MAX, "%.180s may not be opened: only root and its group may", ep->socket);
	else
		copy_printable(out, str_of(r->detail));
}

void
describe_path(char detail[DETAIL_MAX], const char *path)
{
	char rest[DETAIL_MAX];

	memcpy(rest, detail, sizeof rest);
	snprintf(detail, DETAIL_MAX, "GET %.*s: %.170s", (int)strcspn(path, "?") > 80 ? 80 :
	    (int)strcspn(path, "?"), path, rest);
}
