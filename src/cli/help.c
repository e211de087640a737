/*
 * `mola help`, `mola VERB --help`, and what is said of misuse. All of it comes from tbl/cmds.h and tbl/options.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/word.h"
#include "cli/cli.h"

struct verb {
	const char	*name, *args, *help;
};

static const struct verb verbs[] = {
#define CMD(name, function, args, help) { #name, args, help },
#include "tbl/cmds.h"
#undef CMD
};

static const struct option {
	const char	*verb, *name, *argument, *help;
} options[] = {
#define OPTION(verb, id, name, argument, help) { #verb, name, argument, help },
#include "tbl/options.h"
#undef OPTION
};

#define NVERBS		(sizeof verbs / sizeof *verbs)
#define NOPTIONS	(sizeof options / sizeof *options)

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < NVERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
help_all(void)
{
	printf("usage: mola VERB ...\n\nMola sends each request to the node that has room for it.\n\n");
	for (size_t i = 0; i < NVERBS; i++)
		printf("  %-8s  %s\n", verbs[i].name, verbs[i].help);
	printf("\n`mola VERB --help` says how a verb is used; mola(8) and mola.yaml(5) say the rest.\n");
	return 0;
}

/* Verbs that take options besides --help question a running Mola, unless they list their own. */
static bool
verb_has(const char *verb, const struct option *o)
{
	static const char *const asking[] = { "nodes", "services", "tasks", "why", "targets", "drain", "health", NULL };

	return strcmp(o->verb, verb) == 0 || (strcmp(o->verb, "ask") == 0 && word_place(str_of(verb), asking) >= 0);
}

int
help_verb(const char *name)
{
	const struct verb *v = verb_find(name);
	char option[64];

	printf("usage: mola %s%s%s\n\nMola will %s.\n", v->name, *v->args == '\0' ? "" : " ", v->args, v->help);
	for (size_t i = 0, any = 0; i < NOPTIONS; i++)
		if (verb_has(name, &options[i])) {
			snprintf(option, sizeof option, "%s %s", options[i].name, options[i].argument);
			printf("%s  %-18s  %s\n", any++ == 0 ? "\n" : "", option, options[i].help);
		}
	return 0;
}

int
help_misuse(const char *verb, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "mola %s: ", verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; `mola %s --help` says more\n", verb);
	return 2;
}

int
help_main(int argc, char **argv)
{
	const char *words[NVERBS + 1] = { NULL }, *near;

	if (argc < 2)
		return help_all();
	if (verb_find(argv[1]) != NULL)
		return help_verb(argv[1]);
	for (size_t i = 0; i < NVERBS; i++)
		words[i] = verbs[i].name;
	near = word_near(str_of(argv[1]), words);
	fprintf(stderr, "mola: there is no verb '%s'%s%s%s; `mola help` lists them\n", argv[1],
	    near != NULL ? ", did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
	return 2;
}
