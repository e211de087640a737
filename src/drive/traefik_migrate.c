/*
 * traefik_old: the text that a Mola before us has left in the file. Until ours takes its place, which may be long where the
 * Swarm is away, Traefik goes by it; Molas up to 0.1.0 wrote routers unasked, with priorities above everybody else's.
 * Reads nothing but what traefik.c wrote, by its lines.
 */
#include <stdio.h>
#include <string.h>

#include "drive/traefik_priv.h"

#define ROUTERS		"  routers:"
#define ENTRY		"    \""			/* how a router or service begins; what is its own stands deeper */
#define PRIORITY	"      priority: "

struct old {
	const struct traefik_options *words;
	struct buf	*out;
	bool		 in_routers, keeps;	/* the router that the line belongs to stays */
	bool		 titled;		/* the line "routers:" is out */
	bool		 changed;
};

static void
line_put(struct old *o, struct str line)
{
	if (o->in_routers && !o->titled)
		buf_adds(o->out, STR(ROUTERS "\n"));
	o->titled |= o->in_routers;
	buf_adds(o->out, line);
	buf_adds(o->out, STR("\n"));
}

/* Ours are negative; what is not a number of ours is lowered all the same. */
static void
priority_put(struct old *o, struct str line)
{
	struct str text = { line.p + strlen(PRIORITY), line.len - strlen(PRIORITY) };
	uint64_t n = 0;
	char lower[64];

	if (text.len > 0 && text.p[0] == '-') {
		line_put(o, line);
		return;
	}
	o->changed = true;
	if (!str_to_u64(text, &n) || n > 1000900)
		n = 0;
	snprintf(lower, sizeof lower, PRIORITY "%d", TRAEFIK_PRIORITY + (int)n);
	line_put(o, str_of(lower));
}

static void
line_read(struct old *o, struct str line)
{
	if (line.len > 2 && str_starts(line, STR("  ")) && line.p[2] != ' ')
		o->in_routers = str_eq(line, STR(ROUTERS));
	if (!o->in_routers) {
		line_put(o, line);
		return;
	}
	if (str_starts(line, STR(ENTRY)))
		o->keeps = o->words->routers ||
		    (o->words->api_entry_point != NULL && str_eq(line, STR(ENTRY TRAEFIK_API_ROUTER "\":")));
	else if (str_eq(line, STR(ROUTERS)))
		return;
	if (!o->keeps)
		o->changed = true;
	else if (str_starts(line, STR(PRIORITY)))
		priority_put(o, line);
	else
		line_put(o, line);
}

bool
traefik_migrate(struct str text, const struct traefik_options *w, struct buf *out)
{
	struct old o = { .words = w, .out = out };
	struct str line;

	if (!str_starts(text, STR(TRAEFIK_HEAD)))
		return false;
	while (str_split(&text, '\n', &line))
		if (line.len > 0 || text.p != NULL)	/* what follows the last line is none */
			line_read(&o, line);
	return o.changed;
}
