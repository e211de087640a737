/*
 * said: what the log is told, line by line.
 */
#ifndef UNIT_MAIN_SAID_H
#define UNIT_MAIN_SAID_H

#include <string.h>

#include "base/buf.h"
#include "base/log.h"

static struct buf said;

static void
said_line(void *arg, enum log_level level, const char *event, const char *pairs)
{
	(void)arg, (void)level;
	buf_printf(&said, "%s %s\n", event, pairs);
}

static void
said_open(void)
{
	buf_init(&said, 65536);
	log_tap(said_line, NULL);
}

static void
said_close(void)
{
	log_tap(NULL, NULL);
	buf_fini(&said);
}

/* Since the last time. */
static void
said_is(const char *want)
{
	assert_int_equal(said.len, strlen(want));
	if (said.len > 0)
		assert_memory_equal(said.p, want, said.len);
	buf_clear(&said);
}

#endif
