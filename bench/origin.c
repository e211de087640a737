/*
 * origin: a task that does nothing but respond: 200 with N bytes. What stands behind a proxy whose own cost
 * is being measured.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "lib/serve.h"

static struct str body;

static void
respond(void *tag, struct serve_request *a)
{
	(void)tag;
	serve_respond_in_place(a, 200, "Content-Type: text/plain\r\n", body);
}

int
main(int argc, char **argv)
{
	struct loop *l = loop_new();
	struct addr addr;
	char *bytes;

	if (argc < 2 || argc > 3 || addr_parse(str_of(argv[1]), &addr) != NULL) {
		fputs("usage: origin ADDRESS:PORT [BYTES]\n", stderr);
		return 2;
	}
	body.len = argc == 3 ? strtoul(argv[2], NULL, 10) : 100;
	bytes = must_alloc(body.len + 1);
	memset(bytes, 'x', body.len);
	body.p = bytes;
	if (!serve_listen(serve_new(l), &addr, respond, NULL)) {
		perror(argv[1]);
		return 1;
	}
	loop_run(l);
	return 0;
}
