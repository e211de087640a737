/*
 * Stack files, and the lines of variables before their first "---" line: what is refused is refused in lines of words, what is
 * read is judged, and the judgement has a report for each service.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "stack/stack_judge.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned failures;

static void
on_fail(void *arg, const char *line)
{
	(void)arg;
	failures++;
	ASSERT(strncmp(line, "s:", 2) == 0);
	for (const char *c = line; *c != '\0'; c++)
		ASSERT(*c >= ' ' && *c <= '~');
}

static void
on_warn(void *arg, const char *line)
{
	(void)arg;
	ASSERT(strncmp(line, "s:", 2) == 0);
}

static const struct conf *
usual_conf(void)
{
	static struct conf *c;
	struct buf errors;

	if (c != NULL)
		return c;
	buf_init(&errors, CONF_ERRORS_MAX);
	c = conf_parse(STR("listen: [ \"0.0.0.0:80\" ]\nswarm: {}\n"), "m", &errors);
	buf_fini(&errors);
	ASSERT(c != NULL);
	return c;
}

static void
judge(struct stack *s)
{
	struct stack_judgement *j = stack_judge(&s, 1, usual_conf());

	for (unsigned i = 0; i < s->nservices; i++) {
		const struct stack_service *v = &s->service[i];
		ASSERT(strcmp(stack_report(j, v)->name, v->full) == 0);
		if (stack_verdict(j, v) == STACK_AS_MEANT)
			ASSERT(stack_world_next(j, v, NULL) != NULL);
	}
	stack_judgement_free(&j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = { (const char *)data, size }, text = all, before = STR("");
	const char *mark = memmem(data, size, "---\n", 4);
	struct variables *v = variables_new();
	char problem[VARIABLES_PROBLEM];
	const char *name = "s";
	struct stack *s;
	int line;

	if (mark != NULL) {
		before = (struct str){ all.p, (size_t)(mark - all.p) };
		text = (struct str){ mark + 4, all.len - before.len - 4 };
	}
	if (!variables_read(v, before, &line, problem))
		ASSERT(line > 0 && *problem != '\0');
	failures = 0;
	s = stack_read(&(struct stack_reading){ .file = &name, .nfiles = 1, .text = &text, .variables = v,
	    .warn = on_warn, .fail = on_fail });
	ASSERT((s == NULL) == (failures > 0));
	if (s != NULL)
		judge(s);
	stack_free(&s);
	variables_free(&v);
	return 0;
}
