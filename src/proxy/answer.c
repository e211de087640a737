/*
 * Pure: a reason in, the bytes of an HTTP message out.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "http/message.h"
#include "proxy/answer.h"

static bool
may_come_again(const struct why *why)
{
	return why == WHY_OVERLOADED || why == WHY_MAX_INFLIGHT;
}

/*
 * The fields are the same for every reason. A reason that needs a field of its own (401 and its
 * WWW-Authenticate would be the first) needs a parameter for it here, and room in ANSWER_MAX.
 *
 * Connection is there in either case: an HTTP/1.0 client goes on only if it is.
 */
struct str
answer_make(char out[ANSWER_MAX], const struct why *why, bool keep_alive, bool without_body)
{
	int n;

	ASSERT(why->status != 0);
	n = snprintf(out, ANSWER_MAX,
	    "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
	    "Mola-Why: %s\r\n%sConnection: %s\r\n\r\n%s%s",
	    why->status, status_reason(why->status), strlen(why->text) + 1,
	    why->name, may_come_again(why) ? "Retry-After: 1\r\n" : "",
	    keep_alive ? "keep-alive" : "close",
	    without_body ? "" : why->text, without_body ? "" : "\n");
	ASSERT(n > 0 && n < ANSWER_MAX);
	return (struct str){ out, (size_t)n };
}

/*
 * What a client may call again is UNAVAILABLE: no task has processed it, or it did not get through.
 * A task that did not respond in time may have processed it.
 */
static int
grpc_status(const struct why *why, int status)
{
	if (why == WHY_CONNECT_TIMEOUT || why == WHY_UPSTREAM_TLS_SLOW)
		return 14;		/* UNAVAILABLE */
	switch (status) {
	case 400: case 417: case 505:
		return 13;		/* INTERNAL */
	case 401:
		return 16;		/* UNAUTHENTICATED */
	case 403:
		return 7;		/* PERMISSION_DENIED */
	case 404: case 501:
		return 12;		/* UNIMPLEMENTED */
	case 408: case 504:
		return 4;		/* DEADLINE_EXCEEDED */
	case 413: case 431:
		return 8;		/* RESOURCE_EXHAUSTED */
	default:
		return 14;
	}
}

struct str
answer_make_grpc(char out[ANSWER_MAX], const struct why *why, int status)
{
	int n;

	ASSERT(status != 0);
	n = snprintf(out, ANSWER_MAX,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n"
	    "Grpc-Status: %d\r\nGrpc-Message: %s\r\n%sMola-Why: %s\r\nConnection: close\r\n\r\n",
	    grpc_status(why, status), why->text,
	    may_come_again(why) ? "Grpc-Retry-Pushback-Ms: 1000\r\n" : "", why->name);
	ASSERT(n > 0 && n < ANSWER_MAX);
	return (struct str){ out, (size_t)n };
}
