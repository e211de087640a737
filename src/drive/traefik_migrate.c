/*
 * traefik_migrate: the document of an older Mola. Traefik uses it until the first publication
 * replaces it, which may take long where the Swarm is away; Mola up to 0.1.0 wrote routers
 * without being configured to, with priorities above all others. Understands nothing but what
 * traefik.c wrote, line by line.
 */
#include <stdio.h>
#include <string.h>

#include "drive/traefik_priv.h"

#define ROUTERS		"  routers:"
#define ENTRY		"    \""			/* begins a router or service; its lines are indented deeper */
#define PRIORITY	"      priority: "

struct migration {
	const struct traefik_options *options;
	struct buf	*out;
	bool		 in_routers;		/* the line is in the section of routers, */
	bool		 keeps;			/* in one that stays */
	bool		 titled;		/* the line "routers:" is written */
	bool		 changed;
};

static void
line_put(struct migration *m, struct str line)
{
	if (m->in_routers && !m->titled)
		buf_adds(m->out, STR(ROUTERS "\n"));
	m->titled |= m->in_routers;
	buf_adds(m->out, line);
	buf_adds(m->out, STR("\n"));
}

/* Negative ones are as they should be; a text that Mola never wrote is lowered all the same. */
static void
priority_put(struct migration *m, struct str line)
{
	struct str text = { line.p + strlen(PRIORITY), line.len - strlen(PRIORITY) };
	uint64_t n = 0;
	char lower[64];

	if (text.len > 0 && text.p[0] == '-') {
		line_put(m, line);
		return;
	}
	m->changed = true;
	if (!str_to_u64(text, &n) || n >= TRAEFIK_PRIORITIES)
		n = 0;
	snprintf(lower, sizeof lower, PRIORITY "%d", TRAEFIK_PRIORITY + (int)n);
	line_put(m, str_of(lower));
}

static void
line_read(struct migration *m, struct str line)
{
	if (line.len > 2 && str_starts(line, STR("  ")) && line.p[2] != ' ')
		m->in_routers = str_eq(line, STR(ROUTERS));
	if (!m->in_routers) {
		line_put(m, line);
		return;
	}
	if (str_starts(line, STR(ENTRY)))
		m->keeps = m->options->routers ||
		    (m->options->api_entry_point != NULL && str_eq(line, STR(ENTRY TRAEFIK_API_ROUTER "\":")));
	else if (str_eq(line, STR(ROUTERS)))
		return;
	if (!m->keeps)
		m->changed = true;
	else if (str_starts(line, STR(PRIORITY)))
		priority_put(m, line);
	else
		line_put(m, line);
}

bool
traefik_migrate(struct str text, const struct traefik_options *o, struct buf *out)
{
	struct migration m = { .options = o, .out = out };
	struct str line;

	if (!str_starts(text, STR(TRAEFIK_HEAD)))
		return false;
	while (str_split(&text, '\n', &line))
		if (line.len > 0 || text.p != NULL)	/* nothing follows the last newline */
			line_read(&m, line);
	return m.changed;
}
