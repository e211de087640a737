/*
 * origin: a task that does nothing but respond: 200 with N bytes. What stands behind a proxy whose own cost
 * is being measured. With PERCENT, so many of its responses are 503, each one by chance; with MS, too, all of
 * a spell of that length or none.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "lib/serve.h"

static struct str body;
static struct rng rng;
static unsigned percent;
static int64_t spell_usec, spell;	/* its length, 0: none; the number of the one that it is in */
static bool fails;

static bool
draw(void)
{
	return rng_below(&rng, 100) < percent;
}

static bool
is_failing(void)
{
	int64_t now = spell_usec == 0 ? 0 : clock_mono_usec() / spell_usec;

	if (spell_usec == 0)
		return draw();
	if (now != spell)
		fails = draw();
	spell = now;
	return fails;
}

static void
respond(void *tag, struct serve_request *a)
{
	(void)tag;
	serve_respond_in_place(a, percent > 0 && is_failing() ? 503 : 200, "Content-Type: text/plain\r\n", body);
}

int
main(int argc, char **argv)
{
	struct loop *l = loop_new();
	struct addr addr;
	char *bytes;

	if (argc < 2 || argc > 5 || addr_parse(str_of(argv[1]), &addr) != NULL) {
		fputs("usage: origin ADDRESS:PORT [BYTES [PERCENT [MS]]]\n", stderr);
		return 2;
	}
	body.len = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
	percent = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	spell_usec = argc > 4 ? strtol(argv[4], NULL, 10) * USEC_PER_MSEC : 0;
	rng_seed(&rng, str_hash(str_of(argv[1])) ^ (uint64_t)clock_mono_usec());
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
