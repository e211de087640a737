/*
 * Labels and variables for other proxies (Traefik 1 and 3, caddy-docker-proxy, nginx-proxy), one a line as NAME=VALUE: of
 * each service there is all or nothing to say, no secret, and what is written is a stack that Mola reads without a doubt.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "stack/foreign_priv.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST (1 << 18)

static struct variables *variables;
static const char *doubt;

static void
on_say(void *arg, const char *line)
{
	(void)arg;
	doubt = line;
}

static const struct conf *
usual_conf(void)
{
	static struct conf *c;
	struct buf errors;

	if (c != NULL)
		return c;
	buf_init(&errors, CONF_ERRORS_MAX);
	c = conf_parse(STR("listen:\n- { address: \"0.0.0.0:80\" }\n- { address: \"0.0.0.0:443\", tls: true }\n"
	    "acme: { email: any@example.org }\nswarm: {}\n"), "m", &errors);
	buf_fini(&errors);
	ASSERT(c != NULL);
	return c;
}

static struct stack *
read_stack(struct str text)
{
	const char *name = "s";

	doubt = NULL;
	return stack_read(&(struct stack_reading){ .file = &name, .nfiles = 1, .text = &text, .variables = variables,
	    .warn = on_say, .fail = on_say });
}

static void
put_quoted(struct buf *out, struct str s)
{
	buf_adds(out, STR("'"));
	for (size_t i = 0; i < s.len; i++)
		buf_printf(out, "%s%s%c", s.p[i] == '\'' ? "'" : "", s.p[i] == '$' ? "$" : "", s.p[i]);
	buf_adds(out, STR("'"));
}

/* Of two services: the lines before an empty one are labels of the first, then come those of the second, then its variables. */
static void
write_stack(struct str in, struct buf *out)
{
	static const char *const parts[] = { "services:\n  proxy: { image: \"traefik:1.7\" }\n  web:\n    deploy:\n      labels:\n        - x=y\n",
		"  other:\n    labels:\n        - x=y\n", "    environment:\n        - x=y\n" };
	unsigned part = 0;
	struct str line;

	buf_adds(out, str_of(parts[0]));
	while (str_split(&in, '\n', &line))
		if (line.len == 0 && part < 2)
			buf_adds(out, str_of(parts[++part]));
		else {
			buf_adds(out, STR("        - "));
			put_quoted(out, line);
			buf_adds(out, STR("\n"));
		}
	if (part < 1)
		buf_adds(out, str_of(parts[1]));
}

static void
check_said(const struct stack *s, const struct foreign *all)
{
	struct buf out;
	struct stack *again;
	bool any = false;

	for (unsigned i = 0; i < s->nservices; i++) {
		ASSERT(all[i].problem.n == 0 || all[i].nlines == 0);
		ASSERT(all[i].dialect != NULL || (all[i].problem.n == 0 && all[i].nlines == 0));
		any |= all[i].nlines > 0 && !all[i].same;
	}
	buf_init(&out, MOST);
	foreign_print(s, all, &out);
	ASSERT(!out.full);
	again = read_stack(buf_str(&out));
	ASSERT(again != NULL && doubt == NULL && (again->nservices > 0) == any);
	stack_free(&again);
	buf_fini(&out);
}

/* Whether Mola would serve the same takes most of the time: it is asked of what begins with an empty line. */
static void
read_all(struct stack *s, bool judged, struct foreign *all[1])
{
	if (judged) {
		stack_foreign_all(&s, 1, usual_conf(), all);
		return;
	}
	all[0] = arena_zalloc(s->arena, (s->nservices + 1) * sizeof *all[0]);
	for (unsigned i = 0; i < s->nservices; i++) {
		struct foreign_reading r = { .s = s, .stack = &s, .nstacks = 1, .v = &s->service[i] };
		foreign_read(&r, &all[0][i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct foreign *all[1];
	struct buf text;
	struct stack *s;

	variables = variables_new();
	buf_init(&text, MOST);
	write_stack((struct str){ (const char *)data, size }, &text);
	if (!text.full && (s = read_stack(buf_str(&text))) != NULL) {
		read_all(s, size > 0 && *data == '\n', all);
		check_said(s, all[0]);
		stack_free(&s);
	}
	buf_fini(&text);
	variables_free(&variables);
	return 0;
}
