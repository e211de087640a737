/*
 * Why a request is sent a second time, once each: words of retry.on and mola.retry.on, and values
 * of the label `reason` of metrics.
 *
 * RETRY(id, word, kind, text): WORD: it stands in retry.on; OTHERWISE: what makes it happen does
 * not stand there by this word. The text follows "when".
 */
RETRY(CONNECT, "connect", WORD,
    "no task can have processed the request: the connection failed, or the task refused the stream")
RETRY(RESET, "reset", WORD,
    "the connection to the task broke, or the response was malformed")
RETRY(TIMEOUT, "timeout", WORD,
    "the response did not come in time, or its node is cut off")
RETRY(UNAVAILABLE, "unavailable", WORD,
    "a call of gRPC ended at once with status 14 (UNAVAILABLE)")
RETRY(STATUS, "status", OTHERWISE,
    "the response had a status of retry.on")
RETRY(HEDGE, "hedge", OTHERWISE,
    "the response took longer than 95 % of the service's do")
