/*
 * answer: responses of our own: a status, the reason's name in Mola-Why, one sentence of text.
 */
#ifndef PROXY_ANSWER_H
#define PROXY_ANSWER_H

#include "base/str.h"
#include "base/why.h"

#define ANSWER_MAX	512

/* A whole message in `out`. why->status must not be 0. `without_body`: the response to HEAD. */
struct str	answer_make(char out[ANSWER_MAX], const struct why *, bool keep_alive,
    bool without_body);
/*
 * The same for a client of gRPC over HTTP/2: 200 with the status in fields, as a response that
 * has no more than a head. `status`: what other clients get for that reason.
 */
struct str	answer_make_grpc(char out[ANSWER_MAX], const struct why *, int status);

#endif
