/*
 * `mola help`, `mola VERB --help`, and reports of wrong usage. All texts come from tbl/cmds.h and
 * tbl/options.h.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/word.h"
#include "cli/cli.h"

struct verb_help {
	const char	*name, *args, *help;
};

enum verb {
#define CMD(name, ...) VERB_##name,
#include "tbl/cmds.h"
#undef CMD
};

static const struct verb_help verbs[] = {
#define CMD(name, function, args, help) { #name, args, help },
#include "tbl/cmds.h"
#undef CMD
};

static const struct option_help {
	const char	*verb, *name, *argument, *help;
} options[] = {
#define OPTION(verb, id, name, argument, help) { #verb, name, argument, help },
#include "tbl/options.h"
#undef OPTION
};

#define NVERBS		(sizeof verbs / sizeof *verbs)
#define NOPTIONS	(sizeof options / sizeof *options)

static const struct verb_help *
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
	printf("\n`mola VERB --help` shows the usage of a verb; mola(8) and mola.yaml(5) document the "
	    "rest.\n");
	return 0;
}

/* "ask" stands for every verb that is a client of a running Mola. */
static bool
verb_has(const struct verb_help *v, const struct option_help *o)
{
	static const bool is_client[NVERBS] = {
#define CLIENT(name) [VERB_##name] = true,
#include "tbl/clients.h"
#undef CLIENT
	};

	return strcmp(o->verb, v->name) == 0 || (strcmp(o->verb, "ask") == 0 && is_client[v - verbs]);
}

int
help_verb(const char *name)
{
	const struct verb_help *v = verb_find(name);
	char option[64];

	ASSERT(v != NULL);
	printf("usage: mola %s%s%s\n\n%c%s.\n", v->name, *v->args == '\0' ? "" : " ", v->args,
	    toupper(v->help[0]), v->help + 1);
	for (size_t i = 0, any = 0; i < NOPTIONS; i++)
		if (verb_has(v, &options[i])) {
			snprintf(option, sizeof option, "%s %s", options[i].name, options[i].argument);
			printf("%s  %-18s  %s\n", any++ == 0 ? "\n" : "", option, options[i].help);
		}
	return 0;
}

int
help_misuse(const char *verb, const char *fmt, ...)
{
	va_list ap;

	ASSERT(verb_find(verb) != NULL);
	fprintf(stderr, "mola %s: ", verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see `mola %s --help`\n", verb);
	return 2;
}

int
help_no_verb(const char *word)
{
	const char *words[NVERBS + 1] = { NULL }, *near;

	ASSERT(verb_find(word) == NULL);
	for (size_t i = 0; i < NVERBS; i++)
		words[i] = verbs[i].name;
	near = word_near(str_of(word), words);
	fprintf(stderr, "mola: there is no verb '%s'; ", word);
	if (near != NULL)
		fprintf(stderr, "did you mean '%s'? ", near);
	fprintf(stderr, "`mola help` lists them\n");
	return 2;
}

int
help_main(int argc, char **argv)
{
	if (argc < 2)
		return help_all();
	return verb_find(argv[1]) != NULL ? help_verb(argv[1]) : help_no_verb(argv[1]);
}
